//! `$uac_req(part)`: the request that `KSR.uac.uac_req_send` sends.

use crate::pv::class::{Inner, Named, PvClass, named};
use crate::pv::error::PvError;
use crate::pv::made::{Asked, by_name, writes};
use crate::pv::store::Store;
use crate::pv::value::Value;
use crate::pv::view::View;

pub(super) const NAMED: &[Named] = &[named("uac_req", uac_req)];

/// What there is to set; `all` set to null clears the others. `evcode` and `evtype` tell what came of the last
/// request that was waited for.
const PARTS: &[&str] = &[
    "method", "ruri", "turi", "furi", "hdrs", "body", "ouri", "sock", "auser", "apasswd", "callid", "cseq",
    "evroute", "evcode", "evtype", "all",
];

fn uac_req(inner: Inner) -> Result<Box<dyn PvClass>, PvError> {
    if !PARTS.contains(&&*inner.text) {
        return Err(inner.expected(
            "method, ruri, turi, furi, hdrs, body, ouri, sock, auser, apasswd, callid, cseq, evroute, evcode, evtype \
             or all",
        ));
    }
    by_name(inner, writes(get, set))
}

fn get<'v>(_: &'v dyn View, store: &'v Store, asked: Asked<'_>) -> Value<'v> {
    store.uac.with(asked.name, |value| value.clone()).unwrap_or_default()
}

fn set(_: &mut dyn View, store: &Store, asked: Asked<'_>, value: &Value<'_>) -> bool {
    if *asked.name == "all" {
        PARTS.iter().for_each(|part| _ = store.uac.remove(part.as_bytes()));
        return value.is_null();
    }
    if value.is_null() {
        store.uac.remove(asked.name);
        return true;
    }
    store.uac.set(asked.name, value.clone().into_owned())
}
