//! [`Contact`]: where somebody can be reached.
//!
//! Source: RFC 3261 20.10 and 25.1; `+sip.instance` and `reg-id` RFC 5626.

use std::fmt;

use bstr::BStr;

use crate::ascii::{decimal, trim};
use crate::error::HeaderError;
use crate::header::name_addr::NameAddr;
use crate::header::numbers::seconds;
use crate::header::params::HeaderParams;
use crate::header::view::HeaderView;
use crate::name::HeaderName;
use crate::uri::Uri;

/// One value of a Contact header.
#[derive(Clone, Copy, Debug)]
pub enum Contact<'a> {
    /// `*`: all bindings, in a REGISTER that removes them.
    Star,
    /// An address.
    Addr(ContactAddr<'a>),
}

impl<'a> Contact<'a> {
    /// The address, unless this is `*`.
    pub fn addr(&self) -> Option<&ContactAddr<'a>> {
        match self {
            Self::Star => None,
            Self::Addr(addr) => Some(addr),
        }
    }

    /// Whether this is `*`.
    pub fn is_star(&self) -> bool {
        matches!(self, Self::Star)
    }
}

impl<'a> HeaderView<'a> for Contact<'a> {
    const LIST: bool = true;

    fn name() -> HeaderName<'static> {
        HeaderName::Contact
    }

    fn parse(value: &'a [u8]) -> Result<Self, HeaderError> {
        if trim(value) == b"*" {
            return Ok(Self::Star);
        }
        NameAddr::parse_named(value, "Contact").map(|addr| Self::Addr(ContactAddr { addr }))
    }

    fn parse_first(line: &'a [u8]) -> Option<(Self, usize)> {
        // `*` is an address to no other view.
        let (addr, end) =
            NameAddr::parse_first(line, "Contact").filter(|(addr, _)| addr.uri_text() != "*")?;
        Some((Self::Addr(ContactAddr { addr }), end))
    }
}

/// The address of a [`Contact`] with its parameters.
///
/// # Examples
///
/// ```
/// use sip_core::{Contact, HeaderView};
///
/// let contact = Contact::parse(b"<sip:a@192.0.2.1>;q=0.7;expires=60;+sip.instance=\"<urn:uuid:1>\"")?;
/// let addr = contact.addr().unwrap();
/// assert_eq!(addr.q().unwrap().thousandths(), 700);
/// assert_eq!(addr.expires(), Some(60));
/// assert_eq!(addr.instance().unwrap(), "<urn:uuid:1>");
/// # Ok::<(), sip_core::HeaderError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ContactAddr<'a> {
    addr: NameAddr<'a>,
}

impl<'a> ContactAddr<'a> {
    /// The address as every name-addr header has it.
    pub fn name_addr(&self) -> &NameAddr<'a> {
        &self.addr
    }

    /// The display name as it stands.
    pub fn display(&self) -> Option<&'a BStr> {
        self.addr.display()
    }

    /// The URI, read now.
    ///
    /// # Errors
    ///
    /// [`HeaderError::Malformed`] with the position in [`Self::uri_text`].
    pub fn uri(&self) -> Result<Uri<'a>, HeaderError> {
        self.addr.uri()
    }

    /// The URI as written, without brackets.
    pub fn uri_text(&self) -> &'a BStr {
        self.addr.uri_text()
    }

    /// The preference. `None`: not given, or not a number from 0 to 1 with at most three decimals.
    pub fn q(&self) -> Option<Q> {
        Q::parse(self.param("q")??)
    }

    /// The `expires` parameter in seconds. As RFC 3261 20.10 wants it, one that is no number is 3600, and one
    /// that is too large is `u32::MAX`.
    pub fn expires(&self) -> Option<u32> {
        let value = self.param("expires")?;
        Some(value.and_then(|value| seconds(value)).unwrap_or(3600))
    }

    /// The `+sip.instance` parameter without its quotes: `<urn:uuid:...>` (RFC 5626 4.1).
    pub fn instance(&self) -> Option<&'a BStr> {
        self.param("+sip.instance").flatten()
    }

    /// The `reg-id` parameter, if it is 1 to `u32::MAX` (RFC 5626 4.2).
    pub fn reg_id(&self) -> Option<u32> {
        decimal(self.param("reg-id")??).and_then(|id| u32::try_from(id).ok()).filter(|&id| id > 0)
    }

    /// The first parameter of the header called `name`, in any case: `None` absent, `Some(None)` without a
    /// value.
    pub fn param(&self, name: &str) -> Option<Option<&'a BStr>> {
        self.addr.param(name)
    }

    /// The parameters of the header, in order.
    pub fn params(&self) -> HeaderParams<'a> {
        self.addr.params()
    }
}

/// A preference from 0 to 1, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Q(u16);

impl Q {
    /// The highest preference, 1.0.
    pub const MAX: Self = Self(1000);
    /// The lowest preference, 0.0.
    pub const MIN: Self = Self(0);

    /// This many thousandths, if there are no more than 1000.
    pub const fn from_thousandths(thousandths: u16) -> Option<Self> {
        if thousandths <= 1000 { Some(Self(thousandths)) } else { None }
    }

    /// Reads a `qvalue`: `0.7`, `1`, `0.125`. `None` if it is no such number (RFC 3261 25.1).
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (whole, decimals) = match text {
            [whole] => (whole, &[][..]),
            [whole, b'.', decimals @ ..] if decimals.len() <= 3 => (whole, decimals),
            _ => return None,
        };
        let mut thousandths = match whole {
            b'0' => 0,
            b'1' => 1000,
            _ => return None,
        };
        for (byte, unit) in decimals.iter().zip([100, 10, 1]) {
            if !byte.is_ascii_digit() {
                return None;
            }
            thousandths += u16::from(byte - b'0') * unit;
        }
        Self::from_thousandths(thousandths)
    }

    /// The preference times 1000.
    pub const fn thousandths(self) -> u16 {
        self.0
    }
}

/// As a `qvalue`: `0.7`, `1`.
impl fmt::Display for Q {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 1000, self.0 % 1000);
        match rest {
            0 => write!(f, "{whole}"),
            _ if rest % 100 == 0 => write!(f, "{whole}.{}", rest / 100),
            _ if rest % 10 == 0 => write!(f, "{whole}.{:02}", rest / 10),
            _ => write!(f, "{whole}.{rest:03}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(text: &str) -> ContactAddr<'_> {
        *Contact::parse(text.as_bytes()).unwrap().addr().unwrap()
    }

    #[test]
    fn a_star_stands_for_all() {
        assert!(Contact::parse(b" * ").unwrap().is_star());
        assert!(Contact::parse(b"*;q=1").is_err() || !Contact::parse(b"*;q=1").unwrap().is_star());
    }

    #[test]
    fn q_is_read_in_thousandths_and_written_short() {
        for (text, thousandths, short) in [
            ("0", 0, "0"),
            ("0.", 0, "0"),
            ("1", 1000, "1"),
            ("1.000", 1000, "1"),
            ("0.7", 700, "0.7"),
            ("0.33", 330, "0.33"),
            ("0.007", 7, "0.007"),
            ("0.050", 50, "0.05"),
        ] {
            let q = Q::parse(text.as_bytes()).unwrap();
            assert_eq!((q.thousandths(), q.to_string().as_str()), (thousandths, short), "{text}");
        }
        for bad in ["", "2", "1.001", "0.1234", "-0.1", ".5", "0,5", "0.a"] {
            assert_eq!(Q::parse(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn expires_that_is_no_number_is_an_hour() {
        assert_eq!(addr("<sip:a@b>;expires=60").expires(), Some(60));
        assert_eq!(addr("<sip:a@b>;expires=\"60\"").expires(), Some(60));
        assert_eq!(addr("<sip:a@b>;expires=soon").expires(), Some(3600));
        assert_eq!(addr("<sip:a@b>;expires").expires(), Some(3600));
        assert_eq!(addr("<sip:a@b>;expires=280297596632815").expires(), Some(u32::MAX));
        assert_eq!(addr("<sip:a@b;expires=5>").expires(), None);
    }

    #[test]
    fn outbound_parameters_are_found_in_any_case() {
        let contact =
            addr("<sip:a@b>;Reg-Id=1;+SIP.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\"");
        assert_eq!(contact.reg_id(), Some(1));
        assert_eq!(contact.instance().unwrap(), "<urn:uuid:00000000-0000-1000-8000-000A95A0E128>");
        assert_eq!(addr("sip:a@b;reg-id=0").reg_id(), None);
    }
}
