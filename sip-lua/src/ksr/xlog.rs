//! `KSR.xlog`: log lines with variables in them. Where the level is off nothing is made.

use std::rc::Rc;

use crate::current::Current;
use crate::ksr::call::Module;
use crate::ksr::core::{is_on, say};
use crate::ksr::state::State;
use crate::pv::error::PvError;
use crate::value::Text;

const LEVELS: [(&str, &str); 7] = [
    ("xdbg", "dbg"),
    ("xinfo", "info"),
    ("xnotice", "notice"),
    ("xwarn", "warn"),
    ("xerr", "err"),
    ("xcrit", "crit"),
    ("xalert", "alert"),
];

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    let state = State::of(&m);
    for (name, level) in LEVELS {
        let s = Rc::clone(&state);
        m.checked(name, |_| -1, move |current, (text,): &(Text,)| write(&s, current, level, text))?;
    }
    let s = Rc::clone(&state);
    m.checked(
        "xlog",
        |_| -1,
        move |current, (level, text): &(Text, Text)| write(&s, current, &named(level), text),
    )?;
    // There is one log: its facility is the business of whoever reads it.
    m.checked(
        "xlog_facility",
        |_| -1,
        move |current, (_, level, text): &(Text, Text, Text)| write(&state, current, &named(level), text),
    )?;
    Ok(m)
}

/// `L_WARN` is `warn`.
fn named(level: &Text) -> String {
    let level = level.to_utf8().to_ascii_lowercase();
    level.strip_prefix("l_").unwrap_or(&level).to_owned()
}

fn write(state: &State, current: Option<&mut Current>, level: &str, text: &Text) -> Result<i64, PvError> {
    if is_on(level) {
        say(level, &state.expand(current, text)?);
    }
    Ok(1)
}
