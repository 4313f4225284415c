//! The `;name=value` list behind a header value, with white space and folds allowed round every separator.
//!
//! Source: RFC 3261 25.1 (`generic-param`, `gen-value`, `quoted-string`, `SEMI`, `EQUAL`).

use std::borrow::Cow;

use bstr::{BStr, ByteSlice};

use crate::scan::Cursor;
use crate::scan::word::{HIGH, above, loosely_below, skip_words};
use crate::uri::params::Param;

/// The parameters of a header value, in order.
#[derive(Clone, Copy, Debug)]
pub struct HeaderParams<'a> {
    rest: Cursor<'a>,
}

impl<'a> HeaderParams<'a> {
    /// `text` begins with `;` (or white space before it) or is empty, and was checked.
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self { rest: Cursor::new(text) }
    }

    /// The first parameter called `name`, in any case.
    pub(crate) fn find_value(mut self, name: &str) -> Option<Option<&'a BStr>> {
        self.find(|param| param.is(name)).map(|param| param.value)
    }
}

impl<'a> Iterator for HeaderParams<'a> {
    type Item = Param<'a>;

    fn next(&mut self) -> Option<Param<'a>> {
        next_param(&mut self.rest).ok().flatten().map(|found| found.param)
    }
}

/// A parameter and where it is.
pub(crate) struct ParamAt<'a> {
    /// What it says.
    pub(crate) param: Param<'a>,
    /// Where its name begins. It ends where the cursor stands.
    pub(crate) start: usize,
}

/// Takes the parameter that comes next. `None`: nothing but white space is left.
/// The error is the position of the first byte that does not fit.
#[inline]
pub(crate) fn next_param<'a>(cursor: &mut Cursor<'a>) -> Result<Option<ParamAt<'a>>, usize> {
    let param = param_if_any(cursor)?;
    if param.is_none() {
        cursor.skip_lws();
        if !cursor.is_done() {
            return Err(cursor.at());
        }
    }
    Ok(param)
}

/// As [`next_param`]; `None`, and nothing is taken, where no `;` follows.
#[inline(always)]
pub(crate) fn param_if_any<'a>(cursor: &mut Cursor<'a>) -> Result<Option<ParamAt<'a>>, usize> {
    if !cursor.eat_separator(b';') {
        return Ok(None);
    }
    rest_of_param(cursor).map(Some)
}

/// Takes a parameter whose `;` is taken.
#[inline]
fn rest_of_param<'a>(cursor: &mut Cursor<'a>) -> Result<ParamAt<'a>, usize> {
    let start = cursor.at();
    let name = cursor.token().ok_or(start)?.as_bstr();
    let mut value = None;
    if cursor.eat_separator(b'=') {
        value = Some(gen_value(cursor).ok_or(cursor.at())?.as_bstr());
    }
    Ok(ParamAt { param: Param { name, value }, start })
}

/// Takes `;name=` as most write it, with nothing between and `name` in this case, and then the value.
/// `None`, and nothing is taken, where something else stands.
#[inline(always)]
pub(crate) fn usual_param<'a>(cursor: &mut Cursor<'a>, begin: &[u8]) -> Option<&'a BStr> {
    if !cursor.rest().starts_with(begin) {
        return None;
    }
    let before = *cursor;
    cursor.take(begin.len());
    match gen_value(cursor) {
        Some(value) => Some(value.as_bstr()),
        None => {
            // White space, or nothing: somebody else's business.
            *cursor = before;
            None
        }
    }
}

/// Where a value with parameters ends that the cursor has just passed: at the end of the text or, in a comma list,
/// at the comma. The error is the position of what stands there instead.
#[inline(always)]
pub(crate) fn value_end(mut cursor: Cursor<'_>, is_list: bool) -> Result<usize, usize> {
    cursor.skip_lws();
    match cursor.peek() {
        None => Ok(cursor.at()),
        Some(b',') if is_list => Ok(cursor.at()),
        Some(_) => Err(cursor.at()),
    }
}

/// Takes a quoted string, given without its quotes, or an unquoted value. The grammar has tokens and hosts
/// for the latter; here everything visible passes that separates nothing (`tag=a/b==` is in use).
#[inline(always)]
fn gen_value<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    if cursor.peek() == Some(b'"') {
        return match cursor.quoted()? {
            [_, inner @ .., _] => Some(inner),
            _ => None,
        };
    }
    let rest = cursor.rest();
    let mut len = skip_words(rest, unusual_in_value);
    while rest.get(len).is_some_and(|&byte| VALUE[usize::from(byte)]) {
        len += 1;
    }
    let value = cursor.take(len);
    (!value.is_empty()).then_some(value)
}

/// Marks what ends an unquoted value, and some bytes that do not: below `-`, `;` to `>`, DEL and above.
#[inline(always)]
const fn unusual_in_value(word: u64) -> u64 {
    let to_end = above(word, b'>') ^ above(word, b':');
    (loosely_below(word, b'-') | to_end | above(word, 0x7e) | word) & HIGH
}

/// The bytes of an unquoted value.
static VALUE: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0x21;
    while byte < 256 {
        table[byte] = !matches!(byte as u8, b';' | b',' | b'"' | b'<' | b'>' | 0x7f);
        byte += 1;
    }
    table
};

/// Undoes the `\x` escapes of a quoted string (given without its quotes). Borrows if there are none.
pub fn unquote(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        let byte = if byte == b'\\' { bytes.next().copied().unwrap_or(byte) } else { byte };
        plain.push(byte);
    }
    Cow::Owned(plain)
}

/// Writes `text` as a quoted string, with its quotes; [`unquote`] undoes it. CR, LF and NUL have no quoted form: the
/// setters refuse them.
///
/// # Examples
///
/// ```
/// assert_eq!(sip_core::quote(b"Bob \"B\" Ray"), b"\"Bob \\\"B\\\" Ray\"");
/// ```
pub fn quote(text: &[u8]) -> Vec<u8> {
    let mut quoted = Vec::with_capacity(text.len() + 2);
    quoted.push(b'"');
    for &byte in text {
        if matches!(byte, b'"' | b'\\') {
            quoted.push(b'\\');
        }
        quoted.push(byte);
    }
    quoted.push(b'"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, Option<String>)>, usize> {
        let (mut cursor, mut all) = (Cursor::new(text.as_bytes()), Vec::new());
        while let Some(ParamAt { param, .. }) = next_param(&mut cursor)? {
            all.push((param.name.to_string(), param.value.map(ToString::to_string)));
        }
        Ok(all)
    }

    fn pair(name: &str, value: Option<&str>) -> (String, Option<String>) {
        (name.into(), value.map(Into::into))
    }

    #[test]
    fn space_and_folds_may_stand_round_every_separator() {
        let text = "\r\n ; newparam =\r\n\tnewvalue ;\r\n  secondparam ; q = 0.33";
        let wanted = [pair("newparam", Some("newvalue")), pair("secondparam", None), pair("q", Some("0.33"))];
        assert_eq!(read(text).unwrap(), wanted);
    }

    #[test]
    fn a_value_ends_where_its_bytes_say_wherever_they_stand() {
        for byte in 0..=255u8 {
            for at in 0..20 {
                let mut text = [b'x'; 20];
                text[at] = byte;
                let len = gen_value(&mut Cursor::new(&text)).map_or(0, <[u8]>::len);
                assert_eq!(len, if VALUE[usize::from(byte)] { 20 } else { at }, "{byte} at {at}");
            }
        }
    }

    #[test]
    fn a_quoted_value_hides_separators_and_quotes() {
        let text = r#";a="x;y=\"z\", \\";b"#;
        assert_eq!(read(text).unwrap(), [pair("a", Some(r#"x;y=\"z\", \\"#)), pair("b", None)]);
        assert_eq!(unquote(br#"x;y=\"z\", \\"#).as_bstr(), r#"x;y="z", \"#);
        assert!(matches!(unquote(b"plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn values_may_be_hosts_and_more_than_tokens() {
        let text = ";received=[2001:db8::1];tag=a/b==@c";
        assert_eq!(
            read(text).unwrap(),
            [pair("received", Some("[2001:db8::1]")), pair("tag", Some("a/b==@c"))]
        );
    }

    #[test]
    fn what_does_not_fit_is_named_by_its_position() {
        for (text, at) in [
            (";", 1),
            (";;", 1),
            (";a;", 3),
            ("a", 0),
            (";a=", 3),
            (";a=;b", 3),
            (";a b", 3),
            (";a=b c", 5),
            (";a=\"b", 3),
            (";a=\"b\\\"", 3),
            (";a=\"b\"c", 6),
            (";a=b,c", 4),
            (";=b", 1),
        ] {
            assert_eq!(read(text), Err(at), "{text}");
        }
    }
}
