//! `KSR.kx`: parts of the message, each the pseudo-variable of a short name.

use std::rc::Rc;

use crate::current::Current;
use crate::ksr::call::Module;
use crate::ksr::pv::{NULL, or};
use crate::ksr::state::State;
use crate::pv::names::consts::env;
use crate::pv::value::{Value, leading_number};
use crate::value::{Kemi, Text};

/// What is behind `get_NAME` (nil for null), `gete_NAME` ("") and `getw_NAME` ("<null>").
const ALL_THREE: [(&str, [&str; 3]); 11] = [
    ("$ua", ["get_ua", "gete_ua", "getw_ua"]),
    ("$au", ["get_au", "gete_au", "getw_au"]),
    ("$rU", ["get_ruser", "gete_ruser", "getw_ruser"]),
    ("$rd", ["get_rhost", "gete_rhost", "getw_rhost"]),
    ("$fU", ["get_fuser", "gete_fuser", "getw_fuser"]),
    ("$fd", ["get_fhost", "gete_fhost", "getw_fhost"]),
    ("$tU", ["get_tuser", "gete_tuser", "getw_tuser"]),
    ("$td", ["get_thost", "gete_thost", "getw_thost"]),
    ("$du", ["get_duri", "gete_duri", "getw_duri"]),
    ("$ctu", ["get_cturi", "gete_cturi", "getw_cturi"]),
    ("$rb", ["get_body", "gete_body", "getw_body"]),
];

/// What is nil for null.
const OR_NIL: [(&str, &str); 8] = [
    ("$ru", "get_ruri"),
    ("$ou", "get_ouri"),
    ("$fu", "get_furi"),
    ("$tu", "get_turi"),
    ("$rm", "get_method"),
    ("$si", "get_srcip"),
    ("$Ri", "get_rcvip"),
    ("$Rn", "get_rcv_sock_name"),
];

/// What is an empty text for null.
const OR_EMPTY: [(&str, &str); 7] = [
    ("$ci", "get_callid"),
    ("$proto", "get_proto"),
    ("$su", "get_srcuri"),
    ("$sas", "get_srcaddr_sock"),
    ("$Ras", "get_rcvaddr_sock"),
    ("$RAi", "get_rcvadvip"),
    ("$mb", "get_msgbuf"),
];

/// What is 0 for null.
const NUMBERS: [(&str, &str); 9] = [
    ("$sp", "get_srcport"),
    ("$Rp", "get_rcvport"),
    ("$RAp", "get_rcvadvport"),
    ("$rs", "get_status"),
    ("$ml", "get_msglen"),
    ("$bs", "get_bodylen"),
    ("$mt", "get_msgtype"),
    ("$prid", "get_protoid"),
    ("$TS", "get_timestamp"),
];

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    let state = State::of(&m);
    for (variable, [get, gete, getw]) in ALL_THREE {
        part(&mut m, &state, get, variable, |value| value)?;
        part(&mut m, &state, gete, variable, |value| or(value, ""))?;
        part(&mut m, &state, getw, variable, |value| or(value, NULL))?;
    }
    for (variable, name) in OR_NIL {
        part(&mut m, &state, name, variable, |value| value)?;
    }
    for (variable, name) in OR_EMPTY {
        part(&mut m, &state, name, variable, |value| or(value, ""))?;
    }
    for (variable, name) in NUMBERS {
        part(&mut m, &state, name, variable, |value| if value == Kemi::Null { Kemi::Int(0) } else { value })?;
    }
    m.call("gets_status", |current: &mut Current, ()| {
        current.msg().status().map(|status| status.code().to_string())
    })?;
    let next_hop = state.cache.variable(b"$du").map_err(mlua::Error::external)?;
    let s = Rc::clone(&state);
    m.call("get_nhuri", move |current: &mut Current, ()| {
        let uri = current.msg().request_uri().map_or(Kemi::Null, Kemi::from);
        match next_hop.get(&*current, &s.store) {
            Value::Null => uri,
            hop => hop.into(),
        }
    })?;
    outside(&mut m, &state)?;
    Ok(m)
}

/// The variable is looked up now: a call costs what reading it costs.
fn part(
    m: &mut Module<'_>,
    state: &Rc<State>,
    name: &'static str,
    variable: &str,
    or: fn(Kemi) -> Kemi,
) -> mlua::Result<()> {
    let var = state.cache.variable(variable.as_bytes()).map_err(mlua::Error::external)?;
    let state = Rc::clone(state);
    m.call(name, move |current: &mut Current, ()| or(var.get(&*current, &state.store).into()))
}

/// What comes from no message.
fn outside(m: &mut Module<'_>, state: &Rc<State>) -> mlua::Result<()> {
    let s = Rc::clone(state);
    m.anywhere("ifdef", move |_, (name,): (Text,)| s.store.define(&name).is_some())?;
    let s = Rc::clone(state);
    m.anywhere("ifndef", move |_, (name,): (Text,)| s.store.define(&name).is_none())?;
    let s = Rc::clone(state);
    m.anywhere("get_def", move |_, (name,): (Text,)| s.store.define(&name).unwrap_or_default().to_owned())?;
    let s = Rc::clone(state);
    m.anywhere("get_defn", move |_, (name,): (Text,)| {
        leading_number(s.store.define(&name).unwrap_or_default().as_bytes())
    })?;
    m.anywhere("get_env", |_, (name,): (Text,)| env(&name).unwrap_or_default())?;
    m.anywhere("get_envn", |_, (name,): (Text,)| leading_number(&env(&name).unwrap_or_default()))
}
