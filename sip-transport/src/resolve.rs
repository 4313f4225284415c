//! From a URI to the place where a request goes (RFC 3263 4, RFC 3261 18.1, 19.1.2).
//!
//! Addresses only, so far: names need DNS, which is not there yet.

use std::net::SocketAddr;

use sip_core::{Host, Protocol, Target, Uri};

/// Why a URI leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// The host is a name.
    #[error("{host} is a host name; DNS look-up is not available yet: use an IP address")]
    HostName {
        /// The name.
        host: String,
    },
    /// Not a `sip:` or `sips:` URI.
    #[error("a {scheme}: URI names no place to send to")]
    Scheme {
        /// The scheme as written.
        scheme: String,
    },
    /// The `transport` parameter names nothing that is known here.
    #[error("transport={transport} is unknown")]
    Transport {
        /// The value as written.
        transport: String,
    },
    /// A `sips:` URI that asks for UDP.
    #[error("sips: needs TLS, and there is none over udp")]
    NotSecure,
}

/// Where a request for `uri` goes: the next hop's URI, that is the topmost Route or the Request-URI.
///
/// The address is that of `maddr`, else of the host. The protocol is that of `transport` (with `sips:` its
/// secure form), else TLS for `sips:`, else UDP. The port is the one written, else the protocol's own.
///
/// # Errors
///
/// A [`ResolveError`]; the host may be a name that another part of the server knows.
///
/// # Examples
///
/// ```
/// use sip_core::{Protocol, Uri};
/// use sip_transport::resolve;
///
/// let uri = Uri::parse(b"sip:bob@[2001:db8::1];transport=tcp")?;
/// let target = resolve::target(&uri)?;
/// assert_eq!((target.protocol, target.remote.to_string()), (Protocol::Tcp, "[2001:db8::1]:5060".into()));
///
/// let named = resolve::target(&Uri::parse(b"sip:bob@example.com")?);
/// assert!(named.is_err_and(|error| error.to_string().starts_with("example.com is a host name")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn target(uri: &Uri<'_>) -> Result<Target, ResolveError> {
    if !uri.is_sip() {
        return Err(ResolveError::Scheme { scheme: uri.scheme_text().to_string() });
    }
    let protocol = protocol(uri)?;
    let host = uri.maddr().unwrap_or_else(|| uri.host());
    let ip = match host {
        Host::Name(name) => return Err(ResolveError::HostName { host: name.to_string() }),
        Host::V4(ip) => ip.into(),
        Host::V6(ip) => ip.into(),
    };
    Ok(Target::new(protocol, SocketAddr::new(ip, uri.port().unwrap_or(protocol.default_port()))))
}

fn protocol(uri: &Uri<'_>) -> Result<Protocol, ResolveError> {
    let secure = uri.scheme_text().eq_ignore_ascii_case(b"sips");
    let Some(Some(written)) = uri.param("transport") else {
        return Ok(if secure { Protocol::Tls } else { Protocol::Udp });
    };
    let asked =
        Protocol::from_token(written).ok_or(ResolveError::Transport { transport: written.to_string() })?;
    match (secure, asked) {
        (true, Protocol::Udp) => Err(ResolveError::NotSecure),
        (true, Protocol::Tcp) => Ok(Protocol::Tls),
        (true, Protocol::Ws) => Ok(Protocol::Wss),
        _ => Ok(asked),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(uri: &str) -> String {
        match target(&Uri::parse(uri.as_bytes()).expect(uri)) {
            Ok(target) => target.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn protocol_and_port_have_the_defaults_of_the_rfc() {
        assert_eq!(resolved("sip:192.0.2.1"), "udp:192.0.2.1:5060");
        assert_eq!(resolved("sip:a@192.0.2.1:5070;lr"), "udp:192.0.2.1:5070");
        assert_eq!(resolved("sips:192.0.2.1"), "tls:192.0.2.1:5061");
        assert_eq!(resolved("sip:192.0.2.1;transport=TLS"), "tls:192.0.2.1:5061");
        assert_eq!(resolved("sip:192.0.2.1;transport=ws"), "ws:192.0.2.1:80");
    }

    #[test]
    fn sips_makes_the_transport_secure_or_is_refused() {
        assert_eq!(resolved("sips:192.0.2.1;transport=tcp"), "tls:192.0.2.1:5061");
        assert_eq!(resolved("sips:192.0.2.1;transport=ws"), "wss:192.0.2.1:443");
        assert_eq!(resolved("sips:192.0.2.1;transport=udp"), "sips: needs TLS, and there is none over udp");
    }

    #[test]
    fn maddr_stands_in_for_the_host() {
        assert_eq!(resolved("sip:example.com:5070;maddr=192.0.2.7"), "udp:192.0.2.7:5070");
        assert_eq!(
            resolved("sip:192.0.2.1;maddr=gw.example.com"),
            "gw.example.com is a host name; DNS look-up is not available yet: use an IP address"
        );
    }

    #[test]
    fn what_leads_nowhere_says_why() {
        assert_eq!(resolved("tel:+358-555-1234567"), "a tel: URI names no place to send to");
        assert_eq!(resolved("sip:192.0.2.1;transport=sctp"), "transport=sctp is unknown");
    }
}
