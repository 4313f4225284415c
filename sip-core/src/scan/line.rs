//! Line ends, and lines that are folded over several.
//!
//! Source: RFC 3261 7.3.1.

use std::borrow::Cow;

use bstr::{BStr, BString};
use memchr::memchr2;

use crate::ascii::{trim_end, trim_start};
use crate::error::ParseError;
use crate::scan::word::{below, loosely_below, skip_unmarked};

/// The offset after the CRLF that ends the line holding `bytes[from]`.
#[inline(always)]
pub(crate) fn line_end(bytes: &[u8], from: usize) -> Result<usize, ParseError> {
    let mut at = from;
    loop {
        // CR and LF are among the few bytes below 14; HTAB is the only other that is seen in practice.
        at = skip_unmarked(bytes, at, |word| loosely_below(word, 14), |word| below(word, 14));
        match bytes.get(at) {
            Some(b'\r') => {
                return match bytes.get(at + 1) {
                    Some(b'\n') => Ok(at + 2),
                    Some(_) => Err(ParseError::LineEnd { at }),
                    None => Err(ParseError::HeadUnfinished { have: bytes.len() }),
                };
            }
            Some(b'\n') => return Err(ParseError::LineEnd { at }),
            Some(_) => at += 1,
            None => return Err(ParseError::HeadUnfinished { have: bytes.len() }),
        }
    }
}

/// The offset after the header line holding `bytes[from]`, with the lines folded into it.
///
/// What follows must be there: the next header line or the empty line.
#[inline(always)]
pub(crate) fn folded_end(bytes: &[u8], from: usize) -> Result<usize, ParseError> {
    let mut end = line_end(bytes, from)?;
    loop {
        match bytes.get(end) {
            Some(b' ' | b'\t') => end = line_end(bytes, end)?,
            Some(_) => return Ok(end),
            None => return Err(ParseError::HeadUnfinished { have: bytes.len() }),
        }
    }
}

/// A header value on one line: each line end with the white space around it becomes one space.
///
/// Borrows where nothing is folded. Inside a quoted string it does the same, as RFC 3261 7.3.1
/// has it.
///
/// # Examples
///
/// ```
/// assert_eq!(sip_core::unfold(b"I know you're there, \r\n  pick up".into()).as_ref(),
///            "I know you're there, pick up");
/// ```
pub fn unfold(value: &BStr) -> Cow<'_, BStr> {
    let Some(first) = memchr2(b'\r', b'\n', value) else { return Cow::Borrowed(value) };
    let mut line = Vec::with_capacity(value.len());
    let (mut head, mut rest) = value.split_at(first);
    loop {
        line.extend_from_slice(trim_end(head));
        rest = trim_start(rest);
        if !line.is_empty() && !rest.is_empty() {
            line.push(b' ');
        }
        let Some(next) = memchr2(b'\r', b'\n', rest) else { break };
        (head, rest) = rest.split_at(next);
    }
    line.extend_from_slice(rest);
    Cow::Owned(BString::from(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_crlf_and_nothing_else() {
        assert_eq!(line_end(b"ab\r\nc", 0), Ok(4));
        assert_eq!(line_end(b"ab\nc", 0), Err(ParseError::LineEnd { at: 2 }));
        assert_eq!(line_end(b"ab\rc", 0), Err(ParseError::LineEnd { at: 2 }));
        assert_eq!(line_end(b"ab\r", 0), Err(ParseError::HeadUnfinished { have: 3 }));
        assert_eq!(line_end(b"ab", 9), Err(ParseError::HeadUnfinished { have: 2 }));
    }

    #[test]
    fn folded_lines_belong_together() {
        assert_eq!(folded_end(b"a\r\n b\r\n\tc\r\nd", 0), Ok(11));
        assert_eq!(folded_end(b"a\r\n", 0), Err(ParseError::HeadUnfinished { have: 3 }));
    }

    #[test]
    fn unfolding_leaves_one_space_for_each_line_end() {
        let one = |text: &str| unfold(text.into()).to_string();
        assert_eq!(one("a b"), "a b");
        assert_eq!(one("a \r\n  b\r\n\tc"), "a b c");
        assert_eq!(one("a\r\n \r\n b"), "a b");
        assert_eq!(one("\r\n a"), "a");
        assert!(matches!(unfold("a".into()), Cow::Borrowed(_)));
    }
}
