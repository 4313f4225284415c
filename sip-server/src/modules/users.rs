//! Where passwords are kept: the seam between authentication and its stores.

use std::fmt;
use std::pin::Pin;

use sip_core::digest::HashFunction;
use sip_modules::auth::{Claim, Secret, Users};

/// Whose password is asked for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Wanted<'a> {
    /// The user name of the credentials, its escapes undone. Any bytes: it is a stranger's.
    pub user: &'a [u8],
    /// The realm.
    pub realm: &'a [u8],
    /// The hash function that a stored HA1 has to be of; a password in clear is good for all.
    pub hash: HashFunction,
    /// The table that a script names (`auth_check`); `subscriber` where none is named.
    pub table: &'a str,
}

impl<'a> Wanted<'a> {
    /// The user of these credentials.
    pub fn new(user: &'a [u8], realm: &'a [u8], hash: HashFunction, table: &'a str) -> Self {
        Self { user, realm, hash, table }
    }

    /// What a claim needs.
    pub fn of(claim: &'a Claim<'_>, table: &'a str) -> Self {
        Self { user: claim.user(), realm: claim.realm(), hash: claim.hash(), table }
    }
}

/// The place where passwords are kept does not answer. The caller gets 503: nobody's password is wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("passwords cannot be looked up now")]
pub struct Unavailable;

/// What a store knows of a user; `None`: there is no such user.
pub type Found = Result<Option<Secret>, Unavailable>;

/// An answer of a [`UserStore`]: now, or when the future has ended.
#[must_use = "an answer is waited for"]
pub enum Lookup<'a> {
    /// From memory.
    Now(Found),
    /// From somewhere else. The route waits, its worker does not.
    Later(Pin<Box<dyn Future<Output = Found> + 'a>>),
}

impl Lookup<'_> {
    /// The answer.
    ///
    /// # Errors
    ///
    /// [`Unavailable`].
    pub async fn found(self) -> Found {
        match self {
            Self::Now(found) => found,
            Self::Later(future) => future.await,
        }
    }
}

impl fmt::Debug for Lookup<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Now(_) => "Now",
            Self::Later(_) => "Later",
        })
    }
}

/// Where passwords are kept: users in memory ([`Users`]), a table of a database.
///
/// All workers ask at once. An answer that has to be waited for must not block: it is a future that is polled on the
/// worker, and it bounds its own time.
pub trait UserStore: fmt::Debug + Send + Sync + 'static {
    /// What is known of a user.
    fn secret<'a>(&'a self, wanted: Wanted<'a>) -> Lookup<'a>;
}

/// There is one list, whatever table is named.
impl UserStore for Users {
    fn secret<'a>(&'a self, wanted: Wanted<'a>) -> Lookup<'a> {
        Lookup::Now(Ok(Users::secret(self, wanted.user, wanted.realm, wanted.hash).cloned()))
    }
}
