//! `KSR.x`: the end of a route.

use mlua::Function;

use crate::current::Signature;
use crate::ksr::call::Module;

/// `exit` is an error raised in Lua, `~~ksr~exit~~`: a `pcall` of the script catches it, as in Kamailio.
pub(crate) fn register<'a>(m: Module<'a>, exit: Function) -> mlua::Result<Module<'a>> {
    let hub = m.hub().clone();
    for name in ["KSR.x.exit", "KSR.x.drop"] {
        hub.note(|| Signature { name: name.into(), parameters: &[], answer: "nil".into() });
    }
    m.table.raw_set("exit", exit.clone())?;
    let set_drop = m.lua.create_function(move |_, ()| {
        hub.with(|current| current.into_iter().for_each(|current| current.set_drop()));
        Ok(())
    })?;
    let drop =
        m.lua.load("local set_drop, exit = ... return function() set_drop() exit() end").set_name("=ksr");
    m.table.raw_set("drop", drop.call::<Function>((set_drop, exit))?)?;
    Ok(m)
}
