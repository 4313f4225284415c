//! `KSR.textopsx`: see [`sip_modules::textopsx`].

use rustc_hash::FxHashMap;
use sip_core::{HeaderName, Message, StatusCode};
use sip_modules::textops::{self, TextopsError};
use sip_modules::textopsx::{self, Place, Walk};

use crate::current::{Current, Route};
use crate::ksr::call::Module;
use crate::ksr::state::State;
use crate::ksr::textops::{done, fine};
use crate::ksr::tm::one;
use crate::value::{Kemi, Text};

/// Most walks of one run of a route.
const MOST: usize = 64;

/// Walks through header lines, by their names.
#[derive(Default)]
struct Walks(FxHashMap<Text, Walk>);

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    let state = State::of(&m);
    values(&mut m)?;
    walks(&mut m)?;
    // A change is seen at once here: nothing is left to be applied.
    m.call("msg_apply_changes", |current: &mut Current, ()| {
        one(matches!(
            current.route,
            Route::Request(_) | Route::Cancel(_) | Route::Response(_) | Route::Reply(_)
        ))
    })?;
    m.call("msg_set_buffer", |current: &mut Current, (text,): (Text,)| {
        fine(textopsx::set_buffer(current.msg_mut(), &text))
    })?;
    m.call("remove_body", |current: &mut Current, ()| fine(textops::remove_body(current.msg_mut())))?;
    // Both end in -1, as in Kamailio.
    m.call("keep_hf", |current: &mut Current, ()| {
        let _ = fine(textops::keep(current.msg_mut(), None).map(|_| ()));
        -1
    })?;
    m.call("keep_hf_re", move |current: &mut Current, (text,): (Text,)| {
        if let Some(regex) = state.regex(&text) {
            let _ = fine(textops::keep(current.msg_mut(), Some(&regex)).map(|_| ()));
        }
        -1
    })?;
    m.anywhere("fnmatch", |_, (text, pattern): (Text, Text)| {
        matched(textops::fnmatch(&text, &pattern, false))
    })?;
    m.anywhere("fnmatch_ex", |_, (text, pattern, flags): (Text, Text, Text)| {
        matched(textops::fnmatch(&text, &pattern, flags.contains(&b'i')))
    })?;
    m.call("change_reply_status", |current: &mut Current, (code, reason): (i64, Text)| {
        change_status(current, code, Some(&reason))
    })?;
    m.call("change_reply_status_code", |current: &mut Current, (code,): (i64,)| {
        change_status(current, code, None)
    })?;
    Ok(m)
}

/// A match is 0.
fn matched(yes: bool) -> i64 {
    if yes { 0 } else { -1 }
}

fn change_status(current: &mut Current, code: i64, reason: Option<&Text>) -> i64 {
    let status = u16::try_from(code).ok().and_then(StatusCode::new);
    let reason = reason.map(|reason| &***reason);
    one(status.is_some_and(|status| textopsx::change_reply_status(current.msg_mut(), status, reason)))
}

fn values(m: &mut Module<'_>) -> mlua::Result<()> {
    type Change = fn(&mut Message, &Place, &[u8]) -> Result<bool, TextopsError>;
    let changes: [(&str, Change); 4] = [
        ("append_hf_value", textopsx::append_value),
        ("insert_hf_value", textopsx::insert_value),
        ("assign_hf_value", textopsx::assign_value),
        ("exclude_hf_value", |msg, place, word| textopsx::exclude_word(msg, place.name(), word)),
    ];
    for (name, change) in changes {
        m.call(name, move |current: &mut Current, (place, value): (Text, Text)| {
            placed(&place).map_or(-1, |place| done(change(current.msg_mut(), &place, &value)))
        })?;
    }
    m.call("remove_hf_value", |current: &mut Current, (place,): (Text,)| {
        placed(&place).map_or(-1, |place| done(textopsx::remove_value(current.msg_mut(), &place)))
    })?;
    m.call("include_hf_value", |current: &mut Current, (name, word): (Text, Text)| {
        fine(textopsx::include_word(current.msg_mut(), HeaderName::parse(&name), &word))
    })?;
    m.call("hf_value_exists", |current: &mut Current, (name, word): (Text, Text)| {
        one(textopsx::has_word(current.msg(), HeaderName::parse(&name), &word))
    })
}

fn placed(text: &Text) -> Option<Place> {
    Place::parse(text).inspect_err(|error| tracing::error!(%error, "KSR.textopsx")).ok()
}

fn walks(m: &mut Module<'_>) -> mlua::Result<()> {
    m.call("hf_iterator_start", |current: &mut Current, (name,): (Text,)| {
        let walks = &mut current.scratch::<Walks>().0;
        let fits = walks.len() < MOST || walks.contains_key(&name);
        if fits {
            walks.insert(name, Walk::new());
        }
        one(fits)
    })?;
    m.call("hf_iterator_end", |current: &mut Current, (name,): (Text,)| {
        one(current.scratch::<Walks>().0.remove(&name).is_some())
    })?;
    walk(m, "hf_iterator_next", |walk, msg, ()| Ok(walk.step(msg)))?;
    walk(m, "hf_iterator_prev", |walk, msg, ()| Ok(walk.step_back(msg)))?;
    walk(m, "hf_iterator_rm", |walk, msg, ()| walk.remove(msg))?;
    walk(m, "hf_iterator_append", |walk, msg, (text,): (Text,)| walk.add(msg, &text, true))?;
    walk(m, "hf_iterator_insert", |walk, msg, (text,): (Text,)| walk.add(msg, &text, false))?;
    m.call("hf_iterator_hname", |current: &mut Current, (name,): (Text,)| {
        line(current, &name, |(name, _)| name.into())
    })?;
    m.call("hf_iterator_hbody", |current: &mut Current, (name,): (Text,)| {
        line(current, &name, |(_, value)| Kemi::Text(sip_core::unfold(value).into_owned()))
    })
}

/// A step of a walk, or a change where it stands.
fn walk<A: Named>(
    m: &mut Module<'_>,
    name: &'static str,
    work: fn(&mut Walk, &mut Message, A) -> Result<bool, TextopsError>,
) -> mlua::Result<()> {
    m.call(name, move |current: &mut Current, arguments: A::WithName| {
        let (name, rest) = A::split(arguments);
        let Some(mut walk) = current.scratch::<Walks>().0.get(&name).copied() else { return -1 };
        let result = work(&mut walk, current.msg_mut(), rest);
        current.scratch::<Walks>().0.insert(name, walk);
        done(result)
    })
}

/// Arguments behind the name of a walk.
trait Named: Sized + 'static {
    type WithName: crate::value::Arguments;
    fn split(arguments: Self::WithName) -> (Text, Self);
}

impl Named for () {
    type WithName = (Text,);
    fn split((name,): (Text,)) -> (Text, ()) {
        (name, ())
    }
}

impl Named for (Text,) {
    type WithName = (Text, Text);
    fn split((name, text): (Text, Text)) -> (Text, (Text,)) {
        (name, (text,))
    }
}

fn line(current: &mut Current, name: &Text, read: fn((&bstr::BStr, &bstr::BStr)) -> Kemi) -> Kemi {
    let walk = current.scratch::<Walks>().0.get(name).copied();
    walk.and_then(|walk| walk.line(current.msg()).map(read)).unwrap_or(Kemi::Null)
}
