//! Who asks for credentials: a server or a proxy.

use sip_core::{HeaderName, Method, StatusCode};

/// Who asks for credentials, which decides the status and the names of the headers (RFC 3261 22.2, 22.3).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Guard {
    /// The server that the request is for: 401, WWW-Authenticate, Authorization.
    Server,
    /// A proxy on its way: 407, Proxy-Authenticate, Proxy-Authorization.
    Proxy,
}

impl Guard {
    /// What we are to a request with this method: its server for a REGISTER, a proxy for all others.
    pub fn of(method: Method<'_>) -> Self {
        if method == Method::Register { Self::Server } else { Self::Proxy }
    }

    /// The status of a challenge.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Server => StatusCode::UNAUTHORIZED,
            Self::Proxy => StatusCode::PROXY_AUTHENTICATION_REQUIRED,
        }
    }

    /// The header of a challenge.
    pub fn challenge_header(self) -> HeaderName<'static> {
        match self {
            Self::Server => HeaderName::WwwAuthenticate,
            Self::Proxy => HeaderName::ProxyAuthenticate,
        }
    }

    /// The header of the credentials.
    pub fn credentials_header(self) -> HeaderName<'static> {
        match self {
            Self::Server => HeaderName::Authorization,
            Self::Proxy => HeaderName::ProxyAuthorization,
        }
    }
}
