//! What is known of a user: a password, or its hash.

use std::fmt;
use std::sync::Arc;

use sip_core::digest::{HashFunction, Hex, ha1};

/// What a response is checked against. Cheap to clone; does not show itself.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub enum Secret {
    /// The password in clear: good for every algorithm.
    Password(Arc<[u8]>),
    /// HA1, the hash of user, realm and password: good for this hash function, user name and realm alone.
    Ha1(HashFunction, Hex),
}

impl Secret {
    /// A password in clear.
    pub fn password(text: impl AsRef<[u8]>) -> Self {
        Self::Password(text.as_ref().into())
    }

    /// HA1 as a database keeps it: 32 hex digits are MD5, 64 are SHA-256. `None`: it is neither.
    pub fn ha1(digits: &[u8]) -> Option<Self> {
        let hash = if digits.len() == 32 { HashFunction::Md5 } else { HashFunction::Sha256 };
        Some(Self::Ha1(hash, Hex::parse(digits)?))
    }

    /// HA1 of a hash function that is told. `None`: the number of digits is another.
    pub fn ha1_of(hash: HashFunction, digits: &[u8]) -> Option<Self> {
        let wanted = if hash == HashFunction::Md5 { 32 } else { 64 };
        Hex::parse(digits).filter(|_| digits.len() == wanted).map(|hex| Self::Ha1(hash, hex))
    }

    /// HA1 for this hash function; `None` where another one was stored.
    pub(crate) fn for_hash(&self, hash: HashFunction, user: &[u8], realm: &[u8]) -> Option<Hex> {
        match self {
            Self::Password(password) => Some(ha1(hash, user, realm, password)),
            Self::Ha1(of, hex) => (*of == hash).then_some(*hex),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password(_) => "Password",
            Self::Ha1(..) => "Ha1",
        })
    }
}
