//! Headers that are lists of tokens: Supported, Require, Proxy-Require, Allow, Unsupported, Privacy ...
//!
//! Source: RFC 3261 20.5, 20.29, 20.32, 20.37, 20.40; RFC 3323 4.2 for Privacy.

use crate::ascii::trim;
use crate::message::Message;
use crate::method::Method;
use crate::name::HeaderName;

impl Message {
    /// Whether a comma list such as Supported or Require holds `token`. Option tags compare without regard
    /// to case.
    ///
    /// # Examples
    ///
    /// ```
    /// let wire = "OPTIONS sip:a@b SIP/2.0\r\nk: path\r\nSupported: gruu, 100rel\r\n\r\n";
    /// let msg = sip_core::parse(wire.into(), &Default::default())?;
    /// assert!(msg.has_token("Supported", "100rel"));
    /// assert!(!msg.has_token("Supported", "outbound"));
    /// # Ok::<(), sip_core::ParseError>(())
    /// ```
    pub fn has_token<'n>(&self, name: impl Into<HeaderName<'n>>, token: &str) -> bool {
        self.values(name).any(|value| value.eq_ignore_ascii_case(token.as_bytes()))
    }

    /// Whether Allow lists this method. `None` if there is no Allow header: then nothing is said (RFC 3261 20.5).
    pub fn allows<'n>(&self, method: impl Into<Method<'n>>) -> Option<bool> {
        let method = method.into();
        let listed = || self.values(HeaderName::Allow).any(|value| *value == *method.as_bstr());
        self.has_header(HeaderName::Allow).then(listed)
    }

    /// Whether Privacy asks for `kind`: `id`, `header`, `user`, `session`, `critical`, `none` ... Its values are
    /// separated by semicolons; commas are taken, too.
    pub fn wants_privacy(&self, kind: &str) -> bool {
        let mut kinds = self.values(HeaderName::Privacy).flat_map(|value| value.split(|&byte| byte == b';'));
        kinds.any(|one| trim(one).eq_ignore_ascii_case(kind.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::parse::limits::Limits;
    use crate::parse::parse;

    #[test]
    fn lists_are_asked_for_one_of_theirs() {
        let wire =
            "OPTIONS sip:a SIP/2.0\r\nAllow: INVITE, ACK\r\nALLOW: x\r\nPrivacy: id ; critical\r\n\r\n";
        let msg = parse(Bytes::from_static(wire.as_bytes()), &Limits::default()).unwrap();
        assert_eq!(msg.allows(Method::Ack), Some(true));
        assert_eq!(
            (msg.allows("x"), msg.allows("X"), msg.allows("INV")),
            (Some(true), Some(false), Some(false))
        );
        assert!(msg.wants_privacy("ID") && msg.wants_privacy("critical") && !msg.wants_privacy("user"));
        let msg = parse(Bytes::from_static(b"OPTIONS sip:a SIP/2.0\r\n\r\n"), &Limits::default()).unwrap();
        assert_eq!((msg.allows(Method::Ack), msg.wants_privacy("id")), (None, false));
    }
}
