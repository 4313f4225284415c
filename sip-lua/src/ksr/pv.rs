//! `KSR.pv`: pseudo-variables by their text. One that is unknown is a Lua error.

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
    let s = Rc::clone(&state);
    m.checked("get", move |current, (name,): (Text,)| s.get(current, &name))?;
    let s = Rc::clone(&state);
    m.checked("gete", move |current, (name,): (Text,)| Ok::<_, PvError>(or(s.get(current, &name)?, "")))?;
    let s = Rc::clone(&state);
    m.checked("getw", move |current, (name,): (Text,)| Ok::<_, PvError>(or(s.get(current, &name)?, NULL)))?;
    for name in ["geti", "getl"] {
        let s = Rc::clone(&state);
        m.checked(name, move |current, (name,): (Text,)| s.read(current, &name, |value| value.to_int()))?;
    }
    let s = Rc::clone(&state);
    m.checked("getvs", move |current, (name, default): (Text, Text)| {
        s.read(current, &name, |value| match value {
            Value::Null => Kemi::from(&*default),
            value => Kemi::Text(value.to_text().into_owned()),
        })
    })?;
    let s = Rc::clone(&state);
    m.checked("getvn", move |current, (name, default): (Text, i64)| {
        s.read(current, &name, |value| if value.is_null() { default } else { value.to_int() })
    })?;
    let s = Rc::clone(&state);
    m.checked("is_null", move |current, (name,): (Text,)| s.read(current, &name, |value| value.is_null()))?;
    let s = Rc::clone(&state);
    m.checked("sets", move |current, (name, text): (Text, Text)| {
        let value = if text.is_null() { Value::Null } else { Value::text(&**text) };
        s.set(current, &name, &value).map(|is| told(is, &name))
    })?;
    for set in ["seti", "setl"] {
        let s = Rc::clone(&state);
        m.checked(set, move |current, (name, number): (Text, i64)| {
            s.set(current, &name, &Value::Int(number)).map(|is| told(is, &name))
        })?;
    }
    m.checked("unset", move |current, (name,): (Text,)| {
        state.set(current, &name, &Value::Null).map(|is| told(is, &name))
    })?;
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
