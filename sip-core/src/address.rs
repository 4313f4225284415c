//! Where a message came from and where it goes.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

/// A SIP transport protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
    /// WebSocket over TCP (RFC 7118).
    Ws,
    /// WebSocket over TLS (RFC 7118).
    Wss,
}

impl Protocol {
    /// Every protocol.
    pub const ALL: [Self; 5] = [Self::Udp, Self::Tcp, Self::Tls, Self::Ws, Self::Wss];

    /// Whether the transport itself retransmits: everything but UDP.
    pub const fn is_reliable(self) -> bool {
        !matches!(self, Self::Udp)
    }

    /// Whether the hop is encrypted.
    pub const fn is_secure(self) -> bool {
        matches!(self, Self::Tls | Self::Wss)
    }

    /// The port where none is written: 5060, 5061, 80 or 443.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }

    /// The transport as a Via says it: `UDP`.
    pub const fn via_token(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
            Self::Wss => "WSS",
        }
    }

    /// The protocol as a `transport=` parameter says it: `udp`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    /// The protocol of a Via transport or a `transport=` value, case-blind.
    pub fn from_token(token: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|p| token.eq_ignore_ascii_case(p.name().as_bytes()))
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A text that is no [`Protocol`] or no [`FlowId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a {0}")]
pub struct AddressError(&'static str);

impl FromStr for Protocol {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::from_token(text.as_bytes()).ok_or(AddressError("transport protocol"))
    }
}

/// One connection of one listener: a slot and its generation, so that a stale id never hits
/// another connection.
///
/// Written as `listener-slot-generation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowId {
    /// Number of the listener.
    pub listener: u16,
    /// Slot in the connection table.
    pub slot: u32,
    /// How often the slot was given out before.
    pub generation: u32,
}

impl fmt::Display for FlowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.listener, self.slot, self.generation)
    }
}

impl FromStr for FlowId {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let error = AddressError("flow id");
        let mut parts = text.split('-').map(digits);
        match (parts.next().flatten(), parts.next().flatten(), parts.next().flatten(), parts.next()) {
            (Some(listener), Some(slot), Some(generation), None) => {
                Ok(Self { listener: u16::try_from(listener).map_err(|_| error)?, slot, generation })
            }
            _ => Err(error),
        }
    }
}

/// A number without sign or leading `+`.
fn digits(text: &str) -> Option<u32> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// Where a message came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// Transport it came by.
    pub protocol: Protocol,
    /// Who sent it.
    pub remote: SocketAddr,
    /// The address of ours that it was sent to.
    pub local: SocketAddr,
    /// The connection it came by, where there is one.
    pub flow: Option<FlowId>,
}

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// Transport to send by.
    pub protocol: Protocol,
    /// Whom to send to.
    pub remote: SocketAddr,
    /// The address of ours to send from, where that matters.
    pub local: Option<SocketAddr>,
    /// The connection to use, while it lives.
    pub flow: Option<FlowId>,
}

impl Target {
    /// `remote` by `protocol`, from whichever address and connection suits.
    pub const fn new(protocol: Protocol, remote: SocketAddr) -> Self {
        Self { protocol, remote, local: None, flow: None }
    }

    /// The same target by this connection.
    #[must_use]
    pub const fn via_flow(mut self, flow: FlowId) -> Self {
        self.flow = Some(flow);
        self
    }

    /// The same target from this address of ours.
    #[must_use]
    pub const fn with_local(mut self, local: SocketAddr) -> Self {
        self.local = Some(local);
        self
    }
}

/// Straight back where it came from.
impl From<&Source> for Target {
    fn from(source: &Source) -> Self {
        Self {
            protocol: source.protocol,
            remote: source.remote,
            local: Some(source.local),
            flow: source.flow,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.protocol, self.remote)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.protocol, self.remote)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flow_ids_read_back_what_they_write() {
        let flow = FlowId { listener: 2, slot: 70_000, generation: u32::MAX };
        assert_eq!(flow.to_string().parse(), Ok(flow));
        for bad in ["", "1-2", "1-2-3-4", "70000-1-1", "1-+2-3", "1--3", "a-b-c"] {
            assert!(bad.parse::<FlowId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn protocols_are_read_case_blind() {
        assert_eq!(Protocol::from_token(b"wSs"), Some(Protocol::Wss));
        assert_eq!(Protocol::from_token(b"SCTP"), None);
        assert_eq!("tcp".parse(), Ok(Protocol::Tcp));
        assert_eq!(format!("{:>5}", Protocol::Tls), "  tls");
    }

    #[test]
    fn target_of_a_source_is_straight_back() {
        let flow = FlowId { listener: 0, slot: 1, generation: 2 };
        let source = Source {
            protocol: Protocol::Tcp,
            remote: "192.0.2.1:4000".parse().expect("address"),
            local: "192.0.2.9:5060".parse().expect("address"),
            flow: Some(flow),
        };
        let back = Target::from(&source);
        assert_eq!(back, Target::new(Protocol::Tcp, source.remote).via_flow(flow).with_local(source.local));
        assert_eq!(back.to_string(), "tcp:192.0.2.1:4000");
    }
}
