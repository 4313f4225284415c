//! The server and its HTTP: `$hu`, `$stat(name)`, `$jsonrpl(part)`.

use sip_core::Message;

use crate::pv::class::{Named, Plain, named, read};
use crate::pv::made::{Asked, Word, by_name, by_word, reads};
use crate::pv::store::Store;
use crate::pv::value::Value;

pub(super) const PLAIN: &[Plain] = &[read("hu", |view, _| {
    let url = view.msg().filter(|msg| msg.is_http()).and_then(Message::request_uri);
    url.map_or(Value::Null, |url| Value::Text(url.into()))
})];

pub(super) const NAMED: &[Named] = &[
    named("stat", |inner| by_name(inner, reads(|_, store, asked| stat(store, asked)))),
    named("jsonrpl", |inner| by_word(inner, RESPONSE, "code, text or body")),
];

fn stat<'v>(store: &Store, asked: Asked<'_>) -> Value<'v> {
    let name = std::str::from_utf8(asked.name).ok();
    let count = name.and_then(|name| store.shared.as_ref()?.statistic(name));
    count.map_or(Value::Null, Value::Int)
}

/// What came of the last `KSR.jsonrpcs.exec`.
const RESPONSE: &[Word] = &[
    ("code", |_, store| outcome(store).map_or(Value::Null, |(code, _)| Value::Int(code))),
    ("text", |_, store| outcome(store).map_or(Value::Null, |(_, text)| Value::made(text))),
    ("body", |_, store| store.jsonrpl.borrow().clone().map_or(Value::Null, Value::made)),
];

fn outcome(store: &Store) -> Option<(i64, String)> {
    store.jsonrpl.borrow().as_deref().map(sip_async::jsonrpc::outcome)
}
