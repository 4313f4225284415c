//! Headers that are lists of tokens: Supported, Require, Proxy-Require, Allow, Unsupported ...
//!
//! Source: RFC 3261 20.5, 20.29, 20.32, 20.37, 20.40.

use crate::message::Message;
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
}
