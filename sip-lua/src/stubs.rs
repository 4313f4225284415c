//! What editors want to know of the functions under `KSR`: annotations of the Lua language server.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::engine::Vm;
use crate::error::ScriptError;
use crate::script::Script;
use crate::settings::Settings;

/// A file of LuaLS annotations (`---@meta`): every function under `KSR` with the types of what it takes and returns, as
/// they are registered. For the library path of an editor; it is never run.
///
/// # Errors
///
/// [`ScriptError::Memory`], if there is none for an interpreter.
pub fn stubs() -> Result<String, ScriptError> {
    let vm = Vm::new(&Script::new("stubs.lua", "function ksr_request_route() end", Settings::new()), None)?;
    let mut modules: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for signature in vm.signatures() {
        let module = signature.name.rsplit_once('.').map_or("KSR", |(module, _)| module).to_owned();
        modules.entry(module).or_default().push(signature);
    }
    let mut out = String::from("---@meta\n");
    // Writing into memory cannot fail.
    for (module, mut functions) in modules {
        functions.sort_by(|a, b| a.name.cmp(&b.name));
        let _ = write!(out, "\n---@class {module}\n{module} = {{}}\n");
        for function in functions {
            let names: Vec<_> = (1..=function.parameters.len()).map(|at| format!("p{at}")).collect();
            out.push('\n');
            for (name, annotation) in names.iter().zip(function.parameters) {
                let _ = writeln!(out, "---@param {name} {annotation}");
            }
            let _ = writeln!(out, "---@return {}", function.answer);
            let _ = writeln!(out, "function {}({}) end", function.name, names.join(", "));
        }
    }
    Ok(out)
}
