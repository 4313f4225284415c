//! What becomes of a message, in a few words.

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
