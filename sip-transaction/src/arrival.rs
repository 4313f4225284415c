//! What tm reads in a request, read once for all the calls about it.

use sip_core::{HeaderError, Message, Method, Source, Target};

use crate::key::{Key, Parts};
use crate::secret::Secret;

/// What tm reads in a request: whose transaction it is, and where its responses go.
///
/// [`Table::handle_request`](crate::Table::handle_request) and [`Table::create`](crate::Table::create) read it by
/// themselves. Who calls both, and picks the table of the request, reads it once and calls
/// [`handle_arrival`](crate::Table::handle_arrival) and [`create_arrival`](crate::Table::create_arrival).
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    pub(crate) key: Key,
    /// The INVITE that an ACK or a CANCEL belongs to; any other request's own key.
    pub(crate) invite: Key,
    pub(crate) target: Target,
    call: u64,
}

impl Arrival {
    /// Reads a request as it was received, its top Via completed by
    /// [`Message::stamp_received`](sip_core::Message::stamp_received).
    ///
    /// # Errors
    ///
    /// The header that every request must have and this one has not, or that cannot be read: Via, From, To,
    /// Call-ID, CSeq, whose method is the request's (RFC 3261 8.1.1). Answer 400.
    pub fn read(request: &Message, from: &Source, secret: &Secret) -> Result<Arrival, HeaderError> {
        let parts = Parts::read(request)?;
        let method = match request.method() {
            Some(method) if method == parts.cseq.method => method,
            _ => return Err(HeaderError::Malformed { name: "CSeq", at: 0 }),
        };
        let key = Key::of_parts(&parts, method.as_bstr(), secret);
        let invite = match method {
            Method::Ack | Method::Cancel => Key::of_parts(&parts, b"INVITE", secret),
            _ => key,
        };
        let call = secret.digest().part(parts.call_id).number(parts.cseq.number).finish() as u64;
        Ok(Arrival { key, invite, target: Target::for_response(&parts.via, from), call })
    }

    /// Where its responses go: see [`Target::for_response`].
    pub fn target(&self) -> Target {
        self.target
    }

    /// The table of this request, of `1 << stripe_bits`: as [`stripe_of`](crate::stripe_of).
    pub fn stripe(&self, stripe_bits: u32) -> usize {
        (self.call & ((1 << stripe_bits) - 1)) as usize
    }
}

#[cfg(test)]
mod tests {
    use sip_core::Protocol;

    use super::*;
    use crate::id::stripe_of;

    fn read(method: &str, cseq: &str) -> Result<Arrival, HeaderError> {
        let text = format!(
            "{method} sip:b@example SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n\
             From: <sip:a@example>;tag=f\r\nTo: <sip:b@example>\r\nCall-ID: c1\r\nCSeq: {cseq}\r\n\r\n"
        );
        let request = sip_core::parse(text.into(), &Default::default()).expect("a request");
        let remote = "192.0.2.1:5060".parse().expect("address");
        let from = Source { protocol: Protocol::Udp, remote, local: remote, flow: None };
        Arrival::read(&request, &from, &Secret::new([3; 16]))
    }

    #[test]
    fn an_invite_its_ack_and_its_cancel_meet() {
        let invite = read("INVITE", "7 INVITE").expect("arrival");
        for method in ["ACK", "CANCEL"] {
            let other = read(method, &format!("7 {method}")).expect("arrival");
            assert_eq!(other.invite, invite.key);
            assert_ne!(other.key, invite.key);
            assert_eq!(other.stripe(8), invite.stripe(8));
        }
        assert_eq!(invite.stripe(8), stripe_of(&Secret::new([3; 16]), b"c1", 7, 8));
    }

    #[test]
    fn a_cseq_of_another_method_is_refused() {
        assert_eq!(read("INVITE", "7 BYE").err(), Some(HeaderError::Malformed { name: "CSeq", at: 0 }));
    }
}
