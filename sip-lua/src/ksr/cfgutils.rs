//! `KSR.cfgutils`: locks by name, chance, sleep. Locks and sleep park the call, not the worker.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sip_async::KeyGuard;

use crate::current::Current;
use crate::ksr::call::Module;
use crate::ksr::state::State;
use crate::ksr::tm::one;
use crate::ksr::wait::LONGEST;
use crate::value::Text;

/// The locks that this run of a route holds. What it still holds at its end is unlocked then.
#[derive(Default)]
struct Held(Vec<KeyGuard>);

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    let state = State::of(&m);
    locks(&mut m, &state)?;
    chance(&mut m, &state)?;
    for (name, each) in [("sleep", Duration::from_secs(1)), ("usleep", Duration::from_micros(1))] {
        m.waits(name, async move |_: &mut Current, (time,): (i64,)| {
            let times = u32::try_from(time.max(0)).unwrap_or(u32::MAX);
            tokio::time::sleep(each.saturating_mul(times).min(Duration::from_millis(LONGEST))).await;
            1
        })?;
    }
    m.anywhere("core_hash", |_, (a, b, size): (Text, Text, i64)| hash(&a, &b, size))?;
    // There are no native routes, as Kamailio says of one that is not there.
    m.anywhere("check_route_exists", |_, (_,): (Text,)| -1)?;
    m.anywhere("route_if_exists", |_, (_,): (Text,)| -1)?;
    Ok(m)
}

/// A number from 1 to `size`, the same for the same texts. It is not Kamailio's.
fn hash(a: &[u8], b: &[u8], size: i64) -> i64 {
    let text = [a, b"\0", b].concat();
    let size = u64::try_from(size).ok().filter(|size| *size > 0).unwrap_or(1 << 31);
    i64::try_from(u64::from(crate::pv::trans::digest::core_hash(&text)) % size).unwrap_or_default() + 1
}

/// A second lock of the same name within a route is refused where Kamailio would stand still for ever.
fn locks(m: &mut Module<'_>, state: &Rc<State>) -> mlua::Result<()> {
    let s = Rc::clone(state);
    m.waits("lock", async move |current: &mut Current, (name,): (Text,)| lock(&s, current, &name).await)?;
    let s = Rc::clone(state);
    m.waits("lock_key2", async move |current: &mut Current, (a, b): (Text, Text)| {
        lock(&s, current, &both(&a, &b)).await
    })?;
    let s = Rc::clone(state);
    m.call("trylock", move |current: &mut Current, (name,): (Text,)| try_lock(&s, current, &name))?;
    let s = Rc::clone(state);
    m.call("trylock_key2", move |current: &mut Current, (a, b): (Text, Text)| {
        try_lock(&s, current, &both(&a, &b))
    })?;
    m.call("unlock", |current: &mut Current, (name,): (Text,)| unlock(current, &name))?;
    m.call("unlock_key2", |current: &mut Current, (a, b): (Text, Text)| unlock(current, &both(&a, &b)))
}

fn both(a: &[u8], b: &[u8]) -> Vec<u8> {
    [a, b"\0", b].concat()
}

fn place(held: &Held, name: &[u8]) -> Option<usize> {
    held.0.iter().position(|guard| **guard.key() == *name)
}

async fn lock(state: &State, current: &mut Current, name: &[u8]) -> i64 {
    if place(current.scratch::<Held>(), name).is_some() {
        tracing::error!(name = %bstr::BStr::new(name), "KSR.cfgutils.lock: this route has it already");
        return -1;
    }
    let guard = state.store.env.locks.lock_key(name).await;
    current.scratch::<Held>().0.push(guard);
    1
}

fn try_lock(state: &State, current: &mut Current, name: &[u8]) -> i64 {
    let Some(guard) = state.store.env.locks.try_lock_key(name) else { return -1 };
    current.scratch::<Held>().0.push(guard);
    1
}

fn unlock(current: &mut Current, name: &[u8]) -> i64 {
    let held = current.scratch::<Held>();
    let found = place(held, name);
    found.into_iter().for_each(|at| _ = held.0.remove(at));
    one(found.is_some())
}

/// How probable `rand_event` is: one number for all workers.
fn chance(m: &mut Module<'_>, state: &Rc<State>) -> mlua::Result<()> {
    let s = Rc::clone(state);
    m.anywhere("rand_set_prob", move |_, (percent,): (i64,)| {
        let fits = (0..=100).contains(&percent);
        if fits {
            s.store.env.chance.store(percent, Ordering::Relaxed);
        }
        one(fits)
    })?;
    let s = Rc::clone(state);
    m.anywhere("rand_reset_prob", move |_, ()| {
        s.store.env.chance.store(0, Ordering::Relaxed);
        1
    })?;
    let s = Rc::clone(state);
    m.anywhere("rand_get_prob", move |_, ()| s.store.env.chance.load(Ordering::Relaxed))?;
    let s = Rc::clone(state);
    m.anywhere("rand_event", move |_, ()| {
        let percent = s.store.env.chance.load(Ordering::Relaxed);
        one(((RandomState::new().build_hasher().finish() >> 33) % 100) < percent.unsigned_abs())
    })
}
