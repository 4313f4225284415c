//! Which hash, and what it protects: [`Hash`], [`Algorithm`], [`Qop`].
//!
//! Source: RFC 8760 2.3 and 2.7 (names), RFC 7616 3.3 (`-sess`, `qop`).

use std::fmt;

/// A hash function that Digest may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HashFunction {
    /// MD5: broken, and still what most phones speak.
    Md5,
    /// SHA-256: every RFC 8760 phone has it.
    Sha256,
    /// SHA-512/256: SHA-512 with other start values, cut to 256 bits.
    Sha512_256,
}

/// The `algorithm` parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Algorithm {
    /// The hash function.
    pub hash: HashFunction,
    /// Whether it is the `-sess` variant: nonce and cnonce are hashed into the secret.
    pub session: bool,
}

impl Algorithm {
    /// What holds if no algorithm is named: MD5.
    pub const DEFAULT: Self = Self { hash: HashFunction::Md5, session: false };

    /// Reads a name, in any case; `None` if it is none that is known here.
    pub fn parse(text: &[u8]) -> Option<Self> {
        ALL.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(text)).map(|&(_, found)| found)
    }

    /// The registered name.
    pub fn name(self) -> &'static str {
        ALL.iter().find(|(_, one)| *one == self).map_or("", |&(name, _)| name)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

const ALL: [(&str, Algorithm); 6] = [
    ("MD5", Algorithm { hash: HashFunction::Md5, session: false }),
    ("MD5-sess", Algorithm { hash: HashFunction::Md5, session: true }),
    ("SHA-256", Algorithm { hash: HashFunction::Sha256, session: false }),
    ("SHA-256-sess", Algorithm { hash: HashFunction::Sha256, session: true }),
    ("SHA-512-256", Algorithm { hash: HashFunction::Sha512_256, session: false }),
    ("SHA-512-256-sess", Algorithm { hash: HashFunction::Sha512_256, session: true }),
];

/// What a response protects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Qop {
    /// Method and URI.
    Auth,
    /// Method, URI and body.
    AuthInt,
}

impl Qop {
    /// Reads one value, in any case; `None` if it is none that is known here.
    pub fn parse(text: &[u8]) -> Option<Self> {
        match () {
            () if text.eq_ignore_ascii_case(b"auth") => Some(Self::Auth),
            () if text.eq_ignore_ascii_case(b"auth-int") => Some(Self::AuthInt),
            () => None,
        }
    }

    /// As it stands in a header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::AuthInt => "auth-int",
        }
    }
}

impl fmt::Display for Qop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_in_any_case() {
        for (name, algorithm) in ALL {
            assert_eq!(Algorithm::parse(name.to_lowercase().as_bytes()), Some(algorithm));
            assert_eq!(algorithm.to_string(), name);
        }
        assert_eq!(Algorithm::parse(b"SHA-1"), None);
        assert_eq!(Qop::parse(b"AUTH-INT").map(Qop::name), Some("auth-int"));
        assert_eq!(Qop::parse(b"auth,auth-int"), None);
    }
}
