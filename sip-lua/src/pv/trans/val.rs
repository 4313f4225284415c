//! `{val.*}`: what takes null, too; and moments as texts.

use std::fmt::Write as _;

use bstr::ByteSlice;

use crate::pv::class::{Run, Transformation, text};
use crate::pv::names::time::formatted;
use crate::pv::value::Value;

pub(super) const ALL: &[Transformation] = &[
    any("val.n0", |value| if value.is_null() { Value::Int(0) } else { value.clone().into_owned() }),
    any("val.ne", |value| if value.is_null() { Value::text("") } else { value.clone().into_owned() }),
    any("val.json", |value| Value::made(escaped(value))),
    any("val.jsonqe", |value| match value {
        Value::Int(number) => Value::Int(*number),
        value => Value::made(format!("\"{}\"", escaped(value))),
    }),
    text("s.ftime", (1, 1), |text, args| {
        formatted(crate::pv::value::leading_number(text), &args[0].to_text()).map_or(Value::Null, Value::made)
    }),
];

const fn any(name: &'static str, run: fn(&Value<'_>) -> Value<'static>) -> Transformation {
    Transformation { name, args: (0, 0), run: Run::Any(run) }
}

/// What stands between the quotes of a JSON string (RFC 8259 7).
fn escaped(value: &Value<'_>) -> String {
    let mut out = String::new();
    for letter in value.to_text().chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => _ = write!(out, "\\u{:04x}", u32::from(control)), // into memory
            letter => out.push(letter),
        }
    }
    out
}
