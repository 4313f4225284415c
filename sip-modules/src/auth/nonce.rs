//! Nonces that nobody has to remember: a time and a number, under a MAC.
//!
//! ```text
//! | seconds since 1970 | number | MAC over both, the realm and, if asked, the source |
//! |         4          |   4    |                        8                           |   bytes, 22 letters
//! ```
//!
//! The number makes each nonce another one, so that counts can be kept for it; it says nothing about the server, since it
//! starts anywhere. Whoever has no key makes a valid nonce with a chance of one in 2^64 a try.

use std::hash::Hasher;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use siphasher::sip::SipHasher24;

use super::error::AuthError;

/// Letters of a nonce.
const LETTERS: usize = 22;
const BYTES: usize = 16;
/// How far ahead the clock of another server with the same secret may be.
const SKEW: u32 = 60;

/// What a nonce is bound to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound<'a> {
    pub(crate) realm: &'a [u8],
    /// The address that may use it; `None`: any.
    pub(crate) source: Option<IpAddr>,
}

/// Which nonce: later ones are greater.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct NonceId(pub(crate) u64);

/// A nonce as it stands in a challenge.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nonce([u8; LETTERS]);

impl Nonce {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Makes nonces and knows its own.
#[derive(Debug)]
pub(crate) struct Nonces {
    key: Key,
    /// The number of the next.
    next: AtomicU32,
    /// Seconds.
    expire: u32,
    /// Nonces from before this second are not accepted; 0: all.
    since: u32,
}

/// Does not show itself.
struct Key([u8; 16]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

impl Nonces {
    /// `number` is any, best a random one.
    pub(crate) fn new(key: [u8; 16], number: u32, expire: Duration, since: Option<Duration>) -> Self {
        let expire = u32::try_from(expire.as_secs()).unwrap_or(u32::MAX).max(1);
        Self { key: Key(key), next: number.into(), expire, since: since.map_or(0, seconds) }
    }

    /// A new nonce. `now` is the time since 1970.
    pub(crate) fn make(&self, now: Duration, bound: Bound<'_>) -> Nonce {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let id = u64::from(seconds(now)) << 32 | u64::from(number);
        let mut bytes = [0; BYTES];
        let (head, tail) = bytes.split_at_mut(8);
        head.copy_from_slice(&id.to_be_bytes());
        tail.copy_from_slice(&self.mac(id, bound).to_be_bytes());
        let mut letters = [b'A'; LETTERS];
        // 16 bytes are 22 letters: it fits.
        let _ = URL_SAFE_NO_PAD.encode_slice(bytes, &mut letters);
        Nonce(letters)
    }

    /// Reads a nonce of ours that is still good.
    pub(crate) fn read(&self, now: Duration, text: &[u8], bound: Bound<'_>) -> Result<NonceId, AuthError> {
        let mut bytes = [0; BYTES + 2]; // what the decoder asks for at most
        if text.len() != LETTERS || URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) != Ok(BYTES) {
            return Err(AuthError::StaleNonce);
        }
        let number = |from: usize| {
            bytes.iter().skip(from).take(8).fold(0, |sum: u64, &byte| sum << 8 | u64::from(byte))
        };
        let (id, mac) = (number(0), number(8));
        // One comparison of two registers: it takes equally long whatever differs.
        if mac != self.mac(id, bound) {
            return Err(AuthError::StaleNonce);
        }
        let (made, now) = ((id >> 32) as u32, seconds(now));
        let is_good =
            made >= self.since && made <= now.saturating_add(SKEW) && now.saturating_sub(made) <= self.expire;
        if is_good { Ok(NonceId(id)) } else { Err(AuthError::StaleNonce) }
    }

    fn mac(&self, id: u64, bound: Bound<'_>) -> u64 {
        let mut hasher = SipHasher24::new_with_key(&self.key.0);
        hasher.write_u64(id);
        hasher.write_usize(bound.realm.len());
        hasher.write(bound.realm);
        match bound.source.map(|ip| ip.to_canonical()) {
            None => {}
            Some(IpAddr::V4(ip)) => hasher.write(&ip.octets()),
            Some(IpAddr::V6(ip)) => hasher.write(&ip.octets()),
        }
        hasher.finish()
    }
}

/// Good until 2106.
fn seconds(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_800_000_000);

    fn nonces() -> Nonces {
        Nonces::new([7; 16], u32::MAX, Duration::from_secs(300), None)
    }

    fn bound(realm: &str) -> Bound<'_> {
        Bound { realm: realm.as_bytes(), source: None }
    }

    #[test]
    fn each_nonce_is_another_and_reads_back_until_it_expires() {
        let nonces = nonces();
        let first = nonces.make(NOW, bound("a"));
        let second = nonces.make(NOW + Duration::from_secs(1), bound("a"));
        assert_ne!(first.as_bytes(), second.as_bytes());
        let read = |nonce: &Nonce, after| {
            nonces.read(NOW + Duration::from_secs(after), nonce.as_bytes(), bound("a"))
        };
        assert!(read(&first, 0).unwrap() < read(&second, 1).unwrap(), "the number wrapped, the time did not");
        assert!(read(&first, 300).is_ok());
        assert_eq!(read(&first, 301), Err(AuthError::StaleNonce));
    }

    #[test]
    fn one_changed_bit_anywhere_is_no_nonce_of_ours() {
        let nonces = nonces();
        let good = nonces.make(NOW, bound("a"));
        for at in 0..LETTERS {
            for bit in 0..8 {
                let mut text = good.0;
                text[at] ^= 1 << bit;
                assert!(nonces.read(NOW, &text, bound("a")).is_err(), "{at}.{bit}");
            }
        }
        for bad in [&b""[..], b"=", &[b'A'; 21], &[b'A'; 22], &[b'A'; 23], &[0xff; 22]] {
            assert!(nonces.read(NOW, bad, bound("a")).is_err());
        }
    }

    #[test]
    fn it_is_bound_to_realm_source_and_key() {
        let nonces = nonces();
        let source = |ip: &str| Bound { realm: b"a", source: Some(ip.parse().unwrap()) };
        let nonce = nonces.make(NOW, source("192.0.2.1"));
        let is_good = |bound| nonces.read(NOW, nonce.as_bytes(), bound).is_ok();
        assert!(is_good(source("192.0.2.1")) && is_good(source("::ffff:192.0.2.1")));
        assert!(!is_good(source("192.0.2.2")) && !is_good(bound("a")));
        assert!(!is_good(Bound { realm: b"b", ..source("192.0.2.1") }));
        let other = Nonces::new([8; 16], 0, Duration::from_secs(300), None);
        assert!(other.read(NOW, nonce.as_bytes(), source("192.0.2.1")).is_err());
    }

    #[test]
    fn nonces_of_the_past_and_of_the_future_are_stale() {
        let old = nonces().make(NOW - Duration::from_secs(1), bound("a"));
        let since = Nonces::new([7; 16], 0, Duration::from_secs(300), Some(NOW));
        assert!(since.read(NOW, old.as_bytes(), bound("a")).is_err(), "before the start");
        let ahead = |seconds| nonces().make(NOW + Duration::from_secs(seconds), bound("a"));
        assert!(since.read(NOW, ahead(60).as_bytes(), bound("a")).is_ok(), "another server's clock");
        assert!(since.read(NOW, ahead(61).as_bytes(), bound("a")).is_err());
    }
}
