//! Walking over raw text: the cursor of the views, line ends, quoted strings and lists.

pub(crate) mod line;
pub(crate) mod quoted;
pub(crate) mod word;

use crate::ascii::{is_lws, is_token};
use crate::scan::quoted::quoted_end;

/// A position in a header value or a URI.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

#[allow(dead_code, reason = "views use what they need")]
impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// Offset from the beginning.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// What is still to come.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Whether nothing is left.
    pub(crate) fn is_done(&self) -> bool {
        self.at >= self.text.len()
    }

    /// The next byte, without taking it.
    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Takes `n` bytes, or what is left.
    pub(crate) fn take(&mut self, n: usize) -> &'a [u8] {
        let rest = self.rest();
        let taken = &rest[..n.min(rest.len())];
        self.at += taken.len();
        taken
    }

    /// Takes the next byte if it is `byte`.
    #[inline]
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Takes the next byte if it is `byte`, with white space on both sides (RFC 3261 25.1: SEMI,
    /// EQUAL, SLASH ...). Takes nothing if it is not there.
    #[inline(always)]
    pub(crate) fn eat_separator(&mut self, byte: u8) -> bool {
        match self.peek() {
            Some(next) if next == byte => self.at += 1,
            Some(next) if is_lws(next) && self.eat_behind_lws(byte) => {}
            _ => return false,
        }
        self.skip_lws();
        true
    }

    /// Takes `byte` and the white space before it, or nothing.
    #[cold]
    fn eat_behind_lws(&mut self, byte: u8) -> bool {
        let before = self.at;
        self.skip_lws();
        let found = self.eat(byte);
        if !found {
            self.at = before;
        }
        found
    }

    /// Skips white space, folded line ends included.
    #[inline]
    pub(crate) fn skip_lws(&mut self) {
        while self.peek().is_some_and(is_lws) {
            self.at += 1;
        }
    }

    /// Takes bytes as long as `keep` says so.
    #[inline]
    pub(crate) fn take_while(&mut self, keep: impl Fn(u8) -> bool) -> &'a [u8] {
        let from = self.at;
        while self.peek().is_some_and(&keep) {
            self.at += 1;
        }
        self.text.get(from..self.at).unwrap_or_default()
    }

    /// Takes a `token`; `None` if there is none.
    #[inline]
    pub(crate) fn token(&mut self) -> Option<&'a [u8]> {
        let token = self.take_while(is_token);
        (!token.is_empty()).then_some(token)
    }

    /// Takes a quoted string, with its quotes; `None` if there is none or it does not end.
    pub(crate) fn quoted(&mut self) -> Option<&'a [u8]> {
        if self.peek() != Some(b'"') {
            return None;
        }
        let end = quoted_end(self.rest())?;
        Some(self.take(end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_take_white_space_on_both_sides() {
        let mut cursor = Cursor::new(b"tag \r\n = \t\"a;\\\"b\" ;x");
        assert_eq!(cursor.token(), Some(&b"tag"[..]));
        assert!(!cursor.eat_separator(b';'));
        assert!(cursor.eat_separator(b'='));
        assert_eq!(cursor.quoted(), Some(&br#""a;\"b""#[..]));
        assert!(cursor.eat_separator(b';'));
        assert_eq!(cursor.rest(), b"x");
        assert_eq!(cursor.take(9), b"x");
        assert!(cursor.is_done() && cursor.token().is_none() && cursor.quoted().is_none());
    }
}
