//! [`CSeq`]: the number of a request in its dialog, and its method.
//!
//! Source: RFC 3261 20.16 and 8.1.1.5.

use crate::error::HeaderError;
use crate::header::view::HeaderView;
use crate::method::Method;
use crate::name::HeaderName;
use crate::scan::Cursor;

/// `4711 INVITE`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CSeq<'a> {
    /// The number. The RFC wants it below 2^31; all 32 bits are read.
    pub number: u32,
    /// The method.
    pub method: Method<'a>,
}

impl<'a> CSeq<'a> {
    fn cut(value: &'a [u8]) -> Result<Self, usize> {
        let mut cursor = Cursor::new(value);
        cursor.skip_lws();
        let start = cursor.at();
        let number = number(&mut cursor).ok_or(start)?;
        let gap = cursor.at();
        cursor.skip_lws();
        if cursor.at() == gap {
            return Err(gap);
        }
        let method = cursor.token().ok_or(cursor.at())?;
        cursor.skip_lws();
        if !cursor.is_done() {
            return Err(cursor.at());
        }
        Ok(Self { number, method: Method::from_bytes(method) })
    }
}

/// Takes digits that are a number of 32 bits.
#[inline(always)]
fn number(cursor: &mut Cursor<'_>) -> Option<u32> {
    let (mut number, mut len) = (0u64, 0);
    for byte in cursor.rest() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        number = number * 10 + u64::from(digit);
        if number > u64::from(u32::MAX) {
            return None;
        }
        len += 1;
    }
    cursor.take(len);
    u32::try_from(number).ok().filter(|_| len > 0)
}

impl<'a> HeaderView<'a> for CSeq<'a> {
    fn name() -> HeaderName<'static> {
        HeaderName::CSeq
    }

    fn parse(value: &'a [u8]) -> Result<Self, HeaderError> {
        Self::cut(value).map_err(|at| HeaderError::Malformed { name: "CSeq", at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_method() {
        assert_eq!(CSeq::parse(b"0009\r\n  INVITE"), Ok(CSeq { number: 9, method: Method::Invite }));
        assert_eq!(CSeq::parse(b"4294967295 x%").unwrap().method, Method::Other("x%".into()));
        for (bad, at) in [
            ("", 0),
            ("INVITE", 0),
            ("-1 INVITE", 0),
            ("4294967296 INVITE", 0),
            ("36893488147419103232 REGISTER", 0),
            ("1", 1),
            ("1INVITE", 1),
            ("1 ", 2),
            ("1 INVITE x", 9),
        ] {
            assert_eq!(
                CSeq::parse(bad.as_bytes()),
                Err(HeaderError::Malformed { name: "CSeq", at }),
                "{bad}"
            );
        }
    }
}
