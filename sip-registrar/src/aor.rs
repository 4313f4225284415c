//! Aor: the address of record in its one spelling, as a key.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use bstr::{BStr, ByteSlice};
use sip_core::{Host, Uri, unescape};
use smallvec::SmallVec;

use crate::config::Config;
use crate::error::AorError;

/// An address of record: `bob`, or `bob@example.com` where the domain counts.
///
/// Two URIs of the same user give equal values: parameters, port and scheme (`sip:` or `sips:`) are
/// dropped, escapes resolved, letters made small as the settings say (RFC 3261 10.3, step 5).
/// Cheap to clone: a reference count.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Aor(Arc<[u8]>);

impl Aor {
    /// The address of record that `uri` names.
    ///
    /// # Errors
    ///
    /// The peer's fault, always; [`AorError::status`] is the reply.
    ///
    /// # Examples
    ///
    /// ```
    /// use sip_core::Uri;
    /// use sip_registrar::{Aor, Config};
    ///
    /// let uri = Uri::parse(b"sip:B%6fb:secret@Example.com:5070;transport=tcp")?;
    /// let mut config = Config::default();
    /// assert_eq!(Aor::from_uri(&uri, &config)?.as_bstr(), "bob");
    /// config.use_domain = true;
    /// config.case_sensitive = true;
    /// assert_eq!(Aor::from_uri(&uri, &config)?.as_bstr(), "Bob@example.com");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_uri(uri: &Uri<'_>, config: &Config) -> Result<Self, AorError> {
        if !uri.is_sip() {
            return Err(AorError::Scheme);
        }
        let mut key = SmallVec::<[u8; 128]>::new();
        if let Some(user) = uri.user() {
            plain_into(&mut key, &unescape(user));
        }
        if !config.case_sensitive {
            key.make_ascii_lowercase();
        }
        if config.use_domain {
            if !key.is_empty() {
                key.push(b'@');
            }
            match uri.host() {
                Host::Name(name) => key.extend(name.iter().map(u8::to_ascii_lowercase)),
                address => key.extend_from_slice(address.to_string().as_bytes()), // one spelling of IPv6
            }
        } else if key.is_empty() {
            return Err(AorError::NoUser);
        }
        if key.len() > config.aor_max_size {
            return Err(AorError::TooLong { max: config.aor_max_size });
        }
        Ok(Self(Arc::from(key.as_slice())))
    }

    /// The key of this text as it stands: for an address of record that was read from a store.
    pub fn from_bytes(key: &[u8]) -> Self {
        Self(Arc::from(key))
    }

    /// The text of the key.
    pub fn as_bstr(&self) -> &BStr {
        self.0.as_bstr()
    }
}

/// Appends a user without escapes, but for control bytes and the percent sign itself: a line end or a NUL behind an
/// escape never gets into a key, a log or a database (RFC 4475 3.1.1.4), and no two users share a key.
fn plain_into(key: &mut SmallVec<[u8; 128]>, user: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in user {
        if byte.is_ascii_control() || byte == b'%' {
            key.extend_from_slice(&[b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        } else {
            key.push(byte);
        }
    }
}

impl Borrow<[u8]> for Aor {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Aor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_bstr(), f)
    }
}

impl fmt::Debug for Aor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Aor({:?})", self.as_bstr())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aor(uri: &str, use_domain: bool) -> Result<String, AorError> {
        let config = Config { use_domain, ..Config::default() };
        Aor::from_uri(&Uri::parse(uri.as_bytes()).expect("a URI"), &config).map(|aor| aor.to_string())
    }

    #[test]
    fn spellings_of_one_user_are_one_address() {
        for uri in ["sip:Bob@example.com", "sips:bob@EXAMPLE.com:5061", "sip:%42%6F%62@example.com;lr"] {
            assert_eq!(aor(uri, true).as_deref(), Ok("bob@example.com"), "{uri}");
            assert_eq!(aor(uri, false).as_deref(), Ok("bob"), "{uri}");
        }
    }

    #[test]
    fn a_domain_alone_is_an_address_only_where_domains_count() {
        assert_eq!(aor("sip:example.com", true).as_deref(), Ok("example.com"));
        assert_eq!(aor("sip:example.com", false), Err(AorError::NoUser));
    }

    #[test]
    fn a_control_byte_behind_an_escape_stays_there_and_no_two_users_share_a_key() {
        assert_eq!(aor("sip:a%0d%0Ab@x", false).as_deref(), Ok("a%0d%0ab"));
        assert_eq!(aor("sip:null-%00-null@x", false).as_deref(), Ok("null-%00-null"));
        assert_eq!(aor("sip:null-%2500-null@x", false).as_deref(), Ok("null-%2500-null"));
    }

    #[test]
    fn an_address_has_a_longest_length() {
        let long = format!("sip:{}@x", "a".repeat(257));
        assert_eq!(aor(&long, false), Err(AorError::TooLong { max: 256 }));
    }
}
