//! The table `KSR`: one line a module.
//!
//! A module that is not there is nil in Lua, since scripts test for it: no empty tables.

pub(crate) mod call;
mod core;
mod corex;
mod maxfwd;
mod sl;
mod tm;
mod tmx;
mod wait;
mod x;

use std::rc::Rc;

use mlua::{Function, Lua};

use crate::current::Hub;
use call::Module;

/// Makes `KSR`, with everything in it.
pub(crate) fn register(lua: &Lua, hub: &Rc<Hub>, exit: Function) -> mlua::Result<()> {
    let module = |name| Module::new(lua, hub, name);
    let ksr = core::register(module("")?)?.table;
    x::register(module("x")?, exit)?.finish(&ksr)?;
    tm::register(module("tm")?)?.finish(&ksr)?;
    tmx::register(module("tmx")?)?.finish(&ksr)?;
    sl::register(module("sl")?)?.finish(&ksr)?;
    corex::register(module("corex")?)?.finish(&ksr)?;
    maxfwd::register(module("maxfwd")?)?.finish(&ksr)?;
    wait::register(module("await")?)?.finish(&ksr)?;
    lua.globals().raw_set("KSR", ksr)?;
    lua.globals().raw_set("KSRVERSION", concat!("sip-lua ", env!("CARGO_PKG_VERSION")))
}
