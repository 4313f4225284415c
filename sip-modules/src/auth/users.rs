//! Users in memory, from a text.

use std::collections::HashMap;
use std::fmt;

use bstr::{BStr, ByteSlice};
use sip_core::digest::{Algorithm, HashFunction};

use super::secret::Secret;

/// Users and what is known of them.
///
/// As text, one a line:
///
/// ```text
/// # a comment; empty lines are passed over
/// alice:secret                                        the password, in every realm
/// bob@example.org:1cf8cf8e1dfea1ed0c2d8dbe1b95fbeb    HA1: 32 hex digits are MD5, 64 are SHA-256
/// bob@example.org:SHA-512-256:8bd1..                  HA1 of an algorithm that is named
/// ```
///
/// A password goes up to the end of the line, colons and blanks included. HA1 is the hash of
/// `user:realm:password`; a user may have one of each algorithm and realm. Where a user has both, HA1 of the realm
/// counts before the password.
#[derive(Clone, Default)]
pub struct Users {
    all: HashMap<Box<[u8]>, Vec<Known>>,
}

#[derive(Clone)]
struct Known {
    /// `None`: any.
    realm: Option<Box<[u8]>>,
    secret: Secret,
}

/// A line of a list of users that says nothing, or the same as another.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("line {line}: {wrong}")]
pub struct UsersError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it. The line itself may be half a password, and is not shown.
    pub wrong: &'static str,
}

impl Users {
    /// Nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a list; see [`Users`] for its lines.
    ///
    /// # Errors
    ///
    /// The first line that cannot be read, or that gives a user a second secret for the same realm and algorithm.
    ///
    /// # Examples
    ///
    /// ```
    /// use sip_core::digest::HashFunction;
    /// use sip_modules::auth::{Secret, Users};
    ///
    /// let users = Users::parse(b"alice:a secret\nbob@example.org:1cf8cf8e1dfea1ed0c2d8dbe1b95fbeb\n")?;
    /// let found = users.secret(b"alice", b"example.org", HashFunction::Sha256);
    /// assert_eq!(found, Some(&Secret::password("a secret")));
    /// assert!(users.secret(b"bob", b"example.net", HashFunction::Md5).is_none());
    /// # Ok::<(), sip_modules::auth::UsersError>(())
    /// ```
    pub fn parse(text: &[u8]) -> Result<Self, UsersError> {
        let mut users = Self::new();
        for (at, line) in text.lines().enumerate() {
            let wrong = |wrong| UsersError { line: at + 1, wrong };
            if line.trim_ascii().is_empty() || line.trim_ascii_start().starts_with(b"#") {
                continue;
            }
            let (name, value) = line.split_once_str(":").ok_or(wrong("it is not user:password"))?;
            let is_new = match name.rsplit_once_str("@") {
                None if name.is_empty() => return Err(wrong("it has no user")),
                None if value.is_empty() => return Err(wrong("it has no password")),
                None => users.add(name, Secret::password(value)),
                Some((user, realm)) if user.is_empty() || realm.is_empty() => {
                    return Err(wrong("it is not user@realm:HA1"));
                }
                Some((user, realm)) => {
                    let secret = stored(value.trim_ascii());
                    let secret = secret.ok_or(wrong("behind user@realm stand 32 or 64 hex digits: HA1"))?;
                    users.add_in_realm(user, realm, secret)
                }
            };
            if !is_new {
                return Err(wrong("it gives this user a second secret"));
            }
        }
        Ok(users)
    }

    /// Adds a user of every realm. `false`: this one has a password already, which stays.
    pub fn add(&mut self, user: impl AsRef<[u8]>, secret: Secret) -> bool {
        self.insert(user.as_ref(), Known { realm: None, secret })
    }

    /// Adds a user of one realm. `false`: this one has a secret of the same kind there, which stays.
    pub fn add_in_realm(&mut self, user: impl AsRef<[u8]>, realm: impl AsRef<[u8]>, secret: Secret) -> bool {
        self.insert(user.as_ref(), Known { realm: Some(realm.as_ref().into()), secret })
    }

    fn insert(&mut self, user: &[u8], new: Known) -> bool {
        let known = self.all.entry(user.into()).or_default();
        if known.iter().any(|one| one.realm == new.realm && is_same_kind(&one.secret, &new.secret)) {
            return false;
        }
        known.push(new);
        true
    }

    /// What is known of a user that answers with this hash function; `None`: nobody of this name is known here.
    pub fn secret(&self, user: &[u8], realm: &[u8], hash: HashFunction) -> Option<&Secret> {
        let known = self.all.get(user)?;
        let fits = |one: &&Known| one.realm.as_deref().is_none_or(|of| of == realm);
        // The closest first; one of another algorithm still tells that the user is known.
        let closeness = |one: &&Known| match &one.secret {
            Secret::Ha1(of, _) => (*of == hash, one.realm.is_some()),
            Secret::Password(_) => (true, one.realm.is_some()),
        };
        known.iter().filter(fits).max_by_key(closeness).map(|one| &one.secret)
    }

    /// How many users there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

fn is_same_kind(a: &Secret, b: &Secret) -> bool {
    match (a, b) {
        (Secret::Ha1(a, _), Secret::Ha1(b, _)) => a == b,
        (Secret::Password(_), Secret::Password(_)) => true,
        _ => false,
    }
}

/// `digits` or `ALGORITHM:digits`.
fn stored(text: &[u8]) -> Option<Secret> {
    match text.split_once_str(":") {
        None => Secret::ha1(text),
        Some((name, digits)) => {
            let algorithm = Algorithm::parse(BStr::new(name)).filter(|algorithm| !algorithm.session)?;
            Secret::ha1_of(algorithm.hash, digits)
        }
    }
}

impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Users").field("len", &self.len()).finish()
    }
}
