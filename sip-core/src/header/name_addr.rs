//! [`NameAddr`]: a URI with a display name and header parameters, and the headers made of one.
//!
//! Source: RFC 3261 20.10 (who owns the parameters), 20.20, 20.30, 20.34, 20.39, 25.1; Path RFC 3327.

use std::borrow::Cow;
use std::ops::Deref;

use bstr::{BStr, ByteSlice};

use crate::ascii::{is_lws, trim_end};
use crate::error::HeaderError;
use crate::header::params::{HeaderParams, ParamAt, param_if_any, unquote, usual_param, value_end};
use crate::header::view::HeaderView;
use crate::name::HeaderName;
use crate::scan::Cursor;
use crate::scan::word::find;
use crate::uri::Uri;

/// `"Display" <uri>;param=value` or `uri;param=value`.
///
/// Without angle brackets the parameters belong to the header, and the URI can hold no `,`, `;` or `?`.
/// The URI itself is read when [`Self::uri`] is called.
///
/// # Examples
///
/// ```
/// let addr = sip_core::NameAddr::parse(b"\"Bob \\\"B\\\" Ray\" <sip:bob@b.example;lr>;tag=9")?;
/// assert_eq!(addr.display_text().unwrap(), &b"Bob \"B\" Ray"[..]);
/// assert_eq!(addr.tag().unwrap(), "9");
/// assert!(addr.uri()?.is_lr());
/// # Ok::<(), sip_core::HeaderError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct NameAddr<'a> {
    name: &'static str,
    display: Option<&'a [u8]>,
    quoted: bool,
    uri: &'a [u8],
    params: &'a [u8],
    /// The first `tag`, with its value if it has one.
    tag: Option<Option<&'a BStr>>,
}

impl<'a> NameAddr<'a> {
    /// Reads `value` as one address.
    ///
    /// # Errors
    ///
    /// [`HeaderError::Malformed`] with the position in `value`.
    pub fn parse(value: &'a [u8]) -> Result<Self, HeaderError> {
        Self::parse_named(value, "address")
    }

    /// As [`NameAddr::parse`]; errors name the header.
    pub(crate) fn parse_named(value: &'a [u8], name: &'static str) -> Result<Self, HeaderError> {
        match Self::cut(value, name, false) {
            Ok((addr, _)) => Ok(addr),
            Err(at) => Err(HeaderError::Malformed { name, at }),
        }
    }

    /// The address that a comma list begins with, and where it ends; `None` if it is none.
    pub(crate) fn parse_first(line: &'a [u8], name: &'static str) -> Option<(Self, usize)> {
        Self::cut(line, name, true).ok()
    }

    /// The address that `value` begins with, and where it ends.
    #[inline(always)]
    fn cut(value: &'a [u8], name: &'static str, is_list: bool) -> Result<(Self, usize), usize> {
        let mut cursor = Cursor::new(value);
        cursor.skip_lws();
        let (mut display, mut quoted, mut uri) = (None, false, &b""[..]);
        match cursor.peek() {
            Some(b'<') => {}
            Some(b'"') => {
                match cursor.quoted().ok_or(cursor.at())? {
                    [_, inner @ .., _] => display = Some(inner),
                    _ => return Err(cursor.at()),
                }
                quoted = true;
                cursor.skip_lws();
            }
            _ => {
                // up to what decides: a bracket, or the end of a URI without one
                let start = cursor.at();
                let text = cursor.take_while(|byte| !matches!(byte, b'<' | b';' | b',' | b'?' | b'"' | b'>'));
                match cursor.peek() {
                    Some(b'<') => {
                        let text = trim_end(text);
                        display = (!text.is_empty()).then_some(text);
                    }
                    None | Some(b';' | b',') => {
                        uri = trim_end(text);
                        if uri.is_empty() {
                            return Err(start);
                        }
                        if let Some(gap) = uri.iter().position(|&byte| is_lws(byte)) {
                            return Err(start + gap);
                        }
                    }
                    Some(_) => return Err(cursor.at()),
                }
            }
        }
        let mut before_params = cursor.at();
        if uri.is_empty() {
            if !cursor.eat(b'<') {
                return Err(cursor.at());
            }
            let rest = cursor.rest();
            uri = cursor.take(find(rest, b'>').ok_or(value.len())?);
            if uri.is_empty() {
                return Err(cursor.at());
            }
            cursor.eat(b'>');
            before_params = cursor.at();
        }
        let mut tag = usual_param(&mut cursor, b";tag=").map(Some);
        while let Some(ParamAt { param, .. }) = param_if_any(&mut cursor)? {
            if tag.is_none() && param.is("tag") {
                tag = Some(param.value);
            }
        }
        let end = value_end(cursor, is_list)?;
        let params = &value[before_params..if is_list { cursor.at() } else { end }];
        Ok((Self { name, display, quoted, uri, params, tag }, end))
    }

    /// The display name as it stands: without quotes, its escapes and folds left in.
    pub fn display(&self) -> Option<&'a BStr> {
        self.display.map(ByteSlice::as_bstr)
    }

    /// The display name with the escapes of a quoted string undone.
    pub fn display_text(&self) -> Option<Cow<'a, [u8]>> {
        self.display.map(|text| if self.quoted { unquote(text) } else { Cow::Borrowed(text) })
    }

    /// The URI, read now.
    ///
    /// # Errors
    ///
    /// [`HeaderError::Malformed`], named after the header, with the position in [`Self::uri_text`].
    pub fn uri(&self) -> Result<Uri<'a>, HeaderError> {
        Uri::parse_named(self.uri, self.name)
    }

    /// The URI as written, without brackets.
    pub fn uri_text(&self) -> &'a BStr {
        self.uri.as_bstr()
    }

    /// The `tag` parameter: the first, if it has a value.
    pub fn tag(&self) -> Option<&'a BStr> {
        self.tag.flatten()
    }

    /// The first parameter of the header called `name`, in any case: `None` absent, `Some(None)` without a
    /// value.
    pub fn param(&self, name: &str) -> Option<Option<&'a BStr>> {
        self.params().find_value(name)
    }

    /// The parameters of the header, in order.
    pub fn params(&self) -> HeaderParams<'a> {
        HeaderParams::new(self.params)
    }
}

macro_rules! address_headers {
    ($($(#[$doc:meta])* $name:ident, $text:literal, $list:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name<'a>(NameAddr<'a>);

        impl<'a> Deref for $name<'a> {
            type Target = NameAddr<'a>;

            fn deref(&self) -> &NameAddr<'a> {
                &self.0
            }
        }

        impl<'a> HeaderView<'a> for $name<'a> {
            const LIST: bool = $list;

            fn name() -> HeaderName<'static> {
                HeaderName::$name
            }

            fn parse(value: &'a [u8]) -> Result<Self, HeaderError> {
                NameAddr::parse_named(value, $text).map(Self)
            }

            fn parse_first(line: &'a [u8]) -> Option<(Self, usize)> {
                NameAddr::parse_first(line, $text).map(|(addr, end)| (Self(addr), end))
            }
        }
    )*};
}

address_headers! {
    /// Who a request is from: a [`NameAddr`].
    From, "From", false;
    /// Who a request was first for: a [`NameAddr`].
    To, "To", false;
    /// A hop that a request has to visit: a [`NameAddr`].
    Route, "Route", true;
    /// A hop that wants to stay on the path of the dialog: a [`NameAddr`].
    RecordRoute, "Record-Route", true;
    /// A hop between registrar and phone (RFC 3327): a [`NameAddr`].
    Path, "Path", true;
    /// Where a REFER sends its receiver (RFC 3515): a [`NameAddr`].
    ReferTo, "Refer-To", false;
    /// Who a request is from, as asserted inside a trust domain (RFC 3325): a [`NameAddr`].
    PAssertedIdentity, "P-Asserted-Identity", true;
    /// Who a caller would like to appear as (RFC 3325): a [`NameAddr`].
    PPreferredIdentity, "P-Preferred-Identity", true;
    /// Who a request is from or for, as asserted before RFC 3325 was; still in use: a [`NameAddr`].
    RemotePartyId, "Remote-Party-ID", true;
    /// A hop that a phone's requests have to visit (RFC 3608): a [`NameAddr`].
    ServiceRoute, "Service-Route", true;
    /// Who sent the REFER that led to a request (RFC 3892): a [`NameAddr`].
    ReferredBy, "Referred-By", false;
    /// One step of where a request was directed (RFC 7044), with its `index`: a [`NameAddr`].
    HistoryInfo, "History-Info", true;
    /// Who diverted a call (RFC 5806), with its `reason` and `counter`: a [`NameAddr`].
    Diversion, "Diversion", true;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails_at(text: &str) -> usize {
        match NameAddr::parse(text.as_bytes()) {
            Err(HeaderError::Malformed { name: "address", at }) => at,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn white_space_and_folds_may_stand_round_separators() {
        let addr = NameAddr::parse(
            b"\"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8",
        )
        .unwrap();
        assert_eq!(addr.display().unwrap(), "J Rosenberg \\\\\\\"");
        assert_eq!(addr.display_text().unwrap().as_bstr(), "J Rosenberg \\\"");
        assert_eq!(addr.uri_text(), "sip:jdrosen@example.com");
        assert_eq!(addr.tag().unwrap(), "98asjd8");
        let addr =
            NameAddr::parse(b"\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n").unwrap();
        assert_eq!(addr.uri_text(), "sip:vivekg@chair-dnrc.example.com");
        assert_eq!(addr.tag().unwrap(), "1918181833n");
    }

    #[test]
    fn without_brackets_parameters_belong_to_the_header() {
        let addr = NameAddr::parse(b"sip:user@example.com;unknownparam").unwrap();
        assert_eq!(addr.param("unknownparam"), Some(None));
        assert_eq!(addr.uri().unwrap().param("unknownparam"), None);
        let addr = NameAddr::parse(b"<sip:user@example.com;unknownparam>").unwrap();
        assert_eq!(addr.param("unknownparam"), None);
        assert_eq!(addr.uri().unwrap().param("unknownparam"), Some(None));
        let addr = NameAddr::parse(b"sip:a@b;x=\"<sip:c>\";tag=1").unwrap();
        assert_eq!((addr.uri_text(), addr.tag().unwrap()), ("sip:a@b".into(), "1".into()));
    }

    #[test]
    fn display_names_may_touch_the_bracket_and_be_empty() {
        let addr = NameAddr::parse(b"caller<sip:caller@example.com>;tag=323").unwrap();
        assert_eq!(addr.display().unwrap(), "caller");
        assert_eq!(NameAddr::parse(b"\"\" <sip:a@b>").unwrap().display().unwrap(), "");
        assert_eq!(NameAddr::parse(b" <sip:a@b>").unwrap().display(), None);
        assert_eq!(NameAddr::parse(b"J. User-Name  <sip:a@b>").unwrap().display().unwrap(), "J. User-Name");
    }

    #[test]
    fn what_is_no_address_is_refused_by_position() {
        for (text, at) in [
            ("", 0),
            ("\"Mr J. User <sip:j.user@example.com>", 0),
            ("Bell, Alexander <sip:a.g.bell@example.com>;tag=43", 4),
            ("sip:user@example.com?Route=%3Csip:sip.example.com%3E", 20),
            ("sip:a@b,sip:c@d", 7),
            ("sip:a b", 5),
            ("<sip:a@b", 8),
            ("<>", 1),
            ("\"a\" sip:a@b", 4),
            ("<sip:a@b>;;;;", 10),
            ("<sip:a@b> x", 10),
            ("a>b", 1),
        ] {
            assert_eq!(fails_at(text), at, "{text}");
        }
    }

    #[test]
    fn of_two_tags_the_first_counts() {
        let tag = |text: &'static str| NameAddr::parse(text.as_bytes()).unwrap().tag();
        assert_eq!(tag("sip:a@b;tag=1;tag=2").unwrap(), "1");
        assert_eq!(tag("sip:a@b;tag;tag=1"), None);
    }

    #[test]
    fn the_uri_is_only_read_when_asked_for() {
        let to = To::parse(b"\"Watson, Thomas\" < sip:t.watson@example.org >;tag=1").unwrap();
        assert_eq!(to.tag().unwrap(), "1");
        assert_eq!(to.uri().unwrap_err(), HeaderError::Malformed { name: "To", at: 0 });
    }
}
