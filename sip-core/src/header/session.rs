//! Session timers: [`SessionExpires`] and [`MinSe`].
//!
//! Source: RFC 4028 4 and 5.

use bstr::BStr;

use crate::error::HeaderError;
use crate::header::numbers::seconds;
use crate::header::params::{HeaderParams, next_param};
use crate::header::view::HeaderView;
use crate::name::HeaderName;
use crate::scan::Cursor;

/// Who sends the refreshes of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresher {
    /// The client of the request.
    Uac,
    /// The server of the request.
    Uas,
}

/// How long a session lasts without a refresh: `1800;refresher=uac`.
#[derive(Clone, Copy, Debug)]
pub struct SessionExpires<'a> {
    /// The interval. More than 32 bits hold is `u32::MAX`.
    pub seconds: u32,
    /// Who refreshes, if that is said.
    pub refresher: Option<Refresher>,
    params: &'a [u8],
}

impl<'a> SessionExpires<'a> {
    /// The first parameter called `name`, in any case: `None` absent, `Some(None)` without a value.
    pub fn param(&self, name: &str) -> Option<Option<&'a BStr>> {
        HeaderParams::new(self.params).find_value(name)
    }
}

impl<'a> HeaderView<'a> for SessionExpires<'a> {
    fn name() -> HeaderName<'static> {
        HeaderName::SessionExpires
    }

    fn parse(value: &'a [u8]) -> Result<Self, HeaderError> {
        let malformed = |at| HeaderError::Malformed { name: "Session-Expires", at };
        let (seconds, params) = seconds_and_params(value).map_err(malformed)?;
        let mut refresher = None;
        if let Some(text) = HeaderParams::new(params).find_value("refresher") {
            refresher = match text.map(|text| text.to_ascii_lowercase()).as_deref() {
                Some(b"uac") => Some(Refresher::Uac),
                Some(b"uas") => Some(Refresher::Uas),
                _ => return Err(malformed(value.len() - params.len())),
            };
        }
        Ok(Self { seconds, refresher, params })
    }
}

/// The shortest session interval that is taken, in seconds. More than 32 bits hold is `u32::MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinSe(pub u32);

impl HeaderView<'_> for MinSe {
    fn name() -> HeaderName<'static> {
        HeaderName::MinSe
    }

    fn parse(value: &[u8]) -> Result<Self, HeaderError> {
        match seconds_and_params(value) {
            Ok((seconds, _)) => Ok(Self(seconds)),
            Err(at) => Err(HeaderError::Malformed { name: "Min-SE", at }),
        }
    }
}

/// A number of seconds and the parameters behind it, which are checked.
fn seconds_and_params(value: &[u8]) -> Result<(u32, &[u8]), usize> {
    let mut cursor = Cursor::new(value);
    cursor.skip_lws();
    let start = cursor.at();
    let seconds = seconds(cursor.take_while(|byte| byte.is_ascii_digit())).ok_or(start)?;
    let params = cursor.rest();
    while next_param(&mut cursor)?.is_some() {}
    Ok((seconds, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_and_who_refreshes() {
        let read = |text: &'static str| SessionExpires::parse(text.as_bytes());
        let session = read(" 1800 ; Refresher = UAC;x=1").unwrap();
        assert_eq!((session.seconds, session.refresher), (1800, Some(Refresher::Uac)));
        assert_eq!(session.param("x"), Some(Some("1".into())));
        assert_eq!(read("90;refresher=uas").unwrap().refresher, Some(Refresher::Uas));
        assert_eq!(read("99999999999").map(|s| (s.seconds, s.refresher)).ok(), Some((u32::MAX, None)));
        for bad in ["", "x", "-1", "90 s", "90;", "90;refresher=proxy", "90;refresher", "90,80"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_least_interval_may_have_parameters() {
        assert_eq!(MinSe::parse(b"90;lr"), Ok(MinSe(90)));
        assert_eq!(MinSe::parse(b"1h"), Err(HeaderError::Malformed { name: "Min-SE", at: 1 }));
    }
}
