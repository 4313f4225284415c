//! Why credentials were not accepted.

use sip_core::{HeaderError, StatusCode};

/// Why a request is not authenticated. [`Self::code`] is what KEMI's functions return.
///
/// But for [`Self::WrongIdentity`] and [`Self::Unavailable`] each is answered by a challenge, all by the same: what
/// was wrong is nothing that a stranger is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// No credentials for this realm came with the request.
    #[error("no credentials for the realm")]
    NoCredentials,
    /// There are credentials, and none that can be read.
    #[error("malformed credentials: {0}")]
    Malformed(#[from] HeaderError),
    /// They use an algorithm or a `qop` that was not offered, or a hashed user name.
    #[error("the credentials use what was not offered")]
    NotOffered,
    /// The nonce is too old, or none of ours: made before a restart, for another source or realm, or forged.
    #[error("the nonce is stale or not ours")]
    StaleNonce,
    /// The response is right and came before, or comes too late after others with this nonce.
    #[error("the nonce count was used before")]
    NonceReused,
    /// Nobody of this name is known.
    #[error("unknown user")]
    UnknownUser,
    /// The response is not what the password gives, or the stored hash is of another algorithm.
    #[error("wrong password")]
    WrongPassword,
    /// Who is authenticated says to be somebody else.
    #[error("authenticated as somebody else")]
    WrongIdentity,
    /// The place where passwords are kept does not answer: nobody's password is wrong.
    #[error("passwords cannot be looked up now")]
    Unavailable,
}

impl AuthError {
    /// The number that KEMI's functions return.
    pub fn code(self) -> i32 {
        match self {
            Self::Malformed(_) | Self::NotOffered | Self::Unavailable => -1,
            Self::WrongPassword => -2,
            Self::UnknownUser => -3,
            Self::StaleNonce => -4,
            Self::NoCredentials => -5,
            Self::NonceReused => -6,
            Self::WrongIdentity => -8,
        }
    }

    /// Whether only the nonce was at fault, so that a phone need not ask its user again (`stale`).
    pub fn is_stale(self) -> bool {
        matches!(self, Self::StaleNonce | Self::NonceReused)
    }

    /// The reply that ends the matter; `None` where a challenge is the answer.
    pub fn status(self) -> Option<StatusCode> {
        match self {
            Self::WrongIdentity => Some(StatusCode::FORBIDDEN),
            Self::Unavailable => Some(StatusCode::SERVICE_UNAVAILABLE),
            _ => None,
        }
    }
}
