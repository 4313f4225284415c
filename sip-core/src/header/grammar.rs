//! Whether a value can stand in its header: for setters, which write nothing that cannot, and for judging a
//! message.
//!
//! As lenient as the views, since a reader decides what a header is. A header without a view may hold
//! anything that [`line`] lets pass.

use crate::ascii::{decimal, is_control, is_lws, trim};
use crate::error::HeaderError;
use crate::header::auth::{
    AuthenticationInfo, Authorization, ProxyAuthenticate, ProxyAuthorization, WwwAuthenticate,
};
use crate::header::contact::Contact;
use crate::header::cseq::CSeq;
use crate::header::date::Date;
use crate::header::dialog::{Join, Replaces, TargetDialog};
use crate::header::event::{Event, SubscriptionState};
use crate::header::media_type::{Accept, ContentType};
use crate::header::name_addr::NameAddr;
use crate::header::numbers::{Expires, MaxForwards, MinExpires, RetryAfter};
use crate::header::reason::Reason;
use crate::header::reliable::{RAck, RSeq};
use crate::header::session::{MinSe, SessionExpires};
use crate::header::via::Via;
use crate::header::view::HeaderView;
use crate::name::HeaderName;
use crate::scan::quoted::comma_list;

/// The value of one line holds what its header is made of; of a comma list, every value does.
pub(crate) fn value(name: HeaderName<'_>, value: &[u8]) -> Result<(), HeaderError> {
    let known = name.known().unwrap_or("header");
    let malformed = |at| HeaderError::Malformed { name: known, at };
    match name {
        HeaderName::Via => read_by::<Via<'_>>(value),
        HeaderName::Contact => list(value, known, contact),
        HeaderName::Route
        | HeaderName::RecordRoute
        | HeaderName::Path
        | HeaderName::ServiceRoute
        | HeaderName::PAssertedIdentity
        | HeaderName::PPreferredIdentity
        | HeaderName::RemotePartyId
        | HeaderName::HistoryInfo
        | HeaderName::Diversion => list(value, known, |one| address(one, known)),
        HeaderName::From | HeaderName::To | HeaderName::ReferTo | HeaderName::ReferredBy => {
            address(value, known)
        }
        HeaderName::CSeq => read_by::<CSeq<'_>>(value),
        HeaderName::MaxForwards => read_by::<MaxForwards>(value),
        HeaderName::Expires => read_by::<Expires>(value),
        HeaderName::MinExpires => read_by::<MinExpires>(value),
        HeaderName::RetryAfter => read_by::<RetryAfter>(value),
        HeaderName::Date => read_by::<Date>(value),
        HeaderName::ContentType => read_by::<ContentType<'_>>(value),
        // An empty one allows no body at all (RFC 3261 20.1).
        HeaderName::Accept if trim(value).is_empty() => Ok(()),
        HeaderName::Accept => read_by::<Accept<'_>>(value),
        HeaderName::Authorization => read_by::<Authorization<'_>>(value),
        HeaderName::ProxyAuthorization => read_by::<ProxyAuthorization<'_>>(value),
        HeaderName::WwwAuthenticate => read_by::<WwwAuthenticate<'_>>(value),
        HeaderName::ProxyAuthenticate => read_by::<ProxyAuthenticate<'_>>(value),
        HeaderName::AuthenticationInfo => read_by::<AuthenticationInfo<'_>>(value),
        HeaderName::Event => read_by::<Event<'_>>(value),
        HeaderName::SubscriptionState => read_by::<SubscriptionState<'_>>(value),
        HeaderName::Replaces => read_by::<Replaces<'_>>(value),
        HeaderName::Join => read_by::<Join<'_>>(value),
        HeaderName::TargetDialog => read_by::<TargetDialog<'_>>(value),
        HeaderName::Reason => read_by::<Reason<'_>>(value),
        HeaderName::RAck => read_by::<RAck<'_>>(value),
        HeaderName::RSeq => read_by::<RSeq>(value),
        HeaderName::SessionExpires => read_by::<SessionExpires<'_>>(value),
        HeaderName::MinSe => read_by::<MinSe>(value),
        HeaderName::CallId => call_id(value).map_err(malformed),
        HeaderName::ContentLength if decimal(trim(value)).is_none() => Err(malformed(0)),
        _ => Ok(()),
    }
}

/// The view of a header can read it; of a comma list, every value.
fn read_by<'a, V: HeaderView<'a>>(value: &'a [u8]) -> Result<(), HeaderError> {
    if !V::LIST {
        return V::parse(value).map(|_| ());
    }
    let mut values = comma_list(value).peekable();
    if values.peek().is_none() {
        return Err(HeaderError::Malformed { name: V::name().known().unwrap_or("header"), at: 0 });
    }
    values.try_for_each(|value| V::parse(value).map(|_| ()))
}

/// One line of text: no control byte but HTAB, so neither a line end nor a NUL. The error is a position.
pub(crate) fn line(value: &[u8]) -> Result<(), usize> {
    match value.iter().position(|&byte| is_control(byte) && byte != b'\t') {
        Some(at) => Err(at),
        None => Ok(()),
    }
}

/// Every value of a comma list, of which there is at least one.
fn list(
    value: &[u8],
    name: &'static str,
    one: impl Fn(&[u8]) -> Result<(), HeaderError>,
) -> Result<(), HeaderError> {
    let mut values = comma_list(value).peekable();
    if values.peek().is_none() {
        return Err(HeaderError::Malformed { name, at: 0 });
    }
    values.try_for_each(|value| one(value))
}

fn address(value: &[u8], name: &'static str) -> Result<(), HeaderError> {
    NameAddr::parse_named(value, name)?.uri().map(|_| ())
}

fn contact(value: &[u8]) -> Result<(), HeaderError> {
    match Contact::parse(value)? {
        Contact::Star => Ok(()),
        Contact::Addr(addr) => addr.uri().map(|_| ()),
    }
}

/// Something, without white space and control bytes. The grammar has a few marks less (RFC 3261 25.1,
/// `callid`), but nothing is ever read out of a Call-ID.
fn call_id(value: &[u8]) -> Result<(), usize> {
    let id = trim(value);
    match id.iter().position(|&byte| is_lws(byte) || is_control(byte)) {
        Some(at) => Err(at),
        None if id.is_empty() => Err(0),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(name: &str, text: &str) -> bool {
        value(HeaderName::from(name), text.as_bytes()).is_ok()
    }

    #[test]
    fn every_value_of_a_list_must_be_one() {
        assert!(fits("v", "SIP/2.0/UDP a, SIP/2.0/TCP b;branch=z9hG4bK1"));
        assert!(!fits("v", "SIP/2.0/UDP a, SIP/2.0/TCP"));
        assert!(!fits("Route", " , "));
        assert!(fits("Contact", "*") && fits("m", "<sip:a>;q=1, sip:b"));
        assert!(!fits("Contact", "<sip:a>, <b>"));
        assert!(!fits("To", "<sip:a>, <sip:b>"));
    }

    #[test]
    fn single_values_are_read_by_their_views() {
        for (name, good, bad) in [
            ("CSeq", "1 ACK", "ACK"),
            ("Max-Forwards", "70", "256"),
            ("Expires", "60", "-1"),
            ("Call-ID", "a\"b<c@[x", "a b"),
            ("Call-ID", "=", ""),
            ("Content-Type", " text / plain ; charset=\"utf-8\"", "text/plain;"),
            ("Date", "Sat, 13 Nov 2010 23:29:00 GMT", "now"),
            ("Content-Length", "7", "7,7"),
            ("Retry-After", "5 (soon)", "soon"),
            ("Accept", "", "text"),
            ("Session-Expires", "90;refresher=uas", "soon"),
            ("RAck", "1 2 INVITE", "1 INVITE"),
        ] {
            assert!(fits(name, good), "{name}: {good}");
            assert!(!fits(name, bad), "{name}: {bad}");
        }
        assert!(fits("X-Any", ";;,,") && fits("Subject", ""));
    }

    #[test]
    fn control_bytes_but_tab_are_in_no_line() {
        assert_eq!(line("a\tb\u{e9}".as_bytes()), Ok(()));
        assert_eq!(line(b"\xff\x80"), Ok(()));
        for byte in (0..32).filter(|&byte| byte != b'\t').chain([127]) {
            assert_eq!(line(&[b'a', byte]), Err(1), "{byte}");
        }
    }
}
