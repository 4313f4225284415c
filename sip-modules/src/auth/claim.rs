//! Credentials of a request, found and read: who somebody says to be, before anybody asked for the password.

use std::borrow::Cow;

use sip_core::digest::{Exchange, HashFunction};
use sip_core::{
    Authorization, DigestCredentials, HeaderError, HeaderView, Message, ProxyAuthorization, unquote,
};

use super::error::AuthError;
use super::guard::Guard;
use super::nonce::NonceId;

/// Who a request says to come from, with a nonce that is good and algorithms that were offered: all that can be judged
/// without the password.
#[derive(Clone, Debug)]
pub struct Claim<'m> {
    pub(crate) guard: Guard,
    pub(crate) user: Cow<'m, [u8]>,
    pub(crate) realm: Cow<'m, [u8]>,
    pub(crate) nonce: NonceId,
    /// `None` where no `qop` is used.
    pub(crate) count: Option<u32>,
    pub(crate) exchange: Exchange<'m>,
    pub(crate) response: &'m [u8],
}

impl Claim<'_> {
    /// The user name, its escapes undone.
    pub fn user(&self) -> &[u8] {
        &self.user
    }

    /// The realm, its escapes undone.
    pub fn realm(&self) -> &[u8] {
        &self.realm
    }

    /// The hash function that the stored secret has to be good for.
    pub fn hash(&self) -> HashFunction {
        self.exchange.algorithm.hash
    }
}

/// Whose password a request was signed with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Authenticated {
    guard: Guard,
    /// User and realm, one behind the other.
    text: Box<[u8]>,
    /// Bytes of the user.
    user: usize,
}

impl Authenticated {
    pub(crate) fn new(claim: &Claim<'_>) -> Self {
        let text = [&*claim.user, &*claim.realm].concat().into();
        Self { guard: claim.guard, text, user: claim.user.len() }
    }

    /// The user name of the credentials.
    pub fn user(&self) -> &[u8] {
        self.text.get(..self.user).unwrap_or_default()
    }

    /// The realm.
    pub fn realm(&self) -> &[u8] {
        self.text.get(self.user..).unwrap_or_default()
    }

    /// Which header the credentials came in.
    pub fn guard(&self) -> Guard {
        self.guard
    }
}

/// The first credentials for a realm.
///
/// # Errors
///
/// [`AuthError::NoCredentials`]; [`AuthError::Malformed`] where there are none and a header cannot be read.
pub fn find<'m>(msg: &'m Message, guard: Guard, realm: &[u8]) -> Result<DigestCredentials<'m>, AuthError> {
    let mut failed = AuthError::NoCredentials;
    for value in msg.headers(guard.credentials_header()) {
        match read(guard, value) {
            Ok(Some(found)) if *unquote(found.realm) == *realm => return Ok(found),
            Ok(_) => {}
            Err(error) => failed = error.into(),
        }
    }
    Err(failed)
}

/// The first credentials of whatever realm.
pub fn any(msg: &Message, guard: Guard) -> Option<DigestCredentials<'_>> {
    msg.headers(guard.credentials_header()).find_map(|value| read(guard, value).ok().flatten())
}

/// `None`: another scheme than Digest.
fn read(guard: Guard, value: &[u8]) -> Result<Option<DigestCredentials<'_>>, HeaderError> {
    match guard {
        Guard::Server => {
            let header = Authorization::parse(value)?;
            header.is_digest().then(|| header.digest()).transpose()
        }
        Guard::Proxy => {
            let header = ProxyAuthorization::parse(value)?;
            header.is_digest().then(|| header.digest()).transpose()
        }
    }
}

/// Removes the credentials for a realm, so that the next hop does not get them (`consume_credentials`); those for others
/// stay in their order. `false`: there are none.
pub fn consume(msg: &mut Message, guard: Guard, realm: &[u8]) -> bool {
    let is_ours = |value: &[u8]| {
        read(guard, value).is_ok_and(|found| found.is_some_and(|found| *unquote(found.realm) == *realm))
    };
    let name = guard.credentials_header();
    let all: Vec<Vec<u8>> = msg.headers(name).map(|value| value.to_vec()).collect();
    if !all.iter().any(|value| is_ours(value)) {
        return false;
    }
    msg.remove(name);
    for value in all.iter().filter(|value| !is_ours(value)) {
        // As it came; refused only for a message of 4 GiB.
        let _ = msg.unchecked().append(name, value);
    }
    true
}
