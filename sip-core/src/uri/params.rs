//! The `;name=value` list of a URI: in order, looked up without regard to case.

use bstr::{BStr, ByteSlice};

use crate::scan::word::find;

/// One parameter of a URI or of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param<'a> {
    /// The name as written.
    pub name: &'a BStr,
    /// What stands behind `=`, if anything does. A quoted string comes without its quotes, its escapes as
    /// they stand ([`unquote`](crate::unquote) undoes them).
    pub value: Option<&'a BStr>,
}

impl Param<'_> {
    /// Whether this is the parameter called `name`, in any case.
    #[inline]
    pub fn is(&self, name: &str) -> bool {
        let wanted = name.as_bytes();
        // Most are written in lower case.
        self.name.len() == wanted.len() && (*self.name == *wanted || self.name.eq_ignore_ascii_case(wanted))
    }
}

/// The parameters of a [`Uri`](crate::Uri), in order.
///
/// Escapes are left as they stand. Empty places (`;;`) are passed over.
#[derive(Clone, Copy, Debug)]
pub struct UriParams<'a> {
    rest: &'a [u8],
}

impl<'a> UriParams<'a> {
    /// `text` starts behind the first `;` and ends before `?`.
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self { rest: text }
    }
}

impl<'a> Iterator for UriParams<'a> {
    type Item = Param<'a>;

    fn next(&mut self) -> Option<Param<'a>> {
        while !self.rest.is_empty() {
            let (one, rest) = split_at_byte(self.rest, b';');
            self.rest = rest.unwrap_or_default();
            if one.is_empty() {
                continue;
            }
            let (name, value) = split_at_byte(one, b'=');
            return Some(Param { name: name.as_bstr(), value: value.map(ByteSlice::as_bstr) });
        }
        None
    }
}

/// The headers of a [`Uri`](crate::Uri), in order: see [`Uri::header_fields`](crate::Uri::header_fields).
#[derive(Clone, Copy, Debug)]
pub struct UriHeaders<'a> {
    rest: &'a [u8],
}

impl<'a> UriHeaders<'a> {
    /// `text` starts behind the `?`.
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self { rest: text }
    }
}

impl<'a> Iterator for UriHeaders<'a> {
    type Item = Param<'a>;

    fn next(&mut self) -> Option<Param<'a>> {
        while !self.rest.is_empty() {
            let (one, rest) = split_at_byte(self.rest, b'&');
            self.rest = rest.unwrap_or_default();
            if one.is_empty() {
                continue;
            }
            let (name, value) = split_at_byte(one, b'=');
            return Some(Param { name: name.as_bstr(), value: value.map(ByteSlice::as_bstr) });
        }
        None
    }
}

/// What stands before the first `byte`, and what behind it.
#[inline]
pub(crate) fn split_at_byte(text: &[u8], byte: u8) -> (&[u8], Option<&[u8]>) {
    match find(text, byte) {
        Some(at) => {
            let (head, tail) = text.split_at(at);
            (head, tail.get(1..))
        }
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_come_in_order_with_or_without_value() {
        let all: Vec<_> = UriParams::new(b"lr;;transport=TCP;x=;y=a=b").collect();
        assert_eq!(all.len(), 4);
        assert!(all[0].is("LR"));
        assert_eq!(all[0].value, None);
        assert_eq!(all[1].value.unwrap(), "TCP");
        assert_eq!(all[2].value.unwrap(), "");
        assert_eq!(all[3].value.unwrap(), "a=b");
    }

    #[test]
    fn headers_are_separated_by_ampersands() {
        let all: Vec<_> = UriHeaders::new(b"Replaces=a%3Bto-tag%3D1&&body=&x").collect();
        assert_eq!(all.len(), 3);
        assert!(all[0].is("replaces") && all[0].value.unwrap() == "a%3Bto-tag%3D1");
        assert_eq!((all[1].value.unwrap(), all[2].value), ("".into(), None));
    }
}
