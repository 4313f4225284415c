//! One line of a session description.

use std::borrow::Cow;

use memchr::memchr;

/// `x=value` with its line end, as received or as written by an edit.
#[derive(Clone, Debug)]
pub(crate) struct Line<'a> {
    text: Cow<'a, [u8]>,
    /// Bytes of the line end: 0, 1 or 2.
    end: usize,
}

impl<'a> Line<'a> {
    /// The line that `text` begins with. `None` if it is none: a small letter, `=`, no CR or NUL.
    pub(crate) fn cut(text: &'a [u8]) -> Option<Self> {
        let (line, end) = match memchr(b'\n', text) {
            None => (text, 0),
            Some(len) if text[..len].ends_with(b"\r") => (&text[..=len], 2),
            Some(len) => (&text[..=len], 1),
        };
        let content = &line[..line.len() - end];
        match content {
            [b'a'..=b'z', b'=', value @ ..] if memchr::memchr2(b'\r', 0, value).is_none() => {
                Some(Self { text: Cow::Borrowed(line), end })
            }
            _ => None,
        }
    }

    /// A new line. The parts make its value and hold no line end.
    pub(crate) fn new(kind: u8, parts: &[&[u8]]) -> Self {
        let mut text = vec![kind, b'='];
        parts.iter().for_each(|part| text.extend_from_slice(part));
        text.extend_from_slice(b"\r\n");
        Self { text: Cow::Owned(text), end: 2 }
    }

    /// The same line with a line end.
    pub(crate) fn end(&mut self) {
        if self.end == 0 {
            self.text.to_mut().extend_from_slice(b"\r\n");
            self.end = 2;
        }
    }

    /// What it is: the letter before `=`.
    pub(crate) fn kind(&self) -> u8 {
        self.text.first().copied().unwrap_or_default()
    }

    /// What stands behind `=`.
    pub(crate) fn value(&self) -> &[u8] {
        self.text.get(2..self.text.len() - self.end).unwrap_or_default()
    }

    /// Line with line end.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Bytes of [`Self::text`].
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }
}

/// What stands between the spaces of a value.
pub(crate) fn fields(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| matches!(byte, b' ' | b'\t')).filter(|field| !field.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_given_the_end_that_it_lacks() {
        for (text, whole) in [("a=x", "a=x\r\n"), ("a=x\n", "a=x\n"), ("a=x\r\n", "a=x\r\n")] {
            let mut line = Line::cut(text.as_bytes()).expect("a line");
            line.end();
            assert_eq!((line.text(), line.value()), (whole.as_bytes(), &b"x"[..]), "{text:?}");
        }
    }

    #[test]
    fn a_line_ends_in_crlf_lf_or_with_the_text() {
        for (text, value, len) in
            [("a=b\r\nc", "b", 5), ("a=b\nc", "b", 4), ("a=b", "b", 3), ("a=\r\n", "", 4)]
        {
            let line = Line::cut(text.as_bytes()).unwrap();
            assert_eq!((line.kind(), line.value(), line.len()), (b'a', value.as_bytes(), len), "{text:?}");
        }
        assert!(Line::cut(b"a=b\r").is_none() && Line::cut(b"a=b\r\r\n").is_none());
        assert_eq!(Line::new(b'c', &[b"IN ", b"IP4"]).text(), b"c=IN IP4\r\n");
    }
}
