//! The arithmetic of Digest authentication: hashes in, hashes out; no header, no nonce, no clock.
//!
//! ```text
//! HA1      = H(user ":" realm ":" password)            -sess: H(HA1 ":" nonce ":" cnonce)
//! HA2      = H(method ":" uri)                         qop=auth-int: H(method ":" uri ":" H(body))
//! response = H(HA1 ":" nonce ":" nc ":" cnonce ":" qop ":" HA2)      without qop: H(HA1 ":" nonce ":" HA2)
//! ```
//!
//! Source: RFC 3261 22.4, RFC 7616 3.4 and 3.5, RFC 8760 2.

pub(crate) mod algorithm;

pub use algorithm::{Algorithm, HashFunction, Qop};

use std::fmt;

use bstr::{BStr, ByteSlice};
use md5::Md5;
use sha2::{Digest, Sha256, Sha512_256};

/// A hash as lower-case hex digits: how Digest passes them on.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hex {
    digits: [u8; 64],
    len: usize,
}

impl Hex {
    /// Reads stored hex digits, such as an HA1 from a database: 32 or 64 of them, in any case.
    pub fn parse(text: &[u8]) -> Option<Self> {
        if !matches!(text.len(), 32 | 64) || !text.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        let mut hex = Self { digits: [0; 64], len: text.len() };
        hex.digits.iter_mut().zip(text).for_each(|(digit, byte)| *digit = byte.to_ascii_lowercase());
        Some(hex)
    }

    fn of(bytes: &[u8]) -> Self {
        let mut hex = Self { digits: [0; 64], len: bytes.len() * 2 };
        let digit = |value: u8| if value < 10 { b'0' + value } else { b'a' + value - 10 };
        for (pair, byte) in hex.digits.chunks_exact_mut(2).zip(bytes) {
            pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
        }
        hex
    }

    /// The digits.
    pub fn as_bstr(&self) -> &BStr {
        self.digits.get(..self.len).unwrap_or_default().as_bstr()
    }

    /// Whether `text` is this hash, in any case. Takes equally long wherever they differ, so that nobody finds a
    /// response by trying digit after digit.
    pub fn matches(&self, text: &[u8]) -> bool {
        if text.len() != self.len {
            return false;
        }
        let differ =
            self.as_bstr().iter().zip(text).fold(0, |sum, (a, b)| sum | (a ^ b.to_ascii_lowercase()));
        differ == 0
    }
}

impl AsRef<[u8]> for Hex {
    fn as_ref(&self) -> &[u8] {
        self.as_bstr()
    }
}

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_bstr(), f)
    }
}

/// Only how long it is: an HA1 is as good as a password.
impl fmt::Debug for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hex({} digits)", self.len)
    }
}

impl HashFunction {
    /// The hash of all parts, one behind the other.
    pub fn hash(self, parts: &[&[u8]]) -> Hex {
        fn run<D: Digest>(parts: &[&[u8]]) -> Hex {
            let mut state = D::new();
            parts.iter().for_each(|part| state.update(part));
            Hex::of(&state.finalize())
        }
        match self {
            Self::Md5 => run::<Md5>(parts),
            Self::Sha256 => run::<Sha256>(parts),
            Self::Sha512_256 => run::<Sha512_256>(parts),
        }
    }
}

/// The secret that a password makes: HA1. This is what a database keeps.
pub fn ha1(hash: HashFunction, user: &[u8], realm: &[u8], password: &[u8]) -> Hex {
    hash.hash(&[user, b":", realm, b":", password])
}

/// The user name as a hash, for `userhash=true` (RFC 7616 3.4.4).
pub fn user_hash(hash: HashFunction, user: &[u8], realm: &[u8]) -> Hex {
    hash.hash(&[user, b":", realm])
}

/// One request and its answer to a challenge: all that is hashed beside the secret. Texts stand as in the header,
/// without their quotes.
///
/// # Examples
///
/// The example of RFC 7616 3.9.1:
///
/// ```
/// use sip_core::digest::{Algorithm, Exchange, HashFunction, Qop, ha1};
///
/// let ha1 = ha1(HashFunction::Sha256, b"Mufasa", b"http-auth@example.org", b"Circle of Life");
/// let exchange = Exchange {
///     algorithm: Algorithm { hash: HashFunction::Sha256, session: false },
///     method: b"GET",
///     uri: b"/dir/index.html",
///     nonce: b"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
///     qop: Some(Qop::Auth),
///     nc: b"00000001",
///     cnonce: b"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
///     body: b"",
/// };
/// let response = exchange.response(&ha1);
/// assert!(response.matches(b"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// The method of the request.
    pub method: &'a [u8],
    /// The `uri` parameter.
    pub uri: &'a [u8],
    /// The server's nonce.
    pub nonce: &'a [u8],
    /// What is protected; `None` in the old style of RFC 2069.
    pub qop: Option<Qop>,
    /// The nonce count, eight hex digits. Not used without `qop`.
    pub nc: &'a [u8],
    /// The client's nonce. Used with `qop` and by the `-sess` algorithms.
    pub cnonce: &'a [u8],
    /// The body. Used by [`Qop::AuthInt`] alone.
    pub body: &'a [u8],
}

impl Exchange<'_> {
    /// The client's `response`, from the HA1 of user and password.
    pub fn response(&self, ha1: &Hex) -> Hex {
        self.keyed(ha1, self.method)
    }

    /// The server's `rspauth`, by which the client sees that the server knows the secret (RFC 7616 3.5). `body` is
    /// that of the response.
    pub fn rspauth(&self, ha1: &Hex) -> Hex {
        self.keyed(ha1, b"")
    }

    fn keyed(&self, ha1: &Hex, method: &[u8]) -> Hex {
        let hash = self.algorithm.hash;
        let mut secret = *ha1;
        if self.algorithm.session {
            secret = hash.hash(&[ha1.as_ref(), b":", self.nonce, b":", self.cnonce]);
        }
        let ha2 = match self.qop {
            Some(Qop::AuthInt) => {
                hash.hash(&[method, b":", self.uri, b":", hash.hash(&[self.body]).as_ref()])
            }
            Some(Qop::Auth) | None => hash.hash(&[method, b":", self.uri]),
        };
        let (secret, ha2) = (secret.as_ref(), ha2.as_ref());
        match self.qop {
            None => hash.hash(&[secret, b":", self.nonce, b":", ha2]),
            Some(qop) => {
                let qop = qop.name().as_bytes();
                hash.hash(&[secret, b":", self.nonce, b":", self.nc, b":", self.cnonce, b":", qop, b":", ha2])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn algorithm(name: &str) -> Algorithm {
        Algorithm::parse(name.as_bytes()).unwrap()
    }

    fn mufasa(name: &str) -> (Hex, Exchange<'static>) {
        let algorithm = algorithm(name);
        let exchange = Exchange {
            algorithm,
            method: b"GET",
            uri: b"/dir/index.html",
            nonce: b"dcd98b7102dd2f0e8b11d0f600bfb0c093",
            qop: Some(Qop::Auth),
            nc: b"00000001",
            cnonce: b"0a4f113b",
            body: b"",
        };
        (ha1(algorithm.hash, b"Mufasa", b"testrealm@host.com", b"Circle Of Life"), exchange)
    }

    #[test]
    fn the_example_of_rfc_2617_3_5() {
        let (ha1, exchange) = mufasa("MD5");
        assert_eq!(ha1.as_bstr(), "939e7578ed9e3c518a452acee763bce9");
        assert_eq!(exchange.response(&ha1).to_string(), "6629fae49393a05397450978507c4ef1");
    }

    #[test]
    fn the_example_of_rfc_7616_3_9_1_with_md5() {
        let ha1 = ha1(HashFunction::Md5, b"Mufasa", b"http-auth@example.org", b"Circle of Life");
        let exchange = Exchange {
            nonce: b"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            cnonce: b"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            ..mufasa("MD5").1
        };
        assert!(exchange.response(&ha1).matches(b"8CA523F5E9506FED4657C9700EEBDBEC"));
    }

    #[test]
    fn the_example_of_rfc_7616_3_9_2_as_corrected_by_erratum_4897() {
        let (hash, user, realm) =
            (HashFunction::Sha512_256, "J\u{e4}s\u{f8}n Doe".as_bytes(), b"api@example.org");
        let exchange = Exchange {
            algorithm: algorithm("SHA-512-256"),
            method: b"GET",
            uri: b"/doe.json",
            nonce: b"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
            qop: Some(Qop::Auth),
            nc: b"00000001",
            cnonce: b"NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
            body: b"",
        };
        let response = exchange.response(&ha1(hash, user, realm, b"Secret, or not?"));
        assert_eq!(response.to_string(), "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5");
        assert_eq!(
            user_hash(hash, user, realm).to_string(),
            "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"
        );
    }

    /// Worked out step by step from the formulas, with the plain hash.
    #[test]
    fn sessions_old_style_bodies_and_the_answer_back() {
        let md5 = |text: String| HashFunction::Md5.hash(&[text.as_bytes()]).to_string();
        let (secret, auth) = mufasa("MD5");
        let nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093";
        let a2 = md5("GET:/dir/index.html".into());

        let old = Exchange { qop: None, ..auth };
        assert_eq!(old.response(&secret).to_string(), md5(format!("{secret}:{nonce}:{a2}")));
        // RFC 2069's own example, as corrected by RFC 2617
        assert_eq!(old.response(&secret).to_string(), "670fd8c2df070c60b045671b8b24ff02");

        let session = Exchange { algorithm: algorithm("MD5-sess"), ..auth };
        let a1 = md5(format!("{secret}:{nonce}:0a4f113b"));
        let wanted = md5(format!("{a1}:{nonce}:00000001:0a4f113b:auth:{a2}"));
        assert_eq!(session.response(&secret).to_string(), wanted);

        let whole = Exchange { qop: Some(Qop::AuthInt), body: b"v=0\r\n", ..auth };
        let a2 = md5(format!("GET:/dir/index.html:{}", md5("v=0\r\n".into())));
        let wanted = md5(format!("{secret}:{nonce}:00000001:0a4f113b:auth-int:{a2}"));
        assert_eq!(whole.response(&secret).to_string(), wanted);

        let a2 = md5(":/dir/index.html".into());
        let wanted = md5(format!("{secret}:{nonce}:00000001:0a4f113b:auth:{a2}"));
        assert_eq!(auth.rspauth(&secret).to_string(), wanted);
    }

    #[test]
    fn stored_hashes_are_hex_of_the_right_length() {
        let hex = Hex::parse(b"939E7578ed9e3c518a452acee763bce9").unwrap();
        assert_eq!(hex, mufasa("MD5").0);
        assert!(hex.matches(b"939e7578ED9e3c518a452acee763bce9"));
        assert!(
            !hex.matches(b"939e7578ed9e3c518a452acee763bce8") && !hex.matches(b"939e") && !hex.matches(b"")
        );
        for bad in [&b""[..], b"939e", b"939e7578ed9e3c518a452acee763bceg", &[b'a'; 63], &[b'a'; 65]] {
            assert!(Hex::parse(bad).is_none());
        }
        assert_eq!(format!("{hex:?}"), "Hex(32 digits)");
    }
}
