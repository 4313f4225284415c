//! [`DigestCredentials`]: what a client says to a challenge.
//!
//! Source: RFC 7616 3.4, RFC 3261 22.4.

use std::borrow::Cow;

use bstr::{BStr, ByteSlice};

use crate::digest::Exchange;
use crate::digest::algorithm::{Algorithm, Qop};
use crate::header::auth_params::AuthParams;
use crate::header::params::unquote;
use crate::uri::escape::unescape;

/// The parameters of Digest credentials, without quotes, escapes as they stand.
///
/// # Examples
///
/// ```
/// use sip_core::{Authorization, HeaderView, digest};
///
/// let header = b"Digest username=\"bob\", realm=\"biloxi.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
///     uri=\"sip:bob@biloxi.com\", qop=auth, nc=00000001, cnonce=\"0a4f113b\", \
///     response=\"89eb0059246c02b2f6ee02c7961d5ea3\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
/// let credentials = Authorization::parse(header)?.digest()?;
/// let exchange = credentials.exchange(b"INVITE", b"").expect("MD5 and auth are known");
/// let ha1 = digest::ha1(exchange.algorithm.hash, b"bob", b"biloxi.com", b"zanzibar");
/// assert!(exchange.response(&ha1).matches(credentials.response));
/// # Ok::<(), sip_core::HeaderError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DigestCredentials<'a> {
    /// The user name as written: see [`Self::user`].
    pub username: &'a BStr,
    /// Whether the name came as `username*`, in the extended notation.
    pub is_extended: bool,
    /// Whether the name is [`user_hash`](crate::digest::user_hash) (RFC 7616 3.4.4).
    pub userhash: bool,
    /// The realm.
    pub realm: &'a BStr,
    /// The server's nonce.
    pub nonce: &'a BStr,
    /// The URI that was hashed.
    pub uri: &'a BStr,
    /// The hash.
    pub response: &'a BStr,
    /// The algorithm as written; absent means MD5.
    pub algorithm: Option<&'a BStr>,
    /// What is protected, as written. If it is there, `nc` and `cnonce` are.
    pub qop: Option<&'a BStr>,
    /// The nonce count as written.
    pub nc: Option<&'a BStr>,
    /// The client's nonce.
    pub cnonce: Option<&'a BStr>,
    /// What the server wants back.
    pub opaque: Option<&'a BStr>,
}

impl<'a> DigestCredentials<'a> {
    /// Reads the list behind `Digest`.
    pub(crate) fn read(list: &'a [u8]) -> Result<Self, usize> {
        let [username, extended, userhash, realm, nonce, uri, response, algorithm, qop, nc, cnonce, opaque] =
            AuthParams::new(list).pick([
                "username",
                "username*",
                "userhash",
                "realm",
                "nonce",
                "uri",
                "response",
                "algorithm",
                "qop",
                "nc",
                "cnonce",
                "opaque",
            ])?;
        let missing = list.len();
        let is_extended = username.is_none();
        if extended.is_some() && !is_extended {
            return Err(missing);
        }
        let this = Self {
            username: username.or(extended).ok_or(missing)?,
            is_extended,
            userhash: userhash.is_some_and(|value| value.eq_ignore_ascii_case(b"true")),
            realm: realm.ok_or(missing)?,
            nonce: nonce.ok_or(missing)?,
            uri: uri.ok_or(missing)?,
            response: response.ok_or(missing)?,
            algorithm,
            qop,
            nc,
            cnonce,
            opaque,
        };
        if qop.is_some() && (cnonce.is_none() || this.nonce_count().is_none()) {
            return Err(missing);
        }
        Ok(this)
    }

    /// The user name as it is hashed: escapes of the quoted string undone; the extended notation
    /// (`UTF-8''J%C3%A4s`) undone.
    pub fn user(&self) -> Cow<'a, [u8]> {
        if !self.is_extended {
            return unquote(self.username);
        }
        let text: &'a [u8] = self.username;
        match text.splitn_str(3, "'").nth(2) {
            Some(encoded) => unescape(encoded),
            None => Cow::Borrowed(text),
        }
    }

    /// The nonce count as a number: eight hex digits.
    pub fn nonce_count(&self) -> Option<u32> {
        let digits = self.nc.filter(|nc| nc.len() == 8 && nc.iter().all(u8::is_ascii_hexdigit))?;
        u32::from_str_radix(digits.to_str().ok()?, 16).ok()
    }

    /// What the response is the hash of, in a request with this method and body. `None`: algorithm or `qop` are not
    /// known here.
    pub fn exchange(&self, method: &'a [u8], body: &'a [u8]) -> Option<Exchange<'a>> {
        let text = |value: Option<&'a BStr>| -> &'a [u8] { value.map(|text| &**text).unwrap_or_default() };
        let qop = match self.qop {
            Some(qop) => Some(Qop::parse(qop)?),
            None => None,
        };
        Some(Exchange {
            algorithm: self.algorithm.map_or(Some(Algorithm::DEFAULT), |name| Algorithm::parse(name))?,
            method,
            uri: self.uri,
            nonce: self.nonce,
            qop,
            nc: text(self.nc),
            cnonce: text(self.cnonce),
            body,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "username=\"a\", realm=\"b\", nonce=\"c\", uri=\"sip:d\", response=\"e\"";

    fn read(more: &str) -> Result<String, usize> {
        let list = format!("{LEAST}{more}");
        DigestCredentials::read(list.as_bytes()).map(|found| format!("{:?}", found.nonce_count()))
    }

    #[test]
    fn qop_needs_a_count_and_a_client_nonce() {
        assert_eq!(read(""), Ok("None".into()));
        assert_eq!(read(", qop=auth, nc=0000001f, cnonce=\"x\""), Ok("Some(31)".into()));
        for bad in [
            ", qop=auth",
            ", qop=auth, nc=00000001",
            ", qop=auth, cnonce=x",
            ", qop=auth, nc=1, cnonce=x",
            ", qop=auth, nc=+0000001, cnonce=x",
            ", response=\"f\"",
            ", USERNAME=\"f\"",
            ", username*=UTF-8''f",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn each_of_the_five_is_needed() {
        for (at, _) in LEAST.split(", ").enumerate() {
            let fewer: Vec<_> =
                LEAST.split(", ").enumerate().filter(|(n, _)| *n != at).map(|(_, p)| p).collect();
            let fewer = fewer.join(", ");
            assert!(DigestCredentials::read(fewer.as_bytes()).is_err_and(|at| at == fewer.len()), "{fewer}");
        }
    }

    #[test]
    fn names_may_be_escaped_or_extended() {
        let user = |name: &str| {
            let list = LEAST.replace("username=\"a\"", name);
            DigestCredentials::read(list.as_bytes()).unwrap().user().into_owned()
        };
        assert_eq!(user("username=\"a\\\"b\\\\\"").as_bstr(), "a\"b\\");
        assert_eq!(user("username*=UTF-8''J%C3%A4s%C3%B8n%20Doe").as_bstr(), "J\u{e4}s\u{f8}n Doe");
        assert_eq!(user("username*=plain").as_bstr(), "plain");
    }

    #[test]
    fn an_unknown_algorithm_has_no_exchange() {
        let known = |more: &str| {
            let list = format!("{LEAST}{more}");
            DigestCredentials::read(list.as_bytes()).unwrap().exchange(b"A", b"").is_some()
        };
        assert!(known("") && known(", algorithm=\"md5\"") && known(", algorithm=SHA-512-256-sess"));
        assert!(!known(", algorithm=SHA3") && !known(", qop=x, nc=00000001, cnonce=y"));
    }
}
