//! What can be said of a script without a message: whether it loads, and what it calls that is not there or not so.

mod calls;
mod lex;

use std::collections::BTreeSet;
use std::fmt;

use mlua::{Table, Value};

use crate::check::calls::{Argument, Call, calls};
use crate::engine::Vm;
use crate::error::ScriptError;
use crate::pv::parse;
use crate::script::Script;

/// What is wrong with a script, and where. As text `FILE:LINE:COLUMN: what`, which editors understand.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// The script.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The byte in the line, from 1.
    pub column: usize,
    /// What is wrong.
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.text)
    }
}

/// Functions that take the name of a function of the script, and at which place.
const ROUTES: [(&str, usize); 5] = [
    ("KSR.tm.t_on_branch", 0),
    ("KSR.tm.t_on_reply", 0),
    ("KSR.tm.t_on_failure", 0),
    ("KSR.tm.t_on_branch_failure", 0),
    ("KSR.tmx.t_continue", 2),
];

/// Loads a script, and finds what is wrong with the calls in it: functions that are not there, numbers of arguments,
/// names of routes, pseudo-variables and transformations, as far as they stand there as they are. In their order.
///
/// A module that is not there is no mistake where the script asks for it: `if KSR.rtpengine then`.
///
/// # Errors
///
/// Whatever is wrong with the script.
pub fn check(script: &Script) -> Result<Vec<Finding>, ScriptError> {
    let vm = Vm::new(script, None)?;
    let words = lex::words(script.text());
    let (calls, asked) = calls(&words);
    let mut findings = Vec::new();
    for call in &calls {
        judge(&vm, call, &asked, &mut |at, text| findings.push(finding(script, at, text)));
    }
    Ok(findings)
}

fn finding(script: &Script, at: usize, text: String) -> Finding {
    let before = script.text().get(..at).unwrap_or_default();
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    Finding { file: script.name().to_owned(), line, column, text }
}

fn judge(vm: &Vm, call: &Call, asked: &BTreeSet<String>, found: &mut impl FnMut(usize, String)) {
    let path: Vec<_> = call.name.split('.').skip(1).collect();
    if !is_there(vm.global("KSR"), &path) {
        let module = call.name.rsplit_once('.').map_or("", |(module, _)| module);
        let is_absent = path.len() == 2 && !is_there(vm.global("KSR"), &path[..1]);
        if is_absent && asked.contains(module) {
            return;
        }
        let text = if is_absent {
            format!("the module {module} is not there, nor does the script ask for it")
        } else {
            format!("{} is not there", call.name)
        };
        found(call.at, text);
        return;
    }
    let signatures = vm.signatures();
    let Some(signature) = signatures.iter().find(|signature| signature.name == call.name) else { return };
    let (wanted, given) = (signature.parameters.len(), call.arguments.len());
    let may_be_more = call.arguments.last().is_some_and(|last| last.is_open);
    if given < wanted && !may_be_more || given > wanted {
        found(call.at, format!("{} takes {wanted} arguments, here are {given}", call.name));
    }
    for (name, place) in ROUTES {
        if let Some((at, route)) = call.arguments.get(place).filter(|_| call.name == name).and_then(literal) {
            let route = String::from_utf8_lossy(route);
            if !vm.has(&route) {
                found(at, format!("there is no function {route} at the top level of the script"));
            }
        }
    }
    variables(call, found);
}

/// Pseudo-variables in literals.
fn variables(call: &Call, found: &mut impl FnMut(usize, String)) {
    let is_line = call.name.starts_with("KSR.xlog.");
    let place = match () {
        () if call.name.starts_with("KSR.pv.") => 0,
        () if is_line => call.arguments.len().saturating_sub(1),
        () => return,
    };
    let Some((at, text)) = call.arguments.get(place).and_then(literal) else { return };
    let problem = if is_line { parse::format(text).err() } else { parse::variable(text).err() };
    if let Some(problem) = problem {
        found(at, format!("\"{}\": {problem}", String::from_utf8_lossy(text).escape_debug()));
    }
}

/// The text of an argument that is one.
fn literal(argument: &Argument) -> Option<(usize, &[u8])> {
    Some((argument.at, argument.literal.as_deref()?))
}

fn is_there(table: Option<Table>, path: &[&str]) -> bool {
    let mut value = table.map_or(Value::Nil, Value::Table);
    for name in path {
        let Value::Table(table) = &value else { return false };
        value = table.raw_get(*name).unwrap_or(Value::Nil);
    }
    !value.is_nil()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn found(text: &str) -> Vec<String> {
        let found = check(&Script::new("a.lua", text, Settings::new())).expect("it loads");
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn functions_that_are_not_there_are_found_with_their_place() {
        let text = "function ksr_request_route()\n  KSR.info('x') -- KSR.what()\n  KSR.tm.t_relay()\n  \
                    if KSR.none then KSR.none.f() end KSR.other.f('x')\n  KSR.tm.t_relya() KSR['x'] = 1\nend\n";
        assert_eq!(
            found(text),
            [
                "a.lua:4:37: the module KSR.other is not there, nor does the script ask for it",
                "a.lua:5:3: KSR.tm.t_relya is not there"
            ]
        );
    }

    #[test]
    fn numbers_of_arguments_are_counted() {
        let text = "function ksr_request_route(...)
KSR.sl.send_reply(404)
KSR.sl.send_reply(404, 'a', f(1, 2))
KSR.sl.send_reply(404, ('a'):rep(2, ','))
KSR.sl.send_reply(f())
KSR.sl.send_reply(...)
KSR.info 'x'
KSR.info {1, 2}
KSR.x.exit()
KSR.info(tostring({1, 2, (3)}) .. (function() local a, b = 1, 2 return a, b end)())
KSR.tm.t_relay(1)
end";
        assert_eq!(
            found(text),
            [
                "a.lua:2:1: KSR.sl.send_reply takes 2 arguments, here are 1",
                "a.lua:3:1: KSR.sl.send_reply takes 2 arguments, here are 3",
                "a.lua:11:1: KSR.tm.t_relay takes 0 arguments, here are 1",
            ]
        );
    }

    #[test]
    fn names_of_routes_and_variables_are_looked_up() {
        let text = "function ksr_request_route()
KSR.tm.t_on_failure('there') KSR.tm.t_on_failure('nowhere') KSR.tm.t_on_reply('no' .. 'where')
KSR.pv.get('$ru') KSR.pv.get(\"$nope\") KSR.pv.sets('$(ru{s.nope})', '$x') KSR.pv.get('$var(' .. x .. ')')
KSR.xlog.xinfo('to $rU $$ and $what\\n') KSR.xlog.xlog('L_ERR', [[$(hdr(X)[1])]])
end
function there() end";
        assert_eq!(
            found(text),
            [
                "a.lua:2:50: there is no function nowhere at the top level of the script",
                "a.lua:3:30: \"$nope\": pseudo-variable `$nope` is unknown",
                "a.lua:3:51: \"$(ru{s.nope})\": transformation `{s.nope}` is unknown or has other arguments",
                "a.lua:4:16: \"to $rU $$ and $what\\n\": pseudo-variable `$what` is unknown",
            ]
        );
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
