//! `KSR.uuid`: identifiers that nobody else has (RFC 9562).

use crate::ksr::call::Module;
use crate::ksr::state::State;
use crate::pv::uuid::{random, timed};
use crate::value::Kemi;

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    let state = State::of(&m);
    for name in ["get", "rget"] {
        m.anywhere(name, |_, ()| random().map_or(Kemi::Null, Kemi::from))?;
    }
    m.anywhere("tget", move |_, ()| state.store.wall().and_then(timed).map_or(Kemi::Null, Kemi::from))?;
    Ok(m)
}
