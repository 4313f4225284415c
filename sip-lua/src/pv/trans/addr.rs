//! `{nameaddr.*}` and `{tobody.*}`: parts of `"Name" <uri>;param`.

use bstr::BStr;
use sip_core::NameAddr;

use crate::pv::class::{Transformation, text};
use crate::pv::value::Value;

pub(super) const ALL: &[Transformation] = &[
    text("nameaddr.name", (0, 0), |text, _| part(text, |addr| some(addr.display()))),
    text("nameaddr.uri", (0, 0), |text, _| part(text, |addr| addr.uri_text().to_vec())),
    // How many bytes the address takes, up to the `>` or the end of the URI.
    text("nameaddr.len", (0, 0), |text, _| match NameAddr::parse(text) {
        Ok(addr) => {
            let uri = addr.uri_text();
            let end = uri.as_ptr().addr() - text.as_ptr().addr() + uri.len();
            let end = end + usize::from(text.get(end) == Some(&b'>'));
            Value::Int(end.try_into().unwrap_or(i64::MAX))
        }
        Err(_) => Value::Null,
    }),
    text("tobody.uri", (0, 0), |text, _| part(text, |addr| addr.uri_text().to_vec())),
    text("tobody.display", (0, 0), |text, _| part(text, |addr| some(addr.display()))),
    text("tobody.tag", (0, 0), |text, _| part(text, |addr| some(addr.tag()))),
    text("tobody.user", (0, 0), |text, _| {
        part(text, |addr| addr.uri().map(|uri| some(uri.user())).unwrap_or_default())
    }),
    text("tobody.host", (0, 0), |text, _| {
        part(text, |addr| addr.uri().map(|uri| uri.host_text().to_vec()).unwrap_or_default())
    }),
    text("tobody.params", (0, 0), |text, _| part(text, params)),
];

fn some(text: Option<&BStr>) -> Vec<u8> {
    text.map(|text| text.to_vec()).unwrap_or_default()
}

fn part(text: &BStr, part: fn(&NameAddr<'_>) -> Vec<u8>) -> Value<'static> {
    NameAddr::parse(text).map_or(Value::Null, |addr| Value::made(part(&addr)))
}

fn params(addr: &NameAddr<'_>) -> Vec<u8> {
    let all = addr.params().map(|param| match param.value {
        Some(value) => [&**param.name, b"=", value].concat(),
        None => param.name.to_vec(),
    });
    all.collect::<Vec<_>>().join(&b';')
}
