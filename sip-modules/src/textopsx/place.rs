//! Which value of which header is meant: `Name`, `Name[2]`, `Name[-1].param`, `Name[*]`.

use std::fmt;

use bstr::{BStr, BString};
use sip_core::HeaderName;

/// A text that names no place.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a place is written Name, Name[2], Name[-1] or Name[*], with .param behind it or not")]
pub struct PlaceError;

/// A place: a header, which of its values, and a parameter of that.
///
/// Values are what stands between commas, in all headers of the name, counted from 1, or from the end with -1.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Place {
    name: BString,
    pub(crate) at: At,
    pub(crate) param: Option<BString>,
}

/// Which value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum At {
    /// Not said.
    Any,
    /// `[2]`, `[-1]`
    Number(i64),
    /// `[*]`
    All,
}

impl Place {
    /// Reads a place.
    ///
    /// # Errors
    ///
    /// [`PlaceError`].
    pub fn parse(text: &[u8]) -> Result<Self, PlaceError> {
        let end = text.iter().position(|byte| matches!(byte, b'[' | b'.')).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let (at, rest) = match rest {
            [b'[', rest @ ..] => {
                let close = rest.iter().position(|byte| *byte == b']').ok_or(PlaceError)?;
                let at = match rest[..close].trim_ascii() {
                    b"*" => At::All,
                    digits => {
                        let digits = std::str::from_utf8(digits).map_err(|_| PlaceError)?;
                        At::Number(digits.parse().map_err(|_| PlaceError)?)
                    }
                };
                (at, &rest[close + 1..])
            }
            rest => (At::Any, rest),
        };
        let param = match rest {
            [] => None,
            [b'.', param @ ..] if !param.is_empty() => Some(param.into()),
            _ => return Err(PlaceError),
        };
        let name: BString = name.trim_ascii().into();
        if name.is_empty() { Err(PlaceError) } else { Ok(Self { name, at, param }) }
    }

    /// The header.
    pub fn name(&self) -> HeaderName<'_> {
        HeaderName::parse(&self.name)
    }

    /// As it is written.
    pub(crate) fn spelling(&self) -> &BStr {
        BStr::new(&self.name)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)?;
        match self.at {
            At::Any => {}
            At::Number(number) => write!(f, "[{number}]")?,
            At::All => f.write_str("[*]")?,
        }
        self.param.iter().try_for_each(|param| write!(f, ".{param}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_they_are_written() {
        for text in ["Foo", "Foo[2]", "Foo[-1]", "Foo[*]", "Foo.bar", "Foo[1].bar"] {
            assert_eq!(Place::parse(text.as_bytes()).map(|place| place.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "[1]", "Foo[", "Foo[x]", "Foo[1", "Foo[1]x", "Foo."] {
            assert_eq!(Place::parse(text.as_bytes()), Err(PlaceError), "{text}");
        }
    }
}
