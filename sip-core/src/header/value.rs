//! [`HeaderValue`]: the view for every header that has none of its own.
//!
//! Source: RFC 3261 25.1 (`generic-param`, `comment`, `quoted-string`), 20.41 and 20.43 for words and comments,
//! RFC 8224 4.1 for a parameter in angle brackets.

use std::borrow::Cow;

use bstr::{BStr, ByteSlice};

use crate::ascii::{is_lws, trim};
use crate::error::HeaderError;
use crate::header::name_addr::NameAddr;
use crate::header::params::unquote;
use crate::message::Message;
use crate::name::HeaderName;
use crate::scan::Cursor;
use crate::uri::params::Param;

/// A header value cut into what stands first and the parameters behind it: `main words (comment);name=value`.
///
/// It fits whatever follows the common pattern: Warning, Retry-After, Server, Content-Disposition, Security-Server,
/// Accept-Contact, Resource-Priority, Identity, the P-headers ... Of a header that is a list, it reads one element
/// ([`Message::values`]). For free text (Subject, Organization) use [`Message::header`].
///
/// # Examples
///
/// ```
/// use sip_core::{HeaderValue, Word};
///
/// let retry = HeaderValue::parse(b"120 (I'm in a meeting);duration=3600")?;
/// assert_eq!(retry.main(), "120 (I'm in a meeting)");
/// assert_eq!(retry.comment().unwrap(), "I'm in a meeting");
/// assert_eq!(retry.param("duration").flatten().unwrap(), "3600");
///
/// let warning = HeaderValue::parse(b"301 isi.edu \"Incompatible network address type 'E.164'\"")?;
/// assert_eq!(warning.words().nth(2), Some(Word::Quoted("Incompatible network address type 'E.164'".into())));
/// # Ok::<(), sip_core::HeaderError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct HeaderValue<'a> {
    main: &'a [u8],
    params: &'a [u8],
}

impl<'a> HeaderValue<'a> {
    /// Reads one value.
    ///
    /// # Errors
    ///
    /// [`HeaderError::Malformed`] with the position in `value`: a quote, bracket or comment that does not end, or
    /// something behind the main part that is no parameter.
    pub fn parse(value: &'a [u8]) -> Result<Self, HeaderError> {
        Self::parse_named(value, "header")
    }

    /// As [`HeaderValue::parse`]; errors name the header.
    pub(crate) fn parse_named(value: &'a [u8], name: &'static str) -> Result<Self, HeaderError> {
        Self::cut(value).map_err(|at| HeaderError::Malformed { name, at })
    }

    fn cut(value: &'a [u8]) -> Result<Self, usize> {
        let mut cursor = Cursor::new(value);
        while next_word(&mut cursor)?.is_some() {}
        let (main, params) = value.split_at(cursor.at());
        while next_param(&mut cursor)?.is_some() {}
        Ok(Self { main: trim(main), params })
    }

    /// What stands before the first `;`, as written.
    pub fn main(&self) -> &'a BStr {
        self.main.as_bstr()
    }

    /// The words of the main part, in order.
    pub fn words(&self) -> Words<'a> {
        Words { rest: Cursor::new(self.main) }
    }

    /// The main part as text: if it is one quoted string, what that says.
    pub fn text(&self) -> Cow<'a, [u8]> {
        match self.words().next() {
            Some(Word::Quoted(inner)) if inner.len() + 2 == self.main.len() => unquote(inner),
            _ => Cow::Borrowed(self.main),
        }
    }

    /// The first comment of the main part, without its parentheses; escapes as they stand.
    pub fn comment(&self) -> Option<&'a BStr> {
        self.words().find_map(|word| match word {
            Word::Comment(text) => Some(text),
            _ => None,
        })
    }

    /// The parameters behind the main part, in order.
    pub fn params(&self) -> ValueParams<'a> {
        ValueParams { rest: Cursor::new(self.params) }
    }

    /// The first parameter called `name`, in any case: `None` absent, `Some(None)` without a value.
    ///
    /// In a value that is a list of parameters from its start (`icid-value=1;orig-ioi=home.example`), the first counts.
    pub fn param(&self, name: &str) -> Option<Option<&'a BStr>> {
        let leading = self.leading_param().filter(|param| param.is(name));
        leading.or_else(|| self.params().find(|param| param.is(name))).map(|param| param.value)
    }

    /// The main part as a parameter, if it looks like one: `icid-value=1`, `ccf=[2001:db8::1]`.
    pub fn leading_param(&self) -> Option<Param<'a>> {
        let mut cursor = Cursor::new(self.main);
        let name = cursor.token()?.as_bstr();
        if !cursor.eat_separator(b'=') {
            return None;
        }
        let value = any_value(&mut cursor)?.as_bstr();
        cursor.is_done().then_some(Param { name, value: Some(value) })
    }
}

/// One word of a header value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word<'a> {
    /// A token, a number, a media type, a URI ...: anything up to white space.
    Plain(&'a BStr),
    /// A quoted string without its quotes, its escapes as they stand ([`unquote`] undoes them).
    Quoted(&'a BStr),
    /// A comment without its parentheses, its escapes and inner comments as they stand.
    Comment(&'a BStr),
    /// What stands in angle brackets, without them.
    Bracketed(&'a BStr),
}

/// The words of a [`HeaderValue`], in order.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    rest: Cursor<'a>,
}

impl<'a> Iterator for Words<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        next_word(&mut self.rest).ok().flatten()
    }
}

/// The parameters of a [`HeaderValue`], in order.
#[derive(Clone, Copy, Debug)]
pub struct ValueParams<'a> {
    rest: Cursor<'a>,
}

impl<'a> Iterator for ValueParams<'a> {
    type Item = Param<'a>;

    fn next(&mut self) -> Option<Param<'a>> {
        next_param(&mut self.rest).ok().flatten()
    }
}

/// Takes the next word. `None` at `;` and at the end.
fn next_word<'a>(cursor: &mut Cursor<'a>) -> Result<Option<Word<'a>>, usize> {
    cursor.skip_lws();
    let start = cursor.at();
    let word = match cursor.peek() {
        None | Some(b';') => return Ok(None),
        Some(b'"') => Word::Quoted(inner(cursor.quoted().ok_or(start)?)),
        Some(b'(') => {
            let end = comment_end(cursor.rest()).ok_or(start)?;
            Word::Comment(inner(cursor.take(end)))
        }
        Some(b'<') => Word::Bracketed(inner(bracketed(cursor).ok_or(start)?)),
        Some(_) => Word::Plain(
            cursor.take_while(|byte| !is_lws(byte) && !matches!(byte, b';' | b'"' | b'(' | b'<')).as_bstr(),
        ),
    };
    Ok(Some(word))
}

/// Takes the next `;name=value`. `None`: nothing but white space is left.
fn next_param<'a>(cursor: &mut Cursor<'a>) -> Result<Option<Param<'a>>, usize> {
    if !cursor.eat_separator(b';') {
        cursor.skip_lws();
        return if cursor.is_done() { Ok(None) } else { Err(cursor.at()) };
    }
    let name = cursor.token().ok_or(cursor.at())?.as_bstr();
    let mut value = None;
    if cursor.eat_separator(b'=') {
        value = Some(any_value(cursor).ok_or(cursor.at())?.as_bstr());
    }
    Ok(Some(Param { name, value }))
}

/// Takes a value: quoted or bracketed, given without its delimiters, or everything visible up to a separator.
pub(crate) fn any_value<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    match cursor.peek()? {
        b'"' => Some(inner(cursor.quoted()?)),
        b'<' => Some(inner(bracketed(cursor)?)),
        _ => {
            let value = cursor.take_while(|byte| {
                byte > b' ' && byte != 0x7f && !matches!(byte, b';' | b',' | b'"' | b'<' | b'>')
            });
            (!value.is_empty()).then_some(value)
        }
    }
}

/// Takes what stands in angle brackets, with them.
fn bracketed<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let end = memchr::memchr(b'>', cursor.rest())?;
    Some(cursor.take(end + 1))
}

/// Without the first and the last byte.
fn inner(text: &[u8]) -> &BStr {
    match text {
        [_, inner @ .., _] => inner.as_bstr(),
        _ => b"".as_bstr(),
    }
}

/// The offset after the comment that begins at `text[0] == '('`, inner comments included; `None` if it does not end.
fn comment_end(text: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (0, 0usize);
    while let Some(found) = text.get(at..).and_then(|rest| memchr::memchr3(b'(', b')', b'\\', rest)) {
        at += found + 1;
        match text[at - 1] {
            b'(' => depth += 1,
            b')' if depth == 1 => return Some(at),
            b')' => depth -= 1,
            _ => at += 1,
        }
    }
    None
}

/// The generic readings: any header, no type of its own.
impl Message {
    /// The first line with this name, cut into main part and parameters; `None` if there is none.
    pub fn header_value<'n>(
        &self,
        name: impl Into<HeaderName<'n>>,
    ) -> Option<Result<HeaderValue<'_>, HeaderError>> {
        let name = name.into();
        self.header(name).map(|value| HeaderValue::parse_named(value, known(name)))
    }

    /// The comma-separated values of this name, each cut into main part and parameters.
    pub fn header_values<'n>(
        &self,
        name: impl Into<HeaderName<'n>>,
    ) -> impl Iterator<Item = Result<HeaderValue<'_>, HeaderError>> {
        let name = name.into();
        self.values(name).map(move |value| HeaderValue::parse_named(value, known(name)))
    }

    /// The comma-separated values of this name as addresses: Call-Info, Alert-Info, Error-Info, P-Associated-URI,
    /// Geolocation, Reply-To, P-Served-User ...
    pub fn addresses<'n>(
        &self,
        name: impl Into<HeaderName<'n>>,
    ) -> impl Iterator<Item = Result<NameAddr<'_>, HeaderError>> {
        let name = name.into();
        self.values(name).map(move |value| NameAddr::parse_named(value, known(name)))
    }
}

/// The name for an error.
fn known(name: HeaderName<'_>) -> &'static str {
    name.known().unwrap_or("header")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> HeaderValue<'_> {
        HeaderValue::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn words_are_plain_quoted_comments_and_bracketed() {
        let words: Vec<_> =
            value("CERN/3.0 (a; \\) (inner) b)libwww \"x;\\\"y\" <sip:a;b>;p").words().collect();
        assert_eq!(
            words,
            [
                Word::Plain("CERN/3.0".into()),
                Word::Comment("a; \\) (inner) b".into()),
                Word::Plain("libwww".into()),
                Word::Quoted("x;\\\"y".into()),
                Word::Bracketed("sip:a;b".into()),
            ]
        );
    }

    #[test]
    fn folds_are_white_space() {
        let date = value("\r\n 54 \r\n\t0.5 ;\r\n x = 1");
        assert_eq!(date.words().collect::<Vec<_>>(), [Word::Plain("54".into()), Word::Plain("0.5".into())]);
        assert_eq!(date.param("X"), Some(Some("1".into())));
    }

    #[test]
    fn a_parameter_may_be_quoted_or_bracketed() {
        let identity = value("eyJhbGci.eyJ.r-_4;info=<https://a.example/c;d.pem>;alg=ES256;ppt=\"shaken\"");
        assert_eq!(identity.main(), "eyJhbGci.eyJ.r-_4");
        assert_eq!(identity.param("info"), Some(Some("https://a.example/c;d.pem".into())));
        assert_eq!(identity.param("ppt"), Some(Some("shaken".into())));
        assert_eq!(identity.params().count(), 3);
    }

    #[test]
    fn a_list_of_parameters_may_have_no_main_part() {
        let vector = value("icid-value=\"AyretyU0\";icid-generated-at=[2001:db8::1];orig-ioi=home1.net");
        assert_eq!(vector.param("ICID-value"), Some(Some("AyretyU0".into())));
        assert_eq!(vector.param("orig-ioi"), Some(Some("home1.net".into())));
        assert_eq!(value("<a=b>").leading_param(), None);
        assert_eq!(value("a=b c").leading_param(), None);
        assert_eq!(value(";a=b").param("a"), Some(Some("b".into())));
    }

    #[test]
    fn text_of_a_quoted_main_part_is_without_escapes() {
        assert_eq!(&*value("\"a \\\"b\\\"\";x").text(), b"a \"b\"");
        assert_eq!(&*value("\"a\" \"b\"").text(), b"\"a\" \"b\"");
        assert_eq!(&*value("plain").text(), b"plain");
    }

    #[test]
    fn what_does_not_end_is_named_by_its_position() {
        for (text, wanted) in [
            ("a (b", 2),
            ("a (b\\)", 2),
            ("((a)", 0),
            ("a \"b", 2),
            ("<a", 0),
            ("a;b=<c", 4),
            ("a;", 2),
            ("a;;b", 2),
            ("a;b=", 4),
            ("a;b c", 4),
            ("a;b=\0", 4),
            ("a;(b)", 2),
        ] {
            match HeaderValue::parse(text.as_bytes()) {
                Err(HeaderError::Malformed { at, .. }) => assert_eq!(at, wanted, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
        assert_eq!(value("").main(), "");
    }
}
