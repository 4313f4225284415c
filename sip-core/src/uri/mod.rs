//! [`Uri`]: a borrowed view of a SIP, SIPS, tel or other URI.
//!
//! Source: RFC 3261 19.1 and 25.1, RFC 3966 for `tel`, RFC 3986 for what the rest have in common.

pub(crate) mod compare;
pub(crate) mod escape;
pub(crate) mod host;
pub(crate) mod params;
pub(crate) mod tel;

use std::fmt;

use bstr::{BStr, ByteSlice};

use crate::address::Protocol;
use crate::ascii::is_token;
use crate::error::HeaderError;
use crate::scan::word::find;
use crate::uri::escape::{ESCAPE, GRAPHIC, NUMBER, USER, check, check_params, params_len};
use crate::uri::host::{Host, scan_host, scan_port};
use crate::uri::params::{UriHeaders, UriParams, split_at_byte};

/// The scheme of a [`Uri`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `sip:`
    Sip,
    /// `sips:`
    Sips,
    /// `tel:` (RFC 3966)
    Tel,
    /// Anything else; [`Uri::scheme_text`] has it as written.
    Other,
}

/// A URI, checked once and cut into its parts; nothing is copied.
///
/// `sip:user:password@host:port;param=value?header=value`
///
/// Parts are as written: escapes (`%41`) stand, see [`unescape`](crate::unescape). In the user part, in parameters and in
/// headers, bytes pass that the grammar wants escaped but phones send plainly (`#`, `|`, UTF-8); spaces,
/// control bytes, `"`, `<`, `>`, a second `@` and a `%` without two hex digits never do.
///
/// # Examples
///
/// ```
/// let uri = sip_core::Uri::parse(b"sips:alice@[2001:db8::1]:5071;transport=tcp")?;
/// assert_eq!(uri.user().unwrap(), "alice");
/// assert_eq!(uri.host().to_string(), "[2001:db8::1]");
/// assert_eq!(uri.port(), Some(5071));
/// assert_eq!(uri.param("transport").flatten().unwrap(), "tcp");
/// # Ok::<(), sip_core::HeaderError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Uri<'a> {
    raw: &'a [u8],
    scheme: Scheme,
    user: Option<&'a [u8]>,
    password: Option<&'a [u8]>,
    host: Host<'a>,
    host_text: &'a [u8],
    port: Option<u16>,
    params: &'a [u8],
    headers: Option<&'a [u8]>,
}

impl<'a> Uri<'a> {
    /// Reads `text` as one URI, without angle brackets and without space around it.
    ///
    /// # Errors
    ///
    /// [`HeaderError::Malformed`], the peer's fault, with the position in `text`.
    pub fn parse(text: &'a [u8]) -> Result<Self, HeaderError> {
        Self::parse_named(text, "URI")
    }

    /// As [`Uri::parse`]; an error names the header that the URI stands in.
    pub(crate) fn parse_named(text: &'a [u8], name: &'static str) -> Result<Self, HeaderError> {
        match Self::cut(text) {
            Ok(uri) => Ok(uri),
            Err(at) => Err(HeaderError::Malformed { name, at }),
        }
    }

    #[inline(always)]
    fn cut(text: &'a [u8]) -> Result<Self, usize> {
        let mut uri = Self {
            raw: text,
            scheme: Scheme::Other,
            user: None,
            password: None,
            host: Host::Name(BStr::new(b"")),
            host_text: b"",
            port: None,
            params: b"",
            headers: None,
        };
        let at = if let [b's' | b'S', b'i' | b'I', b'p' | b'P', b':', ..] = text {
            uri.scheme = Scheme::Sip;
            4
        } else {
            let colon = scheme_end(text)?;
            uri.scheme = match &text[..colon] {
                scheme if scheme.eq_ignore_ascii_case(b"sips") => Scheme::Sips,
                scheme if scheme.eq_ignore_ascii_case(b"tel") => Scheme::Tel,
                _ => Scheme::Other,
            };
            colon + 1
        };
        match uri.scheme {
            Scheme::Sip | Scheme::Sips => uri.cut_sip(at)?,
            Scheme::Tel => uri.cut_tel(at)?,
            Scheme::Other => {
                let rest = text.get(at..).unwrap_or_default();
                if rest.is_empty() {
                    return Err(at);
                }
                check(rest, at, GRAPHIC | ESCAPE)?;
            }
        }
        Ok(uri)
    }

    /// `[user[:password]@]host[:port]*(;param)[?headers]`, from byte `at`.
    #[inline(always)]
    fn cut_sip(&mut self, mut at: usize) -> Result<(), usize> {
        let text = self.raw;
        let rest = text.get(at..).unwrap_or_default();
        if let Some(len) = find(rest, b'@') {
            let userinfo = &rest[..len];
            let (user, password) = match find(userinfo, b':') {
                Some(colon) => (&userinfo[..colon], Some(&userinfo[colon + 1..])),
                None => (userinfo, None),
            };
            if user.is_empty() {
                return Err(at);
            }
            if !user.iter().all(|&byte| is_token(byte) && byte != b'%') {
                check(user, at, USER)?;
            }
            if let Some(password) = password {
                check(password, at + user.len() + 1, USER)?;
            }
            self.user = Some(user);
            self.password = password;
            at += userinfo.len() + 1;
        }
        let rest = text.get(at..).unwrap_or_default();
        let (host, len) = scan_host(rest).ok_or(at)?;
        self.host = host;
        self.host_text = rest.get(..len).unwrap_or_default();
        at += len;
        if text.get(at) == Some(&b':') {
            let (port, len) = scan_port(text.get(at + 1..).unwrap_or_default()).ok_or(at + 1)?;
            self.port = Some(port);
            at += 1 + len;
        }
        match text.get(at) {
            None => return Ok(()),
            Some(b';') => {
                let rest = &text[at + 1..];
                let len = params_len(rest, at + 1)?;
                self.params = &rest[..len];
                at += 1 + len;
            }
            Some(b'?') => {}
            Some(_) => return Err(at),
        }
        // What is left begins with `?`.
        if let Some([_, headers @ ..]) = text.get(at..) {
            if headers.is_empty() {
                return Err(at + 1);
            }
            check(headers, at + 1, GRAPHIC | ESCAPE)?;
            self.headers = Some(headers);
        }
        Ok(())
    }

    /// `number*(;param)`, from byte `at`. The number is the user part.
    fn cut_tel(&mut self, at: usize) -> Result<(), usize> {
        let rest = self.raw.get(at..).unwrap_or_default();
        let (number, params) = split_at_byte(rest, b';');
        if number.is_empty() {
            return Err(at);
        }
        check(number, at, NUMBER)?;
        self.user = Some(number);
        if let Some(params) = params {
            check_params(params, at + number.len() + 1)?;
            self.params = params;
        }
        Ok(())
    }

    /// The whole URI as written.
    pub fn as_bstr(&self) -> &'a BStr {
        self.raw.as_bstr()
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The scheme as written, without the colon.
    pub fn scheme_text(&self) -> &'a BStr {
        split_at_byte(self.raw, b':').0.as_bstr()
    }

    /// Whether the scheme is `sip` or `sips`: what a proxy routes.
    pub fn is_sip(&self) -> bool {
        matches!(self.scheme, Scheme::Sip | Scheme::Sips)
    }

    /// The user part, without password; the number of a `tel` URI. Never empty.
    pub fn user(&self) -> Option<&'a BStr> {
        self.user.map(ByteSlice::as_bstr)
    }

    /// The password: what stands between `user:` and `@`. May be empty.
    pub fn password(&self) -> Option<&'a BStr> {
        self.password.map(ByteSlice::as_bstr)
    }

    /// The host. An empty name if the scheme is neither `sip` nor `sips`.
    pub fn host(&self) -> Host<'a> {
        self.host
    }

    /// The host as written, an IPv6 address with its brackets.
    pub fn host_text(&self) -> &'a BStr {
        self.host_text.as_bstr()
    }

    /// The port, if one is written.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The parameters in order.
    pub fn params(&self) -> UriParams<'a> {
        UriParams::new(self.params)
    }

    /// The parameter list as written, without its first `;`.
    pub fn params_text(&self) -> &'a BStr {
        self.params.as_bstr()
    }

    /// The first parameter called `name`, in any case: `None` absent, `Some(None)` without a value.
    pub fn param(&self, name: &str) -> Option<Option<&'a BStr>> {
        if self.params.is_empty() {
            return None;
        }
        self.params().find(|param| param.is(name)).map(|param| param.value)
    }

    /// The headers, without the `?`.
    pub fn headers(&self) -> Option<&'a BStr> {
        self.headers.map(ByteSlice::as_bstr)
    }

    /// The headers one by one, escapes as they stand.
    pub fn header_fields(&self) -> UriHeaders<'a> {
        UriHeaders::new(self.headers.unwrap_or_default())
    }

    /// Whether the `lr` parameter is there: a loose router (RFC 3261 16.12.1).
    pub fn is_lr(&self) -> bool {
        self.param("lr").is_some()
    }

    /// The protocol that the `transport` parameter names. `None`: no such parameter, or none that is known
    /// here (`param("transport")` tells which).
    pub fn transport(&self) -> Option<Protocol> {
        Protocol::from_token(self.param("transport")??)
    }

    /// The `maddr` parameter, if it is a host.
    pub fn maddr(&self) -> Option<Host<'a>> {
        Host::parse(self.param("maddr")??)
    }
}

impl fmt::Debug for Uri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Uri").field(&self.as_bstr()).finish()
    }
}

impl fmt::Display for Uri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bstr().fmt(f)
    }
}

/// `ALPHA *(ALPHA / DIGIT / "+" / "-" / ".")`: where its colon is.
fn scheme_end(text: &[u8]) -> Result<usize, usize> {
    if !text.first().is_some_and(u8::is_ascii_alphabetic) {
        return Err(0);
    }
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            b':' => return Ok(at),
            b'+' | b'-' | b'.' => {}
            _ if byte.is_ascii_alphanumeric() => {}
            _ => return Err(at),
        }
    }
    Err(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri<'_> {
        Uri::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn a_sip_uri_is_cut_into_its_parts() {
        let uri = uri("SIP:alice:secret@[2001:db8::9:1]:5070;transport=TLS;LR;x=%41?to=a%40b&c=");
        assert_eq!(uri.scheme(), Scheme::Sip);
        assert_eq!(uri.scheme_text(), "SIP");
        assert_eq!(uri.user().unwrap(), "alice");
        assert_eq!(uri.password().unwrap(), "secret");
        assert_eq!(uri.host(), Host::V6("2001:db8::9:1".parse().unwrap()));
        assert_eq!(uri.host_text(), "[2001:db8::9:1]");
        assert_eq!(uri.port(), Some(5070));
        assert_eq!(uri.transport(), Some(Protocol::Tls));
        assert!(uri.is_lr());
        assert_eq!(uri.param("X").flatten().unwrap(), "%41");
        assert_eq!(uri.param("y"), None);
        assert_eq!(uri.headers().unwrap(), "to=a%40b&c=");
    }

    #[test]
    fn the_user_part_may_hold_what_separates_elsewhere() {
        for (text, user, host) in [
            ("sip:user;par=u%40example.net@example.com", "user;par=u%40example.net", "example.com"),
            ("sip:a/b?c=d&e+$,f@example.com", "a/b?c=d&e+$,f", "example.com"),
            ("sip:sips%3Auser%40example.com@example.net", "sips%3Auser%40example.com", "example.net"),
            ("sip:null-%00-null@example.com", "null-%00-null", "example.com"),
            ("sip:*21#@example.com", "*21#", "example.com"),
            ("sips:+1-212-555-1212:1234@gateway.com;user=phone", "+1-212-555-1212", "gateway.com"),
        ] {
            let uri = uri(text);
            assert_eq!((uri.user().unwrap(), uri.host_text()), (user.into(), host.into()), "{text}");
        }
    }

    #[test]
    fn without_user_or_port_there_is_none() {
        let uri = uri("sips:192.0.2.4?subject=x");
        assert_eq!((uri.user(), uri.password(), uri.port()), (None, None, None));
        assert_eq!(uri.host().to_string(), "192.0.2.4");
        assert_eq!(uri.params().count(), 0);
    }

    #[test]
    fn other_schemes_are_read_as_far_as_they_go() {
        let tel = uri("tel:+358-555-1234567;postd=pp22");
        assert_eq!(tel.scheme(), Scheme::Tel);
        assert_eq!(tel.user().unwrap(), "+358-555-1234567");
        assert_eq!(tel.param("postd").flatten().unwrap(), "pp22");
        let other = uri("nobodyKnowsThisScheme:totallyopaquecontent");
        assert_eq!((other.scheme(), other.is_sip()), (Scheme::Other, false));
        assert_eq!(other.scheme_text(), "nobodyKnowsThisScheme");
        assert_eq!(uri("soap.beep://192.0.2.103:3002").host_text(), "");
    }

    #[test]
    fn what_is_no_uri_is_refused_by_position() {
        for (text, wanted) in [
            ("", 0),
            ("sip", 3),
            ("<sip:user@example.com>", 0),
            ("sip:", 4),
            ("sip:@example.com", 4),
            ("sip:user@", 9),
            ("sip:user@exam ple.com", 13),
            ("sip:us er@example.com", 6),
            ("sip:a@b@c", 7),
            ("sip:%Z1@example.com", 4),
            ("sip:a%4@example.com", 5),
            ("sip:a@example.com:", 18),
            ("sip:a@example.com:65536", 18),
            ("sip:a@example.com:5060x", 22),
            ("sip:a@example.com; lr", 18),
            ("sip:a@example.com;=1", 18),
            ("sip:a@example.com;x=%4", 20),
            ("sip:a@example.com?", 18),
            ("sip:a@2001:db8::1", 6),
            ("sip:a@[2001:db8::1", 6),
            ("sip:a@256.0.0.1", 6),
            ("tel:", 4),
            ("tel:12x4", 6),
            ("urn:", 4),
            ("9p:x", 0),
        ] {
            match Uri::parse(text.as_bytes()) {
                Err(HeaderError::Malformed { at, .. }) => assert_eq!(at, wanted, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }
}
