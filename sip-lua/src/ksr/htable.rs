//! `KSR.htable`: tables that all workers share. See [`sip_async::Table`].

use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use sip_async::{AddError, Field, Pattern, SetError, Table, Value};

use crate::ksr::call::Module;
use crate::ksr::htable_items::{seconds, set};
use crate::ksr::htable_lock as lock;
use crate::ksr::htable_walk as walk;
use crate::ksr::pv::{NULL, or};
use crate::ksr::state::State;
use crate::ksr::tm::one;
use crate::pv;
use crate::value::{Answer, Arguments, Kemi, Text};

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    let state = State::of(&m);
    read(&mut m, &state)?;
    write(&mut m, &state)?;
    many(&mut m, &state)?;
    walk::register(&mut m, &state)?;
    lock::register(&mut m, &state)?;
    Ok(m)
}

/// A table with the clock, or this code where there is none.
fn on<A: Arguments, R: Answer>(
    m: &mut Module<'_>,
    state: &Rc<State>,
    name: &'static str,
    none: impl Into<Kemi>,
    table: fn(&A) -> &Text,
    work: impl Fn(&Arc<Table>, Instant, A) -> R + 'static,
) -> mlua::Result<()> {
    let (state, none) = (Rc::clone(state), none.into());
    m.named::<A, R>(name, move |_, arguments: A| {
        let name = table(&arguments);
        match (state.store.table(name), state.store.now()) {
            (Some(table), Some(now)) => work(table, now, arguments).into(),
            (None, _) => {
                tracing::error!(table = %**name, "no such htable");
                none.clone()
            }
            (Some(_), None) => none.clone(), // a script that is only checked
        }
    })
}

fn read(m: &mut Module<'_>, state: &Rc<State>) -> mlua::Result<()> {
    let get = |table: &Arc<Table>, now, key: &Text| {
        Kemi::from(table.get(now, &***key).map_or(pv::value::Value::Null, pv::value::Value::from))
    };
    on(
        m,
        state,
        "sht_get",
        Kemi::Null,
        |a: &(Text, Text)| &a.0,
        move |table, now, (_, key)| get(table, now, &key),
    )?;
    on(
        m,
        state,
        "sht_gete",
        "",
        |a: &(Text, Text)| &a.0,
        move |table, now, (_, key)| or(get(table, now, &key), ""),
    )?;
    on(
        m,
        state,
        "sht_getw",
        NULL,
        |a: &(Text, Text)| &a.0,
        move |table, now, (_, key)| or(get(table, now, &key), NULL),
    )?;
    on(
        m,
        state,
        "sht_is_null",
        2,
        |a: &(Text, Text)| &a.0,
        |table, now, (_, key)| table.presence(now, &**key).code(),
    )
}

fn write(m: &mut Module<'_>, state: &Rc<State>) -> mlua::Result<()> {
    on(
        m,
        state,
        "sht_sets",
        -1,
        |a: &(Text, Text, Text)| &a.0,
        |table, now, (_, key, value)| set(table.set(now, &**key, Value::from(&*value))),
    )?;
    on(
        m,
        state,
        "sht_seti",
        -1,
        |a: &(Text, Text, i64)| &a.0,
        |table, now, (_, key, value)| set(table.set(now, &**key, value)),
    )?;
    on(
        m,
        state,
        "sht_setxs",
        -1,
        |a: &(Text, Text, Text, i64)| &a.0,
        |table, now, (_, key, value, time)| set(set_for(table, now, &key, Value::from(&*value), time)),
    )?;
    on(
        m,
        state,
        "sht_setxi",
        -1,
        |a: &(Text, Text, i64, i64)| &a.0,
        |table, now, (_, key, value, time)| set(set_for(table, now, &key, value.into(), time)),
    )?;
    on(
        m,
        state,
        "sht_setex",
        -1,
        |a: &(Text, Text, i64)| &a.0,
        |table, now, (_, key, time)| {
            table.setex(now, &**key, seconds(time));
            1
        },
    )?;
    on(
        m,
        state,
        "sht_inc",
        -255,
        |a: &(Text, Text)| &a.0,
        |table, now, (_, key)| table.inc(now, &**key).unwrap_or_else(AddError::code),
    )?;
    on(
        m,
        state,
        "sht_dec",
        -255,
        |a: &(Text, Text)| &a.0,
        |table, now, (_, key)| table.dec(now, &**key).unwrap_or_else(AddError::code),
    )?;
    on(
        m,
        state,
        "sht_rm",
        -1,
        |a: &(Text, Text)| &a.0,
        |table, now, (_, key)| {
            table.rm(now, &**key);
            1
        },
    )
}

/// Of all items at once.
fn many(m: &mut Module<'_>, state: &Rc<State>) -> mlua::Result<()> {
    on(
        m,
        state,
        "sht_reset",
        -1,
        |a: &(Text,)| &a.0,
        |table, _, _| {
            table.reset();
            0
        },
    )?;
    let any = |field| {
        move |table: &Arc<Table>, now, (_, operator, text): (Text, Text, Text)| {
            pattern(&operator.to_utf8(), &text)
                .map_or(-1, |pattern| one(table.any_matching(now, field, &pattern)))
        }
    };
    on(m, state, "sht_match_name", -1, |a: &(Text, Text, Text)| &a.0, any(Field::Name))?;
    on(m, state, "sht_match_str_value", -1, |a: &(Text, Text, Text)| &a.0, any(Field::Value))?;
    on(
        m,
        state,
        "sht_cn",
        -1,
        |a: &(Text, Text, Text)| &a.0,
        |table, now, (_, operator, text)| {
            let found = pattern(&operator.to_utf8(), &text);
            found.map_or(-1, |pattern| {
                table.count_matching(now, Field::Name, &pattern).try_into().unwrap_or(i64::MAX)
            })
        },
    )?;
    let remove = |field| {
        move |table: &Arc<Table>, now, operator: &str, text: &Text| match pattern(operator, text) {
            Some(pattern) => {
                table.rm_matching(now, field, &pattern);
                1
            }
            None => -1,
        }
    };
    let (names, values) = (remove(Field::Name), remove(Field::Value));
    on(
        m,
        state,
        "sht_rm_name",
        -1,
        |a: &(Text, Text, Text)| &a.0,
        move |table, now, (_, operator, text)| names(table, now, &operator.to_utf8(), &text),
    )?;
    on(
        m,
        state,
        "sht_rm_value",
        -1,
        |a: &(Text, Text, Text)| &a.0,
        move |table, now, (_, operator, text)| values(table, now, &operator.to_utf8(), &text),
    )?;
    let (names, values) = (remove(Field::Name), remove(Field::Value));
    on(
        m,
        state,
        "sht_rm_name_re",
        1,
        |a: &(Text, Text)| &a.0,
        move |table, now, (_, text)| names(table, now, "re", &text),
    )?;
    on(
        m,
        state,
        "sht_rm_value_re",
        1,
        |a: &(Text, Text)| &a.0,
        move |table, now, (_, text)| values(table, now, "re", &text),
    )
}

fn pattern(operator: &str, text: &Text) -> Option<Pattern> {
    Pattern::new(operator, &***text).inspect_err(|error| tracing::error!(%error, "KSR.htable")).ok()
}

fn set_for(table: &Table, now: Instant, key: &Text, value: Value, time: i64) -> Result<(), SetError> {
    match seconds(time) {
        Some(time) => table.set_for(now, &***key, value, time),
        None => {
            table.set(now, &***key, value)?;
            table.setex(now, &***key, None);
            Ok(())
        }
    }
}
