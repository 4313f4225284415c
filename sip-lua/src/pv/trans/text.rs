//! `{s.*}`: cutting, searching and changing texts.

use bstr::{BStr, ByteSlice};

use crate::pv::class::{Transformation, text};
use crate::pv::value::{Value, leading_number};

pub(super) const ALL: &[Transformation] = &[
    text("s.len", (0, 0), |text, _| size(text.len())),
    text("s.int", (0, 0), |text, _| {
        text.to_str().ok().and_then(|text| text.parse().ok()).map_or(Value::Null, Value::Int)
    }),
    text("s.intv", (0, 0), |text, _| Value::Int(leading_number(text))),
    text("s.charat", (1, 1), |text, args| {
        let at = usize::try_from(args[0].to_int()).ok();
        at.and_then(|at| text.get(at)).map_or(Value::Null, |byte| Value::made([*byte]))
    }),
    text("s.byteat", (1, 1), |text, args| {
        let at = usize::try_from(args[0].to_int()).ok();
        at.and_then(|at| text.get(at)).map_or(Value::Null, |byte| Value::Int((*byte).into()))
    }),
    text("s.tolower", (0, 0), |text, _| Value::made(text.to_ascii_lowercase())),
    text("s.toupper", (0, 0), |text, _| Value::made(text.to_ascii_uppercase())),
    text("s.substr", (2, 2), |text, args| substr(text, args[0].to_int(), args[1].to_int())),
    text("s.select", (2, 2), |text, args| {
        let separator = args[1].to_text();
        separator.first().map_or(Value::Null, |separator| {
            pick(text.split(|byte| byte == separator).map(BStr::new), args[0].to_int())
        })
    }),
    text("s.selectsw", (1, 1), |text, args| {
        pick(text.fields_with(|c| c.is_ascii_whitespace()).map(BStr::new), args[0].to_int())
    }),
    text("s.strip", (1, 1), |text, args| Value::made(text.get(count(&args[0])..).unwrap_or_default())),
    text("s.striptail", (1, 1), |text, args| {
        Value::made(&text.as_bytes()[..text.len().saturating_sub(count(&args[0]))])
    }),
    text("s.stripto", (1, 1), |text, args| {
        let at = text.find(&**args[0].to_text());
        Value::made(at.and_then(|at| text.get(at..)).unwrap_or_default())
    }),
    text("s.before", (1, 1), |text, args| {
        Value::made(&text.as_bytes()[..text.find(&**args[0].to_text()).unwrap_or(text.len())])
    }),
    text("s.rbefore", (1, 1), |text, args| {
        Value::made(&text.as_bytes()[..text.rfind(&**args[0].to_text()).unwrap_or(text.len())])
    }),
    text("s.after", (1, 1), |text, args| behind(text, &args[0], text.find(&**args[0].to_text()))),
    text("s.rafter", (1, 1), |text, args| behind(text, &args[0], text.rfind(&**args[0].to_text()))),
    text("s.count", (1, 1), |text, args| match &**args[0].to_text() {
        [] => Value::Int(0),
        wanted => size(text.find_iter(wanted).count()),
    }),
    text("s.replace", (2, 2), |text, args| match &**args[0].to_text() {
        [] => Value::made(&**text),
        wanted => Value::made(text.replace(wanted, &**args[1].to_text())),
    }),
    text("s.rm", (1, 1), |text, args| match &**args[0].to_text() {
        [] => Value::made(&**text),
        wanted => Value::made(text.replace(wanted, "")),
    }),
    text("s.rmws", (0, 0), |text, _| keep(text, |byte| !byte.is_ascii_whitespace())),
    // Line ends that fold a header, with the blanks round them: one space.
    text("s.rmhlws", (0, 0), |text, _| Value::made(sip_core::unfold(text).into_owned())),
    // The same, and no blank behind another.
    text("s.rmhdws", (0, 0), |text, _| {
        let mut line = sip_core::unfold(text).into_owned();
        line.dedup_by(|next, before| matches!(next, b' ' | b'\t') && matches!(before, b' ' | b'\t'));
        Value::made(line)
    }),
    text("s.numeric", (0, 0), |text, _| keep(text, |byte| byte.is_ascii_digit())),
    text("s.trim", (0, 0), |text, _| Value::made(text.trim_ascii())),
    text("s.ltrim", (0, 0), |text, _| Value::made(text.trim_ascii_start())),
    text("s.rtrim", (0, 0), |text, _| Value::made(text.trim_ascii_end())),
    text("s.unquote", (0, 0), |text, _| Value::made(unwrapped(text, &[(b'"', b'"'), (b'\'', b'\'')]))),
    text("s.unbracket", (0, 0), |text, _| {
        Value::made(unwrapped(text, &[(b'<', b'>'), (b'(', b')'), (b'[', b']'), (b'{', b'}')]))
    }),
    text("s.prefixes", (0, 1), |text, args| prefixes(text, args, b"")),
    text("s.prefixes.quoted", (0, 1), |text, args| prefixes(text, args, b"'")),
];

fn size(size: usize) -> Value<'static> {
    Value::Int(size.try_into().unwrap_or(i64::MAX))
}

fn count(value: &Value<'_>) -> usize {
    value.to_int().try_into().unwrap_or_default()
}

/// `offset` from the end where it is negative; `length` 0: to the end.
fn substr(text: &BStr, offset: i64, length: i64) -> Value<'static> {
    let start = if offset < 0 { i64::try_from(text.len()).unwrap_or(i64::MAX) + offset } else { offset };
    let (Ok(start), Ok(length)) = (usize::try_from(start), usize::try_from(length)) else {
        return Value::Null;
    };
    let Some(rest) = text.get(start..) else { return Value::Null };
    Value::made(if length == 0 { rest } else { rest.get(..length).unwrap_or(rest) })
}

/// A piece by its place, from the end where it is negative; empty where there is none.
pub(super) fn pick<'t>(pieces: impl Iterator<Item = &'t BStr>, at: i64) -> Value<'static> {
    let pieces: Vec<_> = pieces.collect();
    let at = if at < 0 { i64::try_from(pieces.len()).unwrap_or(i64::MAX) + at } else { at };
    let piece = usize::try_from(at).ok().and_then(|at| pieces.get(at));
    Value::made(piece.map_or(&b""[..], |piece| piece))
}

fn behind(text: &BStr, wanted: &Value<'_>, at: Option<usize>) -> Value<'static> {
    let rest = at.and_then(|at| text.get(at + wanted.to_text().len()..));
    Value::made(rest.unwrap_or_default())
}

fn keep(text: &BStr, wanted: fn(&u8) -> bool) -> Value<'static> {
    Value::made(text.iter().copied().filter(wanted).collect::<Vec<_>>())
}

fn unwrapped<'t>(text: &'t BStr, pairs: &[(u8, u8)]) -> &'t [u8] {
    match (&**text, text.len() > 1) {
        ([first, inner @ .., last], true) if pairs.contains(&(*first, *last)) => inner,
        (text, _) => text,
    }
}

/// `1,12,123`: what a number may begin with; at most so many digits, where that is said.
fn prefixes(text: &BStr, args: &[Value<'_>], quote: &[u8]) -> Value<'static> {
    const LONGEST: usize = 128; // the text grows with the square of it
    let most = args.first().map(count).filter(|most| *most > 0).unwrap_or(LONGEST).min(LONGEST);
    let all = (1..=text.len().min(most)).map(|length| [quote, &text[..length], quote].concat());
    Value::made(all.collect::<Vec<_>>().join(&b','))
}
