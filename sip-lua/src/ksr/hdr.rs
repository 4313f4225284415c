//! `KSR.hdr`: see [`sip_modules::hdr`].

use bstr::BStr;
use sip_core::{HeaderName, Message, unfold};
use sip_modules::hdr::{self, HdrError};
use sip_modules::textops;

use crate::current::Current;
use crate::ksr::call::Module;
use crate::ksr::pv::{NULL, or};
use crate::ksr::tm::one;
use crate::value::{Kemi, Text};

type Add = fn(&mut Message, &[u8]) -> Result<(), HdrError>;
type AddAt = fn(&mut Message, &[u8], &[u8]) -> Result<(), HdrError>;

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    let adds: [(&str, Add); 2] = [("append", hdr::append), ("insert", hdr::insert)];
    for (name, add) in adds {
        m.call(name, move |current: &mut Current, (text,): (Text,)| {
            added(name, add(current.msg_mut(), &text))
        })?;
    }
    let adds: [(&str, AddAt); 2] =
        [("append_after", hdr::append_after), ("insert_before", hdr::insert_before)];
    for (name, add) in adds {
        m.call(name, move |current: &mut Current, (text, anchor): (Text, Text)| {
            added(name, add(current.msg_mut(), &text, &anchor))
        })?;
    }
    let adds: [(&str, Add); 2] = [("rmappend", hdr::append), ("rminsert", hdr::insert)];
    for (name, add) in adds {
        m.call(name, move |current: &mut Current, (old, text): (Text, Text)| {
            let mut edited = current.msg().clone();
            edited.remove(HeaderName::parse(&old));
            let result = add(&mut edited, &text);
            if result.is_ok() {
                *current.msg_mut() = edited;
            }
            added(name, result)
        })?;
    }
    m.call("remove", |current: &mut Current, (name,): (Text,)| {
        current.msg_mut().remove(HeaderName::parse(&name));
        1
    })?;
    m.call("is_present", |current: &mut Current, (name,): (Text,)| {
        one(current.msg().has_header(HeaderName::parse(&name)))
    })?;
    m.call("append_to_reply", |current: &mut Current, (text,): (Text,)| {
        match current.ctx_mut().map(|ctx| ctx.append_to_reply(&text)) {
            Some(Ok(())) => 1,
            Some(Err(error)) => {
                tracing::error!(%error, "KSR.hdr.append_to_reply: nothing is done");
                -1
            }
            None => -1,
        }
    })?;
    m.call("match_content", |current: &mut Current, (name, how, text, which): (Text, Text, Text, Text)| {
        let how = textops::Comparison::parse(&how);
        how.zip(which.first()).and_then(|(how, which)| {
            let name = HeaderName::parse(&name);
            textops::match_content(current.msg(), name, how, &text, which.to_ascii_lowercase())
        }) == Some(true)
    })?;
    m.call("get", |current: &mut Current, (name,): (Text,)| value(current, &name, 0))?;
    m.call("gete", |current: &mut Current, (name,): (Text,)| or(value(current, &name, 0), ""))?;
    m.call("getw", |current: &mut Current, (name,): (Text,)| or(value(current, &name, 0), NULL))?;
    m.call("get_idx", |current: &mut Current, (name, at): (Text, i64)| value(current, &name, at))?;
    m.call("gete_idx", |current: &mut Current, (name, at): (Text, i64)| or(value(current, &name, at), ""))?;
    m.call("getw_idx", |current: &mut Current, (name, at): (Text, i64)| or(value(current, &name, at), NULL))?;
    Ok(m)
}

fn added(name: &str, result: Result<(), HdrError>) -> i64 {
    match result {
        Ok(()) => 1,
        Err(error) => {
            tracing::error!(%error, "KSR.hdr.{name}: nothing is done");
            -1
        }
    }
}

/// The header at a place: from 0, or from the end where it is negative.
fn value(current: &Current, name: &BStr, at: i64) -> Kemi {
    let headers = || current.msg().headers(HeaderName::parse(name));
    let at = if at < 0 { i64::try_from(headers().count()).unwrap_or(i64::MAX) + at } else { at };
    let found = usize::try_from(at).ok().and_then(|at| headers().nth(at));
    found.map_or(Kemi::Null, |value| Kemi::Text(unfold(value).into_owned()))
}
