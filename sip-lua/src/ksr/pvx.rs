//! `KSR.pvx`: `$avp`, `$xavp`, `$shv`, `$var` and their kin by name, without the text of a variable.

use std::rc::Rc;

use sip_server::Vars;

use crate::current::Current;
use crate::ksr::call::Module;
use crate::ksr::pv::{NULL, or};
use crate::ksr::state::State;
use crate::ksr::tm::one;
use crate::pv::names::vars::{Space, kept, value_of};
use crate::pv::store::Store;
use crate::pv::value::Value;
use crate::pv::view::View;
use crate::value::{Kemi, Text};

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    let state = State::of(&m);
    named(&mut m, &state, VAR)?;
    named(&mut m, &state, SHV)?;
    avp(&mut m)?;
    for kind in RECORDS {
        records(&mut m, kind)?;
    }
    Ok(m)
}

/// Variables that have one value a name.
struct Kind {
    get: &'static str,
    seti: &'static str,
    sets: &'static str,
    read: fn(&Store, &[u8]) -> Value<'static>,
    write: fn(&Store, &[u8], Value<'_>) -> bool,
}

const VAR: Kind = Kind {
    get: "var_get",
    seti: "var_seti",
    sets: "var_sets",
    read: |store, name| store.vars.with(name, |value| value.clone()).unwrap_or(Value::Int(0)),
    write: |store, name, value| store.vars.set(name, value.into_owned()),
};

const SHV: Kind = Kind {
    get: "shv_get",
    seti: "shv_seti",
    sets: "shv_sets",
    read: |store, name| {
        let now = store.now();
        now.and_then(|now| store.env.shv.get(now, name)).map_or(Value::Null, Value::from)
    },
    write: |store, name, value| {
        let (Some(now), Some(value)) = (store.now(), value.to_table()) else { return false };
        store.env.shv.set(now, name, value).is_ok()
    },
};

fn named(m: &mut Module<'_>, state: &Rc<State>, kind: Kind) -> mlua::Result<()> {
    let s = Rc::clone(state);
    m.anywhere(kind.get, move |_, (name,): (Text,)| Kemi::from((kind.read)(&s.store, &name)))?;
    let s = Rc::clone(state);
    m.anywhere(kind.seti, move |_, (name, number): (Text, i64)| {
        one((kind.write)(&s.store, &name, Value::Int(number)))
    })?;
    let s = Rc::clone(state);
    m.anywhere(kind.sets, move |_, (name, text): (Text, Text)| {
        one((kind.write)(&s.store, &name, Value::text(&**text)))
    })
}

fn with(current: &Current, work: impl FnOnce(&Vars) -> bool) -> i64 {
    one(View::vars(current).is_some_and(|vars| work(&vars)))
}

fn avp(m: &mut Module<'_>) -> mlua::Result<()> {
    let read = |current: &Current, name: &Text| {
        let value = View::vars(current).and_then(|vars| vars.get(&***name, 0));
        Kemi::from(value.map_or(Value::Null, value_of))
    };
    m.call("avp_get", move |current: &mut Current, (name,): (Text,)| read(current, &name))?;
    m.call("avp_gete", move |current: &mut Current, (name,): (Text,)| or(read(current, &name), ""))?;
    m.call("avp_getw", move |current: &mut Current, (name,): (Text,)| or(read(current, &name), NULL))?;
    m.call("avp_is_null", move |current: &mut Current, (name,): (Text,)| {
        one(read(current, &name) == Kemi::Null)
    })?;
    m.call("avp_seti", |current: &mut Current, (name, number): (Text, i64)| {
        push(current, &name, Value::Int(number))
    })?;
    m.call("avp_sets", |current: &mut Current, (name, text): (Text, Text)| {
        push(current, &name, Value::text(&**text))
    })?;
    m.call("avp_rm", |current: &mut Current, (name,): (Text,)| with(current, |vars| vars.remove(&**name, 0)))
}

fn push(current: &Current, name: &Text, value: Value<'_>) -> i64 {
    kept(&value).map_or(-1, |value| with(current, |vars| vars.push(&***name, value)))
}

/// The functions of one kind of records.
struct Records {
    space: Space,
    /// `get`, `gete`, `getw`, `is_null`, `rm`, `seti`, `sets` of a record's own value.
    own: [&'static str; 7],
    /// The same of a field.
    child: [&'static str; 7],
}

const RECORDS: [Records; 3] = [
    Records {
        space: Space::Xavp,
        own: ["xavp_get", "xavp_gete", "xavp_getw", "xavp_is_null", "xavp_rm", "xavp_seti", "xavp_sets"],
        child: [
            "xavp_child_get",
            "xavp_child_gete",
            "xavp_child_getw",
            "xavp_child_is_null",
            "xavp_child_rm",
            "xavp_child_seti",
            "xavp_child_sets",
        ],
    },
    Records {
        space: Space::Xavi,
        own: ["xavi_get", "xavi_gete", "xavi_getw", "xavi_is_null", "xavi_rm", "xavi_seti", "xavi_sets"],
        child: [
            "xavi_child_get",
            "xavi_child_gete",
            "xavi_child_getw",
            "xavi_child_is_null",
            "xavi_child_rm",
            "xavi_child_seti",
            "xavi_child_sets",
        ],
    },
    Records {
        space: Space::Xavu,
        own: ["xavu_get", "xavu_gete", "xavu_getw", "xavu_is_null", "xavu_rm", "xavu_seti", "xavu_sets"],
        child: [
            "xavu_child_get",
            "xavu_child_gete",
            "xavu_child_getw",
            "xavu_child_is_null",
            "xavu_child_rm",
            "xavu_child_seti",
            "xavu_child_sets",
        ],
    },
];

/// A record's own value is its field without a name.
const OWN: &[u8] = b"";

fn records(m: &mut Module<'_>, kind: Records) -> mlua::Result<()> {
    let Records { space, own, child } = kind;
    let read = move |current: &Current, name: &Text, field: &[u8]| {
        let vars = View::vars(current);
        let found = vars.as_ref().and_then(|vars| vars.field(space.record(name), 0, space.field(field)));
        Kemi::from(found.map_or(Value::Null, value_of))
    };
    let set = move |current: &Current, name: &Text, field: &[u8], value: Value<'_>| {
        let Some(value) = kept(&value) else { return -1 };
        let (name, field) = (space.record(name), space.field(field));
        let adds = field.is_empty() && space != Space::Xavu;
        with(current, |vars| match !adds && vars.count_records(&name) > 0 {
            true => vars.set_field(&name, 0, field, value),
            false => vars.push_record(&name, field, value),
        })
    };
    m.call(own[0], move |current: &mut Current, (name,): (Text,)| read(current, &name, OWN))?;
    m.call(own[1], move |current: &mut Current, (name,): (Text,)| or(read(current, &name, OWN), ""))?;
    m.call(own[2], move |current: &mut Current, (name,): (Text,)| or(read(current, &name, OWN), NULL))?;
    m.call(own[3], move |current: &mut Current, (name,): (Text,)| {
        let name = space.record(&name);
        one(View::vars(current).is_none_or(|vars| vars.count_records(&name) == 0))
    })?;
    m.call(own[4], move |current: &mut Current, (name,): (Text,)| {
        with(current, |vars| vars.remove_record(space.record(&name), 0))
    })?;
    m.call(own[5], move |current: &mut Current, (name, number): (Text, i64)| {
        set(current, &name, OWN, Value::Int(number))
    })?;
    m.call(own[6], move |current: &mut Current, (name, text): (Text, Text)| {
        set(current, &name, OWN, Value::text(&**text))
    })?;
    m.call(child[0], move |current: &mut Current, (name, field): (Text, Text)| read(current, &name, &field))?;
    m.call(child[1], move |current: &mut Current, (name, field): (Text, Text)| {
        or(read(current, &name, &field), "")
    })?;
    m.call(child[2], move |current: &mut Current, (name, field): (Text, Text)| {
        or(read(current, &name, &field), NULL)
    })?;
    m.call(child[3], move |current: &mut Current, (name, field): (Text, Text)| {
        one(read(current, &name, &field) == Kemi::Null)
    })?;
    m.call(child[4], move |current: &mut Current, (name, field): (Text, Text)| {
        with(current, |vars| vars.remove_field(space.record(&name), 0, space.field(&field)))
    })?;
    m.call(child[5], move |current: &mut Current, (name, field, number): (Text, Text, i64)| {
        set(current, &name, &field, Value::Int(number))
    })?;
    m.call(child[6], move |current: &mut Current, (name, field, text): (Text, Text, Text)| {
        set(current, &name, &field, Value::text(&**text))
    })
}
