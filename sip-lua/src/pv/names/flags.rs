//! Flags: `$mf` of the message, `$bf` of the branch, `$sf` of the script; `F` as hexadecimal text; `$Mf(n)` one.

use crate::pv::class::{Inner, Named, Plain, PvClass, named, write};
use crate::pv::error::PvError;
use crate::pv::made::{Asked, GetBy, SetBy, by_name, writes};
use crate::pv::value::Value;
use crate::pv::view::{Flags, View};

pub(super) const PLAIN: &[Plain] = &[
    write("mf", |view, _| number(view, Flags::Message), |view, value| set(view, Flags::Message, value)),
    write("mF", |view, _| hex(view, Flags::Message), |view, value| set_hex(view, Flags::Message, value)),
    write("bf", |view, _| number(view, Flags::Branch), |view, value| set(view, Flags::Branch, value)),
    write("bF", |view, _| hex(view, Flags::Branch), |view, value| set_hex(view, Flags::Branch, value)),
    write("sf", |view, _| number(view, Flags::Script), |view, value| set(view, Flags::Script, value)),
    write("sF", |view, _| hex(view, Flags::Script), |view, value| set_hex(view, Flags::Script, value)),
];

pub(super) const NAMED: &[Named] = &[
    named("Mf", |inner| {
        one(
            inner,
            |view, _, asked| bit(view, Flags::Message, asked),
            |view, _, asked, value| set_bit(view, Flags::Message, asked, value),
        )
    }),
    named("Bf", |inner| {
        one(
            inner,
            |view, _, asked| bit(view, Flags::Branch, asked),
            |view, _, asked, value| set_bit(view, Flags::Branch, asked, value),
        )
    }),
    named("Sf", |inner| {
        one(
            inner,
            |view, _, asked| bit(view, Flags::Script, asked),
            |view, _, asked, value| set_bit(view, Flags::Script, asked, value),
        )
    }),
];

fn number(view: &dyn View, kind: Flags) -> Value<'_> {
    view.flags(kind).map_or(Value::Null, |flags| Value::Int(flags.into()))
}

fn hex(view: &dyn View, kind: Flags) -> Value<'_> {
    view.flags(kind).map_or(Value::Null, |flags| Value::made(format!("{flags:08x}")))
}

fn set(view: &mut dyn View, kind: Flags, value: &Value<'_>) -> bool {
    match value {
        Value::Null => view.set_flags(kind, 0),
        Value::Int(flags) => u32::try_from(*flags).is_ok_and(|flags| view.set_flags(kind, flags)),
        Value::Text(_) => false,
    }
}

fn set_hex(view: &mut dyn View, kind: Flags, value: &Value<'_>) -> bool {
    match value {
        Value::Text(text) => {
            let flags = std::str::from_utf8(text).ok().and_then(|text| u32::from_str_radix(text, 16).ok());
            flags.is_some_and(|flags| view.set_flags(kind, flags))
        }
        Value::Null | Value::Int(_) => set(view, kind, value),
    }
}

fn one(inner: Inner, get: GetBy, set: SetBy) -> Result<Box<dyn PvClass>, PvError> {
    let number = inner.text.parse::<u32>().ok();
    if inner.text.starts_with('$') || number.is_some_and(|number| number < u32::BITS) {
        by_name(inner, writes(get, set))
    } else {
        Err(inner.expected("a flag, 0 to 31"))
    }
}

fn mask(asked: Asked<'_>) -> Option<u32> {
    let number = crate::pv::value::leading_number(asked.name);
    1_u32.checked_shl(u32::try_from(number).ok()?)
}

fn bit<'v>(view: &'v dyn View, kind: Flags, asked: Asked<'_>) -> Value<'v> {
    match (view.flags(kind), mask(asked)) {
        (Some(flags), Some(mask)) => Value::Int((flags & mask != 0).into()),
        _ => Value::Null,
    }
}

fn set_bit(view: &mut dyn View, kind: Flags, asked: Asked<'_>, value: &Value<'_>) -> bool {
    let (Some(flags), Some(mask)) = (view.flags(kind), mask(asked)) else { return false };
    let on = match value {
        Value::Null => false,
        Value::Int(number) => *number != 0,
        Value::Text(_) => return false,
    };
    view.set_flags(kind, if on { flags | mask } else { flags & !mask })
}
