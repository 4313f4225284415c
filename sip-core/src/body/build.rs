//! [`MultipartBuilder`]: a multipart body made from nothing or from parts of another.
//!
//! Source: RFC 2046 5.1.

use crate::body::multipart::{Multipart, is_boundary};
use crate::body::part::Part;
use crate::build::out::Extra;
use crate::error::EditError;
use crate::header::params::quote;
use crate::parse::limits::Limits;

/// A multipart body in the making.
///
/// # Examples
///
/// ```
/// use sip_core::MultipartBuilder;
///
/// let body = MultipartBuilder::new("unique-1")
///     .part(&[("Content-Type", "application/sdp")], b"v=0\r\n")
///     .part(&[("Content-Type", "text/plain"), ("Content-Disposition", "render")], b"hello")
///     .finish()?;
/// assert_eq!(sip_core::MultipartBuilder::content_type("mixed", "unique-1"), "multipart/mixed;boundary=\"unique-1\"");
/// assert!(body.starts_with(b"--unique-1\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n\r\n--unique-1\r\n"));
/// # Ok::<(), sip_core::EditError>(())
/// ```
#[derive(Debug)]
#[must_use = "nothing is made before `finish`"]
pub struct MultipartBuilder {
    boundary: Vec<u8>,
    out: Vec<u8>,
    bodies: Vec<Vec<u8>>,
    error: Option<EditError>,
}

impl MultipartBuilder {
    /// Begins a body whose parts are separated by `boundary`.
    pub fn new(boundary: impl AsRef<[u8]>) -> Self {
        let boundary = boundary.as_ref().to_vec();
        let error = (!is_boundary(&boundary)).then_some(EditError::Boundary);
        Self { boundary, out: Vec::new(), bodies: Vec::new(), error }
    }

    /// The Content-Type of such a body: `multipart/mixed;boundary="..."`.
    pub fn content_type(subtype: &str, boundary: &str) -> String {
        let quoted = quote(boundary.as_bytes());
        format!("multipart/{subtype};boundary={}", String::from_utf8_lossy(&quoted))
    }

    /// One more part. What cannot stand in its headers fails in [`Self::finish`].
    pub fn part(mut self, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let mut lines = Extra::default();
        headers.iter().for_each(|(name, value)| lines.push(name.as_bytes(), value.as_bytes()));
        match lines.finish() {
            Ok(lines) => self.push(&[&lines, b"\r\n", body], body),
            Err(error) => self.error = self.error.or(Some(error)),
        }
        self
    }

    /// A part of another body, byte for byte.
    pub fn same_part(mut self, part: &Part<'_>) -> Self {
        self.push(&[part.raw()], part.body());
        self
    }

    fn push(&mut self, pieces: &[&[u8]], body: &[u8]) {
        for piece in [&b"--"[..], &self.boundary, b"\r\n"] {
            self.out.extend_from_slice(piece);
        }
        pieces.iter().for_each(|piece| self.out.extend_from_slice(piece));
        self.out.extend_from_slice(b"\r\n");
        self.bodies.push(body.to_vec());
    }

    /// The whole body.
    ///
    /// # Errors
    ///
    /// The caller's fault: [`EditError::Boundary`] for one that is none or that stands inside a part,
    /// [`EditError::NotThere`] without any part, [`EditError::InvalidName`] and [`EditError::InvalidValue`] in a
    /// header.
    pub fn finish(self) -> Result<Vec<u8>, EditError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        if self.bodies.is_empty() {
            return Err(EditError::NotThere);
        }
        let mut out = self.out;
        for piece in [&b"--"[..], &self.boundary, b"--\r\n"] {
            out.extend_from_slice(piece);
        }
        let content_type = [b"multipart/mixed;boundary=", &quote(&self.boundary)[..]].concat();
        let limits = Limits { body_parts: usize::MAX, ..Limits::default() };
        let wanted = self.bodies.iter().map(|body| &body[..]);
        let same = Multipart::parse(&content_type, &out, &limits)
            .is_ok_and(|read| read.parts().iter().map(Part::body).eq(wanted));
        if same { Ok(out) } else { Err(EditError::Boundary) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_another_body_are_copied_byte_for_byte() {
        let old = b"--a\r\nX :y\r\n\r\n1\r\n--a\r\n\r\n2\r\n--a--";
        let old = Multipart::parse(b"multipart/mixed;boundary=a", old, &Limits::default()).unwrap();
        let kept = MultipartBuilder::new("b").same_part(&old.parts()[0]).finish().unwrap();
        assert_eq!(kept, b"--b\r\nX :y\r\n\r\n1\r\n--b--\r\n");
    }

    #[test]
    fn a_boundary_inside_a_part_is_refused() {
        let build = |body: &[u8]| MultipartBuilder::new("b").part(&[], body).finish().map(|_| ());
        assert_eq!(build(b"x --b\r\n--bc"), Ok(()));
        assert_eq!(build(b"x\r\n--b\r\n"), Err(EditError::Boundary));
        assert_eq!(build(b"--b--"), Err(EditError::Boundary));
    }

    #[test]
    fn what_cannot_be_written_is_refused() {
        let part = |name, value| MultipartBuilder::new("b").part(&[(name, value)], b"").finish().map(|_| ());
        assert_eq!(part("X", "a\r\nb"), Err(EditError::InvalidValue { at: 1 }));
        assert_eq!(part("X:", "a"), Err(EditError::InvalidName));
        assert_eq!(MultipartBuilder::new("b").finish().map(|_| ()), Err(EditError::NotThere));
        assert_eq!(
            MultipartBuilder::new("b\r\n").part(&[], b"").finish().map(|_| ()),
            Err(EditError::Boundary)
        );
    }
}
