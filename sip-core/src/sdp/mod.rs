//! [`Sdp`]: a session description as its lines, to look at and to change.
//!
//! Source: RFC 8866 (formerly RFC 4566), RFC 3264 for what offers and answers make of it.

pub(crate) mod codec;
pub(crate) mod edit;
pub(crate) mod formats;
pub(crate) mod line;
pub(crate) mod section;

use std::ops::Range;

use bstr::{BStr, ByteSlice};

use crate::error::BodyError;
use crate::parse::limits::Limits;
use crate::sdp::line::Line;
use crate::sdp::section::{Media, Section, is_media};

/// A session description.
///
/// A view of lines: only their form is checked (`x=value`), and that of `m=` lines, since these divide it. What nobody
/// changes leaves byte for byte as it came, line ends included.
///
/// # Examples
///
/// ```
/// use sip_core::{Limits, Sdp};
///
/// let body = b"v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\n\
///              m=audio 49170 RTP/AVP 0 8 97\r\na=rtpmap:97 iLBC/8000\r\na=sendonly\r\n";
/// let mut sdp = Sdp::parse(body, &Limits::default())?;
/// let audio = sdp.media().next().unwrap();
/// assert_eq!((audio.port(), audio.codecs().len()), (49170, 3));
/// assert_eq!(audio.codecs()[1].name.unwrap(), "PCMA");
///
/// sdp.set_connections("192.0.2.7".parse()?);
/// sdp.retain_codecs("audio", |codec| codec.is("PCMU"));
/// assert_eq!(
///     sdp.to_bytes(),
///     b"v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n\
///       m=audio 49170 RTP/AVP 0\r\na=sendonly\r\n"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sdp<'a> {
    lines: Vec<Line<'a>>,
    /// Empty lines at the end, as some write them.
    tail: &'a [u8],
}

impl<'a> Sdp<'a> {
    /// Reads a session description. Lines end in CRLF or LF (RFC 8866 5); the last may have no end.
    ///
    /// # Errors
    ///
    /// The peer's fault: [`BodyError::SdpLine`], [`BodyError::TooManyLines`].
    pub fn parse(body: &'a [u8], limits: &Limits) -> Result<Self, BodyError> {
        let content = body.len() - body.iter().rev().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let mut lines = Vec::new();
        let mut at = 0;
        while at < content {
            let line = Line::cut(&body[at..]).filter(|line| line.kind() != b'm' || is_media(line.value()));
            let line = line.ok_or(BodyError::SdpLine { at })?;
            if at == 0 && line.kind() != b'v' {
                return Err(BodyError::SdpLine { at });
            }
            if lines.len() == limits.sdp_lines {
                return Err(BodyError::TooManyLines { max: limits.sdp_lines });
            }
            at += line.len();
            lines.push(line);
        }
        if lines.is_empty() {
            return Err(BodyError::SdpLine { at: 0 });
        }
        Ok(Self { lines, tail: &body[at..] })
    }

    /// What holds for the whole session: the lines before the first `m=`.
    pub fn session(&self) -> Section<'_, 'a> {
        Section { lines: self.lines.get(self.session_range()).unwrap_or_default() }
    }

    /// The media, in order.
    pub fn media(&self) -> impl Iterator<Item = Media<'_, 'a>> {
        let session = self.session();
        let (session_address, session_flow) = (session.connection(), session.direction());
        let mut at = session.lines.len();
        std::iter::from_fn(move || {
            let range = self.media_range_at(at)?;
            at = range.end;
            let section = Section { lines: self.lines.get(range)? };
            Some(Media { section, session_address, session_flow })
        })
    }

    /// The value of the first line of this kind in the session part: `o`, `s`, `t` ...
    pub fn value(&self, kind: char) -> Option<&BStr> {
        self.session().value(kind)
    }

    /// All lines, in order: kind and value.
    pub fn lines(&self) -> impl Iterator<Item = (char, &BStr)> {
        self.lines.iter().map(|line| (char::from(line.kind()), line.value().as_bstr()))
    }

    /// The text.
    pub fn to_bytes(&self) -> Vec<u8> {
        let len: usize = self.lines.iter().map(Line::len).sum();
        let mut out = Vec::with_capacity(len + self.tail.len());
        self.lines.iter().for_each(|line| out.extend_from_slice(line.text()));
        out.extend_from_slice(self.tail);
        out
    }

    fn session_range(&self) -> Range<usize> {
        0..self.lines.iter().position(|line| line.kind() == b'm').unwrap_or(self.lines.len())
    }

    /// The lines of the media section that begins at line `at`.
    fn media_range_at(&self, at: usize) -> Option<Range<usize>> {
        let after = self.lines.get(at + 1..)?;
        let end =
            after.iter().position(|line| line.kind() == b'm').map_or(self.lines.len(), |len| at + 1 + len);
        Some(at..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Sdp<'_>, BodyError> {
        Sdp::parse(body.as_bytes(), &Limits::default())
    }

    #[test]
    fn an_unchanged_description_is_written_byte_for_byte() {
        for body in [
            "v=0\r\n",
            "v=0",
            "v=0\ns=caf\u{e9}\r\nm=audio 1 RTP/AVP 0\n\n",
            "v=0\r\na=\r\nm=video 0 RTP/AVP 31\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n\r\n\r\n",
        ] {
            assert_eq!(read(body).unwrap().to_bytes(), body.as_bytes(), "{body:?}");
        }
    }

    #[test]
    fn what_is_no_description_is_refused_by_position() {
        for (body, at) in [
            ("", 0),
            ("\r\n", 0),
            ("s=-\r\n", 0),
            ("v=0\r\n\r\ns=-\r\n", 5),
            ("v=0\r\nS=-\r\n", 5),
            ("v=0\r\ns -\r\n", 5),
            ("v=0\r\ns=a\rb\r\n", 5),
            ("v=0\r\ns=a\0b\r\n", 5),
            ("v=0\r\nm=audio\r\n", 5),
            ("v=0\r\nm=audio x RTP/AVP 0\r\n", 5),
            ("v=0\r\nm=audio 1 RTP/AVP\r\n", 5),
            ("v=0\r\nm=audio 65536 RTP/AVP 0\r\n", 5),
            ("v=0\r\nm=audio 1/x RTP/AVP 0\r\n", 5),
        ] {
            assert_eq!(read(body).unwrap_err(), BodyError::SdpLine { at }, "{body:?}");
        }
    }

    #[test]
    fn the_number_of_lines_has_a_limit() {
        let limits = Limits { sdp_lines: 3, ..Limits::default() };
        assert!(Sdp::parse(b"v=0\ns=-\nt=0 0\n\n\n", &limits).is_ok());
        let error = Sdp::parse(b"v=0\ns=-\nt=0 0\na=x\n", &limits).unwrap_err();
        assert_eq!(error, BodyError::TooManyLines { max: 3 });
    }

    #[test]
    fn media_divide_the_lines() {
        let sdp =
            read("v=0\ns=-\na=x\nm=audio 1 RTP/AVP 0\na=y\nm=video 2/3 RTP/AVP 31 32\nm=image 3 udptl t38\n")
                .unwrap();
        assert_eq!(sdp.session().lines().count(), 3);
        let media: Vec<_> =
            sdp.media().map(|media| (media.kind().to_string(), media.lines().count())).collect();
        assert_eq!(media, [("audio".into(), 2), ("video".into(), 1), ("image".into(), 1)]);
        assert_eq!(sdp.value('s'), Some("-".into()));
        assert_eq!((sdp.value('x'), sdp.lines().count()), (None, 7));
        assert_eq!(read("v=0").unwrap().media().count(), 0);
    }
}
