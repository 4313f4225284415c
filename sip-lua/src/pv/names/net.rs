//! Where the message came from and which address of ours it reached: `$si`, `$Rp`, `$proto` and their kin.

use std::net::{IpAddr, SocketAddr};

use sip_core::{Protocol, Source};

use crate::pv::class::{Plain, read};
use crate::pv::value::Value;
use crate::pv::view::View;

pub(super) const PLAIN: &[Plain] = &[
    read("si", |view, _| made(view, |source| ip(source.remote).to_string())),
    read("src_ip", |view, _| made(view, |source| ip(source.remote).to_string())),
    read("siz", |view, _| made(view, |source| bracketed(source.remote))),
    read("sp", |view, _| number(view, |source| source.remote.port().into())),
    read("su", |view, _| made(view, |source| uri(source.remote, source.protocol, false))),
    read("sut", |view, _| made(view, |source| uri(source.remote, source.protocol, true))),
    read("sas", |view, _| made(view, |source| socket(source.remote, source.protocol))),
    read("Ri", |view, _| made(view, |source| ip(source.local).to_string())),
    read("Rp", |view, _| number(view, |source| source.local.port().into())),
    read("Ru", |view, _| made(view, |source| uri(source.local, source.protocol, false))),
    read("Rut", |view, _| made(view, |source| uri(source.local, source.protocol, true))),
    read("Ras", |view, _| made(view, |source| socket(source.local, source.protocol))),
    // Listen addresses have no names here.
    read("Rn", |_, _| Value::Null),
    // What is advertised is the address itself.
    read("RAi", |view, _| made(view, |source| ip(source.local).to_string())),
    read("RAp", |view, _| number(view, |source| source.local.port().into())),
    read("pr", |view, _| protocol(view)),
    read("proto", |view, _| protocol(view)),
    read("prid", |view, _| number(view, |source| protocol_number(source.protocol))),
    read("af", |view, _| number(view, |source| family(ip(source.remote)))),
];

fn made(view: &dyn View, text: fn(&Source) -> String) -> Value<'_> {
    view.source().map_or(Value::Null, |source| Value::made(text(source)))
}

fn number(view: &dyn View, number: fn(&Source) -> i64) -> Value<'_> {
    view.source().map_or(Value::Null, |source| Value::Int(number(source)))
}

fn protocol(view: &dyn View) -> Value<'_> {
    view.source().map_or(Value::Null, |source| Value::text(source.protocol.name()))
}

pub(crate) fn ip(addr: SocketAddr) -> IpAddr {
    addr.ip().to_canonical()
}

fn bracketed(addr: SocketAddr) -> String {
    match ip(addr) {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// An address as a URI; UDP is not said unless `always`.
pub(crate) fn uri(addr: SocketAddr, protocol: Protocol, always: bool) -> String {
    let transport = match protocol {
        Protocol::Udp if !always => String::new(),
        other => format!(";transport={other}"),
    };
    format!("sip:{}:{}{transport}", bracketed(addr), addr.port())
}

/// An address as Kamailio writes a socket: `udp:192.0.2.1:5060`.
pub(crate) fn socket(addr: SocketAddr, protocol: Protocol) -> String {
    format!("{protocol}:{}:{}", bracketed(addr), addr.port())
}

/// Kamailio's number of a protocol.
pub(crate) fn protocol_number(protocol: Protocol) -> i64 {
    match protocol {
        Protocol::Udp => 1,
        Protocol::Tcp => 2,
        Protocol::Tls => 3,
        Protocol::Ws => 5,
        Protocol::Wss => 6,
    }
}

fn family(ip: IpAddr) -> i64 {
    if ip.is_ipv4() { IPV4 } else { IPV6 }
}

/// The numbers of address families, Linux's.
pub(super) const IPV4: i64 = 2;
pub(super) const IPV6: i64 = 10;
