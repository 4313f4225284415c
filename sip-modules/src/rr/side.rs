//! Side: one of our addresses, as Record-Route and Route name it.

use std::fmt;
use std::net::SocketAddr;

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

    /// This side as the part of a URI between scheme and parameters that are the same everywhere.
    pub(crate) fn in_uri(self, secure: bool) -> InUri {
        InUri { side: self, secure }
    }
}

/// The side that a message came in by.
impl From<&Source> for Side {
    fn from(source: &Source) -> Self {
        Self::new(source.protocol, source.local)
    }
}

/// `sip:192.0.2.1:5060;transport=tcp`
pub(crate) struct InUri {
    side: Side,
    secure: bool,
}

impl fmt::Display for InUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "sips" } else { "sip" };
        write!(f, "{scheme}:{}", self.side.addr)?;
        match self.side.protocol {
            Protocol::Udp => Ok(()),
            Protocol::Tls if self.secure => Ok(()), // what sips means without a word
            // RFC 7118 5: one word for both, the scheme tells them apart
            Protocol::Ws | Protocol::Wss => f.write_str(";transport=ws"),
            other => write!(f, ";transport={other}"),
        }
    }
}
