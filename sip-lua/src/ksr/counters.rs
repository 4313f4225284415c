//! `KSR.counters` and `KSR.statistics`: counters that a script declares (`counters.script_counter`,
//! `statistics.variable`) and counts.

use std::rc::Rc;

use sip_async::Counters;

use crate::ksr::call::Module;
use crate::ksr::state::State;
use crate::value::Text;

/// `KSR.counters`.
pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    let state = State::of(&m);
    let s = Rc::clone(&state);
    m.anywhere("add", move |_, (name, number): (Text, i64)| {
        count(&s, &name, |all, name| all.add(name, number))
    })?;
    let s = Rc::clone(&state);
    m.anywhere("inc", move |_, (name,): (Text,)| count(&s, &name, |all, name| all.add(name, 1)))?;
    m.anywhere("reset", move |_, (name,): (Text,)| count(&state, &name, Counters::reset))?;
    Ok(m)
}

/// `KSR.statistics`.
pub(crate) fn statistics(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    let state = State::of(&m);
    let s = Rc::clone(&state);
    m.anywhere("update_stat", move |_, (name, number): (Text, i64)| {
        count(&s, &name, |all, name| all.add(name, number))
    })?;
    m.anywhere("reset_stat", move |_, (name,): (Text,)| count(&state, &name, Counters::reset))?;
    Ok(m)
}

/// 1, or -1 where there is no such counter.
fn count(state: &State, name: &Text, work: impl FnOnce(&Counters, &str) -> bool) -> i64 {
    let Some(shared) = &state.store.shared else { return -1 };
    // `group.name` is the counter, too.
    let name = name.to_utf8();
    let name = name.rsplit('.').next().unwrap_or_default();
    if work(shared.counters(), name) { 1 } else { -1 }
}
