//! Side: one of our addresses, as Record-Route and Route name it.

use std::net::SocketAddr;

use sip_core::text::push_addr;
use sip_core::{Protocol, Scheme, Source, Uri};

/// An address of ours that a message came in by or goes out by.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Side {
    /// The protocol that is spoken there.
    pub protocol: Protocol,
    /// The address, never a wildcard.
    pub addr: SocketAddr,
}

impl Side {
    /// The side at `addr`.
    pub const fn new(protocol: Protocol, addr: SocketAddr) -> Self {
        Self { protocol, addr }
    }

    /// The side that `uri` names. `None`: its host is a name.
    pub(crate) fn named_by(uri: &Uri<'_>) -> Option<Self> {
        let secure = uri.scheme() == Scheme::Sips;
        let protocol = match uri.transport() {
            None | Some(Protocol::Tcp) if secure => Protocol::Tls,
            Some(Protocol::Ws) if secure => Protocol::Wss,
            None => Protocol::Udp,
            Some(protocol) => protocol,
        };
        let port = uri.port().unwrap_or(protocol.default_port());
        Some(Self::new(protocol, SocketAddr::new(uri.host().ip()?, port)))
    }

    /// Appends this side as the part of a URI that is the same everywhere: `sip:192.0.2.1:5060;transport=tcp`.
    pub(crate) fn push_uri(self, out: &mut Vec<u8>, secure: bool) {
        out.extend_from_slice(if secure { b"sips:" } else { b"sip:" });
        push_addr(out, self.addr);
        let transport = match self.protocol {
            Protocol::Udp => return,
            Protocol::Tls if secure => return, // what sips means without a word
            Protocol::Ws | Protocol::Wss => "ws", // RFC 7118 5: one word for both, the scheme tells them apart
            other => other.name(),
        };
        out.extend_from_slice(b";transport=");
        out.extend_from_slice(transport.as_bytes());
    }
}

/// The side that a message came in by.
impl From<&Source> for Side {
    fn from(source: &Source) -> Self {
        Self::new(source.protocol, source.local)
    }
}
