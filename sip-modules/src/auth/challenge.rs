//! What a caller is told who must say who he is.

use sip_core::digest::{Algorithm, Qop};

use super::guard::Guard;
use super::nonce::Nonce;

/// The flags of KEMI's `auth_challenge`, `www_challenge` and `proxy_challenge`.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct ChallengeFlags(u32);

impl ChallengeFlags {
    /// Offers `qop="auth"`.
    pub const QOP_AUTH: Self = Self(1);
    /// Offers `qop="auth-int"`; with [`Self::QOP_AUTH`], both.
    pub const QOP_AUTH_INT: Self = Self(2);
    /// Says that only the nonce was too old. Without it that is said where the last check found so.
    pub const STALE: Self = Self(16);

    /// From the number that a script gives. Unknown bits have no meaning; 4 is one of them: no 500 is sent here
    /// where a challenge cannot be made.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// Whether it has all of these.
    pub const fn has(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// The protections that are offered.
    pub fn qop(self) -> &'static [Qop] {
        match (self.has(Self::QOP_AUTH), self.has(Self::QOP_AUTH_INT)) {
            (false, false) => &[],
            (true, false) => &[Qop::Auth],
            (false, true) => &[Qop::AuthInt],
            (true, true) => &[Qop::Auth, Qop::AuthInt],
        }
    }
}

/// The challenge of one response: a header line for each algorithm, the best first.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Challenge {
    guard: Guard,
    /// The values, each with a line end behind it.
    lines: Vec<u8>,
}

impl Challenge {
    /// Who asks: the status of the response and the name of the headers.
    pub fn guard(&self) -> Guard {
        self.guard
    }

    /// The values of the headers, in order.
    pub fn values(&self) -> impl Iterator<Item = &[u8]> {
        self.lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty())
    }

    /// A challenge. MD5 is not named where it stands alone: that is what no name means.
    ///
    /// The realm must be free of control bytes: a response with another one cannot be built.
    pub(crate) fn new(
        guard: Guard,
        realm: &[u8],
        nonce: Nonce,
        algorithms: &[Algorithm],
        qop: &[Qop],
        stale: bool,
    ) -> Self {
        let algorithms = if algorithms.is_empty() { &[Algorithm::DEFAULT][..] } else { algorithms };
        let mut lines = Vec::with_capacity(algorithms.len() * (96 + realm.len()));
        for &algorithm in algorithms {
            lines.extend_from_slice(b"Digest realm=\"");
            for &byte in realm {
                match byte {
                    b'"' | b'\\' => lines.extend_from_slice(&[b'\\', byte]),
                    b'\n' => lines.push(b'\r'), // refused when it is written into a header
                    _ => lines.push(byte),
                }
            }
            lines.extend_from_slice(b"\", nonce=\"");
            lines.extend_from_slice(nonce.as_bytes());
            lines.push(b'"');
            if stale {
                lines.extend_from_slice(b", stale=true");
            }
            if algorithms.len() > 1 || algorithm != Algorithm::DEFAULT {
                lines.extend_from_slice(b", algorithm=");
                lines.extend_from_slice(algorithm.name().as_bytes());
            }
            if let Some((first, more)) = qop.split_first() {
                lines.extend_from_slice(b", qop=\"");
                lines.extend_from_slice(first.name().as_bytes());
                for one in more {
                    lines.push(b',');
                    lines.extend_from_slice(one.name().as_bytes());
                }
                lines.push(b'"');
            }
            lines.push(b'\n');
        }
        Self { guard, lines }
    }
}
