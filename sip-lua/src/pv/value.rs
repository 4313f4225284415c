//! `Value`: what a pseudo-variable holds, with KEMI's rules for turning one kind into another.

use std::borrow::Cow;
use std::io::Write as _;

use bstr::{BStr, BString};

/// Nothing, a number or a text. Borrows from the message where it can.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) enum Value<'a> {
    /// `$null`: nil in Lua.
    #[default]
    Null,
    /// An integer.
    Int(i64),
    /// A text, not always UTF-8.
    Text(Cow<'a, BStr>),
}

impl<'a> Value<'a> {
    /// A text that stands somewhere.
    pub(crate) fn text(text: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        Self::Text(Cow::Borrowed(BStr::new(text.as_ref())))
    }

    /// A text that was made.
    pub(crate) fn made(text: impl Into<Vec<u8>>) -> Self {
        Self::Text(Cow::Owned(BString::new(text.into())))
    }

    /// A text or nothing.
    pub(crate) fn some(text: Option<&'a (impl AsRef<[u8]> + ?Sized)>) -> Self {
        text.map_or(Self::Null, Self::text)
    }

    /// The same, on its own.
    pub(crate) fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Int(number) => Value::Int(number),
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
        }
    }

    /// Whether it is nothing.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The number: nothing is 0, of a text its leading digits count (`geti`).
    pub(crate) fn to_int(&self) -> i64 {
        match self {
            Self::Null => 0,
            Self::Int(number) => *number,
            Self::Text(text) => leading_number(text),
        }
    }

    /// The text: nothing is the empty one, a number its digits (`gete`).
    pub(crate) fn to_text(&self) -> Cow<'_, BStr> {
        match self {
            Self::Null => Cow::Borrowed(BStr::new("")),
            Self::Int(number) => Cow::Owned(BString::from(number.to_string())),
            Self::Text(text) => Cow::Borrowed(&**text),
        }
    }

    /// Appends the text; nothing is `<null>`, as in Kamailio's log lines.
    pub(crate) fn write_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"<null>"),
            Self::Int(number) => _ = write!(out, "{number}"), // into memory: cannot fail
            Self::Text(text) => out.extend_from_slice(text),
        }
    }
}

impl Value<'_> {
    /// The value as a table keeps it; null is none.
    pub(crate) fn to_table(&self) -> Option<sip_async::Value> {
        match self {
            Self::Null => None,
            Self::Int(number) => Some((*number).into()),
            Self::Text(text) => Some((&***text).into()),
        }
    }
}

impl From<sip_async::Value> for Value<'_> {
    fn from(value: sip_async::Value) -> Self {
        match value {
            sip_async::Value::Int(number) => Self::Int(number),
            sip_async::Value::Text(text) => Self::made(text.to_vec()),
        }
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

/// The number that a text begins with, after blanks and a sign; 0 without one. It stops at the ends of `i64`.
pub(crate) fn leading_number(text: &[u8]) -> i64 {
    let (sign, digits) = match text.trim_ascii_start() {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] | rest => (1, rest),
    };
    let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
    digits
        .fold(0i64, |number, digit| number.saturating_mul(10).saturating_add(sign * i64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_from_the_front() {
        for (text, number) in [
            ("5060", 5060),
            (" -12x", -12),
            ("+7", 7),
            ("", 0),
            ("x1", 0),
            ("99999999999999999999", i64::MAX),
        ] {
            assert_eq!(Value::text(text).to_int(), number, "{text:?}");
        }
        assert_eq!(Value::Null.to_int(), 0);
    }

    #[test]
    fn nothing_is_written_as_kamailio_writes_it() {
        let mut out = Vec::new();
        for value in [Value::Null, Value::Int(-3), Value::text("a")] {
            value.write_to(&mut out);
        }
        assert_eq!(out, b"<null>-3a");
        assert_eq!(*Value::Null.to_text(), "");
    }
}
