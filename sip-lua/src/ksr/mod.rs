//! The table `KSR`: one line a module.
//!
//! A module that is not there is nil in Lua, since scripts test for it: no empty tables.

mod auth;
mod auth_db;
pub(crate) mod call;
mod cfgutils;
mod core;
mod core_way;
mod corex;
mod counters;
mod hdr;
mod htable;
mod htable_items;
mod htable_lock;
mod htable_walk;
mod ipops;
mod jsonrpcs;
mod kx;
mod maxfwd;
mod mqueue;
mod nathelper;
mod path;
mod permissions;
mod pike;
mod pv;
mod pvx;
mod registrar;
mod rr;
mod sanity;
mod siputils;
mod sl;
mod state;
mod textops;
mod textopsx;
mod tm;
mod tm_more;
mod tmx;
mod uac;
mod uuid;
mod wait;
mod x;
mod xhttp;
mod xlog;

use std::rc::Rc;

use mlua::{Function, Lua, Table, Value};

use crate::current::Hub;
use call::Module;

/// Modules that are there without being loaded.
const BUILT_IN: [&str; 5] = ["pv", "x", "hdr", "kx", "await"];

/// Modules of Kamailio that a list may name although scripts call nothing in them: what they bring is there always.
const WITHOUT_FUNCTIONS: [&str; 11] = [
    "app_lua",
    "cfg_rpc",
    "ctl",
    "db_mysql",
    "db_postgres",
    "db_sqlite",
    "kemix",
    "kex",
    "tmrec",
    "usrloc",
    "xhttp_rpc",
];

/// Makes `KSR`, with everything in it that the settings ask for.
pub(crate) fn register(lua: &Lua, hub: &Rc<Hub>, exit: Function) -> mlua::Result<()> {
    let module = |name| Module::new(lua, hub, name);
    let ksr = core::register(module("")?)?.table;
    x::register(module("x")?, exit)?.finish(&ksr)?;
    tm::register(module("tm")?)?.finish(&ksr)?;
    tmx::register(module("tmx")?)?.finish(&ksr)?;
    sl::register(module("sl")?)?.finish(&ksr)?;
    corex::register(module("corex")?)?.finish(&ksr)?;
    maxfwd::register(module("maxfwd")?)?.finish(&ksr)?;
    pv::register(module("pv")?)?.finish(&ksr)?;
    hdr::register(module("hdr")?)?.finish(&ksr)?;
    kx::register(module("kx")?)?.finish(&ksr)?;
    rr::register(module("rr")?)?.finish(&ksr)?;
    siputils::register(module("siputils")?)?.finish(&ksr)?;
    registrar::register(module("registrar")?)?.finish(&ksr)?;
    sanity::register(module("sanity")?)?.finish(&ksr)?;
    pvx::register(module("pvx")?)?.finish(&ksr)?;
    cfgutils::register(module("cfgutils")?)?.finish(&ksr)?;
    ipops::register(module("ipops")?)?.finish(&ksr)?;
    uuid::register(module("uuid")?)?.finish(&ksr)?;
    textops::register(module("textops")?)?.finish(&ksr)?;
    textopsx::register(module("textopsx")?)?.finish(&ksr)?;
    xlog::register(module("xlog")?)?.finish(&ksr)?;
    htable::register(module("htable")?)?.finish(&ksr)?;
    mqueue::register(module("mqueue")?)?.finish(&ksr)?;
    xhttp::register(module("xhttp")?)?.finish(&ksr)?;
    xhttp::prometheus(module("xhttp_prom")?)?.finish(&ksr)?;
    jsonrpcs::register(module("jsonrpcs")?)?.finish(&ksr)?;
    counters::register(module("counters")?)?.finish(&ksr)?;
    counters::statistics(module("statistics")?)?.finish(&ksr)?;
    auth::register(module("auth")?)?.finish(&ksr)?;
    auth_db::register(module("auth_db")?)?.finish(&ksr)?;
    nathelper::register(module("nathelper")?)?.finish(&ksr)?;
    permissions::register(module("permissions")?)?.finish(&ksr)?;
    pike::register(module("pike")?)?.finish(&ksr)?;
    path::register(module("path")?)?.finish(&ksr)?;
    uac::register(module("uac")?)?.finish(&ksr)?;
    wait::register(module("await")?)?.finish(&ksr)?;
    match &hub.env.settings.modules {
        Some(modules) => keep(&ksr, modules)?,
        None => hub.env.settings.absent.iter().try_for_each(|name| ksr.raw_set(*name, Value::Nil))?,
    }
    lua.globals().raw_set("KSR", ksr)?;
    lua.globals().raw_set("KSRVERSION", concat!("sip-lua ", env!("CARGO_PKG_VERSION")))
}

/// Takes away the modules that are not among these.
fn keep(ksr: &Table, modules: &[String]) -> mlua::Result<()> {
    for name in modules {
        let is_there = matches!(ksr.raw_get(name.as_str())?, Value::Table(_));
        if !is_there && !WITHOUT_FUNCTIONS.contains(&name.as_str()) {
            return Err(mlua::Error::runtime(format!("modules: there is no module {name}")));
        }
    }
    let is_kept = |name: &str| BUILT_IN.contains(&name) || modules.iter().any(|module| module == name);
    for pair in ksr.pairs::<String, Value>() {
        let (name, value) = pair?;
        if matches!(value, Value::Table(_)) && !is_kept(&name) {
            ksr.raw_set(name, Value::Nil)?;
        }
    }
    Ok(())
}
