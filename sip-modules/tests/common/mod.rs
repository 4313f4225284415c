//! What the tests of this crate share: messages, and who we are.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::expect_used, reason = "a test that cannot be set up has failed")]

use sip_core::{Host, Message, Protocol};

/// A request with these header lines.
pub(crate) fn request(start: &str, lines: &[&str]) -> Message {
    message(&format!("{start} SIP/2.0"), lines)
}

/// A message with this start line and these header lines.
pub(crate) fn message(start: &str, lines: &[&str]) -> Message {
    let mut wire = format!("{start}\r\n");
    for line in lines {
        wire.push_str(line);
        wire.push_str("\r\n");
    }
    wire.push_str("\r\n");
    sip_core::parse(wire.into(), &Default::default()).expect("a message")
}

/// The message as it would leave, as text.
pub(crate) fn wire(msg: &Message) -> String {
    String::from_utf8(msg.to_bytes().to_vec()).expect("UTF-8")
}

/// All values of a header, in order.
pub(crate) fn values(msg: &Message, name: &str) -> Vec<String> {
    msg.values(name).map(ToString::to_string).collect()
}

/// We are 192.0.2.1, 2001:db8::1 and proxy.example.com, on any port.
pub(crate) fn ours(host: Host<'_>, _port: Option<u16>, _protocol: Option<Protocol>) -> bool {
    ["192.0.2.1", "[2001:db8::1]", "proxy.example.com"].contains(&host.to_string().to_lowercase().as_str())
}
