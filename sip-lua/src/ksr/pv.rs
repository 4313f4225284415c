//! `KSR.pv`: pseudo-variables by their text. One that is unknown is logged, and null; `check` finds it before.

use std::rc::Rc;

use crate::ksr::call::Module;
use crate::ksr::state::State;
use crate::pv::error::PvError;
use crate::pv::value::Value;
use crate::value::{Kemi, Text};

/// How null reads in `getw` and its kin.
pub(crate) const NULL: &str = "<null>";

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    let state = State::of(&m);
    for (name, null) in [("get", Kemi::Null), ("gete", Kemi::from("")), ("getw", Kemi::from(NULL))] {
        let (s, or_this) = (Rc::clone(&state), null.clone());
        m.checked(
            name,
            move |_: &(Text,)| null.clone(),
            move |current, (name,): &(Text,)| {
                let value = s.get(current, name)?;
                Ok::<_, PvError>(if value == Kemi::Null { or_this.clone() } else { value })
            },
        )?;
    }
    for name in ["geti", "getl"] {
        let s = Rc::clone(&state);
        m.checked(
            name,
            |_| 0,
            move |current, (name,): &(Text,)| s.read(current, name, |value| value.to_int()),
        )?;
    }
    let s = Rc::clone(&state);
    m.checked(
        "getvs",
        |(_, default): &(Text, Text)| Kemi::from(&**default),
        move |current, (name, default): &(Text, Text)| {
            s.read(current, name, |value| match value {
                Value::Null => Kemi::from(&**default),
                value => Kemi::Text(value.to_text().into_owned()),
            })
        },
    )?;
    let s = Rc::clone(&state);
    m.checked(
        "getvn",
        |(_, default): &(Text, i64)| *default,
        move |current, (name, default): &(Text, i64)| {
            s.read(current, name, |value| if value.is_null() { *default } else { value.to_int() })
        },
    )?;
    let s = Rc::clone(&state);
    m.checked(
        "is_null",
        |_| true,
        move |current, (name,): &(Text,)| s.read(current, name, |value| value.is_null()),
    )?;
    let s = Rc::clone(&state);
    m.checked(
        "sets",
        |_| false,
        move |current, (name, text): &(Text, Text)| {
            let value = if text.is_null() { Value::Null } else { Value::text(&***text) };
            s.set(current, name, &value).map(|is| told(is, name))
        },
    )?;
    for set in ["seti", "setl"] {
        let s = Rc::clone(&state);
        m.checked(
            set,
            |_| false,
            move |current, (name, number): &(Text, i64)| {
                s.set(current, name, &Value::Int(*number)).map(|is| told(is, name))
            },
        )?;
    }
    m.checked(
        "unset",
        |_| false,
        move |current, (name,): &(Text,)| state.set(current, name, &Value::Null).map(|is| told(is, name)),
    )?;
    Ok(m)
}

/// The value, or for null this text.
pub(crate) fn or(value: Kemi, null: &str) -> Kemi {
    if value == Kemi::Null { Kemi::from(null) } else { value }
}

/// A refused write is logged.
fn told(is_set: bool, name: &Text) -> bool {
    if !is_set {
        tracing::error!(
            "{} was not set: it is read-only here, or takes another kind of value",
            name.to_utf8()
        );
    }
    is_set
}
