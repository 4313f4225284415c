//! Whether a value can stand in its header: for setters, which write nothing that cannot, and for judging a
//! message.
//!
//! As lenient as the views, since a reader decides what a header is. A header without a view may hold
//! anything that [`line`] lets pass.

use crate::ascii::{decimal, is_control, is_lws, trim};
use crate::error::HeaderError;
use crate::header::contact::Contact;
use crate::header::cseq::CSeq;
use crate::header::date::is_date;
use crate::header::name_addr::NameAddr;
use crate::header::numbers::{Expires, MaxForwards, MinExpires, RetryAfter};
use crate::header::params::next_param;
use crate::header::via::Via;
use crate::header::view::HeaderView;
use crate::name::HeaderName;
use crate::scan::Cursor;
use crate::scan::quoted::comma_list;

/// The value of one line holds what its header is made of; of a comma list, every value does.
pub(crate) fn value(name: HeaderName<'_>, value: &[u8]) -> Result<(), HeaderError> {
    let known = name.known().unwrap_or("header");
    let malformed = |at| HeaderError::Malformed { name: known, at };
    match name {
        HeaderName::Via => list(value, known, |one| Via::parse(one).map(|_| ())),
        HeaderName::Contact => list(value, known, contact),
        HeaderName::Route
        | HeaderName::RecordRoute
        | HeaderName::Path
        | HeaderName::ServiceRoute
        | HeaderName::PAssertedIdentity
        | HeaderName::PPreferredIdentity => list(value, known, |one| address(one, known)),
        HeaderName::From | HeaderName::To | HeaderName::ReferTo => address(value, known),
        HeaderName::CSeq => CSeq::parse(value).map(|_| ()),
        HeaderName::MaxForwards => MaxForwards::parse(value).map(|_| ()),
        HeaderName::Expires => Expires::parse(value).map(|_| ()),
        HeaderName::MinExpires => MinExpires::parse(value).map(|_| ()),
        HeaderName::RetryAfter => RetryAfter::parse(value).map(|_| ()),
        HeaderName::CallId => call_id(value).map_err(malformed),
        HeaderName::ContentType => media_type(value).map_err(malformed),
        HeaderName::Date if !is_date(trim(value)) => Err(malformed(0)),
        HeaderName::ContentLength if decimal(trim(value)).is_none() => Err(malformed(0)),
        _ => Ok(()),
    }
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

/// `type/subtype;param=value`
fn media_type(value: &[u8]) -> Result<(), usize> {
    let mut cursor = Cursor::new(value);
    cursor.skip_lws();
    cursor.token().ok_or(cursor.at())?;
    if !cursor.eat_separator(b'/') {
        return Err(cursor.at());
    }
    cursor.token().ok_or(cursor.at())?;
    while next_param(&mut cursor)?.is_some() {}
    Ok(())
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
