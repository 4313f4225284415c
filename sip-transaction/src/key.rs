//! How a request finds its server transaction: RFC 3261 17.2.3, with the fallback for RFC 2543.
//!
//! A key is a keyed hash of 128 bits over what the RFC compares, so a look-up compares nothing else,
//! and no sender can choose two requests with one key.
//!
//! | request | compared |
//! |---|---|
//! | branch of RFC 3261 | branch, sent-by (host case-blind, port), method; an ACK has the key of its INVITE |
//! | any other | Request-URI, tags, Call-ID, CSeq, sent-by and branch of the top Via |
//! | ACK of a 2xx of ours | Call-ID, CSeq number, both tags |

use sip_core::{CSeq, HeaderError, Message, Via};

use crate::secret::Secret;

/// What a transaction is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key(u128);

impl Key {
    /// The transaction that `request` itself is, or would be.
    pub(crate) fn of(request: &Message, secret: &Secret) -> Result<Key, HeaderError> {
        let method = request.method();
        let method = method.as_ref().map_or(&b""[..], |method| method.as_bstr());
        Ok(Key::of_parts(&Parts::read(request)?, method, secret))
    }

    /// The INVITE that `request`, an ACK or a CANCEL, belongs to.
    pub(crate) fn of_invite(request: &Message, secret: &Secret) -> Result<Key, HeaderError> {
        Ok(Key::of_parts(&Parts::read(request)?, b"INVITE", secret))
    }

    /// The INVITE that we answered with a 2xx of our own, from its ACK or from that 2xx.
    pub(crate) fn of_answer(message: &Message, secret: &Secret) -> Result<Key, HeaderError> {
        let digest = secret
            .digest()
            .part(b"answer")
            .part(message.call_id()?)
            .number(message.cseq()?.number)
            .part(message.from()?.tag().unwrap_or_default())
            .part(message.to()?.tag().unwrap_or_default());
        Ok(Key(digest.finish()))
    }

    /// The transaction that a request with these parts is, or would be if its method were `method`.
    pub(crate) fn of_parts(parts: &Parts<'_>, method: &[u8], secret: &Secret) -> Key {
        let branch = parts.via.branch().unwrap_or_default();
        let hop = secret
            .digest()
            .part(method)
            .part_blind(parts.via.host_text())
            .number(parts.via.port().map_or(0, u32::from))
            .part(branch);
        if is_unique(branch) {
            return Key(hop.finish());
        }
        let mut digest = hop.part(parts.uri).part(parts.call_id).number(parts.cseq.number);
        digest = digest.part(parts.from_tag);
        if method != b"INVITE" {
            // The To of an ACK has the tag of the reply that it is for, its INVITE may have none.
            digest = digest.part(parts.to_tag);
        }
        Key(digest.finish())
    }
}

/// What a request must have to have a transaction, and what its keys are made of (RFC 3261 8.1.1, 17.2.3).
pub(crate) struct Parts<'a> {
    pub(crate) via: Via<'a>,
    pub(crate) call_id: &'a [u8],
    pub(crate) cseq: CSeq<'a>,
    uri: &'a [u8],
    from_tag: &'a [u8],
    to_tag: &'a [u8],
}

impl<'a> Parts<'a> {
    pub(crate) fn read(request: &'a Message) -> Result<Self, HeaderError> {
        Ok(Self {
            via: request.top_via()?,
            call_id: request.call_id()?,
            uri: request.request_uri().map_or(b"", |uri| uri),
            from_tag: request.from()?.tag().map_or(b"", |tag| tag),
            to_tag: request.to()?.tag().map_or(b"", |tag| tag),
            cseq: request.cseq()?,
        })
    }
}

/// Whether the branch of a request's top Via is one of RFC 3261.
pub(crate) fn has_unique_branch(request: &Message) -> bool {
    request.top_via().is_ok_and(|via| via.branch().is_some_and(|branch| is_unique(branch)))
}

/// Whether a branch is one of RFC 3261: unique by itself.
fn is_unique(branch: &[u8]) -> bool {
    branch.len() > 7 && branch[..7].eq_ignore_ascii_case(b"z9hG4bK")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: &str = "SIP/2.0/UDP Host.example:5070;branch=z9hG4bKa1";
    const OLD: &str = "SIP/2.0/UDP host.example:5070;branch=1";

    fn request(method: &str, via: &str, to_tag: &str) -> Message {
        let text = format!(
            "{method} sip:b@example SIP/2.0\r\nVia: {via}\r\nFrom: <sip:a@example>;tag=f\r\n\
             To: <sip:b@example>{to_tag}\r\nCall-ID: c1\r\nCSeq: 7 {method}\r\nContent-Length: 0\r\n\r\n"
        );
        sip_core::parse(text.into(), &Default::default()).expect("a request")
    }

    fn key(message: &Message) -> Key {
        Key::of(message, &Secret::new([3; 16])).expect("a key")
    }

    fn invite_key(message: &Message) -> Key {
        Key::of_invite(message, &Secret::new([3; 16])).expect("a key")
    }

    #[test]
    fn ack_and_cancel_find_their_invite() {
        for via in [NEW, OLD] {
            let invite = key(&request("INVITE", via, ""));
            assert_eq!(invite_key(&request("ACK", via, ";tag=t")), invite);
            assert_eq!(invite_key(&request("CANCEL", via, "")), invite);
            assert_ne!(key(&request("CANCEL", via, "")), invite);
        }
    }

    #[test]
    fn host_is_compared_case_blind_and_port_and_branch_exactly() {
        let one = key(&request("BYE", NEW, ""));
        assert_eq!(key(&request("BYE", &NEW.replace("Host", "hOST"), "")), one);
        assert_ne!(key(&request("BYE", &NEW.replace("5070", "5071"), "")), one);
        assert_ne!(key(&request("BYE", &NEW.replace("a1", "A1"), "")), one);
        assert_ne!(key(&request("INFO", NEW, "")), one);
    }

    #[test]
    fn without_a_unique_branch_tags_and_call_count() {
        let one = request("BYE", OLD, ";tag=1");
        let two = request("BYE", OLD, ";tag=2");
        assert_ne!(key(&one), key(&two));
        assert_eq!(key(&request("BYE", NEW, ";tag=1")), key(&request("BYE", NEW, ";tag=2")));
    }

    #[test]
    fn message_without_via_has_no_key() {
        let text = "OPTIONS sip:b SIP/2.0\r\nContent-Length: 0\r\n\r\n";
        let message = sip_core::parse(text.into(), &Default::default()).expect("a request");
        assert!(Key::of(&message, &Secret::new([3; 16])).is_err());
    }
}
