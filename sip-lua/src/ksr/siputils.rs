//! `KSR.siputils`: see [`sip_modules::siputils`].

use sip_core::{HeaderError, Method, StatusCode};
use sip_modules::siputils;

use crate::current::Current;
use crate::ksr::call::Module;
use crate::ksr::tm::one;
use crate::value::Text;

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    m.call("is_request", |current: &mut Current, ()| one(siputils::is_request(current.msg())))?;
    m.call("is_reply", |current: &mut Current, ()| one(siputils::is_reply(current.msg())))?;
    m.call("has_totag", |current: &mut Current, ()| one(siputils::has_totag(current.msg())))?;
    m.call("is_first_hop", |current: &mut Current, ()| {
        let source = current.source();
        one(source.is_some_and(|source| siputils::is_first_hop(current.msg(), source, current.shared())))
    })?;
    m.call("is_first_hop_mode", |current: &mut Current, (_,): (i64,)| {
        let source = current.source();
        one(source.is_some_and(|source| siputils::is_first_hop(current.msg(), source, current.shared())))
    })?;
    // What reaches these routes is SIP; HTTP has an event of its own.
    m.call("is_sip", |_: &mut Current, ()| 1)?;
    m.call("is_http", |_: &mut Current, ()| -1)?;
    m.call("is_gruu", |current: &mut Current, ()| {
        siputils::gruu(current.msg()).map_or(-1, |is_temporary| if is_temporary { 2 } else { 1 })
    })?;
    m.call("is_user", |current: &mut Current, (name,): (Text,)| {
        one(siputils::digest_user(current.msg()).is_some_and(|user| user == **name))
    })?;
    // An OPTIONS to ourselves, without a user; -2 where it could not be answered.
    m.call("options_reply", |current: &mut Current, ()| {
        let is_ours = current.ctx().is_some_and(|ctx| ctx.is_myself_ruri().unwrap_or_default());
        let msg = current.msg();
        let asked = msg.method() == Some(Method::Options) && msg.uri().is_ok_and(|uri| uri.user().is_none());
        match current.ctx_mut().filter(|_| is_ours && asked) {
            Some(ctx) => {
                let sent = ctx.reply_with(StatusCode::OK, |mut reply| {
                    for (name, value) in siputils::CAPABILITIES {
                        reply = reply.header(name, value);
                    }
                    reply
                });
                if sent.is_ok() { 1 } else { -2 }
            }
            None => -1,
        }
    })?;
    ruri(&mut m)?;
    texts(&mut m)?;
    Ok(m)
}

/// Parameters of the request URI.
fn ruri(m: &mut Module<'_>) -> mlua::Result<()> {
    m.call("uri_param", |current: &mut Current, (name,): (Text,)| {
        one(siputils::uri_param(current.msg(), &name.to_utf8()).is_some())
    })?;
    m.call("uri_param_any", |current: &mut Current, (name,): (Text,)| {
        one(siputils::has_param_text(current.msg(), &name))
    })?;
    m.call("contact_param_check", |current: &mut Current, (name,): (Text,)| {
        let contact = current.msg().contact().ok();
        let addr = contact.as_ref().and_then(|contact| contact.addr());
        one(addr.is_some_and(|addr| addr.uri().is_ok_and(|uri| uri.param(&name.to_utf8()).is_some())))
    })?;
    m.call("uri_param_value", |current: &mut Current, (name, value): (Text, Text)| {
        one(siputils::is_uri_param(current.msg(), &name.to_utf8(), &value))
    })?;
    m.call("add_uri_param", |current: &mut Current, (param,): (Text,)| {
        one(siputils::add_uri_param(current.msg_mut(), &param).is_ok())
    })?;
    m.call("uri_param_rm", |current: &mut Current, (name,): (Text,)| {
        one(siputils::remove_uri_param(current.msg_mut(), &name.to_utf8()) == Ok(true))
    })
}

/// Questions about texts: no message is needed.
fn texts(m: &mut Module<'_>) -> mlua::Result<()> {
    m.anywhere("is_uri", |_, (text,): (Text,)| one(siputils::is_uri(&text)))?;
    m.anywhere("is_numeric", |_, (text,): (Text,)| if siputils::is_numeric(&text) { 1 } else { -2 })?;
    m.anywhere("is_tel_number", |_, (text,): (Text,)| if siputils::is_tel_number(&text) { 1 } else { -2 })?;
    m.anywhere("is_alphanum", |_, (text,): (Text,)| alphanum(&text, b""))?;
    m.anywhere("is_alphanumex", |_, (text, extra): (Text, Text)| alphanum(&text, &extra))?;
    m.anywhere("cmp_uri", |_, (a, b): (Text, Text)| compared(siputils::cmp_uri(&a, &b)))?;
    m.anywhere("cmp_aor", |_, (a, b): (Text, Text)| compared(siputils::cmp_aor(&a, &b)))?;
    m.anywhere("cmp_hdr_name", |_, (a, b): (Text, Text)| match (a.is_empty(), b.is_empty()) {
        (false, false) => one(siputils::cmp_hdr_name(&a.to_utf8(), &b.to_utf8())),
        _ => -2,
    })
}

fn alphanum(text: &[u8], extra: &[u8]) -> i64 {
    match text {
        [] => -2,
        text if siputils::is_alphanum_ex(text, extra) => 1,
        _ => -3,
    }
}

fn compared(same: Result<bool, HeaderError>) -> i64 {
    same.map_or(-2, one)
}
