//! The way back: what a server writes into the top Via, and where responses go.
//!
//! Source: RFC 3261 18.2.1 and 18.2.2; `rport` RFC 3581 4.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::address::{Source, Target};
use crate::header::params::{ParamAt, next_param};
use crate::header::via::Via;
use crate::header::view::HeaderView;
use crate::message::Message;
use crate::name::HeaderName;
use crate::scan::Cursor;
use crate::text::{push_ip, push_number};

impl Message {
    /// Notes in the top Via of a request where it really came from.
    ///
    /// `received` is added if the host of the sent-by is not the source address, or if `rport` is there;
    /// `rport` gets the source port. Values of either that the sender wrote are replaced: nobody directs
    /// responses elsewhere. Nothing else changes, and nothing at all if there is no Via that can be read.
    pub fn stamp_received(&mut self, source: &Source) {
        let Some(top) = self.values(HeaderName::Via).next() else { return };
        let Ok(via) = Via::parse(top) else { return };
        let ip = source.remote.ip().to_canonical();
        let honest = via.host().ip().map(|host| host.to_canonical()) == Some(ip);
        if honest && via.rport().is_none() && via.param("received").is_none() {
            return;
        }
        let value = stamped(top, &via, ip, source.remote.port());
        // Refused only for a message of 4 GiB; the target of a response does not depend on it.
        let _ = self.put_first_value(HeaderName::Via, &value);
    }
}

/// The text of `via` with `received` and, where it is there, `rport` filled in, in one line.
fn stamped(text: &[u8], via: &Via<'_>, ip: IpAddr, port: u16) -> Vec<u8> {
    let params = via.params_text();
    let (head, _) = text.split_at(text.len() - params.len());
    let mut value = Vec::with_capacity(text.len() + 64);
    unfold_into(&mut value, head);

    let mut cursor = Cursor::new(params);
    let (mut copied, mut has_received) = (0, false);
    while let Ok(Some(ParamAt { param, start })) = next_param(&mut cursor) {
        let is_received = param.is("received");
        if !is_received && !param.is("rport") {
            continue;
        }
        unfold_into(&mut value, params.get(copied..start).unwrap_or_default());
        copied = cursor.at();
        if is_received {
            value.extend_from_slice(b"received=");
            push_ip(&mut value, ip);
        } else {
            value.extend_from_slice(b"rport=");
            push_number(&mut value, port.into());
        }
        has_received |= is_received;
    }
    unfold_into(&mut value, params.get(copied..).unwrap_or_default());
    if !has_received {
        value.extend_from_slice(b";received=");
        push_ip(&mut value, ip);
    }
    value
}

/// Copies without the line ends of folds; the space that follows them stays.
fn unfold_into(out: &mut Vec<u8>, text: &[u8]) {
    if memchr::memchr(b'\r', text).is_none() {
        out.extend_from_slice(text);
        return;
    }
    out.extend(text.iter().filter(|byte| !matches!(byte, b'\r' | b'\n')));
}

impl Target {
    /// Where the response to a request goes that came from `source` with `via` on top (RFC 3261 18.2.2,
    /// RFC 3581 4).
    ///
    /// It leaves from the address that was asked. Over TCP, TLS or WebSocket: back on the connection, and if
    /// that is gone, to the source address at the port of the sent-by. Over UDP: to `maddr` if that is a
    /// multicast address, else to the source address; at the source port if the Via has `rport`, else at the port of
    /// the sent-by, else at the protocol's own.
    ///
    /// `received` is not looked at: [`Message::stamp_received`] makes it the source address.
    pub fn for_response(via: &Via<'_>, source: &Source) -> Self {
        let sent_by_port = via.port().unwrap_or(source.protocol.default_port());
        let mut target = Self::from(source);
        if source.protocol.is_reliable() {
            target.remote.set_port(sent_by_port);
        } else if let Some(ip) = maddr(via) {
            target.remote = SocketAddr::new(ip, sent_by_port);
        } else if via.rport().is_none() {
            target.remote.set_port(sent_by_port);
        }
        target
    }

    /// Where a response goes by its Via alone, as a stateless proxy sends it (RFC 3261 16.11, 18.2.2).
    ///
    /// `None` if the transport is not known here, or if the Via holds no address: a host name in the sent-by
    /// and neither `received` nor `maddr`. Also for an address nobody has: unspecified, or the broadcast
    /// address (RFC 4475 3.3.10).
    pub fn from_via(via: &Via<'_>) -> Option<Self> {
        let protocol = via.transport()?;
        let port = via.port().unwrap_or(protocol.default_port());
        if !protocol.is_reliable()
            && let Some(ip) = maddr(via)
        {
            return Some(Self::new(protocol, SocketAddr::new(ip, port)));
        }
        let (ip, port) = match via.received() {
            Some(ip) => (ip, via.rport().flatten().unwrap_or(port)),
            None => (via.host().ip()?, port),
        };
        is_somebody(ip).then(|| Self::new(protocol, SocketAddr::new(ip, port)))
    }
}

/// Whether the address that a response with this Via goes to is one that nobody has.
pub(crate) fn leads_to_nobody(via: &Via<'_>) -> bool {
    let address = via.received().or_else(|| via.host().ip());
    address.is_some_and(|ip| !is_somebody(ip)) && maddr(via).is_none()
}

/// The group in `maddr`, which is there for multicast (RFC 3261 18.1.1).
///
/// The address of a single host is not taken (against 18.2.2): with it anybody could have our responses, and their
/// retransmissions, sent to somebody who never asked.
fn maddr(via: &Via<'_>) -> Option<IpAddr> {
    via.maddr()?.ip().filter(IpAddr::is_multicast)
}

fn is_somebody(ip: IpAddr) -> bool {
    !ip.is_unspecified() && ip.to_canonical() != IpAddr::V4(Ipv4Addr::BROADCAST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::{FlowId, Protocol};

    fn source(protocol: Protocol, remote: &str) -> Source {
        Source {
            protocol,
            remote: remote.parse().unwrap(),
            local: "192.0.2.9:5060".parse().unwrap(),
            flow: None,
        }
    }

    fn stamp(via: &str, remote: &str) -> String {
        let wire = format!("OPTIONS sip:b SIP/2.0\r\nFrom: <sip:a>\r\nv: {via}\r\nTo: <sip:b>\r\n\r\n");
        let mut msg = crate::parse::parse(wire.into(), &Default::default()).unwrap();
        msg.stamp_received(&source(Protocol::Udp, remote));
        msg.header(HeaderName::Via).unwrap().to_string()
    }

    #[test]
    fn an_honest_via_stays_as_it_is() {
        for via in
            ["SIP/2.0/UDP 192.0.2.1:5070;branch=1", "SIP/2.0/UDP\r\n 192.0.2.1 ;branch=1, SIP/2.0/UDP b"]
        {
            assert_eq!(stamp(via, "192.0.2.1:4000"), via);
        }
        assert_eq!(stamp("SIP/2.0/UDP 192.0.2.1", "[::ffff:192.0.2.1]:1"), "SIP/2.0/UDP 192.0.2.1");
        assert_eq!(stamp("SIP/2.0/UDP [2001:DB8:0::1]", "[2001:db8::1]:1"), "SIP/2.0/UDP [2001:DB8:0::1]");
    }

    #[test]
    fn received_is_added_where_the_sender_is_somebody_else() {
        assert_eq!(
            stamp("SIP/2.0/UDP host.example;branch=1, SIP/2.0/TCP c;branch=2", "192.0.2.1:4000"),
            "SIP/2.0/UDP host.example;branch=1;received=192.0.2.1, SIP/2.0/TCP c;branch=2"
        );
        assert_eq!(
            stamp("SIP/2.0/UDP 192.0.2.2", "[2001:db8::1]:4000"),
            "SIP/2.0/UDP 192.0.2.2;received=2001:db8::1"
        );
    }

    #[test]
    fn rport_is_filled_in_and_brings_received() {
        assert_eq!(
            stamp("SIP/2.0/UDP 192.0.2.1;rport;branch=1", "192.0.2.1:4000"),
            "SIP/2.0/UDP 192.0.2.1;rport=4000;branch=1;received=192.0.2.1"
        );
        assert_eq!(
            stamp("SIP/2.0/UDP 192.0.2.1 ;\r\n RPORT\r\n ; branch=1", "192.0.2.1:4000"),
            "SIP/2.0/UDP 192.0.2.1 ; rport=4000 ; branch=1;received=192.0.2.1"
        );
    }

    #[test]
    fn what_the_sender_claims_about_itself_is_replaced() {
        assert_eq!(
            stamp("SIP/2.0/UDP 192.0.2.1;received=203.0.113.5;rport=9", "192.0.2.1:4000"),
            "SIP/2.0/UDP 192.0.2.1;received=192.0.2.1;rport=4000"
        );
    }

    #[test]
    fn a_via_that_cannot_be_read_is_left_alone() {
        assert_eq!(stamp("SIP/2.0/UDP 192.0.2.15;;,;,,", "192.0.2.1:4000"), "SIP/2.0/UDP 192.0.2.15;;,;,,");
    }

    #[test]
    fn a_datagram_is_answered_by_its_via() {
        let from = source(Protocol::Udp, "192.0.2.1:4000");
        for (via, remote) in [
            ("SIP/2.0/UDP 192.0.2.1", "192.0.2.1:5060"),
            ("SIP/2.0/UDP 192.0.2.1:5070", "192.0.2.1:5070"),
            ("SIP/2.0/UDP 192.0.2.1:5070;rport=4000;received=192.0.2.1", "192.0.2.1:4000"),
            ("SIP/2.0/UDP a.example:5070;received=203.0.113.5", "192.0.2.1:5070"),
            ("SIP/2.0/UDP a.example:5070;maddr=224.0.1.75;rport", "224.0.1.75:5070"),
            ("SIP/2.0/UDP a.example;maddr=b.example", "192.0.2.1:5060"),
            ("SIP/2.0/UDP a.example;maddr=255.255.255.255", "192.0.2.1:5060"),
            ("SIP/2.0/UDP a.example;maddr=203.0.113.5", "192.0.2.1:5060"),
        ] {
            let target = Target::for_response(&Via::parse(via.as_bytes()).unwrap(), &from);
            assert_eq!(
                target,
                Target::new(Protocol::Udp, remote.parse().unwrap()).with_local(from.local),
                "{via}"
            );
        }
    }

    #[test]
    fn a_connection_is_answered_on_itself_or_at_the_port_of_the_via() {
        let flow = FlowId { listener: 1, slot: 2, generation: 3 };
        let from = Source { flow: Some(flow), ..source(Protocol::Tls, "192.0.2.1:4000") };
        let via = Via::parse(b"SIP/2.0/TLS a.example;rport;maddr=224.0.1.75").unwrap();
        let target = Target::for_response(&via, &from);
        assert_eq!((target.flow, target.remote), (Some(flow), "192.0.2.1:5061".parse().unwrap()));
    }

    #[test]
    fn a_stateless_proxy_answers_by_the_via_alone() {
        for (via, target) in [
            ("SIP/2.0/UDP a.example:5070;received=192.0.2.1;rport=4000", Some("udp:192.0.2.1:4000")),
            ("SIP/2.0/TCP a.example;received=[2001:db8::1]", Some("tcp:[2001:db8::1]:5060")),
            ("SIP/2.0/TLS 192.0.2.1", Some("tls:192.0.2.1:5061")),
            ("SIP/2.0/UDP 192.0.2.1;maddr=224.0.1.75", Some("udp:224.0.1.75:5060")),
            ("SIP/2.0/UDP a.example", None),
            ("SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1", None),
            ("SIP/2.0/UDP a.example;received=0.0.0.0", None),
            ("SIP/2.0/SCTP 192.0.2.1", None),
        ] {
            let read = Target::from_via(&Via::parse(via.as_bytes()).unwrap());
            assert_eq!(read.map(|target| target.to_string()).as_deref(), target, "{via}");
        }
    }
}
