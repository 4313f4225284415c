//! `KSR.xlog`: log lines with pseudo-variables in them.

use std::rc::Rc;

use crate::ksr::call::Module;
use crate::ksr::core::say;
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
        m.checked(name, move |current, (text,): (Text,)| {
            say(level, &s.expand(current, &text)?);
            Ok::<_, PvError>(1)
        })?;
    }
    m.checked("xlog", move |current, (level, text): (Text, Text)| {
        let level = level.to_utf8().to_ascii_lowercase();
        say(level.strip_prefix("l_").unwrap_or(&level), &state.expand(current, &text)?);
        Ok::<_, PvError>(1)
    })?;
    Ok(m)
}
