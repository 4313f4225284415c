//! An address to listen on.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use sip_core::Protocol;

/// One address to listen on: `udp:127.0.0.1:5060`, `tcp:[::1]:5060`.
///
/// A wildcard address (`0.0.0.0`, `[::]`) means every local address of its own family; `[::]` does not
/// take IPv4. Port 0 asks the system for a free port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Listen {
    /// Transport protocol.
    pub protocol: Protocol,
    /// IP address and port.
    pub addr: SocketAddr,
}

impl Listen {
    /// Listens by `protocol` on `addr`.
    pub const fn new(protocol: Protocol, addr: SocketAddr) -> Self {
        Self { protocol, addr }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.protocol, self.addr)
    }
}

/// Reads `PROTOCOL:IP` or `PROTOCOL:IP:PORT`; an IPv6 address stands in brackets, and a missing port is
/// the default of the protocol.
///
/// ```
/// use sip_transport::Listen;
///
/// let listen: Listen = "udp:[::1]:5070".parse()?;
/// assert_eq!(listen.to_string(), "udp:[::1]:5070");
/// assert_eq!("tcp:192.0.2.1".parse::<Listen>()?.addr.port(), 5060);
/// # Ok::<(), sip_transport::ListenError>(())
/// ```
impl FromStr for Listen {
    type Err = ListenError;

    fn from_str(text: &str) -> Result<Self, ListenError> {
        let shape = || ListenError::Shape { text: text.into() };
        let (protocol, rest) = text.split_once(':').ok_or_else(shape)?;
        let protocol = Protocol::from_token(protocol.as_bytes())
            .ok_or_else(|| ListenError::Protocol { name: protocol.into() })?;
        let addr = rest.parse::<SocketAddr>().or_else(|_| {
            let bare = rest.strip_prefix('[').and_then(|r| r.strip_suffix(']')).unwrap_or(rest);
            bare.parse().map(|ip| SocketAddr::new(ip, protocol.default_port())).map_err(|_| shape())
        })?;
        Ok(Self { protocol, addr })
    }
}

/// A text that is no [`Listen`] address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// Not `PROTOCOL:IP:PORT`.
    #[error("`{text}` is not PROTOCOL:IP:PORT, as in udp:127.0.0.1:5060 or tcp:[::1]:5060")]
    Shape {
        /// The text.
        text: String,
    },
    /// No such protocol.
    #[error("`{name}` is not a transport protocol (udp, tcp, tls, ws, wss)")]
    Protocol {
        /// What stands in its place.
        name: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listen_addresses_read_back_what_they_write() {
        for text in ["udp:127.0.0.1:5060", "tcp:[::1]:5060", "wss:0.0.0.0:443", "tls:[::]:0"] {
            assert_eq!(text.parse::<Listen>().expect(text).to_string(), text);
        }
    }

    #[test]
    fn missing_port_is_the_default_of_the_protocol() {
        assert_eq!("tls:[2001:db8::1]".parse::<Listen>().expect("listen").addr.port(), 5061);
        assert_eq!("udp:::1".parse::<Listen>().expect("listen").addr.port(), 5060);
    }

    #[test]
    fn wrong_listen_addresses_say_what_is_wrong() {
        for (text, part) in [
            ("127.0.0.1", "PROTOCOL:IP:PORT"),
            ("sctp:127.0.0.1:5060", "sctp"),
            ("udp:example.org:5060", "PROTOCOL:IP:PORT"),
            ("udp:127.0.0.1:99999", "PROTOCOL:IP:PORT"),
        ] {
            let error = text.parse::<Listen>().expect_err(text).to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
