//! The key of this process: makes branches and tags that nobody else can make.

use std::fmt;
use std::hash::Hasher;

use sip_core::text::hex;
use sip_core::{HeaderName, Message};
use siphasher::sip::SipHasher13;
use siphasher::sip128::{Hasher128, SipHasher13 as SipHasher128};

/// Sixteen random bytes; every table of a process has the same.
///
/// From the operating system's random source, read by the caller: this crate reads nothing. Keyed
/// are the mac of our Via branches, the tags of our replies, and the index that finds a transaction
/// (so that a sender cannot choose messages that collide there).
#[derive(Clone, Copy)]
pub struct Secret([u8; 16]);

impl Secret {
    /// A secret of these bytes.
    pub fn new(bytes: [u8; 16]) -> Secret {
        Secret(bytes)
    }

    /// The tag that this process puts into the To of its responses to `request`.
    ///
    /// A function of Call-ID, From tag and CSeq number alone: all responses of a transaction carry the same, those
    /// to its CANCEL and to a retransmission that is answered without state too (RFC 3261 8.2.7, 9.2),
    /// and the ACK of a stateless reply can be told by it.
    pub fn to_tag(&self, request: &Message) -> String {
        let mut hasher = SipHasher13::new_with_key(&self.0);
        hasher.write(b"tag\0");
        hasher.write(request.header(HeaderName::CallId).unwrap_or_default());
        hasher.write_u8(0);
        hasher.write(request.from().ok().and_then(|from| from.tag()).unwrap_or_default());
        hasher.write_u8(0);
        hasher.write_u32(request.cseq().map_or(0, |cseq| cseq.number));
        hex(hasher.finish())
    }

    /// A keyed checksum of `text`. `purpose` keeps one use from answering for another.
    pub(crate) fn mac(&self, purpose: &[u8], text: &[u8]) -> u64 {
        let mut hasher = SipHasher13::new_with_key(&self.0);
        hasher.write(purpose);
        hasher.write_u8(0);
        hasher.write(text);
        hasher.finish()
    }

    /// Hashes the parts of a lookup key into 128 bits.
    pub(crate) fn digest(&self) -> Digest {
        Digest(SipHasher128::new_with_key(&self.0))
    }
}

impl From<[u8; 16]> for Secret {
    fn from(bytes: [u8; 16]) -> Secret {
        Secret(bytes)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A keyed hash in the making. Each part goes in with its length, so that parts never run together.
pub(crate) struct Digest(SipHasher128);

impl Digest {
    /// Adds a part.
    pub(crate) fn part(mut self, part: &[u8]) -> Digest {
        self.0.write_usize(part.len());
        self.0.write(part);
        self
    }

    /// Adds a part, upper and lower case taken as one (host names).
    pub(crate) fn part_blind(mut self, part: &[u8]) -> Digest {
        self.0.write_usize(part.len());
        for chunk in part.chunks(64) {
            let mut lower = [0; 64];
            let lower = &mut lower[..chunk.len()];
            lower.copy_from_slice(chunk);
            lower.make_ascii_lowercase();
            self.0.write(lower);
        }
        self
    }

    /// Adds a number.
    pub(crate) fn number(mut self, number: u32) -> Digest {
        self.0.write_u32(number);
        self
    }

    /// The hash.
    pub(crate) fn finish(self) -> u128 {
        self.0.finish128().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_is_not_shown() {
        assert_eq!(format!("{:?}", Secret::new([1; 16])), "Secret(..)");
    }

    #[test]
    fn parts_do_not_run_together() {
        let secret = Secret::new([1; 16]);
        let one = secret.digest().part(b"ab").part(b"c").finish();
        let two = secret.digest().part(b"a").part(b"bc").finish();
        assert_ne!(one, two);
    }

    #[test]
    fn host_names_are_hashed_case_blind() {
        let secret = Secret::new([1; 16]);
        let long = "EXAMPLE.com".repeat(9);
        assert_eq!(
            secret.digest().part_blind(long.as_bytes()).finish(),
            secret.digest().part_blind(long.to_lowercase().as_bytes()).finish()
        );
    }
}
