//! `KSR` itself: log, method, transport, addresses, flags, request URI and next hop.

use sip_core::{Host, Message, Method, Protocol};
use sip_modules::Myself;
use sip_server::Ctx;

use crate::current::Current;
use crate::ksr::call::Module;
use crate::ksr::core_way::{self as way, is_myself};
use crate::value::Text;

/// Letters of `is_method_in`.
const LETTERS: [(u8, &str); 17] = [
    (b'I', "INVITE"),
    (b'A', "ACK"),
    (b'B', "BYE"),
    (b'C', "CANCEL"),
    (b'M', "MESSAGE"),
    (b'R', "REGISTER"),
    (b'E', "PRACK"),
    (b'P', "PUBLISH"),
    (b'S', "SUBSCRIBE"),
    (b'N', "NOTIFY"),
    (b'O', "OPTIONS"),
    (b'F', "REFER"),
    (b'G', "GET"),
    (b'U', "UPDATE"),
    (b'K', "KDMQ"),
    (b'D', "DELETE"),
    (b'T', "POST"),
];

/// Functions named after the method that they test for.
const METHODS: [(&str, &str); 14] = [
    ("is_INVITE", "INVITE"),
    ("is_ACK", "ACK"),
    ("is_BYE", "BYE"),
    ("is_CANCEL", "CANCEL"),
    ("is_REGISTER", "REGISTER"),
    ("is_OPTIONS", "OPTIONS"),
    ("is_NOTIFY", "NOTIFY"),
    ("is_MESSAGE", "MESSAGE"),
    ("is_SUBSCRIBE", "SUBSCRIBE"),
    ("is_PUBLISH", "PUBLISH"),
    ("is_PRACK", "PRACK"),
    ("is_UPDATE", "UPDATE"),
    ("is_INFO", "INFO"),
    ("is_REFER", "REFER"),
];

/// Functions named after the protocols that a message may have come over.
const PROTOCOLS: [(&str, &[Protocol]); 6] = [
    ("is_UDP", &[Protocol::Udp]),
    ("is_TCP", &[Protocol::Tcp]),
    ("is_TLS", &[Protocol::Tls]),
    ("is_WS", &[Protocol::Ws]),
    ("is_WSS", &[Protocol::Wss]),
    ("is_WSX", &[Protocol::Ws, Protocol::Wss]),
];

/// The functions of `KSR` itself.
pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    log(&mut m)?;
    method(&mut m)?;
    myself(&mut m)?;
    flags(&mut m)?;
    way::register(&mut m)?;
    for (name, protocols) in PROTOCOLS {
        m.call(name, |current: &mut Current, ()| {
            current.source().is_some_and(|source| protocols.contains(&source.protocol))
        })?;
    }
    m.call("is_IPv4", |current: &mut Current, ()| {
        current.source().is_some_and(|source| source.remote.is_ipv4())
    })?;
    m.call("is_IPv6", |current: &mut Current, ()| {
        current.source().is_some_and(|source| source.remote.is_ipv6())
    })?;
    // The reply to a SIP request never ends a connection here.
    m.call("set_reply_close", |current: &mut Current, ()| {
        current.http_mut().map(sip_server::HttpCtx::set_reply_close).is_some()
    })?;
    m.call("set_drop", |current: &mut Current, ()| current.set_drop())?;
    Ok(m)
}

fn log(m: &mut Module<'_>) -> mlua::Result<()> {
    m.anywhere("dbg", |_, (text,): (Text,)| say("dbg", &text))?;
    m.anywhere("info", |_, (text,): (Text,)| say("info", &text))?;
    m.anywhere("notice", |_, (text,): (Text,)| say("notice", &text))?;
    m.anywhere("warn", |_, (text,): (Text,)| say("warn", &text))?;
    m.anywhere("err", |_, (text,): (Text,)| say("err", &text))?;
    m.anywhere("crit", |_, (text,): (Text,)| say("crit", &text))?;
    m.anywhere("log", |_, (level, text): (Text, Text)| say(&level.to_utf8(), &text))
}

/// Writes a line to the log; a level that is unknown is an error.
pub(crate) fn say(level: &str, text: &[u8]) {
    if !is_on(level) {
        return;
    }
    let text = String::from_utf8_lossy(text);
    let text = text.trim_end_matches(['\r', '\n']);
    match level {
        "dbg" => tracing::debug!(target: "script", "{text}"),
        "info" | "notice" => tracing::info!(target: "script", "{text}"),
        "warn" => tracing::warn!(target: "script", "{text}"),
        _ => tracing::error!(target: "script", "{text}"),
    }
}

/// Whether lines of this level are written: what they say need not be made up where they are not.
pub(crate) fn is_on(level: &str) -> bool {
    match level {
        "dbg" => tracing::enabled!(target: "script", tracing::Level::DEBUG),
        "info" | "notice" => tracing::enabled!(target: "script", tracing::Level::INFO),
        "warn" => tracing::enabled!(target: "script", tracing::Level::WARN),
        _ => tracing::enabled!(target: "script", tracing::Level::ERROR),
    }
}

fn method(m: &mut Module<'_>) -> mlua::Result<()> {
    for (name, method) in METHODS {
        m.call(name, move |current: &mut Current, ()| is_method(current, method))?;
    }
    m.call("is_method", |current: &mut Current, (names,): (Text,)| {
        names.to_utf8().split('|').any(|name| is_method(current, name.trim()))
    })?;
    m.call("is_method_in", |current: &mut Current, (letters,): (Text,)| {
        LETTERS.iter().any(|(letter, method)| letters.contains(letter) && is_method(current, method))
    })
}

/// Whether the request has this method, or the response answers such a request.
fn is_method(current: &Current, name: &str) -> bool {
    method_of(current.msg()).is_some_and(|method| method.as_bstr() == name)
}

fn method_of(msg: &Message) -> Option<Method<'_>> {
    msg.method().or_else(|| msg.cseq().ok().map(|cseq| cseq.method))
}

fn myself(m: &mut Module<'_>) -> mlua::Result<()> {
    m.call("is_myself_ruri", |current: &mut Current, ()| is(current.ctx().map(Ctx::is_myself_ruri)))?;
    m.call("is_myself_furi", |current: &mut Current, ()| {
        let from = current.msg().from().and_then(|from| from.uri());
        from.is_ok_and(|uri| current.shared().is_uri_myself(&uri))
    })?;
    m.call("is_myself_turi", |current: &mut Current, ()| {
        let to = current.msg().to().and_then(|to| to.uri());
        to.is_ok_and(|uri| current.shared().is_uri_myself(&uri))
    })?;
    m.call("is_myself_duri", |current: &mut Current, ()| {
        let uri = current.destination().and_then(|destination| destination.dst_uri.as_deref());
        uri.is_some_and(|uri| is_myself(current, uri))
    })?;
    m.call("is_myself", |current: &mut Current, (uri,): (Text,)| is_myself(current, &uri))?;
    m.call("is_myself_srcip", |current: &mut Current, ()| {
        let Some(source) = current.source() else { return false };
        let ip = source.remote.ip().to_canonical();
        current.shared().listens().iter().any(|listen| listen.addr.ip() == ip)
    })?;
    m.call("is_myself_suri", |current: &mut Current, ()| {
        let Some(source) = current.source() else { return false };
        current.shared().is_myself(
            host(source.remote.ip()),
            Some(source.remote.port()),
            Some(source.protocol),
        )
    })
}

fn is<E>(answer: Option<Result<bool, E>>) -> bool {
    answer.is_some_and(|answer| answer.unwrap_or_default())
}

fn host(ip: std::net::IpAddr) -> Host<'static> {
    match ip.to_canonical() {
        std::net::IpAddr::V4(ip) => Host::V4(ip),
        std::net::IpAddr::V6(ip) => Host::V6(ip),
    }
}

fn flags(m: &mut Module<'_>) -> mlua::Result<()> {
    m.call("setflag", |current: &mut Current, (flag,): (i64,)| {
        bit(flag).map(|bit| current.set_flags(current.flags() | bit)).is_some()
    })?;
    m.call("resetflag", |current: &mut Current, (flag,): (i64,)| {
        bit(flag).map(|bit| current.set_flags(current.flags() & !bit)).is_some()
    })?;
    m.call("isflagset", |current: &mut Current, (flag,): (i64,)| {
        bit(flag).is_some_and(|bit| current.flags() & bit != 0)
    })?;
    m.call("setbflag", |current: &mut Current, (flag,): (i64,)| {
        bit(flag).map(|bit| current.branch_flags |= bit).is_some()
    })?;
    m.call("resetbflag", |current: &mut Current, (flag,): (i64,)| {
        bit(flag).map(|bit| current.branch_flags &= !bit).is_some()
    })?;
    m.call("isbflagset", |current: &mut Current, (flag,): (i64,)| {
        bit(flag).is_some_and(|bit| current.branch_flags & bit != 0)
    })?;
    m.call("setsflag", |current: &mut Current, (flag,): (i64,)| {
        bit(flag).map(|bit| current.script_flags |= bit).is_some()
    })?;
    m.call("resetsflag", |current: &mut Current, (flag,): (i64,)| {
        bit(flag).map(|bit| current.script_flags &= !bit).is_some()
    })?;
    m.call("issflagset", |current: &mut Current, (flag,): (i64,)| {
        bit(flag).is_some_and(|bit| current.script_flags & bit != 0)
    })
}

fn bit(flag: i64) -> Option<u32> {
    u32::try_from(flag).ok().and_then(|flag| 1_u32.checked_shl(flag))
}
