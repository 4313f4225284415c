//! `KSR.pike`: see [`sip_modules::pike`].

use std::net::IpAddr;

use crate::current::Current;
use crate::ksr::call::Module;
use crate::value::Text;

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    m.call("pike_check_req", |current: &mut Current, ()| {
        let source = current.source().map(|source| source.remote.ip());
        source.map_or(1, |ip| check(current, ip)) // what was made here floods nobody
    })?;
    m.call("pike_check_ip", |current: &mut Current, (ip,): (Text,)| {
        let ip = ip.to_utf8().trim_start_matches('[').trim_end_matches(']').parse();
        ip.map_or(1, |ip| check(current, ip))
    })?;
    Ok(m)
}

fn check(current: &Current, ip: IpAddr) -> i32 {
    let shared = current.shared();
    shared.pike().check(shared.now(), ip).code()
}
