//! [`MediaType`]: `type/subtype` with parameters, and the headers made of it.
//!
//! Source: RFC 3261 20.1 (Accept), 20.15 (Content-Type) and 25.1 (`media-type`, `media-range`).

use std::ops::Deref;

use bstr::{BStr, ByteSlice};

use crate::error::HeaderError;
use crate::header::contact::Q;
use crate::header::params::{HeaderParams, next_param};
use crate::header::view::HeaderView;
use crate::message::Message;
use crate::name::HeaderName;
use crate::scan::Cursor;

/// `application/sdp;charset=utf-8`
///
/// # Examples
///
/// ```
/// let kind = sip_core::MediaType::parse(b"multipart/mixed; boundary=\"a b\"")?;
/// assert!(kind.is("Multipart/Mixed") && kind.is_multipart());
/// assert_eq!(kind.param("boundary").flatten().unwrap(), "a b");
/// # Ok::<(), sip_core::HeaderError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MediaType<'a> {
    kind: &'a [u8],
    subtype: &'a [u8],
    params: &'a [u8],
}

impl<'a> MediaType<'a> {
    /// Reads one media type or range (`*/*`, `text/*`).
    ///
    /// # Errors
    ///
    /// [`HeaderError::Malformed`] with the position in `value`.
    pub fn parse(value: &'a [u8]) -> Result<Self, HeaderError> {
        Self::parse_named(value, "media type")
    }

    fn parse_named(value: &'a [u8], name: &'static str) -> Result<Self, HeaderError> {
        Self::cut(value).map_err(|at| HeaderError::Malformed { name, at })
    }

    fn cut(value: &'a [u8]) -> Result<Self, usize> {
        let mut cursor = Cursor::new(value);
        cursor.skip_lws();
        let kind = cursor.token().ok_or(cursor.at())?;
        if !cursor.eat_separator(b'/') {
            return Err(cursor.at());
        }
        let subtype = cursor.token().ok_or(cursor.at())?;
        let params = cursor.rest();
        while next_param(&mut cursor)?.is_some() {}
        Ok(Self { kind, subtype, params })
    }

    /// The type: `application`.
    pub fn kind(&self) -> &'a BStr {
        self.kind.as_bstr()
    }

    /// The subtype: `sdp`.
    pub fn subtype(&self) -> &'a BStr {
        self.subtype.as_bstr()
    }

    /// Whether this is `wanted`, written `type/subtype`, in any case and with any parameters.
    pub fn is(&self, wanted: &str) -> bool {
        wanted.split_once('/').is_some_and(|(kind, subtype)| {
            self.kind.eq_ignore_ascii_case(kind.as_bytes())
                && self.subtype.eq_ignore_ascii_case(subtype.as_bytes())
        })
    }

    /// Whether `other` falls into this range: `*/*` takes all, `text/*` every text.
    pub fn accepts(&self, other: &MediaType<'_>) -> bool {
        let part = |range: &[u8], one: &[u8]| range == b"*" || range.eq_ignore_ascii_case(one);
        part(self.kind, other.kind) && part(self.subtype, other.subtype)
    }

    /// Whether the body is in parts.
    pub fn is_multipart(&self) -> bool {
        self.kind.eq_ignore_ascii_case(b"multipart")
    }

    /// The first parameter called `name`, in any case: `None` absent, `Some(None)` without a value.
    pub fn param(&self, name: &str) -> Option<Option<&'a BStr>> {
        self.params().find_value(name)
    }

    /// The parameters in order.
    pub fn params(&self) -> HeaderParams<'a> {
        HeaderParams::new(self.params)
    }
}

/// What the body is: a [`MediaType`].
#[derive(Clone, Copy, Debug)]
pub struct ContentType<'a>(MediaType<'a>);

impl<'a> Deref for ContentType<'a> {
    type Target = MediaType<'a>;

    fn deref(&self) -> &MediaType<'a> {
        &self.0
    }
}

impl<'a> HeaderView<'a> for ContentType<'a> {
    fn name() -> HeaderName<'static> {
        HeaderName::ContentType
    }

    fn parse(value: &'a [u8]) -> Result<Self, HeaderError> {
        MediaType::parse_named(value, "Content-Type").map(Self)
    }
}

/// One kind of body that the sender understands: a [`MediaType`] range with its preference.
#[derive(Clone, Copy, Debug)]
pub struct Accept<'a>(MediaType<'a>);

impl Accept<'_> {
    /// The preference: 1 if none is given or if it is no number.
    pub fn q(&self) -> Q {
        self.param("q").flatten().and_then(|q| Q::parse(q)).unwrap_or(Q::MAX)
    }
}

impl<'a> Deref for Accept<'a> {
    type Target = MediaType<'a>;

    fn deref(&self) -> &MediaType<'a> {
        &self.0
    }
}

impl<'a> HeaderView<'a> for Accept<'a> {
    const LIST: bool = true;

    fn name() -> HeaderName<'static> {
        HeaderName::Accept
    }

    fn parse(value: &'a [u8]) -> Result<Self, HeaderError> {
        MediaType::parse_named(value, "Accept").map(Self)
    }
}

/// What the body is.
impl Message {
    /// The Content-Type.
    ///
    /// # Errors
    ///
    /// As [`Message::view`].
    pub fn content_type(&self) -> Result<ContentType<'_>, HeaderError> {
        let value =
            self.header(HeaderName::ContentType).ok_or(HeaderError::Missing { name: "Content-Type" })?;
        ContentType::parse(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_compare_in_any_case_and_without_parameters() {
        let sdp = MediaType::parse(b" Application / SDP \r\n ; charset = utf-8").unwrap();
        assert!(sdp.is("application/sdp") && !sdp.is("application/sd") && !sdp.is("application"));
        assert_eq!(sdp.param("Charset"), Some(Some("utf-8".into())));
        assert!(!sdp.is_multipart());
    }

    #[test]
    fn ranges_take_what_falls_into_them() {
        let sdp = MediaType::parse(b"application/sdp").unwrap();
        for (range, takes) in [
            ("*/*", true),
            ("application/*", true),
            ("Application/SDP;level=1", true),
            ("text/*", false),
            ("text/sdp", false),
        ] {
            assert_eq!(MediaType::parse(range.as_bytes()).unwrap().accepts(&sdp), takes, "{range}");
        }
        assert_eq!(Accept::parse(b"text/html;q=0.5").unwrap().q().thousandths(), 500);
        assert_eq!(Accept::parse(b"text/html").unwrap().q(), Q::MAX);
    }

    #[test]
    fn what_is_no_type_is_refused_by_position() {
        for (text, wanted) in [
            ("", 0),
            ("text", 4),
            ("text/", 5),
            ("/plain", 0),
            ("text/plain x", 11),
            ("a/b;", 4),
            ("a/b,c/d", 3),
        ] {
            match MediaType::parse(text.as_bytes()) {
                Err(HeaderError::Malformed { at, .. }) => assert_eq!(at, wanted, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }
}
