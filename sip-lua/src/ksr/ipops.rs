//! `KSR.ipops`: see [`sip_modules::ipops`]. No message is needed.

use std::rc::Rc;

use sip_modules::ipops::{self, Kind};

use crate::ksr::call::Module;
use crate::ksr::state::State;
use crate::ksr::tm::one;
use crate::pv::value::Value;
use crate::value::Text;

/// Which ways of writing an address a function takes.
const KINDS: [(&str, &[Kind]); 5] = [
    ("is_ip", &[Kind::V4, Kind::V6, Kind::V6Reference]),
    ("is_pure_ip", &[Kind::V4, Kind::V6]),
    ("is_ip4", &[Kind::V4]),
    ("is_ip6", &[Kind::V6]),
    ("is_ip6_reference", &[Kind::V6Reference]),
];

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    let state = State::of(&m);
    for (name, kinds) in KINDS {
        m.anywhere(name, |_, (text,): (Text,)| {
            one(ipops::read(&text).is_some_and(|(kind, _)| kinds.contains(&kind)))
        })?;
    }
    m.anywhere("ip_type", |_, (text,): (Text,)| ipops::read(&text).map_or(-1, |(kind, _)| kind.code()))?;
    m.anywhere("is_ip_rfc1918", |_, (text,): (Text,)| one(ipops::is_private_v4(&text)))?;
    for (name, pure) in [("compare_ips", false), ("compare_pure_ips", true)] {
        m.anywhere(name, move |_, (a, b): (Text, Text)| one(ipops::is_same(&a, &b, pure)))?;
    }
    for name in ["is_in_subnet", "ip_is_in_subnet"] {
        m.anywhere(name, |_, (ip, subnets): (Text, Text)| ipops::is_in_subnet(&ip, &subnets).map_or(0, one))?;
    }
    for (name, kinds) in [
        ("detailed_ip_type", &[Kind::V4, Kind::V6, Kind::V6Reference][..]),
        ("detailed_ipv4_type", &[Kind::V4]),
        ("detailed_ipv6_type", &[Kind::V6, Kind::V6Reference]),
    ] {
        let s = Rc::clone(&state);
        m.anywhere(name, move |current, (ip, variable): (Text, Text)| {
            let is_that = ipops::read(&ip).is_some_and(|(kind, _)| kinds.contains(&kind));
            let Some(range) = ipops::range(&ip).filter(|_| is_that) else { return -1 };
            one(s.set(current, &variable, &Value::text(range)) == Ok(true))
        })?;
    }
    Ok(m)
}
