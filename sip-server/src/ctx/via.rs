//! Our Via, and the hashes in its branch.

use std::hash::Hasher;

use sip_core::text::{hex, push_addr};
use sip_core::{HeaderError, HeaderName, Message, Target};
use siphasher::sip::SipHasher13;

use crate::error::RouteError;
use crate::shared::Shared;

/// Puts our Via on top of a message for this target and fixes the socket that it leaves from.
pub(crate) fn push(
    msg: &mut Message,
    target: &mut Target,
    branch: impl AsRef<[u8]>,
    shared: &Shared,
) -> Result<(), RouteError> {
    let local = shared.local_for(target)?;
    target.local = Some(local);
    let mut via = Vec::with_capacity(128);
    via.extend_from_slice(b"SIP/2.0/");
    via.extend_from_slice(target.protocol.via_token().as_bytes());
    via.push(b' ');
    push_addr(&mut via, local);
    via.extend_from_slice(b";branch=");
    via.extend_from_slice(branch.as_ref());
    msg.prepend(HeaderName::Via, via)?;
    if target.protocol.is_reliable() {
        msg.ensure_content_length()?; // where a message ends on a stream (RFC 3261 18.3)
    }
    Ok(())
}

/// The part of a branch that tells a loop from a spiral (RFC 3261 16.6, step 8): two passes of a request
/// through here differ in it exactly when they differ in what decides their way.
pub(crate) fn loop_hash(received: &Message) -> u32 {
    let mut hash = SipHasher13::new();
    hash.write(received.request_uri().unwrap_or_default());
    for name in [HeaderName::From, HeaderName::To, HeaderName::CallId, HeaderName::CSeq, HeaderName::Route] {
        for value in received.headers(name) {
            hash.write(value);
            hash.write_u8(0);
        }
    }
    hash.finish() as u32
}

/// The branch of a request that is forwarded without state: the same for a retransmission, for the ACK and the
/// CANCEL of an INVITE, another for another request (RFC 3261 16.11).
///
/// `below` has the Via of the hop before on top: the request as received, or its response without our Via. All that
/// is hashed stands in both, so a response is known by the branch that it brings back, and nobody without the key
/// can have a response sent on to an address of his choice.
pub(crate) fn stateless_branch(below: &Message, key: &[u8; 16]) -> Result<String, HeaderError> {
    let mut hash = SipHasher13::new_with_key(key);
    let mut part = |text: &[u8]| {
        hash.write_usize(text.len());
        hash.write(text);
    };
    let via = below.top_via()?;
    part(&via.host_text().to_ascii_lowercase());
    part(via.branch().unwrap_or_default());
    let mut next = Vec::with_capacity(48);
    if let Some(target) = Target::from_via(&via) {
        next.extend_from_slice(target.protocol.via_token().as_bytes());
        push_addr(&mut next, target.remote);
    }
    part(&next);
    part(below.call_id()?);
    part(below.from()?.tag().unwrap_or_default());
    hash.write_u32(below.cseq()?.number);
    Ok(["z9hG4bKsl", &hex(hash.finish())].concat())
}
