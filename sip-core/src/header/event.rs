//! [`Event`] and [`SubscriptionState`]: what a subscription is about and how it stands.
//!
//! Source: RFC 6665 8.2.1, 8.2.3 and 8.4.

use bstr::{BStr, ByteSlice};

use crate::error::HeaderError;
use crate::header::numbers::seconds;
use crate::header::params::{HeaderParams, next_param};
use crate::header::view::HeaderView;
use crate::name::HeaderName;
use crate::scan::Cursor;

/// `presence.winfo;id=7`
///
/// Two name the same subscription if type and `id` are equal, byte by byte (RFC 6665 8.2.1).
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    kind: &'a [u8],
    params: &'a [u8],
}

impl<'a> Event<'a> {
    /// The event type as written: package and templates.
    pub fn kind(&self) -> &'a BStr {
        self.kind.as_bstr()
    }

    /// The package: the event type up to its first dot.
    pub fn package(&self) -> &'a BStr {
        self.kind.split(|&byte| byte == b'.').next().unwrap_or_default().as_bstr()
    }

    /// The `id` parameter: which of several subscriptions in one dialog.
    pub fn id(&self) -> Option<&'a BStr> {
        self.param("id").flatten()
    }

    /// The first parameter called `name`, in any case: `None` absent, `Some(None)` without a value.
    pub fn param(&self, name: &str) -> Option<Option<&'a BStr>> {
        HeaderParams::new(self.params).find_value(name)
    }
}

impl<'a> HeaderView<'a> for Event<'a> {
    fn name() -> HeaderName<'static> {
        HeaderName::Event
    }

    fn parse(value: &'a [u8]) -> Result<Self, HeaderError> {
        let (kind, params) =
            token_and_params(value).map_err(|at| HeaderError::Malformed { name: "Event", at })?;
        Ok(Self { kind, params })
    }
}

/// How a subscription stands: `active;expires=60`, `terminated;reason=timeout`.
#[derive(Clone, Copy, Debug)]
pub struct SubscriptionState<'a> {
    state: &'a [u8],
    params: &'a [u8],
}

impl<'a> SubscriptionState<'a> {
    /// The state as written: `active`, `pending`, `terminated` or an extension.
    pub fn state(&self) -> &'a BStr {
        self.state.as_bstr()
    }

    /// Whether the subscription is over.
    pub fn is_terminated(&self) -> bool {
        self.state.eq_ignore_ascii_case(b"terminated")
    }

    /// How many seconds it lasts, if that is said.
    pub fn expires(&self) -> Option<u32> {
        seconds(self.param("expires")??)
    }

    /// When to try again, in seconds, if that is said.
    pub fn retry_after(&self) -> Option<u32> {
        seconds(self.param("retry-after")??)
    }

    /// Why it is over.
    pub fn reason(&self) -> Option<&'a BStr> {
        self.param("reason").flatten()
    }

    /// The first parameter called `name`, in any case: `None` absent, `Some(None)` without a value.
    pub fn param(&self, name: &str) -> Option<Option<&'a BStr>> {
        HeaderParams::new(self.params).find_value(name)
    }
}

impl<'a> HeaderView<'a> for SubscriptionState<'a> {
    fn name() -> HeaderName<'static> {
        HeaderName::SubscriptionState
    }

    fn parse(value: &'a [u8]) -> Result<Self, HeaderError> {
        let (state, params) = token_and_params(value)
            .map_err(|at| HeaderError::Malformed { name: "Subscription-State", at })?;
        Ok(Self { state, params })
    }
}

/// A token and the parameters behind it, which are checked.
pub(crate) fn token_and_params(value: &[u8]) -> Result<(&[u8], &[u8]), usize> {
    let mut cursor = Cursor::new(value);
    cursor.skip_lws();
    let token = cursor.token().ok_or(cursor.at())?;
    let params = cursor.rest();
    while next_param(&mut cursor)?.is_some() {}
    Ok((token, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_a_package_with_templates_and_an_id() {
        let event = Event::parse(b"presence.winfo.x ;id=6;extra").unwrap();
        assert_eq!((event.kind(), event.package()), ("presence.winfo.x".into(), "presence".into()));
        assert_eq!(event.id(), Some("6".into()));
        assert_eq!(Event::parse(b"reg").unwrap().id(), None);
        for bad in ["", "reg x", ";id=1", "reg;", "reg,presence"] {
            assert!(Event::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_subscription_says_how_long_it_lasts_or_why_it_ended() {
        let active = SubscriptionState::parse(b"active;expires=4294967296").unwrap();
        assert!(!active.is_terminated());
        assert_eq!((active.expires(), active.reason()), (Some(u32::MAX), None));
        let over = SubscriptionState::parse(b"Terminated;reason=probation;retry-after=30;expires=x").unwrap();
        assert!(over.is_terminated());
        assert_eq!((over.reason(), over.retry_after()), (Some("probation".into()), Some(30)));
        assert_eq!(over.expires(), None);
    }
}
