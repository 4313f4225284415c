//! [`Authorization`] and [`WwwAuthenticate`] with their proxy twins, [`AuthenticationInfo`]: a scheme and a list.
//!
//! Source: RFC 3261 20.6, 20.7, 20.27, 20.28, 20.44 and 25.1; RFC 7616 3.3 to 3.5; RFC 8760 2. One line is one
//! value: these headers are never joined by commas (RFC 3261 7.3.1).

use std::ops::Deref;

use bstr::{BStr, ByteSlice};

use crate::error::HeaderError;
use crate::header::auth_params::AuthParams;
use crate::header::challenge::{DigestChallenge, DigestInfo};
use crate::header::credentials::DigestCredentials;
use crate::header::view::HeaderView;
use crate::name::HeaderName;
use crate::scan::Cursor;

/// `Digest name=value, name="value"`, or whatever another scheme has.
#[derive(Clone, Copy, Debug)]
pub struct AuthValue<'a> {
    name: &'static str,
    scheme: &'a [u8],
    rest: &'a [u8],
}

impl<'a> AuthValue<'a> {
    fn parse_named(value: &'a [u8], name: &'static str) -> Result<Self, HeaderError> {
        let mut cursor = Cursor::new(value);
        cursor.skip_lws();
        let scheme = cursor.token().ok_or(HeaderError::Malformed { name, at: cursor.at() })?;
        let end = cursor.at();
        cursor.skip_lws();
        if cursor.at() == end && !cursor.is_done() {
            return Err(HeaderError::Malformed { name, at: end });
        }
        Ok(Self { name, scheme, rest: cursor.rest() })
    }

    /// The scheme as written.
    pub fn scheme(&self) -> &'a BStr {
        self.scheme.as_bstr()
    }

    /// Whether the scheme is Digest.
    pub fn is_digest(&self) -> bool {
        self.scheme.eq_ignore_ascii_case(b"Digest")
    }

    /// What stands behind the scheme, as written.
    pub fn rest(&self) -> &'a BStr {
        self.rest.as_bstr()
    }

    /// The parameters in order, up to the first that is none.
    pub fn params(&self) -> AuthParams<'a> {
        AuthParams::new(self.rest)
    }

    /// What [`Self::rest`] begins at is not kept: errors count from there.
    fn malformed(&self, at: usize) -> HeaderError {
        HeaderError::Malformed { name: self.name, at }
    }
}

macro_rules! auth_headers {
    ($($(#[$doc:meta])* $name:ident, $text:literal, $digest:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name<'a>(AuthValue<'a>);

        impl<'a> $name<'a> {
            /// What it says if the scheme is Digest.
            ///
            /// # Errors
            ///
            /// [`HeaderError::Malformed`]: another scheme, a list that cannot be read, a parameter that is missing or
            /// there twice. The position counts from the first parameter ([`AuthValue::rest`]).
            pub fn digest(&self) -> Result<$digest<'a>, HeaderError> {
                if !self.0.is_digest() {
                    return Err(self.0.malformed(0));
                }
                $digest::read(self.0.rest).map_err(|at| self.0.malformed(at))
            }
        }

        impl<'a> Deref for $name<'a> {
            type Target = AuthValue<'a>;

            fn deref(&self) -> &AuthValue<'a> {
                &self.0
            }
        }

        impl<'a> HeaderView<'a> for $name<'a> {
            fn name() -> HeaderName<'static> {
                HeaderName::$name
            }

            fn parse(value: &'a [u8]) -> Result<Self, HeaderError> {
                AuthValue::parse_named(value, $text).map(Self)
            }
        }
    )*};
}

auth_headers! {
    /// Credentials for a server: an [`AuthValue`].
    Authorization, "Authorization", DigestCredentials;
    /// Credentials for a proxy: an [`AuthValue`].
    ProxyAuthorization, "Proxy-Authorization", DigestCredentials;
    /// The challenge of a server (401): an [`AuthValue`].
    WwwAuthenticate, "WWW-Authenticate", DigestChallenge;
    /// The challenge of a proxy (407): an [`AuthValue`].
    ProxyAuthenticate, "Proxy-Authenticate", DigestChallenge;
}

/// What a server says about the authentication that went well: a [`DigestInfo`].
#[derive(Clone, Copy, Debug)]
pub struct AuthenticationInfo<'a>(DigestInfo<'a>);

impl<'a> Deref for AuthenticationInfo<'a> {
    type Target = DigestInfo<'a>;

    fn deref(&self) -> &DigestInfo<'a> {
        &self.0
    }
}

impl<'a> HeaderView<'a> for AuthenticationInfo<'a> {
    fn name() -> HeaderName<'static> {
        HeaderName::AuthenticationInfo
    }

    fn parse(value: &'a [u8]) -> Result<Self, HeaderError> {
        DigestInfo::read(value)
            .map(Self)
            .map_err(|at| HeaderError::Malformed { name: "Authentication-Info", at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_scheme_can_be_looked_at() {
        let basic = Authorization::parse(b" Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==").unwrap();
        assert_eq!((basic.scheme(), basic.is_digest()), ("Basic".into(), false));
        assert_eq!(basic.rest(), "QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!(basic.digest().is_err());
        let odd = Authorization::parse(b"NoOneKnowsThisScheme opaque-data=here").unwrap();
        assert_eq!(odd.params().map(|param| param.name.to_string()).collect::<Vec<_>>(), ["opaque-data"]);
        for bad in ["", "\"Digest\" a=b", "Digest,a=b"] {
            assert!(ProxyAuthorization::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn errors_name_the_header() {
        let challenge = ProxyAuthenticate::parse(b"Digest realm=\"a\"").unwrap();
        assert_eq!(
            challenge.digest().unwrap_err(),
            HeaderError::Malformed { name: "Proxy-Authenticate", at: 9 },
            "no nonce"
        );
    }
}
