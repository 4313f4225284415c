//! [`Tel`]: what a `tel` URI says beyond its parts.
//!
//! Source: RFC 3966 3 and 5.

use bstr::{BStr, ByteSlice};

use crate::uri::{Scheme, Uri};

/// The number of a `tel` URI.
///
/// # Examples
///
/// ```
/// let uri = sip_core::Uri::parse(b"tel:+1-201-555-0123;ext=42")?;
/// let tel = uri.tel().expect("the scheme is tel");
/// assert!(tel.is_global());
/// assert_eq!(tel.digits(), b"+12015550123");
/// assert_eq!(tel.extension().unwrap(), "42");
/// # Ok::<(), sip_core::HeaderError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Tel<'a> {
    uri: Uri<'a>,
}

impl<'a> Tel<'a> {
    /// The number as written, visual separators included.
    pub fn number(&self) -> &'a BStr {
        self.uri.user().unwrap_or_default()
    }

    /// Whether it is valid everywhere: it begins with `+`.
    pub fn is_global(&self) -> bool {
        self.number().starts_with(b"+")
    }

    /// The number without visual separators (`-`, `.`, `(`, `)`).
    pub fn digits(&self) -> Vec<u8> {
        self.number().bytes().filter(|byte| !b"-.()".contains(byte)).collect()
    }

    /// Where a local number is valid: a domain, or the first digits of global numbers. A local number without it
    /// breaks RFC 3966 5.1.5.
    pub fn context(&self) -> Option<&'a BStr> {
        self.uri.param("phone-context").flatten()
    }

    /// The extension behind the number.
    pub fn extension(&self) -> Option<&'a BStr> {
        self.uri.param("ext").flatten()
    }
}

/// The other schemes.
impl<'a> Uri<'a> {
    /// The number, if the scheme is `tel`.
    pub fn tel(&self) -> Option<Tel<'a>> {
        (self.scheme() == Scheme::Tel).then_some(Tel { uri: *self })
    }

    /// The service that `urn:service:` names (RFC 5031), such as `sos.fire`; `None` for any other URI.
    pub fn service(&self) -> Option<&'a BStr> {
        let text: &'a [u8] = self.as_bstr();
        let (prefix, service) = text.split_at_checked(b"urn:service:".len())?;
        (prefix.eq_ignore_ascii_case(b"urn:service:") && !service.is_empty()).then(|| service.as_bstr())
    }

    /// Whether this is an emergency call: `urn:service:sos` or one below it.
    pub fn is_emergency(&self) -> bool {
        self.service().is_some_and(|service| {
            service.split(|&byte| byte == b'.').next().unwrap_or_default().eq_ignore_ascii_case(b"sos")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri<'_> {
        Uri::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_local_number_has_a_context() {
        let tel = uri("tel:863-1234;Phone-Context=+1-914-555").tel().unwrap();
        assert!(!tel.is_global());
        assert_eq!((tel.number(), tel.context()), ("863-1234".into(), Some("+1-914-555".into())));
        assert_eq!(tel.digits(), b"8631234");
        assert_eq!(uri("tel:*21#").tel().unwrap().digits(), b"*21#");
        assert!(uri("sip:+1@example.com").tel().is_none());
    }

    #[test]
    fn a_service_has_labels() {
        assert_eq!(uri("URN:Service:sos.fire").service(), Some("sos.fire".into()));
        assert!(uri("urn:service:SOS").is_emergency() && uri("urn:service:sos.police.x").is_emergency());
        for other in
            ["urn:service:sosx", "urn:service:counseling", "urn:services:sos", "urn:service:", "sip:sos@a"]
        {
            assert!(!uri(other).is_emergency(), "{other}");
        }
    }
}
