//! What can be said of a script without a message: whether it loads, and which functions it names that are not there.

use std::fmt;

use mlua::{Table, Value};
use regex::bytes::Regex;

use crate::engine::Vm;
use crate::error::ScriptError;
use crate::script::Script;

/// A function that a script names and that is not there. It may never be called: scripts test for modules with
/// `if KSR.rtpengine then`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unknown {
    /// The script.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The name, as it stands there.
    pub name: String,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {} is not there", self.file, self.line, self.name)
    }
}

/// Loads a script, and finds what it calls that is not there, once a name.
///
/// # Errors
///
/// Whatever is wrong with the script.
pub fn check(script: &Script) -> Result<Vec<Unknown>, ScriptError> {
    let vm = Vm::new(script, None)?;
    let called =
        Regex::new(r"\bKSR((?:\.\w+){1,2})\s*\(").map_err(|e| ScriptError::Setting(e.to_string()))?;
    let mut found: Vec<Unknown> = Vec::new();
    for (line, text) in (1..).zip(script.text().split(|byte| *byte == b'\n')) {
        let code = text.windows(2).position(|two| two == b"--").map_or(text, |at| &text[..at]);
        for call in called.captures_iter(code) {
            let path = String::from_utf8_lossy(&call[1]).into_owned();
            let name = format!("KSR{path}");
            let is_there = is_there(vm.global("KSR"), path.split('.').skip(1));
            if !is_there && found.iter().all(|unknown| unknown.name != name) {
                found.push(Unknown { file: script.name().to_owned(), line, name });
            }
        }
    }
    Ok(found)
}

fn is_there<'a>(table: Option<Table>, path: impl Iterator<Item = &'a str>) -> bool {
    let mut value = table.map_or(Value::Nil, Value::Table);
    for name in path {
        let Value::Table(table) = &value else { return false };
        value = table.raw_get(name).unwrap_or(Value::Nil);
    }
    !value.is_nil()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    #[test]
    fn names_that_are_not_there_are_found_once_with_their_line() {
        let text = "function ksr_request_route()\n  KSR.info('x') -- KSR.what()\n  KSR.tm.t_relay()\n  \
                    if KSR.none then KSR.none.f() KSR.none.f() end\n  KSR.tm.t_relya()\nend\n";
        let found = check(&Script::new("a.lua", text, Settings::new())).expect("it loads");
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, ["a.lua:4: KSR.none.f is not there", "a.lua:5: KSR.tm.t_relya is not there"]);
    }

    #[test]
    fn what_does_not_load_is_said_with_file_and_line() {
        for (text, wanted) in [
            ("x = = 1", "a.lua:1: "),
            ("\nerror('no')", "a.lua:2: no"),
            ("\n\nKSR.await.sleep(1)", "a.lua:3: KSR.await.sleep cannot wait here"),
            ("", "a.lua: no function ksr_request_route"),
            ("local x\nwhile true do end", "a.lua:2: stopped after 5000000 instructions"),
            ("local x = string.rep('x', 1e9)", "a.lua: out of memory"),
        ] {
            let error = check(&Script::new("a.lua", text, Settings::new())).expect_err(text).to_string();
            assert!(error.starts_with(wanted), "{text:?}: {error}");
        }
    }
}
