//! `sht_lock` and `sht_unlock`: locks of keys, held by a route.

use std::rc::Rc;
use std::sync::Arc;

use sip_async::{KeyGuard, Table};

use crate::current::Current;
use crate::ksr::call::Module;
use crate::ksr::state::State;
use crate::value::Text;

/// What this run of a route holds. What it still holds at its end is unlocked then.
#[derive(Default)]
struct Held(Vec<Lock>);

struct Lock {
    table: Arc<Table>,
    guard: KeyGuard,
    /// How often it was locked: as often it has to be unlocked.
    times: usize,
}

impl Held {
    fn find(&self, table: &Arc<Table>, key: &Text) -> Option<usize> {
        self.0.iter().position(|lock| Arc::ptr_eq(&lock.table, table) && lock.guard.key() == &**key)
    }
}

pub(crate) fn register(m: &mut Module<'_>, state: &Rc<State>) -> mlua::Result<()> {
    let s = Rc::clone(state);
    m.waits("sht_lock", async move |current: &mut Current, (name, key): (Text, Text)| {
        let Some(table) = s.store.table(&name) else { return -1 };
        let held = current.scratch::<Held>();
        if let Some(at) = held.find(table, &key) {
            held.0[at].times += 1;
            return 1;
        }
        let guard = table.lock_key(&**key).await;
        held.0.push(Lock { table: Arc::clone(table), guard, times: 1 });
        1
    })?;
    let s = Rc::clone(state);
    m.call("sht_unlock", move |current: &mut Current, (name, key): (Text, Text)| {
        let Some(table) = s.store.table(&name) else { return -1 };
        let held = current.scratch::<Held>();
        let Some(at) = held.find(table, &key) else { return -1 };
        held.0[at].times -= 1;
        if held.0[at].times == 0 {
            held.0.remove(at);
        }
        1
    })
}
