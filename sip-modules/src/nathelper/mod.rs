//! `nathelper`: phones behind a NAT, who do not know where they are.
//!
//! Private addresses are those of RFC 1918, RFC 6598 (carriers' NATs) and RFC 7335.

mod alias;
mod contact;
mod sdp;

use std::net::{IpAddr, Ipv4Addr};

use sip_core::{Limits, Message, Protocol, Sdp, Source, Uri};

use crate::parts;

pub use self::alias::{Alias, add_contact_alias, handle_ruri_alias, set_contact_alias};
pub use self::contact::{add_rcv_param, fix_nated_contact};
pub use self::sdp::{SdpFixes, fix_nated_sdp};

/// The questions of `nat_uac_test`: one yes is enough.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct NatTests(u32);

impl NatTests {
    /// The first Contact has a private address.
    pub const PRIVATE_CONTACT: Self = Self(1);
    /// The host of the top Via is not where the request came from.
    pub const OTHER_VIA: Self = Self(2);
    /// The host of the top Via is private.
    pub const PRIVATE_VIA: Self = Self(4);
    /// The SDP has a private address.
    pub const PRIVATE_SDP: Self = Self(8);
    /// The port of the top Via is not the one that the request came from.
    pub const OTHER_PORT: Self = Self(16);
    /// The request came from a private address.
    pub const PRIVATE_SOURCE: Self = Self(32);
    /// It came by WebSocket.
    pub const WEBSOCKET: Self = Self(64);
    /// The port of the first Contact is not the one that the request came from.
    pub const OTHER_CONTACT_PORT: Self = Self(128);
    /// The SDP has an address that is not where the request came from.
    pub const OTHER_SDP: Self = Self(256);

    /// From the number that a script gives. Unknown bits ask nothing.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// All questions of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn asks(self, test: Self) -> bool {
        self.0 & test.0 != 0
    }
}

/// Whether the sender of a message sits behind a NAT, as these tests see it (`nat_uac_test`).
///
/// What is missing or cannot be read answers no. A name in place of an address is never private, and in a Via is
/// never where the message came from.
///
/// # Examples
///
/// ```
/// use sip_core::{Protocol, Source};
/// use sip_modules::nathelper::{NatTests, nat_uac_test};
///
/// let wire = "REGISTER sip:a SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.5;branch=z9hG4bK1\r\n\
///             Contact: <sip:phone@10.0.0.5>\r\n\r\n";
/// let msg = sip_core::parse(wire.into(), &Default::default())?;
/// let (remote, local) = ("192.0.2.1:40000".parse()?, "192.0.2.9:5060".parse()?);
/// let source = Source { protocol: Protocol::Udp, remote, local, flow: None };
/// assert!(nat_uac_test(&msg, &source, NatTests::from_bits(19)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn nat_uac_test(msg: &Message, source: &Source, tests: NatTests) -> bool {
    let from = source.remote.ip().to_canonical();
    tests.asks(NatTests::PRIVATE_SOURCE) && is_private(from)
        || tests.asks(NatTests::WEBSOCKET) && matches!(source.protocol, Protocol::Ws | Protocol::Wss)
        || via_tells(msg, source, tests)
        || contact_tells(msg, source, tests)
        || tests.asks(NatTests::PRIVATE_SDP) && any_sdp_address(msg, is_private)
        || tests.asks(NatTests::OTHER_SDP) && any_sdp_address(msg, |ip| ip != from)
}

fn via_tells(msg: &Message, source: &Source, tests: NatTests) -> bool {
    let Ok(via) = msg.top_via() else { return false };
    let host = via.host().ip().map(|ip| ip.to_canonical());
    let port = via.port().unwrap_or(via.transport().unwrap_or(source.protocol).default_port());
    tests.asks(NatTests::OTHER_VIA) && host != Some(source.remote.ip().to_canonical())
        || tests.asks(NatTests::PRIVATE_VIA) && host.is_some_and(is_private)
        || tests.asks(NatTests::OTHER_PORT) && port != source.remote.port()
}

fn contact_tells(msg: &Message, source: &Source, tests: NatTests) -> bool {
    let Ok(contact) = msg.contact() else { return false };
    let Some(Ok(uri)) = contact.addr().map(|addr| addr.uri()) else { return false };
    tests.asks(NatTests::PRIVATE_CONTACT) && uri.host().ip().is_some_and(is_private)
        || tests.asks(NatTests::OTHER_CONTACT_PORT) && parts::port(&uri) != source.remote.port()
}

fn any_sdp_address(msg: &Message, is_it: impl Fn(IpAddr) -> bool) -> bool {
    let limits = Limits::default();
    let Ok(Some(part)) = msg.find_body("application/sdp", &limits) else { return false };
    let Ok(sdp) = Sdp::parse(part.body(), &limits) else { return false };
    let is_one = |text: &[u8]| address(text).is_some_and(|ip| !ip.is_unspecified() && is_it(ip));
    sdp.session().connection().is_some_and(|text| is_one(text))
        || sdp.media().any(|media| media.address().is_some_and(|text| is_one(text)))
}

/// An address without brackets.
fn address(text: &[u8]) -> Option<IpAddr> {
    std::str::from_utf8(text).ok()?.parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
}

/// Whether an address is private: 10/8, 172.16/12, 192.168/16, 100.64/10 and 192.0.0.0/29.
pub fn is_private(ip: IpAddr) -> bool {
    let IpAddr::V4(ip) = ip.to_canonical() else { return false };
    let within =
        |net: [u8; 4], bits: u32| (u32::from(ip) ^ u32::from(Ipv4Addr::from(net))) >> (32 - bits) == 0;
    ip.is_private() || within([100, 64, 0, 0], 10) || within([192, 0, 0, 0], 29)
}

/// Whether a text is a private address (`is_rfc1918`).
pub fn is_rfc1918(text: &[u8]) -> bool {
    address(text).is_some_and(is_private)
}

/// Whether `uri` names this address, port and protocol.
fn names(uri: &Uri<'_>, source: &Source) -> bool {
    uri.host().ip().map(|ip| ip.to_canonical()) == Some(source.remote.ip().to_canonical())
        && parts::port(uri) == source.remote.port()
        && parts::protocol(uri) == source.protocol
}
