//! Addresses as texts: `{sock.*}`, `{uri.tosocket}`, `{urialias.*}`, `{url.*}`, `{num.*}`.

use bstr::{BStr, ByteSlice};
use sip_core::{Protocol, Uri};
use sip_modules::parts;

use crate::pv::class::{Transformation, text};
use crate::pv::names::net::protocol_number;
use crate::pv::value::Value;

pub(super) const ALL: &[Transformation] = &[
    text("sock.proto", (0, 0), |text, _| part(text, |(proto, _, _)| proto)),
    text("sock.host", (0, 0), |text, _| part(text, |(_, host, _)| host)),
    text("sock.port", (0, 0), |text, _| part(text, |(_, _, port)| port)),
    text("sock.touri", (0, 0), |text, _| match socket(text) {
        Some((proto, host, port)) => {
            let port = if port.is_empty() { Vec::new() } else { [b":", port].concat() };
            Value::made([b"sip:", host, &port, b";transport=", &proto.to_ascii_lowercase()].concat())
        }
        None => Value::Null,
    }),
    text("uri.tosocket", (0, 0), |text, _| match Uri::parse(text) {
        Ok(uri) => {
            let (proto, port) = (parts::protocol(&uri), parts::port(&uri));
            Value::made(format!("{proto}:{}:{port}", uri.host_text()))
        }
        Err(_) => Value::Null,
    }),
    text("urialias.encode", (0, 0), |text, _| match Uri::parse(text) {
        Ok(uri) => {
            let (proto, port) = (protocol_number(parts::protocol(&uri)), parts::port(&uri));
            Value::made(format!("{}~{port}~{proto}", uri.host_text()))
        }
        Err(_) => Value::Null,
    }),
    text("urialias.decode", (0, 0), |text, _| decoded(text).map_or(Value::Null, Value::made)),
    text("url.path", (0, 0), |text, _| Value::made(url(text).0)),
    text("url.querystring", (0, 0), |text, _| Value::made(url(text).1)),
    text("num.fdigit", (0, 0), |text, _| digit(text.iter().find(|byte| byte.is_ascii_digit()))),
    text("num.ldigit", (0, 0), |text, _| digit(text.iter().rfind(|byte| byte.is_ascii_digit()))),
];

fn digit(byte: Option<&u8>) -> Value<'static> {
    byte.map_or(Value::Null, |byte| Value::Int((byte - b'0').into()))
}

/// Protocol, host and port.
type Socket<'t> = (&'t [u8], &'t [u8], &'t [u8]);

/// The parts of `udp:192.0.2.1:5060`; the port may be left out.
fn socket(text: &[u8]) -> Option<Socket<'_>> {
    let (proto, rest) = text.split_once_str(b":")?;
    Protocol::from_token(proto)?;
    let end = match rest.first()? {
        b'[' => rest.find_byte(b']')? + 1,
        _ => rest.find_byte(b':').unwrap_or(rest.len()),
    };
    let (host, port) = rest.split_at(end);
    let port = match port {
        [b':', port @ ..] if port.iter().all(u8::is_ascii_digit) => port,
        [] => b"",
        _ => return None,
    };
    Some((proto, host, port)).filter(|_| !host.is_empty())
}

fn part<'t>(text: &'t BStr, part: fn(Socket<'t>) -> &'t [u8]) -> Value<'static> {
    socket(text).map_or(Value::Null, |socket| Value::made(part(socket)))
}

/// `192.0.2.1~5060~2` as a URI, with or without `alias=` before it.
fn decoded(text: &[u8]) -> Option<String> {
    let text = text.to_str().ok()?;
    let mut parts = text.strip_prefix("alias=").unwrap_or(text).split('~');
    let (host, port, proto) = (parts.next()?, parts.next()?, parts.next()?);
    let proto: i64 = proto.parse().ok()?;
    let proto = Protocol::ALL.into_iter().find(|known| protocol_number(*known) == proto)?;
    let uri = format!("sip:{host}:{port};transport={proto}");
    Uri::parse(uri.as_bytes()).is_ok().then_some(uri)
}

/// Path and query of `http://host/path?query`, or of `/path?query`.
fn url(text: &[u8]) -> (&[u8], &[u8]) {
    let behind = text.find("://").map_or(text, |at| {
        let rest = &text[at + 3..];
        &rest[rest.find_byte(b'/').unwrap_or(rest.len())..]
    });
    let bare = &behind[..behind.find_byte(b'#').unwrap_or(behind.len())];
    bare.split_once_str(b"?").unwrap_or((bare, b""))
}
