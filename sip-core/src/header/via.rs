//! [`Via`]: one hop that a message came over.
//!
//! Source: RFC 3261 20.42 and 25.1; `rport` RFC 3581; `alias` RFC 5923.

use std::net::IpAddr;

use bstr::{BStr, ByteSlice};

use crate::address::Protocol;
use crate::ascii::{decimal, is_lws, is_token};
use crate::error::HeaderError;
use crate::header::params::{HeaderParams, ParamAt, param_if_any, usual_param, value_end};
use crate::header::view::HeaderView;
use crate::name::HeaderName;
use crate::scan::Cursor;
use crate::uri::host::{Host, parse_ip, scan_host, scan_port};

/// One value of a Via header: `SIP/2.0/UDP host:port;branch=...`.
///
/// # Examples
///
/// ```
/// use sip_core::{HeaderView, Protocol, Via};
///
/// let via = Via::parse(b"SIP/2.0/UDP 192.0.2.1:5070;rport;branch=z9hG4bK776")?;
/// assert_eq!(via.transport(), Some(Protocol::Udp));
/// assert_eq!(via.port(), Some(5070));
/// assert_eq!(via.branch().unwrap(), "z9hG4bK776");
/// assert_eq!(via.rport(), Some(None));
/// # Ok::<(), sip_core::HeaderError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Via<'a> {
    protocol: &'a [u8],
    version: &'a [u8],
    transport: &'a [u8],
    host: Host<'a>,
    host_text: &'a [u8],
    port: Option<u16>,
    params: &'a [u8],
    branch: Option<Option<&'a BStr>>,
    received: Option<Option<&'a BStr>>,
    rport: Option<Option<u16>>,
}

impl<'a> Via<'a> {
    /// The protocol name, `SIP`.
    pub fn protocol(&self) -> &'a BStr {
        self.protocol.as_bstr()
    }

    /// The protocol version, `2.0`.
    pub fn version(&self) -> &'a BStr {
        self.version.as_bstr()
    }

    /// The transport, if it is one that is known here.
    pub fn transport(&self) -> Option<Protocol> {
        Protocol::from_token(self.transport)
    }

    /// The transport as written.
    pub fn transport_text(&self) -> &'a BStr {
        self.transport.as_bstr()
    }

    /// The host of the sent-by: who sent this, by its own account.
    pub fn host(&self) -> Host<'a> {
        self.host
    }

    /// The host as written, an IPv6 address with its brackets.
    pub fn host_text(&self) -> &'a BStr {
        self.host_text.as_bstr()
    }

    /// The port of the sent-by, if one is written.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The `branch` parameter.
    pub fn branch(&self) -> Option<&'a BStr> {
        self.branch.flatten()
    }

    /// The `received` parameter, if it is an address (IPv6 with or without brackets, RFC 5118 4.5).
    pub fn received(&self) -> Option<IpAddr> {
        self.received.flatten().and_then(|text| parse_ip(text))
    }

    /// The `rport` parameter: `None` absent, `Some(None)` asked for, `Some(Some(port))` filled in (RFC 3581).
    pub fn rport(&self) -> Option<Option<u16>> {
        self.rport
    }

    /// The `maddr` parameter, if it is a host.
    pub fn maddr(&self) -> Option<Host<'a>> {
        Host::parse(self.param("maddr")??)
    }

    /// The `ttl` parameter, if it is 0 to 255.
    pub fn ttl(&self) -> Option<u8> {
        decimal(self.param("ttl")??).and_then(|ttl| u8::try_from(ttl).ok())
    }

    /// The first parameter called `name`, in any case: `None` absent, `Some(None)` without a value.
    pub fn param(&self, name: &str) -> Option<Option<&'a BStr>> {
        self.params().find_value(name)
    }

    /// The parameter list as written, from its first `;` or the white space before it.
    pub fn params_text(&self) -> &'a BStr {
        self.params.as_bstr()
    }

    /// The parameters in order.
    pub fn params(&self) -> HeaderParams<'a> {
        HeaderParams::new(self.params)
    }

    /// The value that `text` begins with, and where it ends.
    #[inline(always)]
    fn cut(text: &'a [u8], is_list: bool) -> Result<(Self, usize), usize> {
        let mut cursor = Cursor::new(text);
        let (protocol, version, transport) = match text {
            // `SIP/2.0/UDP host`: what nearly all begin with.
            [b'S', b'I', b'P', b'/', b'2', b'.', b'0', b'/', a, b, c, b' ', next, ..]
                if is_token(*a) && is_token(*b) && is_token(*c) && !is_lws(*next) =>
            {
                let usual = cursor.take(12);
                (&usual[..3], &usual[4..7], &usual[8..11])
            }
            _ => {
                cursor.skip_lws();
                let protocol = before_slash(&mut cursor)?;
                let version = before_slash(&mut cursor)?;
                let transport = cursor.token().ok_or(cursor.at())?;
                let gap = cursor.at();
                cursor.skip_lws();
                if cursor.at() == gap {
                    return Err(gap);
                }
                (protocol, version, transport)
            }
        };
        let (host, len) = scan_host(cursor.rest()).ok_or(cursor.at())?;
        let host_text = cursor.take(len);
        let mut port = None;
        if cursor.eat_separator(b':') {
            let (number, len) = scan_port(cursor.rest()).ok_or(cursor.at())?;
            cursor.take(len);
            port = Some(number);
        }

        let before_params = cursor.at();
        let (mut branch, mut received, mut rport) = (None, None, None);
        loop {
            if branch.is_none()
                && let Some(value) = usual_param(&mut cursor, b";branch=")
            {
                branch = Some(Some(value));
                continue;
            }
            if received.is_none()
                && let Some(value) = usual_param(&mut cursor, b";received=")
            {
                received = Some(Some(value));
                continue;
            }
            let Some(ParamAt { param, start }) = param_if_any(&mut cursor)? else { break };
            match param.name.len() {
                6 if branch.is_none() && param.is("branch") => branch = Some(param.value),
                8 if received.is_none() && param.is("received") => received = Some(param.value),
                5 if rport.is_none() && param.is("rport") => {
                    rport = Some(match param.value {
                        None => None,
                        Some(text) => Some(whole_port(text).ok_or(start)?),
                    });
                }
                _ => {}
            }
        }
        let end = value_end(cursor, is_list)?;
        let params = &text[before_params..if is_list { cursor.at() } else { end }];
        let via =
            Self { protocol, version, transport, host, host_text, port, params, branch, received, rport };
        Ok((via, end))
    }
}

/// A token and the slash behind it.
fn before_slash<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], usize> {
    let token = cursor.token().ok_or(cursor.at())?;
    if cursor.eat_separator(b'/') { Ok(token) } else { Err(cursor.at()) }
}

fn whole_port(text: &[u8]) -> Option<u16> {
    let (port, end) = scan_port(text)?;
    (end == text.len()).then_some(port)
}

impl<'a> HeaderView<'a> for Via<'a> {
    const LIST: bool = true;

    fn name() -> HeaderName<'static> {
        HeaderName::Via
    }

    fn parse(value: &'a [u8]) -> Result<Self, HeaderError> {
        match Self::cut(value, false) {
            Ok((via, _)) => Ok(via),
            Err(at) => Err(HeaderError::Malformed { name: "Via", at }),
        }
    }

    fn parse_first(line: &'a [u8]) -> Option<(Self, usize)> {
        Self::cut(line, true).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_and_folds_may_stand_where_the_grammar_allows() {
        let via = Via::parse(
            b"SIP  /   2.0\r\n /UDP\r\n    192.0.2.2 : 5070\r\n ; branch =\r\n\t390skdjuw ; rport = 99 ",
        )
        .unwrap();
        assert_eq!((via.protocol(), via.version()), ("SIP".into(), "2.0".into()));
        assert_eq!(via.transport(), Some(Protocol::Udp));
        assert_eq!(via.host().to_string(), "192.0.2.2");
        assert_eq!(via.port(), Some(5070));
        assert_eq!(via.branch().unwrap(), "390skdjuw");
        assert_eq!(via.rport(), Some(Some(99)));
    }

    #[test]
    fn parameters_are_found_in_any_case() {
        let via =
            Via::parse(b"SIP/2.0/SCTP [2001:db8::9:1];Maddr=192.0.2.7;TTL=16;Received=[2001:db8::9:255];x")
                .unwrap();
        assert_eq!(via.transport(), None);
        assert_eq!(via.transport_text(), "SCTP");
        assert_eq!(via.host_text(), "[2001:db8::9:1]");
        assert_eq!(via.maddr().unwrap().to_string(), "192.0.2.7");
        assert_eq!(via.ttl(), Some(16));
        assert_eq!(via.received(), "2001:db8::9:255".parse().ok());
        assert_eq!(via.param("X"), Some(None));
        assert_eq!(via.branch(), None);
        assert_eq!(via.params().count(), 4);
    }

    #[test]
    fn of_two_parameters_with_one_name_the_first_counts() {
        let via =
            Via::parse(b"SIP/2.0/UDP a;branch;branch=z9hG4bK1;received;received=192.0.2.1;rport;rport=9")
                .unwrap();
        assert_eq!((via.branch(), via.received(), via.rport()), (None, None, Some(None)));
    }

    #[test]
    fn what_is_no_via_is_refused_by_position() {
        for (text, wanted) in [
            ("", 0),
            ("SIP/2.0", 7),
            ("SIP/2.0/UDP", 11),
            ("SIP/2.0/UDP ", 12),
            ("SIP/2.0/UDP 192.0.2.15;;,;,,", 23),
            ("SIP/2.0/UDP host:", 17),
            ("SIP/2.0/UDP host:65536", 17),
            ("SIP/2.0/UDP host other", 17),
            ("SIP/2.0/UDP host;rport=70000", 17),
            ("SIP/2.0/UDP 2001:db8::1", 12),
            ("/2.0/UDP host", 0),
        ] {
            match Via::parse(text.as_bytes()) {
                Err(HeaderError::Malformed { name: "Via", at }) => assert_eq!(at, wanted, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }
}
