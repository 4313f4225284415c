//! `KSR.registrar`: see [`sip_registrar`]. There is one location; its name is `location`.

use std::net::SocketAddr;
use std::rc::Rc;

use sip_core::{Q, Uri};
use sip_modules::parts;
use sip_modules::textopsx::{Place, assign_value};
use sip_registrar::{Aor, Binding, SaveError, SaveOptions, Saved};
use sip_server::RouteError;

use crate::current::Current;
use crate::ksr::call::Module;
use crate::ksr::state::State;
use crate::ksr::tm::one;
use crate::pv::store::Profile;
use crate::value::{Kemi, Text};

const NAME: &[u8] = b"location";
/// Flag 2 of `save`: no reply.
const NO_REPLY: i64 = 2;
/// Flag 4 of `save`: the other contacts go.
const ALONE: i64 = 4;

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    m.waits("save", async |current: &mut Current, (table, flags): (Text, i64)| {
        save(current, &table, flags, None).await
    })?;
    m.waits("save_uri", async |current: &mut Current, (table, flags, uri): (Text, i64, Text)| {
        save(current, &table, flags, Some(&uri)).await
    })?;
    m.waits("lookup", async |current: &mut Current, (table,): (Text,)| {
        let (true, Some(ctx)) = (is_location(&table), current.ctx_mut()) else { return -3 };
        found(ctx.lookup().await)
    })?;
    m.waits("lookup_uri", async |current: &mut Current, (table, uri): (Text, Text)| {
        let uri = uri_or_ruri(current, &uri);
        let (true, Some(ctx)) = (is_location(&table), current.ctx_mut()) else { return -3 };
        found(ctx.lookup_uri(&uri).await)
    })?;
    m.waits("lookup_to_dset", async |current: &mut Current, (table, uri): (Text, Text)| {
        let uri = uri_or_ruri(current, &uri);
        let (true, Some(ctx)) = (is_location(&table), current.ctx_mut()) else { return -3 };
        found(ctx.lookup_to_branches(&uri).await)
    })?;
    m.call("registered", |current: &mut Current, (table,): (Text,)| {
        let is_there = asked(current).and_then(|uri| is_registered(current, &uri));
        one(is_location(&table) && is_there == Some(true))
    })?;
    m.call("registered_uri", |current: &mut Current, (table, uri): (Text, Text)| {
        one(is_location(&table) && is_registered(current, &uri) == Some(true))
    })?;
    m.waits("unregister", async |current: &mut Current, (table, uri): (Text, Text)| {
        let Some(aor) = aor(current, &uri).filter(|_| is_location(&table)) else { return -1 };
        let shared = current.shared().clone();
        match shared.unregister(&aor).await {
            Ok(0) => -2,
            Ok(_) => 1,
            Err(error) => {
                tracing::debug!(%error, "not unregistered");
                -1
            }
        }
    })?;
    m.call("registered_flags", |current: &mut Current, (table, uri, flags): (Text, Text, i64)| {
        one(is_location(&table) && matching(current, &uri, flags))
    })?;
    m.call("reg_from_user", |current: &mut Current, (table, uri, _): (Text, Text, i64)| {
        let from = || Some(current.msg().from().ok()?.uri_text().to_vec());
        let uri = if uri.is_empty() { from() } else { Some(uri.to_vec()) };
        one(is_location(&table) && uri.is_some_and(|uri| matching(current, &uri, RECEIVED)))
    })?;
    m.call("set_q_override", |current: &mut Current, (q,): (Text,)| {
        let place = Place::parse(b"Contact[*].q");
        let is_q = Q::parse(&q).is_some();
        one(is_q && place.is_ok_and(|place| assign_value(current.msg_mut(), &place, &q).unwrap_or_default()))
    })?;
    // What `save` has kept back with flag 2.
    m.call("reg_send_reply", |current: &mut Current, ()| {
        let Some(saved) = current.scratch::<Unanswered>().0.take() else { return -1 };
        one(current.ctx_mut().is_some_and(|ctx| ctx.reply_saved(&saved).is_ok()))
    })?;
    profiles(&mut m)?;
    Ok(m)
}

/// What was saved and has no answer yet.
#[derive(Default)]
struct Unanswered(Option<Saved>);

/// Bits of `registered_flags`: Call-ID, source, and URI of the Contact are those of a binding.
const CALL_ID: i64 = 1;
const RECEIVED: i64 = 2;
const CONTACT: i64 = 4;

/// Whether one of a user's bindings is that of this message, by these marks.
fn matching(current: &Current, uri: &[u8], flags: i64) -> bool {
    let uri = if uri.is_empty() { asked(current) } else { Some(uri.to_vec()) };
    let Some(aor) = uri.and_then(|uri| aor(current, &uri)) else { return false };
    let (shared, msg, source) = (current.shared(), current.msg(), current.source());
    let contact = msg.contact().ok();
    let contact = contact.as_ref().and_then(|contact| contact.addr()).map(|addr| addr.uri_text());
    shared.registrar().lookup(shared.now(), &aor).iter().any(|binding| {
        (flags & CALL_ID == 0 || msg.call_id().is_ok_and(|id| *id == **binding.call_id()))
            && (flags & RECEIVED == 0
                || source.is_some_and(|source| came_from(binding) == Some(source.remote)))
            && (flags & CONTACT == 0 || contact.is_some_and(|contact| **contact == **binding.uri()))
    })
}

/// Where the REGISTER of a binding came from, as far as that is known: noted, or as its URI says.
fn came_from(binding: &Binding) -> Option<SocketAddr> {
    match binding.received() {
        Some(target) => Some(target.remote),
        None => {
            let uri = Uri::parse(binding.uri()).ok()?;
            Some(SocketAddr::new(uri.host().ip()?, parts::port(&uri)))
        }
    }
}

fn is_location(table: &Text) -> bool {
    let is = ***table == *NAME;
    if !is {
        tracing::error!(table = %**table, "no such location table: it is called location");
    }
    is
}

/// What came of a REGISTER; it has its answer in each case.
async fn save(current: &mut Current, table: &Text, flags: i64, uri: Option<&Text>) -> i32 {
    if !is_location(table) {
        return -1;
    }
    let mut options = SaveOptions::default();
    options.replace_others = flags & ALONE != 0;
    if let Some(uri) = uri {
        options.aor = aor(current, uri);
        if options.aor.is_none() {
            return -1;
        }
    }
    let Some(ctx) = current.ctx_mut() else { return -1 };
    let result = match ctx.save_with(&options).await {
        Ok(saved) if flags & NO_REPLY != 0 => {
            let code = saved.outcome.code();
            current.scratch::<Unanswered>().0 = Some(saved);
            return code;
        }
        Ok(saved) => ctx.reply_saved(&saved).map(|()| saved.outcome.code()),
        Err(error) => Err(error),
    };
    let Err(error) = result else { return result.unwrap_or(-1) };
    tracing::debug!(%error, "not saved");
    if flags & NO_REPLY == 0 {
        ctx.reply_error(&error);
    }
    if matches!(error, RouteError::Save(SaveError::TooManyContacts { .. })) { -2 } else { -1 }
}

fn found(result: Result<usize, RouteError>) -> i64 {
    match result {
        Ok(_) => 1,
        Err(RouteError::NotRegistered) => -1,
        Err(error) => {
            tracing::debug!(%error, "not looked up");
            -3
        }
    }
}

fn uri_or_ruri(current: &Current, uri: &Text) -> Vec<u8> {
    match &***uri {
        [] => current.msg().request_uri().map(|uri| uri.to_vec()).unwrap_or_default(),
        uri => uri.to_vec(),
    }
}

/// Whose registration `registered` is about: the request URI's; in replies To's.
fn asked(current: &Current) -> Option<Vec<u8>> {
    let msg = current.msg();
    match msg.request_uri() {
        Some(uri) => Some(uri.to_vec()),
        None => Some(msg.to().ok()?.uri_text().to_vec()),
    }
}

fn aor(current: &Current, uri: &[u8]) -> Option<Aor> {
    current.shared().registrar().aor(&Uri::parse(uri).ok()?).ok()
}

fn is_registered(current: &Current, uri: &[u8]) -> Option<bool> {
    let shared = current.shared();
    Some(shared.registrar().is_registered(shared.now(), &aor(current, uri)?))
}

/// Contacts that are fetched to be looked at.
fn profiles(m: &mut Module<'_>) -> mlua::Result<()> {
    let state = State::of(m);
    let s = Rc::clone(&state);
    m.call("reg_fetch_contacts", move |current: &mut Current, (table, uri, profile): (Text, Text, Text)| {
        s.store.profiles.remove(&profile);
        let Some(aor) = aor(current, &uri).filter(|_| is_location(&table)) else { return -1 };
        let shared = current.shared();
        let contacts: Vec<_> = shared.registrar().lookup(shared.now(), &aor).into_iter().collect();
        let found = Profile { aor: aor.as_bstr().to_owned(), contacts };
        one(!found.contacts.is_empty() && s.store.profiles.set(&profile, found))
    })?;
    let s = Rc::clone(&state);
    m.anywhere("reg_free_contacts", move |_, (profile,): (Text,)| {
        s.store.profiles.remove(&profile);
        1
    })?;
    let s = Rc::clone(&state);
    m.checked(
        "ulc_rget",
        |_| Kemi::Null,
        move |current, (profile, attribute): &(Text, Text)| {
            s.get(current, format!("$ulc({}=>{})", profile.to_utf8(), attribute.to_utf8()).as_bytes())
        },
    )?;
    m.checked(
        "ulc_cget",
        |_| Kemi::Null,
        move |current, (profile, attribute, at): &(Text, Text, i64)| {
            let name = format!("$(ulc({}=>{})[{at}])", profile.to_utf8(), attribute.to_utf8());
            state.get(current, name.as_bytes())
        },
    )
}
