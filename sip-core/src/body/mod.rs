//! Bodies: whole, in parts, and parts in parts.

pub(crate) mod build;
pub(crate) mod multipart;
pub(crate) mod part;

use bstr::BStr;

use crate::body::multipart::Multipart;
use crate::body::part::Part;
use crate::error::{BodyError, EditError, HeaderError};
use crate::header::media_type::MediaType;
use crate::message::Message;
use crate::name::HeaderName;
use crate::parse::limits::Limits;
use crate::scan::line::unfold;

/// The body and its parts.
impl Message {
    /// The parts of the body.
    ///
    /// # Errors
    ///
    /// [`BodyError::NotMultipart`] if it is whole; see [`BodyError`] for what else.
    pub fn multipart(&self, limits: &Limits) -> Result<Multipart<'_>, BodyError> {
        Multipart::parse(content_type(self)?, self.body(), limits)
    }

    /// The body if it is of this type, else the first part of it that is, at any depth. `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`BodyError`] if the body has no type that can be read, or is in parts that cannot be read.
    ///
    /// # Examples
    ///
    /// ```
    /// let wire = "INVITE sip:a SIP/2.0\r\nContent-Type: multipart/mixed;boundary=b\r\n\r\n\
    ///             --b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n\r\n--b--\r\n";
    /// let limits = sip_core::Limits::default();
    /// let msg = sip_core::parse(wire.into(), &limits)?;
    /// assert_eq!(msg.find_body("application/sdp", &limits)?.unwrap().body(), b"v=0\r\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn find_body(&self, media_type: &str, limits: &Limits) -> Result<Option<Part<'_>>, BodyError> {
        if self.body().is_empty() {
            return Ok(None);
        }
        find(content_type(self)?, self.body(), media_type, limits)
    }

    /// Puts `body` in the place of what [`Self::find_body`] finds; everything round it stays byte for byte, except for
    /// a Content-Length in the head of that part, which goes. The message's own follows.
    ///
    /// # Errors
    ///
    /// [`EditError::NotThere`] if there is no body of this type, [`EditError::Boundary`] if `body` holds a line that
    /// ends a part, [`EditError::Body`].
    pub fn replace_body(&mut self, media_type: &str, body: &[u8], limits: &Limits) -> Result<(), EditError> {
        let old = self.find_body(media_type, limits)?.ok_or(EditError::NotThere)?;
        let range = old.range();
        let mut part = Vec::with_capacity(old.head.len() + body.len() + 2);
        let whole = old.depth == 0;
        if !whole {
            old.write_head_without("Content-Length", &mut part);
            part.extend_from_slice(b"\r\n");
        }
        part.extend_from_slice(body);
        let all = self.body();
        let all =
            [all.get(..range.start).unwrap_or_default(), &part, all.get(range.end..).unwrap_or_default()]
                .concat();
        let read = find(content_type(self).map_err(BodyError::from)?, &all, media_type, limits);
        if !whole && !matches!(read, Ok(Some(found)) if found.body() == body) {
            return Err(EditError::Boundary);
        }
        // the type stays, also of a body that is empty now
        if whole && body.is_empty() {
            let kept = unfold(content_type(self).map_err(BodyError::from)?).into_owned();
            self.set_body(None, all)?;
            return self.replace(HeaderName::ContentType, kept);
        }
        self.set_body(None, all)
    }
}

fn content_type(message: &Message) -> Result<&BStr, HeaderError> {
    message.header(HeaderName::ContentType).ok_or(HeaderError::Missing { name: "Content-Type" })
}

fn find<'a>(
    content_type: &'a BStr,
    body: &'a [u8],
    wanted: &str,
    limits: &Limits,
) -> Result<Option<Part<'a>>, BodyError> {
    let media_type = MediaType::parse(content_type)?;
    if media_type.is(wanted) {
        return Ok(Some(Part {
            head: b"",
            content_type: Some(content_type),
            body,
            raw: body,
            at: 0,
            depth: 0,
        }));
    }
    if !media_type.is_multipart() {
        return Ok(None);
    }
    Ok(Multipart::parse(content_type, body, limits)?.find(wanted, limits))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::parse::parse;

    const SDP: &str = "application/sdp";

    fn message(content_type: &str, body: &str) -> Message {
        let wire = format!("A b:c SIP/2.0\r\nc: {content_type}\r\nl: {}\r\n\r\n{body}", body.len());
        parse(Bytes::from(wire), &Limits::default()).unwrap()
    }

    #[test]
    fn a_whole_body_is_replaced_with_its_length() {
        let limits = Limits::default();
        let mut msg = message("Application/SDP;x", "v=0\r\n");
        assert_eq!(msg.find_body(SDP, &limits).unwrap().unwrap().body(), b"v=0\r\n");
        msg.replace_body(SDP, b"v=0\r\ns=-\r\n", &limits).unwrap();
        assert_eq!((msg.body(), msg.content_length()), (&b"v=0\r\ns=-\r\n"[..], Some(10)));
        assert_eq!(msg.header("Content-Type"), Some("Application/SDP;x".into()));
        assert_eq!(msg.replace_body("text/plain", b"", &limits), Err(EditError::NotThere));
        msg.replace_body(SDP, b"", &limits).unwrap();
        assert_eq!((msg.body(), msg.header("c")), (&b""[..], Some("Application/SDP;x".into())));
    }

    #[test]
    fn a_part_is_replaced_and_its_neighbours_stay() {
        let limits = Limits::default();
        let inner = "--i\r\nContent-Length: 1\r\nContent-Type: application/sdp\r\n\r\nv\r\n--i--";
        let body = format!(
            "pre\r\n--o\r\n\r\ntext\r\n--o\r\nContent-Type: multipart/x;boundary=i\r\n\r\n{inner}\r\n--o--\r\npost"
        );
        let mut msg = message("multipart/mixed;boundary=o", &body);
        msg.replace_body(SDP, b"v=0\r\n", &limits).unwrap();
        let wanted =
            body.replace("Content-Length: 1\r\n", "").replace("\r\n\r\nv\r\n", "\r\n\r\nv=0\r\n\r\n");
        assert_eq!(msg.body(), wanted.as_bytes());
        assert_eq!(msg.content_length(), Some(wanted.len()));
        for bad in ["a\r\n--o\r\n", "a\r\n--i--", "--o--"] {
            assert_eq!(msg.replace_body(SDP, bad.as_bytes(), &limits), Err(EditError::Boundary), "{bad:?}");
        }
        assert_eq!(msg.body(), wanted.as_bytes(), "unchanged");
    }

    #[test]
    fn a_body_without_type_cannot_be_searched() {
        let limits = Limits::default();
        let msg = message("nonsense", "x");
        assert!(matches!(msg.find_body(SDP, &limits), Err(BodyError::Header(_))));
        let msg = parse(Bytes::from_static(b"A b:c SIP/2.0\r\n\r\nx"), &limits).unwrap();
        let missing = BodyError::Header(HeaderError::Missing { name: "Content-Type" });
        assert_eq!(msg.find_body(SDP, &limits).unwrap_err(), missing);
        assert_eq!(msg.multipart(&limits).unwrap_err(), missing);
        let msg = parse(Bytes::from_static(b"A b:c SIP/2.0\r\n\r\n"), &limits).unwrap();
        assert!(msg.find_body(SDP, &limits).unwrap().is_none());
    }
}
