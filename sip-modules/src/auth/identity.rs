//! Who is authenticated, and who the message says its sender is.

use sip_core::{Message, Method, Uri, unescape};

use super::error::AuthError;

/// What `auth_check` and `pv_auth_check` compare beside the password.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct IdentityChecks(u32);

impl IdentityChecks {
    /// The user of the credentials is that of From; for REGISTER and PUBLISH of From and To; for PUBLISH of the
    /// request URI, too.
    pub const SAME_USER: Self = Self(1);
    /// With [`Self::SAME_USER`]: not for INVITE, BYE, PRACK, UPDATE and MESSAGE.
    pub const NOT_IN_CALLS: Self = Self(2);

    /// From the number that a script gives. Unknown bits have no meaning.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    const fn has(self, checks: Self) -> bool {
        self.0 & checks.0 == checks.0
    }

    /// Whether `user` is who the request says.
    ///
    /// # Errors
    ///
    /// [`AuthError::WrongIdentity`]; [`AuthError::Malformed`] for a header or a request URI that cannot be read.
    pub fn check(self, msg: &Message, user: &[u8]) -> Result<(), AuthError> {
        let method = msg.method();
        let in_call = matches!(
            method,
            Some(Method::Invite | Method::Bye | Method::Prack | Method::Update | Method::Message)
        );
        if !self.has(Self::SAME_USER) || in_call && self.has(Self::NOT_IN_CALLS) {
            return Ok(());
        }
        check_from(msg, user)?;
        if matches!(method, Some(Method::Register | Method::Publish)) {
            check_to(msg, user)?;
        }
        if method == Some(Method::Publish) && !is_user(user, &msg.uri()?) {
            return Err(AuthError::WrongIdentity);
        }
        Ok(())
    }
}

/// Whether an authenticated user is the one that a URI names.
///
/// `alice` is the user of `sip:alice@example.org`, whatever its host; that it is one of ours is for the route to ask.
/// `alice@example.org` is that one alone.
pub fn is_user(user: &[u8], uri: &Uri<'_>) -> bool {
    let Some(named) = uri.user() else { return false };
    let named = unescape(named);
    if *named == *user {
        return true;
    }
    let host = uri.host_text();
    let behind = user.strip_prefix(&*named).and_then(|rest| rest.strip_prefix(b"@"));
    behind.is_some_and(|domain| domain.eq_ignore_ascii_case(host))
}

/// The user may register the address of record in To: it is his own.
///
/// # Errors
///
/// [`AuthError::WrongIdentity`]; [`AuthError::Malformed`].
pub fn check_to(msg: &Message, user: &[u8]) -> Result<(), AuthError> {
    if is_user(user, &msg.to()?.uri()?) { Ok(()) } else { Err(AuthError::WrongIdentity) }
}

/// The user is who From says.
///
/// # Errors
///
/// [`AuthError::WrongIdentity`]; [`AuthError::Malformed`].
pub fn check_from(msg: &Message, user: &[u8]) -> Result<(), AuthError> {
    if is_user(user, &msg.from()?.uri()?) { Ok(()) } else { Err(AuthError::WrongIdentity) }
}
