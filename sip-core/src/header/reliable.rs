//! Reliable provisional responses: [`RSeq`] and [`RAck`].
//!
//! Source: RFC 3262 7.1 and 7.2.

use crate::ascii::{decimal, trim};
use crate::error::HeaderError;
use crate::header::cseq::CSeq;
use crate::header::view::HeaderView;
use crate::name::HeaderName;
use crate::scan::Cursor;

/// The number of a reliable provisional response: 1 to 2^32 - 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RSeq(pub u32);

impl HeaderView<'_> for RSeq {
    fn name() -> HeaderName<'static> {
        HeaderName::RSeq
    }

    fn parse(value: &[u8]) -> Result<Self, HeaderError> {
        number(trim(value)).map(Self).ok_or(HeaderError::Malformed { name: "RSeq", at: 0 })
    }
}

/// Which response a PRACK is for: its RSeq and its CSeq.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RAck<'a> {
    /// The RSeq of the response.
    pub rseq: u32,
    /// The CSeq of the response.
    pub cseq: CSeq<'a>,
}

impl<'a> HeaderView<'a> for RAck<'a> {
    fn name() -> HeaderName<'static> {
        HeaderName::RAck
    }

    fn parse(value: &'a [u8]) -> Result<Self, HeaderError> {
        let malformed = |at| HeaderError::Malformed { name: "RAck", at };
        let mut cursor = Cursor::new(value);
        cursor.skip_lws();
        let start = cursor.at();
        let rseq = number(cursor.take_while(|byte| byte.is_ascii_digit())).ok_or(malformed(start))?;
        let rest = cursor.at();
        match CSeq::parse(cursor.rest()) {
            Ok(cseq) => Ok(Self { rseq, cseq }),
            Err(HeaderError::Malformed { at, .. }) => Err(malformed(rest + at)),
            Err(missing) => Err(missing),
        }
    }
}

/// A number from 1 to 2^32 - 1.
fn number(digits: &[u8]) -> Option<u32> {
    decimal(digits).and_then(|number| u32::try_from(number).ok()).filter(|&number| number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::Method;

    #[test]
    fn a_prack_names_the_response_by_two_numbers_and_a_method() {
        let rack = RAck::parse(b" 776656 \r\n 1 INVITE").unwrap();
        assert_eq!(rack, RAck { rseq: 776656, cseq: CSeq { number: 1, method: Method::Invite } });
        for (bad, at) in
            [("", 0), ("0 1 INVITE", 0), ("1", 1), ("1 INVITE", 2), ("1 2", 3), ("1 4294967296 A", 2)]
        {
            assert_eq!(
                RAck::parse(bad.as_bytes()),
                Err(HeaderError::Malformed { name: "RAck", at }),
                "{bad}"
            );
        }
    }

    #[test]
    fn zero_is_no_rseq() {
        assert_eq!(RSeq::parse(b" 4294967295 "), Ok(RSeq(u32::MAX)));
        for bad in ["", "0", "4294967296", "1 2"] {
            assert!(RSeq::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
