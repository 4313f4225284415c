//! Quoted strings, angle brackets and comma lists.
//!
//! Source: RFC 3261 25.1 (`quoted-string`), 7.3.1 (comma lists), 20.10 (a URI that holds a comma
//! stands in angle brackets; so a comma outside of quotes and brackets separates).

use bstr::BStr;
use memchr::{memchr, memchr3};

use crate::ascii::trim;
use crate::scan::word::{equal, skip_words};

/// The offset after the quoted string that begins at `text[0] == '"'`; `None` if it does not end.
///
/// A backslash takes the next byte with it, whatever it is.
pub(crate) fn quoted_end(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        let rest = text.get(at..)?;
        at += skip_words(rest, |word| equal(word, b'"') | equal(word, b'\\'));
        at += match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => 2,
            _ => 1,
        };
    }
}

/// The offset of the first comma that separates values; `text.len()` if there is none.
///
/// A quote or bracket that does not end takes all the rest.
pub(crate) fn value_end(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| memchr3(b',', b'"', b'<', rest)) {
        let found = at + found;
        let rest = &text[found..];
        let after = match rest[0] {
            b',' => return found,
            b'"' => quoted_end(rest),
            _ => memchr(b'>', rest).map(|end| end + 1),
        };
        match after {
            Some(after) => at = found + after,
            None => return text.len(),
        }
    }
    text.len()
}

/// The values of a comma list, without white space around them; empty ones are left out.
pub(crate) fn comma_list(text: &[u8]) -> CommaList<'_> {
    CommaList::new(text)
}

/// The values of one comma list.
#[derive(Clone, Debug)]
pub(crate) struct CommaList<'a> {
    rest: &'a [u8],
}

impl<'a> CommaList<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self { rest: text }
    }

    /// What is behind the last value that was given out, and its comma.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for CommaList<'a> {
    type Item = &'a BStr;

    fn next(&mut self) -> Option<&'a BStr> {
        while !self.rest.is_empty() {
            let end = value_end(self.rest);
            let value = trim(&self.rest[..end]);
            self.rest = self.rest.get(end + 1..).unwrap_or_default();
            if !value.is_empty() {
                return Some(BStr::new(value));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<String> {
        comma_list(text.as_bytes()).map(ToString::to_string).collect()
    }

    #[test]
    fn commas_in_quotes_and_brackets_do_not_separate() {
        assert_eq!(split("a, b ,c"), ["a", "b", "c"]);
        assert_eq!(
            split(r#""x, \", y" <sip:a,b@c>;p="1,2", <sip:d>"#),
            [r#""x, \", y" <sip:a,b@c>;p="1,2""#, "<sip:d>"]
        );
        assert_eq!(split(r#"<sip:"@a>, b"#), [r#"<sip:"@a>"#, "b"]);
    }

    #[test]
    fn empty_values_are_left_out() {
        assert_eq!(split(" ,, a,\r\n\t, b,"), ["a", "b"]);
        assert!(split(" , ").is_empty());
    }

    #[test]
    fn an_open_quote_or_bracket_takes_the_rest() {
        assert_eq!(split(r#"a, "b, c"#), ["a", r#""b, c"#]);
        assert_eq!(split("a, <b, c"), ["a", "<b, c"]);
        assert_eq!(split("\"a\\"), ["\"a\\"]);
    }
}
