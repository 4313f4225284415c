//! `KSR.nathelper`: see [`sip_modules::nathelper`].

use std::net::{IpAddr, SocketAddr};

use sip_core::{EditError, Message, Protocol, Source};
use sip_modules::nathelper::{self, Alias, NatTests, SdpFixes};

use crate::current::Current;
use crate::ksr::call::Module;
use crate::ksr::tm::one;
use crate::value::Text;

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    m.call("nat_uac_test", |current: &mut Current, (tests,): (i64,)| {
        let tests = NatTests::from_bits(tests as u32);
        one(current.source().is_some_and(|source| nathelper::nat_uac_test(current.msg(), source, tests)))
    })?;
    m.call("fix_nated_register", |current: &mut Current, ()| {
        one(current.ctx_mut().map(sip_server::Ctx::fix_nated_register).is_some())
    })?;
    m.anywhere("is_rfc1918", |_, (address,): (Text,)| one(nathelper::is_rfc1918(&address)))?;
    contact(&mut m)?;
    alias(&mut m)?;
    sdp(&mut m)?;
    Ok(m)
}

/// Changes the message by where it came from; -1 where that is not known, or the change is refused.
fn edit<T>(
    current: &mut Current,
    edit: impl FnOnce(&mut Message, &Source) -> Result<T, EditError>,
    code: impl FnOnce(T) -> i64,
) -> i64 {
    let Some(source) = current.source().copied() else { return -1 };
    match edit(current.msg_mut(), &source) {
        Ok(done) => code(done),
        Err(error) => {
            tracing::debug!(%error, "not changed");
            -1
        }
    }
}

fn contact(m: &mut Module<'_>) -> mlua::Result<()> {
    m.call("fix_nated_contact", |current: &mut Current, ()| {
        edit(current, nathelper::fix_nated_contact, one)
    })?;
    m.call("add_rcv_param", |current: &mut Current, (in_uri,): (i64,)| {
        edit(current, |msg, source| nathelper::add_rcv_param(msg, source, in_uri != 0), one)
    })
}

fn alias(m: &mut Module<'_>) -> mlua::Result<()> {
    let code = |alias: Alias| i64::from(alias.code());
    m.call("set_contact_alias", move |current: &mut Current, ()| {
        edit(current, |msg, source| nathelper::set_contact_alias(msg, source, false), code)
    })?;
    m.call("set_contact_alias_trim", move |current: &mut Current, ()| {
        edit(current, |msg, source| nathelper::set_contact_alias(msg, source, true), code)
    })?;
    m.call("add_contact_alias", move |current: &mut Current, ()| {
        edit(current, nathelper::add_contact_alias, code)
    })?;
    m.call(
        "add_contact_alias_addr",
        move |current: &mut Current, (ip, port, protocol): (Text, Text, Text)| {
            let Some((remote, protocol)) = address(&ip, &port, &protocol) else { return -1 };
            let named = |source: &Source| Source { remote, protocol, ..*source };
            edit(current, |msg, source| nathelper::add_contact_alias(msg, &named(source)), code)
        },
    )?;
    m.call("handle_ruri_alias", |current: &mut Current, ()| handle(current, false))?;
    m.call("handle_ruri_alias_mode", |current: &mut Current, (mode,): (i64,)| handle(current, mode == 1))
}

fn handle(current: &mut Current, last: bool) -> i64 {
    if current.destination().is_none() {
        return -1; // a response has no way to go
    }
    match nathelper::handle_ruri_alias(current.msg_mut(), last) {
        Ok(alias) => {
            let code = alias.code();
            if let (Alias::Done(hop), Some(destination)) = (alias, current.destination_mut()) {
                destination.set_next_hop(Some(hop.into()));
            }
            code.into()
        }
        Err(error) => {
            tracing::debug!(%error, "no alias that can be followed");
            -1
        }
    }
}

fn address(ip: &Text, port: &Text, protocol: &Text) -> Option<(SocketAddr, Protocol)> {
    let ip = ip.to_utf8();
    let ip: IpAddr = ip.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
    Some((SocketAddr::new(ip, port.to_utf8().parse().ok()?), Protocol::from_token(protocol)?))
}

fn sdp(m: &mut Module<'_>) -> mlua::Result<()> {
    let code = |changed: bool| if changed { 1 } else { 2 };
    m.call("fix_nated_sdp", move |current: &mut Current, (fixes,): (i64,)| {
        let fixes = SdpFixes::from_bits(fixes as u32);
        edit(current, |msg, source| nathelper::fix_nated_sdp(msg, fixes, source.remote.ip()), code)
    })?;
    m.call("fix_nated_sdp_ip", move |current: &mut Current, (fixes, ip): (i64, Text)| {
        let fixes = SdpFixes::from_bits(fixes as u32);
        let Ok(ip) = ip.to_utf8().parse() else { return -1 };
        nathelper::fix_nated_sdp(current.msg_mut(), fixes, ip).map_or(-1, code)
    })
}
