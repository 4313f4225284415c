//! Headers that are one number.
//!
//! Source: RFC 3261 20.14, 20.19, 20.22, 20.23, 20.33 and 25.1 (`delta-seconds`).

use crate::ascii::{decimal, trim};
use crate::error::HeaderError;
use crate::header::view::HeaderView;
use crate::name::HeaderName;
use crate::scan::Cursor;

/// How many more hops a request may take: 0 to 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxForwards(pub u32);

/// How long something lasts, in seconds. More than 32 bits hold is `u32::MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expires(pub u32);

/// The shortest registration a registrar takes, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinExpires(pub u32);

/// When to try again, in seconds; comment and parameters are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryAfter(pub u32);

/// `delta-seconds`: digits; more than 32 bits hold is `u32::MAX`.
pub(crate) fn seconds(text: &[u8]) -> Option<u32> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(decimal(text).and_then(|number| u32::try_from(number).ok()).unwrap_or(u32::MAX))
}

fn all_seconds(value: &[u8], name: &'static str) -> Result<u32, HeaderError> {
    seconds(trim(value)).ok_or(HeaderError::Malformed { name, at: 0 })
}

impl HeaderView<'_> for MaxForwards {
    fn name() -> HeaderName<'static> {
        HeaderName::MaxForwards
    }

    #[inline]
    fn parse(value: &[u8]) -> Result<Self, HeaderError> {
        if let [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] = value {
            return Ok(Self(u32::from(tens - b'0') * 10 + u32::from(ones - b'0')));
        }
        let number = decimal(trim(value)).and_then(|number| u8::try_from(number).ok());
        number.map(|number| Self(number.into())).ok_or(HeaderError::Malformed { name: "Max-Forwards", at: 0 })
    }
}

impl HeaderView<'_> for Expires {
    fn name() -> HeaderName<'static> {
        HeaderName::Expires
    }

    fn parse(value: &[u8]) -> Result<Self, HeaderError> {
        all_seconds(value, "Expires").map(Self)
    }
}

impl HeaderView<'_> for MinExpires {
    fn name() -> HeaderName<'static> {
        HeaderName::MinExpires
    }

    fn parse(value: &[u8]) -> Result<Self, HeaderError> {
        all_seconds(value, "Min-Expires").map(Self)
    }
}

impl HeaderView<'_> for RetryAfter {
    fn name() -> HeaderName<'static> {
        HeaderName::RetryAfter
    }

    fn parse(value: &[u8]) -> Result<Self, HeaderError> {
        let mut cursor = Cursor::new(trim(value));
        let digits = cursor.take_while(|byte| byte.is_ascii_digit());
        let at = cursor.at();
        cursor.skip_lws();
        let ends = matches!(cursor.peek(), None | Some(b'(' | b';'));
        let malformed = HeaderError::Malformed { name: "Retry-After", at };
        seconds(digits).filter(|_| ends).map(Self).ok_or(malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn max_forwards_is_one_byte() {
        assert_eq!(MaxForwards::parse(b" 0068 "), Ok(MaxForwards(68)));
        for (text, hops) in [("0", 0), ("7", 7), ("07", 7), ("70", 70), ("255", 255)] {
            assert_eq!(MaxForwards::parse(text.as_bytes()), Ok(MaxForwards(hops)));
        }
        assert!(MaxForwards::parse(b"7a").is_err() && MaxForwards::parse(b"a7").is_err());
        for bad in ["", "-1", "256", "300", "7 0", "99999999999999999999999999"] {
            assert!(MaxForwards::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn seconds_beyond_32_bits_are_the_longest_time() {
        assert_eq!(Expires::parse(b"3600"), Ok(Expires(3600)));
        assert_eq!(Expires::parse(b"10000000000000000000000000"), Ok(Expires(u32::MAX)));
        assert_eq!(MinExpires::parse(b"4294967296"), Ok(MinExpires(u32::MAX)));
        assert_eq!(Expires::parse(b"1h"), Err(HeaderError::Malformed { name: "Expires", at: 0 }));
    }

    #[test]
    fn retry_after_may_carry_a_comment() {
        assert_eq!(RetryAfter::parse(b"18000;duration=3600"), Ok(RetryAfter(18000)));
        assert_eq!(RetryAfter::parse(b"120 (I'm in a meeting)"), Ok(RetryAfter(120)));
        assert!(RetryAfter::parse(b"12x").is_err());
    }
}
