//! [`Multipart`]: a body in parts, which may be in parts themselves.
//!
//! ```text
//! preamble CRLF --boundary CRLF part CRLF --boundary CRLF part CRLF --boundary-- CRLF epilogue
//! ```
//!
//! Source: RFC 2046 5.1, RFC 5621 for what SIP makes of it.

use memchr::memmem::Finder;
use smallvec::SmallVec;

use crate::body::part::Part;
use crate::error::BodyError;
use crate::header::media_type::MediaType;
use crate::header::params::unquote;
use crate::parse::limits::Limits;

/// The longest boundary (RFC 2046 5.1.1).
const LONGEST: usize = 70;

/// The parts of one multipart body.
///
/// Each level is one pass; how many parts and levels there may be is in [`Limits`].
///
/// # Examples
///
/// ```
/// use sip_core::{Limits, Multipart};
///
/// let body = b"--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n\r\n--b\r\n\r\nhello\r\n--b--\r\n";
/// let parts = Multipart::parse(b"multipart/mixed;boundary=b", body, &Limits::default())?;
/// assert_eq!(parts.parts().len(), 2);
/// assert!(parts.parts()[0].is("application/sdp"));
/// assert_eq!(parts.parts()[0].body(), b"v=0\r\n");
/// # Ok::<(), sip_core::BodyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Multipart<'a> {
    parts: SmallVec<[Part<'a>; 4]>,
}

impl<'a> Multipart<'a> {
    /// Reads `body`, whose Content-Type is `content_type`.
    ///
    /// What stands before the first boundary and behind the last is left out, as the RFC wants it.
    ///
    /// # Errors
    ///
    /// The peer's fault, always: see [`BodyError`].
    pub fn parse(content_type: &[u8], body: &'a [u8], limits: &Limits) -> Result<Self, BodyError> {
        Self::read(content_type, body, 0, 1, limits)
    }

    fn read(
        content_type: &[u8],
        body: &'a [u8],
        at: usize,
        depth: usize,
        limits: &Limits,
    ) -> Result<Self, BodyError> {
        let media_type = MediaType::parse(content_type)?;
        if !media_type.is_multipart() {
            return Err(BodyError::NotMultipart);
        }
        if depth > limits.body_depth {
            return Err(BodyError::TooDeep { max: limits.body_depth });
        }
        let boundary = unquote(media_type.param("boundary").flatten().ok_or(BodyError::Boundary)?);
        let delimiters = Delimiters::new(&boundary, body).ok_or(BodyError::Boundary)?;
        let mut parts = SmallVec::new();
        let mut begin = None;
        for found in delimiters {
            if let Some(start) = begin {
                // the CRLF in front belongs to the boundary; an empty part has none of its own
                let end = found.start.saturating_sub(2).max(start);
                if parts.len() == limits.body_parts {
                    return Err(BodyError::TooManyParts { max: limits.body_parts });
                }
                let raw = body.get(start..end).unwrap_or_default();
                let part = Part::split(raw, at + start, depth).map_err(|at| BodyError::PartHead { at })?;
                parts.push(part);
            }
            if found.closes {
                return if begin.is_some() { Ok(Self { parts }) } else { Err(BodyError::NoPart) };
            }
            begin = Some(found.end);
        }
        match begin {
            Some(start) => Err(BodyError::Unfinished { at: at + start }),
            None => Err(BodyError::NoPart),
        }
    }

    /// The parts in order; at least one.
    pub fn parts(&self) -> &[Part<'a>] {
        &self.parts
    }

    /// The first part of this type, at any depth; a part that holds parts comes before them. What is inside a part
    /// that cannot be read is passed over.
    pub fn find(&self, media_type: &str, limits: &Limits) -> Option<Part<'a>> {
        self.parts.iter().find_map(|part| {
            if part.is(media_type) {
                return Some(*part);
            }
            part.multipart(limits)?.ok()?.find(media_type, limits)
        })
    }
}

/// Parts in parts.
impl<'a> Part<'a> {
    /// The parts of this part; `None` if it is not in parts.
    pub fn multipart(&self, limits: &Limits) -> Option<Result<Multipart<'a>, BodyError>> {
        let content_type =
            self.content_type.filter(|text| MediaType::parse(text).is_ok_and(|t| t.is_multipart()))?;
        let at = self.at + self.raw.len() - self.body.len();
        Some(Multipart::read(content_type, self.body, at, self.depth + 1, limits))
    }
}

/// A line `--boundary` or `--boundary--`.
struct Delimiter {
    /// Where its first dash stands.
    start: usize,
    /// After its line end.
    end: usize,
    /// Whether it is the last.
    closes: bool,
}

/// All delimiter lines of a body.
struct Delimiters<'a> {
    finder: Finder<'static>,
    body: &'a [u8],
    at: usize,
}

impl<'a> Delimiters<'a> {
    fn new(boundary: &[u8], body: &'a [u8]) -> Option<Self> {
        if !is_boundary(boundary) {
            return None;
        }
        let line = [b"--", boundary].concat();
        Some(Self { finder: Finder::new(&line).into_owned(), body, at: 0 })
    }
}

/// Whether this may be a boundary. More bytes pass than RFC 2046 lists; none of them could end a line.
pub(crate) fn is_boundary(text: &[u8]) -> bool {
    (1..=LONGEST).contains(&text.len())
        && text.iter().all(|&byte| byte >= b' ' && byte != 0x7f)
        && text.last() != Some(&b' ')
}

impl Iterator for Delimiters<'_> {
    type Item = Delimiter;

    fn next(&mut self) -> Option<Delimiter> {
        loop {
            let start = self.at + self.finder.find(self.body.get(self.at..)?)?;
            self.at = start + 1;
            let (before, line) = self.body.split_at(start);
            if !before.is_empty() && !before.ends_with(b"\r\n") {
                continue;
            }
            let rest = line.get(self.finder.needle().len()..).unwrap_or_default();
            let (closes, rest) = match rest.strip_prefix(b"--") {
                Some(rest) => (true, rest),
                None => (false, rest),
            };
            let blanks = rest.iter().take_while(|&&byte| matches!(byte, b' ' | b'\t')).count();
            let rest = &rest[blanks..];
            let end = self.body.len() - rest.len();
            if rest.starts_with(b"\r\n") {
                self.at = end;
                return Some(Delimiter { start, end: end + 2, closes });
            }
            if closes && rest.is_empty() {
                return Some(Delimiter { start, end, closes });
            }
            // another boundary that only begins like this one
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(boundary: &str, body: &'static str) -> Result<Vec<String>, BodyError> {
        let content_type = format!("multipart/mixed;boundary=\"{boundary}\"");
        let found = Multipart::parse(content_type.as_bytes(), body.as_bytes(), &Limits::default())?;
        Ok(found.parts().iter().map(|part| String::from_utf8_lossy(part.body()).into_owned()).collect())
    }

    #[test]
    fn preamble_and_epilogue_are_left_out() {
        let body =
            "preamble --b\r\n--b \t\r\n\r\none\r\n\r\n--b\r\nA: b\r\n\r\ntwo\r\n--b--\r\nepilogue\r\n--b\r\n";
        assert_eq!(read("b", body), Ok(vec!["one\r\n".into(), "two".into()]));
    }

    #[test]
    fn a_boundary_stands_at_the_beginning_of_a_line_and_alone() {
        assert_eq!(
            read("b", "--b\r\n\r\nx--b\r\n--bc\r\n--b x\r\n--b--"),
            Ok(vec!["x--b\r\n--bc\r\n--b x".into()])
        );
        assert_eq!(read("a b\\\"c", "--a b\"c\r\n\r\n--a b\"c--"), Ok(vec!["".into()]));
        assert_eq!(read("--", "----\r\n\r\nx\r\n------"), Ok(vec!["x".into()]));
    }

    #[test]
    fn parts_may_be_empty() {
        assert_eq!(read("b", "--b\r\n--b\r\n\r\n--b--"), Ok(vec!["".into(), "".into()]));
    }

    #[test]
    fn what_is_no_multipart_is_refused() {
        assert_eq!(read("b", "--b\r\n\r\nx\r\n--b\r\n"), Err(BodyError::Unfinished { at: 15 }));
        assert_eq!(read("b", "--b\r\n\r\nx"), Err(BodyError::Unfinished { at: 5 }));
        assert_eq!(read("b", "--b\n\nx\n--b--"), Err(BodyError::NoPart));
        assert_eq!(read("b", ""), Err(BodyError::NoPart));
        assert_eq!(read("b", "--b--\r\n"), Err(BodyError::NoPart));
        assert_eq!(read("b", "--b\r\nno colon\r\n--b--"), Err(BodyError::PartHead { at: 5 }));
        assert_eq!(read("", "--\r\n\r\n----"), Err(BodyError::Boundary));
        assert_eq!(read("b ", "--b \r\n\r\n--b --"), Err(BodyError::Boundary));
        let limits = Limits::default();
        let parse = |content_type: &str| Multipart::parse(content_type.as_bytes(), b"", &limits).map(|_| ());
        assert_eq!(parse("multipart/mixed"), Err(BodyError::Boundary));
        assert_eq!(parse("text/plain;boundary=b"), Err(BodyError::NotMultipart));
        assert!(matches!(parse("multipart"), Err(BodyError::Header(_))));
        assert_eq!(parse(&format!("multipart/mixed;boundary={}", "b".repeat(70))), Err(BodyError::NoPart));
        assert_eq!(parse(&format!("multipart/mixed;boundary={}", "b".repeat(71))), Err(BodyError::Boundary));
    }

    #[test]
    fn limits_hold_and_one_beyond_does_not() {
        let limits = Limits { body_parts: 3, body_depth: 2, ..Limits::default() };
        let parse = |parts: usize| {
            let body = format!("{}--b--", "--b\r\n\r\n\r\n".repeat(parts));
            Multipart::parse(b"multipart/mixed;boundary=b", body.as_bytes(), &limits)
                .map(|found| found.parts().len())
        };
        assert_eq!(parse(3), Ok(3));
        assert_eq!(parse(4), Err(BodyError::TooManyParts { max: 3 }));

        let nested = |inner: &str, boundary: &str| {
            format!(
                "--{boundary}\r\nContent-Type: multipart/mixed;boundary={boundary}x\r\n\r\n{inner}\r\n--{boundary}--"
            )
        };
        let three = nested(&nested("--bxx\r\n\r\ndeep\r\n--bxx--", "bx"), "b");
        let first = Multipart::parse(b"multipart/mixed;boundary=b", three.as_bytes(), &limits).unwrap();
        let second = first.parts()[0].multipart(&limits).unwrap().unwrap();
        assert_eq!(second.parts()[0].multipart(&limits).unwrap().unwrap_err(), BodyError::TooDeep { max: 2 });
        let deep = second.parts()[0].multipart(&Limits::default()).unwrap().unwrap();
        assert_eq!(deep.parts()[0].body(), b"deep");
        assert_eq!(&three.as_bytes()[deep.parts()[0].range()], b"\r\ndeep");
        assert!(first.find("text/plain", &limits).is_none());
        assert_eq!(first.find("text/plain", &Limits::default()).unwrap().body(), b"deep");
    }
}
