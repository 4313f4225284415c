//! What the tests of this crate share: a phone that writes REGISTERs, and a clock that stands still.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::expect_used, reason = "a test that cannot be set up has failed")]

use std::time::{Duration, Instant};

use sip_core::{FlowId, Message, Protocol, Source};
use sip_registrar::{Aor, Config, Lookup, Registrar, SaveError, Saved};

/// Some instant to count from.
#[allow(clippy::disallowed_methods, reason = "a test needs some instant to count from")]
pub(crate) fn start() -> Instant {
    Instant::now()
}

pub(crate) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// A REGISTER of bob with these header lines between CSeq and the empty line.
pub(crate) fn register(call_id: &str, cseq: u32, lines: &[&str]) -> Message {
    register_of("bob", call_id, cseq, lines)
}

pub(crate) fn register_of(user: &str, call_id: &str, cseq: u32, lines: &[&str]) -> Message {
    let mut wire = format!(
        "REGISTER sip:example.com SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.4:5060;branch=z9hG4bK{cseq};rport\r\n\
         From: <sip:{user}@example.com>;tag=1\r\n\
         To: <sip:{user}@example.com>\r\n\
         Call-ID: {call_id}\r\n\
         CSeq: {cseq} REGISTER\r\n"
    );
    for line in lines {
        wire.push_str(line);
        wire.push_str("\r\n");
    }
    wire.push_str("\r\n");
    sip_core::parse(wire.into(), &Default::default()).expect("a message")
}

/// Where a phone at 192.0.2.4 writes from.
pub(crate) fn source() -> Source {
    Source {
        protocol: Protocol::Udp,
        remote: "192.0.2.4:5060".parse().expect("an address"),
        local: "192.0.2.1:5060".parse().expect("an address"),
        flow: None,
    }
}

pub(crate) fn flow() -> FlowId {
    FlowId { listener: 0, slot: 3, generation: 1 }
}

pub(crate) fn registrar() -> Registrar {
    Registrar::new(Config::default())
}

pub(crate) fn with(change: impl FnOnce(&mut Config)) -> Registrar {
    let mut config = Config::default();
    change(&mut config);
    Registrar::new(config)
}

pub(crate) fn bob() -> Aor {
    Aor::from_bytes(b"bob")
}

/// The URIs of a lookup, in order.
pub(crate) fn uris(lookup: &Lookup) -> Vec<String> {
    lookup.iter().map(|binding| binding.uri().to_string()).collect()
}

/// Where bob can be reached.
pub(crate) fn at(registrar: &Registrar, now: Instant) -> Vec<String> {
    uris(&registrar.lookup(now, &bob()))
}

pub(crate) fn save(registrar: &Registrar, now: Instant, request: &Message) -> Result<Saved, SaveError> {
    registrar.save(now, request, &source())
}

/// The headers of a 200, as lines.
pub(crate) fn lines(saved: &Saved, now: Instant) -> Vec<String> {
    let line = |(name, value): (sip_core::HeaderName<'_>, Vec<u8>)| {
        format!("{name}: {}", String::from_utf8(value).expect("UTF-8"))
    };
    saved.headers(now).into_iter().map(line).collect()
}
