//! The `name=value, name="value"` list of the authentication headers.
//!
//! Source: RFC 3261 25.1 (`auth-param`, `dig-resp`, `digest-cln`).

use bstr::{BStr, ByteSlice};

use crate::header::value::any_value;
use crate::scan::Cursor;
use crate::uri::params::Param;

/// The parameters of an authentication header, in order. A quoted value comes without its quotes, its escapes as
/// they stand. Ends at the first thing that is no parameter.
#[derive(Clone, Copy, Debug)]
pub struct AuthParams<'a> {
    rest: Cursor<'a>,
}

impl<'a> AuthParams<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self { rest: Cursor::new(text) }
    }

    /// Where it stands.
    pub(crate) fn at(&self) -> usize {
        self.rest.at()
    }

    /// Takes the next parameter. Empty places (`a=b,,c=d`) are passed over. `None` at the end.
    pub(crate) fn read(&mut self) -> Result<Option<Param<'a>>, usize> {
        while self.rest.eat_separator(b',') {}
        self.rest.skip_lws();
        if self.rest.is_done() {
            return Ok(None);
        }
        let name = self.rest.token().ok_or(self.at())?.as_bstr();
        if !self.rest.eat_separator(b'=') {
            return Err(self.at());
        }
        if self.rest.peek() == Some(b'<') {
            return Err(self.at());
        }
        let value = any_value(&mut self.rest).ok_or(self.at())?.as_bstr();
        self.rest.skip_lws();
        match self.rest.peek() {
            None | Some(b',') => Ok(Some(Param { name, value: Some(value) })),
            Some(_) => Err(self.at()),
        }
    }

    /// Reads the whole list and picks out `names`. The error is a position: what is no parameter, or one of `names`
    /// for the second time, in whatever case: two readers could take different ones.
    pub(crate) fn pick<const N: usize>(mut self, names: [&str; N]) -> Result<[Option<&'a BStr>; N], usize> {
        let mut found = [None; N];
        loop {
            let before = self.at();
            let Some(param) = self.read()? else { return Ok(found) };
            for (slot, name) in found.iter_mut().zip(names) {
                if param.is(name) && std::mem::replace(slot, param.value).is_some() {
                    return Err(before);
                }
            }
        }
    }
}

impl<'a> Iterator for AuthParams<'a> {
    type Item = Param<'a>;

    fn next(&mut self) -> Option<Param<'a>> {
        self.read().ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_may_be_quoted_and_space_stands_anywhere() {
        let list = AuthParams::new(b" realm = \"a, \\\"b\\\"\" ,\r\n\tnc=00000001,, uri=sip:a@b;c?d=e ,");
        let all: Vec<_> = list.map(|p| (p.name.to_string(), p.value.unwrap().to_string())).collect();
        let pair = |a: &str, b: &str| (a.to_string(), b.to_string());
        assert_eq!(all[..2], [pair("realm", "a, \\\"b\\\""), pair("nc", "00000001")]);
        assert_eq!(all.len(), 2, "`;` wants quotes");
    }

    #[test]
    fn a_name_that_comes_twice_is_refused() {
        let pick = |text: &'static str| AuthParams::new(text.as_bytes()).pick(["a", "b"]);
        assert_eq!(pick("b=1, x=2, x=3, A=\"\""), Ok([Some("".into()), Some("1".into())]));
        assert_eq!(pick("a=1, b=2, A=3"), Err(8));
        for (bad, at) in
            [("a", 1), ("a=", 2), ("=b", 0), ("a=\"b", 2), ("a=b c=d", 4), ("a=\"b\"c", 5), ("a b", 1)]
        {
            assert_eq!(pick(bad), Err(at), "{bad}");
        }
    }
}
