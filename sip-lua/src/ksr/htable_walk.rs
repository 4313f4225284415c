//! `sht_iterator_*`: walks through a table. No lock is held between two steps.

use std::rc::Rc;
use std::sync::Arc;

use sip_async::{Cursor, Value};

use crate::ksr::call::Module;
use crate::ksr::htable_items::{seconds, set};
use crate::ksr::state::State;
use crate::ksr::tm::one;
use crate::pv::store::Walk;
use crate::value::Text;

pub(crate) fn register(m: &mut Module<'_>, state: &Rc<State>) -> mlua::Result<()> {
    let s = Rc::clone(state);
    m.anywhere("sht_iterator_start", move |_, (walk, name): (Text, Text)| {
        let Some(table) = s.store.table(&name) else { return -1 };
        one(s.store.walks.set(&walk, Walk { table: Arc::clone(table), cursor: Cursor::new(), at: None }))
    })?;
    let s = Rc::clone(state);
    m.anywhere("sht_iterator_next", move |_, (walk,): (Text,)| {
        let Some(now) = s.store.now() else { return -1 };
        let found = s.store.walks.with(&walk, |walk| {
            walk.at = walk.table.next(now, &mut walk.cursor);
            walk.at.is_some()
        });
        one(found == Some(true))
    })?;
    let s = Rc::clone(state);
    m.anywhere("sht_iterator_end", move |_, (walk,): (Text,)| one(s.store.walks.remove(&walk).is_some()))?;
    at_item(m, state)
}

/// What is done to the item that a walk stands at.
fn at_item(m: &mut Module<'_>, state: &Rc<State>) -> mlua::Result<()> {
    let s = Rc::clone(state);
    m.anywhere("sht_iterator_rm", move |_, (walk,): (Text,)| {
        let Some(now) = s.store.now() else { return -1 };
        let found = s.store.walks.with(&walk, |walk| {
            let item = walk.at.as_ref()?;
            walk.table.rm(now, &*item.key);
            Some(())
        });
        one(found.flatten().is_some())
    })?;
    let s = Rc::clone(state);
    m.anywhere("sht_iterator_sets", move |_, (walk, value): (Text, Text)| {
        write(&s, &walk, Value::from(&*value))
    })?;
    let s = Rc::clone(state);
    m.anywhere("sht_iterator_seti", move |_, (walk, value): (Text, i64)| write(&s, &walk, value.into()))?;
    let s = Rc::clone(state);
    m.anywhere("sht_iterator_setex", move |_, (walk, time): (Text, i64)| {
        let Some(now) = s.store.now() else { return -1 };
        let found = s.store.walks.with(&walk, |walk| {
            let item = walk.at.as_ref()?;
            walk.table.setex(now, &*item.key, seconds(time));
            Some(())
        });
        one(found.flatten().is_some())
    })
}

fn write(state: &State, walk: &Text, value: Value) -> i64 {
    let Some(now) = state.store.now() else { return -1 };
    let result = state.store.walks.with(walk, |walk| {
        let item = walk.at.as_ref()?;
        Some(walk.table.set(now, &*item.key, value))
    });
    result.flatten().map_or(-1, set)
}
