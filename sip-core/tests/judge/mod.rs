//! What becomes of a message, in a few words.

#![allow(dead_code, reason = "each test takes what it needs")]

use bytes::Bytes;
use sip_core::{Limits, Method, Role, Rules, parse, validate};

/// A server that serves a few methods and types, for its own users too.
pub(crate) const REGISTRAR: Rules<'static> = Rules {
    methods: &[
        Method::Invite,
        Method::Ack,
        Method::Bye,
        Method::Cancel,
        Method::Options,
        Method::Register,
        Method::Message,
    ],
    content_types: &["application/sdp", "text/plain", "multipart/mixed", "multipart/signed"],
    ..Rules::of(Role::Registrar)
};

/// A proxy without extensions.
pub(crate) const PROXY: Rules<'static> = Rules::of(Role::Proxy);

/// `ok`; `400 To` if the header is at fault; `parse 400 Content-Length` if it is no message.
pub(crate) fn verdict(wire: &[u8], rules: &Rules<'_>) -> String {
    match parse(Bytes::copy_from_slice(wire), &Limits::default()) {
        Err(error) => format!("parse {} {}", error.status(), error.header().unwrap_or("-")),
        Ok(msg) => match validate(&msg, rules).first() {
            None => "ok".to_owned(),
            Some(fault) => format!("{} {}", fault.status(), fault.header()),
        },
    }
}

/// A request without a fault.
pub(crate) const REQUEST: &str = "INVITE sip:bob@example.com SIP/2.0\r\n\
    Via: SIP/2.0/UDP client.example.net:5060;branch=z9hG4bK74bf9\r\n\
    Max-Forwards: 70\r\n\
    From: \"Alice\" <sip:alice@example.net>;tag=9fxced76sl\r\n\
    To: <sip:bob@example.com>\r\n\
    Call-ID: 3848276298220188511@client.example.net\r\n\
    CSeq: 2 INVITE\r\n\
    Contact: <sip:alice@client.example.net>\r\n\
    Content-Type: application/sdp\r\n\
    Content-Length: 5\r\n\r\nv=0\r\n";

/// A response that has one more hop to go.
pub(crate) const RESPONSE: &str = "SIP/2.0 200 OK\r\n\
    Via: SIP/2.0/UDP proxy.example.com;branch=z9hG4bKnashds8\r\n\
    Via: SIP/2.0/UDP 192.0.2.4;branch=z9hG4bK74bf9\r\n\
    From: <sip:alice@example.net>;tag=9fxced76sl\r\n\
    To: <sip:bob@example.com>;tag=314159\r\n\
    Call-ID: 3848276298220188511@client.example.net\r\n\
    CSeq: 2 INVITE\r\n\
    Content-Length: 0\r\n\r\n";

/// `wire` with each text replaced by the one beside it.
pub(crate) fn changed(wire: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(wire.to_owned(), |wire, (old, new)| {
        assert!(wire.contains(old), "{old:?} is there to be replaced");
        wire.replacen(old, new, 1)
    })
}
