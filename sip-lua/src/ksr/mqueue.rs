//! `KSR.mqueue`: queues that all workers share. See [`sip_async::Queue`].

use std::rc::Rc;
use std::sync::Arc;

use sip_async::{Queue, QueueItem};

use crate::ksr::call::Module;
use crate::ksr::state::State;
use crate::value::{Kemi, Text};

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    let state = State::of(&m);
    let s = Rc::clone(&state);
    m.anywhere("mq_add", move |_, (name, key, value): (Text, Text, Text)| {
        let Some(queue) = queue(&s, &name) else { return -1 };
        match queue.add(&**key, &**value) {
            Ok(_) => 1,
            Err(error) => {
                tracing::warn!(%error, queue = %*name, "KSR.mqueue.mq_add: not added");
                -1
            }
        }
    })?;
    let s = Rc::clone(&state);
    m.anywhere("mq_fetch", move |_, (name,): (Text,)| {
        let Some(queue) = queue(&s, &name) else { return -1 };
        s.store.fetched.remove(&name);
        let fetched = queue.try_fetch().is_some_and(|item| s.store.fetched.set(&name, item));
        if fetched { 1 } else { -2 }
    })?;
    let s = Rc::clone(&state);
    m.anywhere("mq_pv_free", move |_, (name,): (Text,)| {
        s.store.fetched.remove(&name);
        1
    })?;
    let s = Rc::clone(&state);
    m.anywhere("mq_size", move |_, (name,): (Text,)| {
        queue(&s, &name).map_or(-1, |queue| queue.len().try_into().unwrap_or(i64::MAX))
    })?;
    for name in ["mqk_get", "mqk_gete", "mqk_getw"] {
        fetched(&mut m, &state, name, |item| item.key.to_vec())?;
    }
    for name in ["mqv_get", "mqv_gete", "mqv_getw"] {
        fetched(&mut m, &state, name, |item| item.value.to_vec())?;
    }
    Ok(m)
}

fn queue<'s>(state: &'s State, name: &Text) -> Option<&'s Arc<Queue>> {
    state.store.env.settings.queues.queue(&name.to_utf8())
}

/// All three of a family are nil where nothing was fetched, as in Kamailio.
fn fetched(
    m: &mut Module<'_>,
    state: &Rc<State>,
    name: &'static str,
    part: fn(&QueueItem) -> Vec<u8>,
) -> mlua::Result<()> {
    let state = Rc::clone(state);
    m.anywhere(name, move |_, (queue,): (Text,)| {
        state.store.fetched.with(&queue, |item| Kemi::from(part(item)))
    })
}
