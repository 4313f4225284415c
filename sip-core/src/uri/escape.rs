//! Escapes, and which bytes may stand where in a URI.
//!
//! Source: RFC 3261 25.1 (`escaped`, `user`, `uri-parameter`, `headers`), RFC 3966 3 for numbers.

use std::borrow::Cow;

/// Undoes `%HH` escapes, once. Borrows if there are none. An escape that is not one stays as it is.
pub fn unescape(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'%', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, tail @ ..] = rest {
        rest = tail;
        if *byte == b'%'
            && let [high, low, tail @ ..] = tail
            && let Some(escaped) = hex_pair(*high, *low)
        {
            plain.push(escaped);
            rest = tail;
        } else {
            plain.push(*byte);
        }
    }
    Cow::Owned(plain)
}

/// A part of a URI: which bytes may stand in it as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UriPart {
    /// The user part of a SIP URI.
    User,
    /// The password of a SIP URI.
    Password,
    /// Name or value of a parameter.
    Param,
    /// Name or value of a header.
    Header,
}

impl UriPart {
    /// What the grammar lets stand plainly, beside letters, digits and `-_.!~*'()`.
    fn plain(self) -> &'static [u8] {
        match self {
            Self::User => b"&=+$,;?/",
            Self::Password => b"&=+$,",
            Self::Param => b"[]/:&+$",
            Self::Header => b"[]/?:+$",
        }
    }
}

/// Writes every byte as `%HH` that may not stand in this part of a URI. Borrows if there are none.
///
/// [`unescape`] gives the text back.
///
/// # Examples
///
/// ```
/// use sip_core::{UriPart, escape};
///
/// assert_eq!(&*escape(b"a b@c;d", UriPart::User), b"a%20b%40c;d");
/// assert_eq!(&*escape(b"a b@c;d", UriPart::Param), b"a%20b%40c%3Bd");
/// ```
pub fn escape(text: &[u8], part: UriPart) -> Cow<'_, [u8]> {
    let plain = part.plain();
    let stays =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) || plain.contains(&byte);
    if text.iter().all(|&byte| stays(byte)) {
        return Cow::Borrowed(text);
    }
    let digit = |value: u8| if value < 10 { b'0' + value } else { b'A' + value - 10 };
    let mut escaped = Vec::with_capacity(text.len() + 16);
    for &byte in text {
        if stays(byte) {
            escaped.push(byte);
        } else {
            escaped.extend_from_slice(&[b'%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    Cow::Owned(escaped)
}

/// The byte that two hex digits stand for.
pub(crate) fn hex_pair(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

/// As [`check`] for a parameter list, in which no name is empty.
pub(crate) fn check_params(params: &[u8], at: usize) -> Result<(), usize> {
    check(params, at, GRAPHIC | ESCAPE)?;
    // a name is never empty: neither `;=x` nor a list that starts so
    let mut start = true;
    for (offset, &byte) in params.iter().enumerate() {
        if start && byte == b'=' {
            return Err(at + offset);
        }
        start = byte == b';';
    }
    Ok(())
}

/// How long the parameter list is that `text` begins with: all of it, or up to a `?`. Checked as by
/// [`check_params`].
#[inline(always)]
pub(crate) fn params_len(text: &[u8], at: usize) -> Result<usize, usize> {
    let (mut len, mut begins) = (0, true);
    while let Some(&byte) = text.get(len) {
        match CLASSES[usize::from(byte)] {
            class if class & PLAIN != 0 => begins = false,
            ESCAPE => match text.get(len + 1..len + 3) {
                Some([high, low]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => begins = false,
                _ => return Err(at + len),
            },
            _ => match byte {
                b';' => begins = true,
                b'=' if !begins => {}
                b'?' => break,
                _ => return Err(at + len),
            },
        }
        len += 1;
    }
    Ok(len)
}

/// Every byte of `text` is in one of the classes of `allowed`, and each `%` starts an escape. The error is a
/// position, `at` being that of the first byte.
pub(crate) fn check(text: &[u8], at: usize, allowed: u8) -> Result<(), usize> {
    for (offset, &byte) in text.iter().enumerate() {
        match CLASSES[usize::from(byte)] & allowed {
            0 => return Err(at + offset),
            ESCAPE => match text.get(offset + 1..offset + 3) {
                Some([high, low]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {}
                _ => return Err(at + offset),
            },
            _ => {}
        }
    }
    Ok(())
}

/// Visible bytes without `"`, `<`, `>` and `%`; bytes above 0x7f.
pub(crate) const GRAPHIC: u8 = 1;
/// What may stand in the number of a `tel` URI.
pub(crate) const NUMBER: u8 = 2;
/// `%`, which needs two hex digits.
pub(crate) const ESCAPE: u8 = 4;
/// What stands in the name or value of a parameter and is no `%`.
const PLAIN: u8 = 8;
/// The user part and the password.
pub(crate) const USER: u8 = GRAPHIC | ESCAPE;

const CLASSES: [u8; 256] = {
    let mut classes = [0u8; 256];
    classes[b'%' as usize] = ESCAPE;
    let mut byte = 0x21;
    while byte < 256 {
        if byte != b'%' as usize && byte != 0x22 && byte != 0x3c && byte != 0x3e && byte != 0x7f {
            classes[byte] |= GRAPHIC;
            if !matches!(byte as u8, b';' | b'=' | b'?') {
                classes[byte] |= PLAIN;
            }
        }
        byte += 1;
    }
    let number = b"0123456789+-.()*#ABCDEFabcdef";
    let mut i = 0;
    while i < number.len() {
        classes[number[i] as usize] |= NUMBER;
        i += 1;
    }
    classes
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_once() {
        assert_eq!(&*unescape(b"n%61me=v%61lue%25%34%31"), b"name=value%41");
        assert_eq!(&*unescape(b"null-%00-null"), b"null-\0-null");
        assert_eq!(&*unescape(b"%Z%45%4"), b"%ZE%4");
        assert!(matches!(unescape(b"plain"), Cow::Borrowed(b"plain")));
    }

    #[test]
    fn what_is_escaped_reads_back_and_leaves_nothing_odd() {
        let all: Vec<u8> = (0..=255).collect();
        for part in [UriPart::User, UriPart::Password, UriPart::Param, UriPart::Header] {
            let escaped = escape(&all, part);
            assert_eq!(&*unescape(&escaped), &all[..], "{part:?}");
            assert_eq!(check(&escaped, 0, GRAPHIC | ESCAPE), Ok(()), "{part:?}");
            assert!(!escaped.contains(&b'@') && !escaped.contains(&b'#'), "{part:?}");
        }
        assert!(matches!(escape(b"*21(a)~", UriPart::Header), Cow::Borrowed(_)));
        assert_eq!(&*escape(b"a=b&c", UriPart::Header), b"a%3Db%26c");
    }
}
