//! Credentials: `$au`, `$ar` and their kin.
//!
//! Of a REGISTER they are those in Authorization, else those in Proxy-Authorization; where one is not there, the
//! other's.

use bstr::BStr;
use sip_core::{DigestCredentials, Method, unquote};
use sip_modules::auth::{Guard, any};

use crate::pv::class::{Plain, read};
use crate::pv::value::Value;
use crate::pv::view::View;

pub(super) const PLAIN: &[Plain] = &[
    read("au", |view, _| user(view, |user| Some(user))),
    read("aU", |view, _| user(view, |user| Some(user.split(|&byte| byte == b'@').next().unwrap_or(user)))),
    read("ad", |view, _| {
        user(view, |user| {
            let at = user.iter().rposition(|&byte| byte == b'@')?;
            user.get(at + 1..)
        })
    }),
    read("ar", |view, _| {
        credentials(view).map_or(Value::Null, |found| Value::made(unquote(found.realm).into_owned()))
    }),
    read("adn", |view, _| text(credentials(view).map(|found| found.nonce))),
    read("adu", |view, _| text(credentials(view).map(|found| found.uri))),
    read("adr", |view, _| text(credentials(view).map(|found| found.response))),
    read("adc", |view, _| text(credentials(view).and_then(|found| found.cnonce))),
    read("ado", |view, _| text(credentials(view).and_then(|found| found.opaque))),
    read("aa", |view, _| text(credentials(view).and_then(|found| found.algorithm))),
];

fn credentials(view: &dyn View) -> Option<DigestCredentials<'_>> {
    let msg = view.msg()?;
    let first = msg.method().map_or(Guard::Proxy, |method| Guard::of(method));
    let second = if msg.method() == Some(Method::Register) { Guard::Proxy } else { Guard::Server };
    any(msg, first).or_else(|| any(msg, second))
}

fn text(text: Option<&BStr>) -> Value<'_> {
    text.map_or(Value::Null, Value::text)
}

fn user(view: &dyn View, part: impl Fn(&[u8]) -> Option<&[u8]>) -> Value<'_> {
    let name = credentials(view).map(|found| found.user());
    name.and_then(|name| part(&name).map(<[u8]>::to_vec)).map_or(Value::Null, Value::made)
}
