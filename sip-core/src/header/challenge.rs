//! [`DigestChallenge`] and [`DigestInfo`]: what a server says before and after.
//!
//! Source: RFC 7616 3.3 and 3.5; several challenges, one a line, RFC 8760 2.4.

use bstr::BStr;

use crate::ascii::trim;
use crate::digest::algorithm::{Algorithm, Qop};
use crate::header::auth_params::AuthParams;

/// The parameters of a Digest challenge, without quotes, escapes as they stand.
#[derive(Clone, Copy, Debug)]
pub struct DigestChallenge<'a> {
    /// The realm: whose password is wanted.
    pub realm: &'a BStr,
    /// The server's nonce.
    pub nonce: &'a BStr,
    /// What the server wants back.
    pub opaque: Option<&'a BStr>,
    /// URIs that the same secret is good for.
    pub domain: Option<&'a BStr>,
    /// Whether only the nonce was too old: the password need not be asked for again.
    pub stale: bool,
    /// The algorithm as written; absent means MD5.
    pub algorithm: Option<&'a BStr>,
    /// The list of what may be protected, as written: see [`Self::offers`].
    pub qop: Option<&'a BStr>,
    /// Whether user names may come as hashes.
    pub userhash: bool,
}

impl<'a> DigestChallenge<'a> {
    /// Reads the list behind `Digest`.
    pub(crate) fn read(list: &'a [u8]) -> Result<Self, usize> {
        let [realm, nonce, opaque, domain, stale, algorithm, qop, userhash] = AuthParams::new(list)
            .pick(["realm", "nonce", "opaque", "domain", "stale", "algorithm", "qop", "userhash"])?;
        let is_true = |value: Option<&BStr>| value.is_some_and(|value| value.eq_ignore_ascii_case(b"true"));
        let missing = list.len();
        Ok(Self {
            realm: realm.ok_or(missing)?,
            nonce: nonce.ok_or(missing)?,
            opaque,
            domain,
            stale: is_true(stale),
            algorithm,
            qop,
            userhash: is_true(userhash),
        })
    }

    /// The algorithm; `None` if it is not known here. Such a challenge is passed over.
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm.map_or(Some(Algorithm::DEFAULT), |name| Algorithm::parse(name))
    }

    /// Whether the server takes this protection. Without `qop`, it takes neither (RFC 2069).
    pub fn offers(&self, qop: Qop) -> bool {
        let list = self.qop.map(|list| &**list).unwrap_or_default();
        list.split(|&byte| byte == b',').any(|one| Qop::parse(trim(one)) == Some(qop))
    }
}

/// The parameters of Authentication-Info, without quotes.
#[derive(Clone, Copy, Debug)]
pub struct DigestInfo<'a> {
    /// The nonce to use from now on.
    pub nextnonce: Option<&'a BStr>,
    /// What [`Self::rspauth`] protects.
    pub qop: Option<&'a BStr>,
    /// The server's proof: see [`Exchange::rspauth`](crate::digest::Exchange::rspauth).
    pub rspauth: Option<&'a BStr>,
    /// The client's nonce.
    pub cnonce: Option<&'a BStr>,
    /// The nonce count.
    pub nc: Option<&'a BStr>,
}

impl<'a> DigestInfo<'a> {
    /// Reads the whole value.
    pub(crate) fn read(list: &'a [u8]) -> Result<Self, usize> {
        let [nextnonce, qop, rspauth, cnonce, nc] =
            AuthParams::new(list).pick(["nextnonce", "qop", "rspauth", "cnonce", "nc"])?;
        Ok(Self { nextnonce, qop, rspauth, cnonce, nc })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_offers_what_its_list_holds() {
        let challenge = DigestChallenge::read(
            b"realm=\"atlanta.com\", domain=\"sip:boxesbybob.com\", qop=\"auth , AUTH-INT\",\
              nonce=\"f84f1cec41e6cbe5aea9c8e88d359\", opaque=\"\", stale=FALSE, algorithm=MD5",
        )
        .unwrap();
        assert!(challenge.offers(Qop::Auth) && challenge.offers(Qop::AuthInt) && !challenge.stale);
        assert_eq!((challenge.realm, challenge.opaque), ("atlanta.com".into(), Some("".into())));
        let plain = DigestChallenge::read(b"realm=a,nonce=b,stale=\"TRUE\",userhash=true").unwrap();
        assert!(!plain.offers(Qop::Auth) && plain.stale && plain.userhash);
        assert_eq!(plain.algorithm(), Some(Algorithm::DEFAULT));
        assert_eq!(DigestChallenge::read(b"realm=a,nonce=b,algorithm=x").unwrap().algorithm(), None);
        assert!(DigestChallenge::read(b"realm=a").is_err() && DigestChallenge::read(b"nonce=a").is_err());
    }

    #[test]
    fn info_may_say_anything_or_nothing() {
        let info = DigestInfo::read(b"nextnonce=\"47364c23432d2e131a5fb210812c\", nc=00000001").unwrap();
        assert_eq!(info.nextnonce, Some("47364c23432d2e131a5fb210812c".into()));
        assert_eq!((info.rspauth, info.nc), (None, Some("00000001".into())));
        assert!(DigestInfo::read(b"").is_ok() && DigestInfo::read(b"nc").is_err());
    }
}
