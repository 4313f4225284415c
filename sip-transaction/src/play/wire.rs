//! What travels in the played network, and the numbers that its phones go by.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use sip_core::{Limits, Message, Protocol};

/// A message on its way.
#[derive(Clone, Debug)]
pub struct Packet {
    /// Who sent it.
    pub from: SocketAddr,
    /// Whom to.
    pub to: SocketAddr,
    /// How: a datagram may be lost, a message on a stream may not.
    pub protocol: Protocol,
    /// What.
    pub bytes: Bytes,
}

impl Packet {
    /// Its first line, without the SIP version: `INVITE sip:bob@192.0.2.2`, `486 Busy Here`.
    pub fn line(&self) -> String {
        let line = self.bytes.split(|&byte| byte == b'\r').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line);
        line.trim_start_matches("SIP/2.0 ").trim_end_matches(" SIP/2.0").to_owned()
    }

    /// The method of a request, the status of a response: `INVITE`, `486`.
    pub fn kind(&self) -> String {
        self.line().split(' ').next().unwrap_or_default().to_owned()
    }
}

/// T1 of the phones: 500 ms.
pub(crate) const T1: Duration = Duration::from_millis(500);
/// T2 of the phones: 4 s.
pub(crate) const T2: Duration = Duration::from_secs(4);
/// 64*T1 of the phones: 32 s.
pub(crate) const WAIT: Duration = Duration::from_secs(32);

/// Reads a message; what cannot be read does not exist for a played phone.
pub(crate) fn parsed(bytes: &Bytes) -> Option<Message> {
    sip_core::parse(bytes.clone(), &Limits::default()).ok()
}
