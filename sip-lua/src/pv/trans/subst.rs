//! `{re.subst,/expression/replacement/flags}`

use bstr::{BStr, ByteSlice};
use regex::bytes::{NoExpand, Regex, RegexBuilder};

use crate::pv::class::{Transformation, text};
use crate::pv::value::Value;

/// Most bytes that an expression may become.
const MOST: usize = 1 << 20;

pub(super) const ALL: &[Transformation] =
    &[text("re.subst", (1, 1), |text, args| subst(text, &args[0].to_text()).unwrap_or_default())];

/// Flags: `i` without regard to case, `g` everywhere. `\1` to `\9` are what groups matched.
fn subst(text: &BStr, rule: &BStr) -> Option<Value<'static>> {
    let (mark, rest) = rule.split_first()?;
    let mut parts = rest.splitn(3, |byte| byte == mark);
    let (expression, replacement, flags) = (parts.next()?, parts.next()?, parts.next()?);
    let limit = if flags.contains(&b'g') { 0 } else { 1 };
    let expression = expression.to_str().ok()?;
    let regex: Regex = RegexBuilder::new(expression)
        .case_insensitive(flags.contains(&b'i'))
        .size_limit(MOST)
        .build()
        .ok()?;
    if !replacement.contains(&b'\\') {
        return Some(Value::made(regex.replacen(text, limit, NoExpand(replacement)).into_owned()));
    }
    let replace = |found: &regex::bytes::Captures<'_>| {
        let (mut out, mut bytes) = (Vec::new(), replacement.iter());
        while let Some(byte) = bytes.next() {
            match (byte, bytes.as_slice().first()) {
                (b'\\', Some(digit @ b'0'..=b'9')) => {
                    let group = found.get(usize::from(digit - b'0'));
                    out.extend_from_slice(group.map_or(&b""[..], |group| group.as_bytes()));
                    bytes.next();
                }
                _ => out.push(*byte),
            }
        }
        out
    };
    Some(Value::made(regex.replacen(text, limit, replace).into_owned()))
}
