//! [`Reason`]: why a request was sent or a call ended.
//!
//! Source: RFC 3326 2; several values with different protocols, RFC 9366.

use std::borrow::Cow;

use bstr::{BStr, ByteSlice};

use crate::ascii::decimal;
use crate::error::HeaderError;
use crate::header::event::token_and_params;
use crate::header::params::{HeaderParams, unquote};
use crate::header::view::HeaderView;
use crate::name::HeaderName;

/// One value of a Reason header: `SIP;cause=200;text="Call completed elsewhere"`.
#[derive(Clone, Copy, Debug)]
pub struct Reason<'a> {
    protocol: &'a [u8],
    params: &'a [u8],
}

impl<'a> Reason<'a> {
    /// Whose causes these are: `SIP`, `Q.850` ...
    pub fn protocol(&self) -> &'a BStr {
        self.protocol.as_bstr()
    }

    /// The cause, if it is a number.
    pub fn cause(&self) -> Option<u32> {
        decimal(self.param("cause")??).and_then(|cause| u32::try_from(cause).ok())
    }

    /// The text without the escapes of a quoted string.
    pub fn text(&self) -> Option<Cow<'a, [u8]>> {
        self.param("text").flatten().map(|text| unquote(text))
    }

    /// The first parameter called `name`, in any case: `None` absent, `Some(None)` without a value.
    pub fn param(&self, name: &str) -> Option<Option<&'a BStr>> {
        HeaderParams::new(self.params).find_value(name)
    }
}

impl<'a> HeaderView<'a> for Reason<'a> {
    const LIST: bool = true;

    fn name() -> HeaderName<'static> {
        HeaderName::Reason
    }

    fn parse(value: &'a [u8]) -> Result<Self, HeaderError> {
        let (protocol, params) =
            token_and_params(value).map_err(|at| HeaderError::Malformed { name: "Reason", at })?;
        Ok(Self { protocol, params })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_protocol_cause_and_text() {
        let reason = Reason::parse(b"Q.850 ;cause=16;text=\"Terminated \\\"x\\\"\"").unwrap();
        assert_eq!((reason.protocol(), reason.cause()), ("Q.850".into(), Some(16)));
        assert_eq!(reason.text().as_deref(), Some(&b"Terminated \"x\""[..]));
        let reason = Reason::parse(b"SIP;cause=-1").unwrap();
        assert_eq!((reason.cause(), reason.text()), (None, None));
        assert!(Reason::parse(b"").is_err() && Reason::parse(b"SIP 200").is_err());
    }
}
