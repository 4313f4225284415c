//! [`Part`]: one part of a multipart body, or a whole body.
//!
//! Source: RFC 2046 5.1.1 (`body-part`), RFC 2045 3 (its headers).

use std::ops::Range;

use bstr::{BStr, ByteSlice};
use memchr::memchr2;

use crate::ascii::{is_token_text, trim, trim_end};
use crate::error::HeaderError;
use crate::header::media_type::MediaType;

/// One part of a body: its headers and what it holds.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// Its headers, each with its CRLF; empty for a whole body.
    pub(crate) head: &'a [u8],
    pub(crate) content_type: Option<&'a BStr>,
    pub(crate) body: &'a [u8],
    /// Head and body as they stand.
    pub(crate) raw: &'a [u8],
    /// Where `raw` begins in the body of the message.
    pub(crate) at: usize,
    /// How many multiparts it stands in.
    pub(crate) depth: usize,
}

impl<'a> Part<'a> {
    /// Splits head and body of a part that begins at byte `at` of the whole body. The error is a position in it.
    pub(crate) fn split(raw: &'a [u8], at: usize, depth: usize) -> Result<Self, usize> {
        let mut lines = PartHeaders { rest: raw, at: 0 };
        let mut content_type = None;
        while let Some((name, value)) = lines.read().map_err(|inside| at + inside)? {
            if content_type.is_none() && name.eq_ignore_ascii_case(b"Content-Type") {
                content_type = Some(value);
            }
        }
        let (head, body) = raw.split_at(lines.at);
        let body = body.strip_prefix(b"\r\n").unwrap_or(body);
        Ok(Self { head, content_type, body, raw, at, depth })
    }

    /// The value of the first header of this part with this name, in any case, as it stands. There are no compact
    /// names here. Nothing for a whole body: its headers are the message's.
    pub fn header(&self, name: &str) -> Option<&'a BStr> {
        self.headers().find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
    }

    /// The headers of this part, in order: name and value.
    pub fn headers(&self) -> PartHeaders<'a> {
        PartHeaders { rest: self.head, at: 0 }
    }

    /// The Content-Type; `None` if there is none, which means `text/plain` (RFC 2045 5.2).
    pub fn content_type(&self) -> Option<Result<MediaType<'a>, HeaderError>> {
        self.content_type.map(|text| MediaType::parse(text))
    }

    /// Whether it is of this type, written `type/subtype`.
    pub fn is(&self, media_type: &str) -> bool {
        match self.content_type() {
            Some(Ok(found)) => found.is(media_type),
            Some(Err(_)) => false,
            None => media_type.eq_ignore_ascii_case("text/plain"),
        }
    }

    /// What it holds.
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// Appends the head as it stands, but for the lines of one header.
    pub(crate) fn write_head_without(&self, name: &str, out: &mut Vec<u8>) {
        let mut lines = self.headers();
        let mut start = 0;
        while let Ok(Some((found, _))) = lines.read() {
            let line = self.head.get(start..lines.at).unwrap_or_default();
            start = lines.at;
            if !found.eq_ignore_ascii_case(name.as_bytes()) {
                out.extend_from_slice(line);
                // the last line of a part without a body has no end of its own
                out.extend_from_slice(if line.ends_with(b"\r\n") { b"" } else { b"\r\n" });
            }
        }
    }

    /// Headers and body as they stand.
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Where [`Self::raw`] stands in the body of the message.
    pub fn range(&self) -> Range<usize> {
        self.at..self.at + self.raw.len()
    }
}

/// The headers of a [`Part`], in order.
#[derive(Clone, Copy, Debug)]
pub struct PartHeaders<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> PartHeaders<'a> {
    /// Takes the next header with the lines folded into it. `None` at the empty line and at the end.
    fn read(&mut self) -> Result<Option<(&'a BStr, &'a BStr)>, usize> {
        let text = self.rest.get(self.at..).unwrap_or_default();
        if text.is_empty() || text.starts_with(b"\r\n") {
            return Ok(None);
        }
        let mut end = 0;
        let next = loop {
            match memchr2(b'\r', b'\n', &text[end..]).map(|found| end + found) {
                None => {
                    end = text.len();
                    break end;
                }
                Some(found) => match &text[found..] {
                    [b'\r', b'\n', b' ' | b'\t', ..] => end = found + 2,
                    [b'\r', b'\n', ..] => {
                        end = found;
                        break found + 2;
                    }
                    _ => return Err(self.at + found),
                },
            }
        };
        let line = &text[..end];
        let colon = memchr::memchr(b':', line).ok_or(self.at)?;
        let name = trim_end(&line[..colon]);
        if !is_token_text(name) {
            return Err(self.at);
        }
        self.at += next;
        Ok(Some((name.as_bstr(), trim(&line[colon + 1..]).as_bstr())))
    }
}

impl<'a> Iterator for PartHeaders<'a> {
    type Item = (&'a BStr, &'a BStr);

    fn next(&mut self) -> Option<Self::Item> {
        self.read().ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(raw: &str) -> Result<Part<'_>, usize> {
        Part::split(raw.as_bytes(), 100, 1)
    }

    #[test]
    fn a_part_has_headers_and_a_body() {
        let part = split("Content-type : text/\r\n plain\r\nX: 1\r\n\r\n\r\nbody\n").unwrap();
        assert_eq!(part.headers().count(), 2);
        assert_eq!(part.header("x"), Some("1".into()));
        assert_eq!(part.body(), b"\r\nbody\n");
        assert!(part.is("text/plain") && !part.is("text/html"));
        assert_eq!(part.range(), 100..100 + part.raw().len());
    }

    #[test]
    fn head_and_body_may_be_empty() {
        let part = split("\r\nbody").unwrap();
        assert_eq!((part.headers().count(), part.body()), (0, &b"body"[..]));
        assert!(part.is("text/plain") && !part.is("application/sdp"));
        let part = split("A: b").unwrap();
        assert_eq!((part.header("a"), part.body()), (Some("b".into()), &b""[..]));
        assert_eq!(split("").unwrap().body(), b"");
    }

    #[test]
    fn a_head_that_is_none_is_refused_by_position() {
        for (raw, at) in
            [("no colon", 100), ("A: b\rc", 104), ("A: b\nc", 104), ("A: b\r\n: c", 106), (" A: b", 100)]
        {
            assert_eq!(split(raw).unwrap_err(), at, "{raw:?}");
        }
    }
}
