//! `{param.*}`: texts such as `a=b;c="d"`.

use bstr::{BStr, ByteSlice};

use crate::pv::class::{Transformation, text};
use crate::pv::value::Value;

pub(super) const ALL: &[Transformation] = &[
    text("param.value", (1, 2), |text, args| {
        let (wanted, all) = (args[0].to_text(), params(text, args.get(1)));
        let found = all.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(&wanted));
        Value::made(found.map_or(&b""[..], |(_, value)| value))
    }),
    text("param.in", (1, 2), |text, args| {
        let (wanted, all) = (args[0].to_text(), params(text, args.get(1)));
        Value::Int(all.iter().any(|(name, _)| name.eq_ignore_ascii_case(&wanted)).into())
    }),
    text("param.valueat", (1, 2), |text, args| nth(text, args, |(_, value)| value)),
    text("param.name", (1, 2), |text, args| nth(text, args, |(name, _)| name)),
    text("param.count", (0, 1), |text, args| {
        Value::Int(params(text, args.first()).len().try_into().unwrap_or(i64::MAX))
    }),
];

/// A name and its value.
type Pair<'t> = (&'t [u8], &'t [u8]);

fn nth<'t>(text: &'t BStr, args: &[Value<'_>], part: fn(Pair<'t>) -> &'t [u8]) -> Value<'static> {
    let all = params(text, args.get(1));
    let at = args[0].to_int();
    let at = if at < 0 { i64::try_from(all.len()).unwrap_or(i64::MAX) + at } else { at };
    let found = usize::try_from(at).ok().and_then(|at| all.get(at));
    Value::made(found.map_or(&b""[..], |found| part(*found)))
}

/// Names and values, which may be in quotes; `;` parts them unless something else is said.
fn params<'t>(text: &'t BStr, separator: Option<&Value<'_>>) -> Vec<Pair<'t>> {
    let separator = separator.and_then(|text| text.to_text().first().copied()).unwrap_or(b';');
    let (mut all, mut start, mut quoted) = (Vec::new(), 0, false);
    for at in 0..=text.len() {
        match text.get(at) {
            Some(b'"') => quoted = !quoted,
            Some(byte) if *byte != separator || quoted => {}
            _ => {
                let one = text[start..at].trim_ascii();
                start = at + 1;
                if one.is_empty() {
                    continue;
                }
                let (name, value) = one.split_once_str(b"=").unwrap_or((one, b""));
                let value = value.trim_ascii();
                let bare = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
                all.push((name.trim_ascii(), bare.unwrap_or(value)));
            }
        }
    }
    all
}
