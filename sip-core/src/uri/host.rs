//! Hosts: a name, an IPv4 address or an IPv6 reference, and the port behind one.
//!
//! Source: RFC 3261 25.1 (`host`, `port`), RFC 5118 4.10 for the third colon of old IPv6 writers.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bstr::{BStr, ByteSlice};

use crate::ascii::{is_host, is_label};
use crate::scan::word::{HIGH, above, after_first, equal, first, loosely_below};

/// The host of a URI, a Via or a parameter.
///
/// Names compare without regard to case; an address never equals a name (RFC 3261 19.1.4).
#[derive(Clone, Copy, Debug)]
pub enum Host<'a> {
    /// A domain name, as written. Empty for a URI that has no host, such as `tel:`.
    Name(&'a BStr),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address; in text it stands in brackets.
    V6(Ipv6Addr),
}

impl<'a> Host<'a> {
    /// Reads `text` as one host and nothing else: `example.com`, `192.0.2.1` or `[2001:db8::1]`.
    ///
    /// `None` when it is none of them. A name may hold letters, digits, `-`, `.` and (as hosts on the
    /// public network do, against the grammar) `_`; its last label is not a number.
    pub fn parse(text: &'a [u8]) -> Option<Self> {
        let (host, end) = scan_host(text)?;
        (end == text.len()).then_some(host)
    }

    /// The address, unless this is a name.
    pub fn ip(&self) -> Option<IpAddr> {
        match *self {
            Self::Name(_) => None,
            Self::V4(ip) => Some(IpAddr::V4(ip)),
            Self::V6(ip) => Some(IpAddr::V6(ip)),
        }
    }
}

impl PartialEq for Host<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(a), Self::Name(b)) => a.eq_ignore_ascii_case(b),
            (Self::V4(a), Self::V4(b)) => a == b,
            (Self::V6(a), Self::V6(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Host<'_> {}

impl Hash for Host<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Name(name) => {
                for byte in name.iter() {
                    state.write_u8(byte.to_ascii_lowercase());
                }
                state.write_u8(0xff);
            }
            Self::V4(ip) => ip.hash(state),
            Self::V6(ip) => ip.hash(state),
        }
    }
}

impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::V4(ip) => ip.fmt(f),
            Self::V6(ip) => write!(f, "[{ip}]"),
        }
    }
}

/// Reads an IP address as parameters carry it: IPv6 with or without brackets (RFC 5118 4.5).
pub(crate) fn parse_ip(text: &[u8]) -> Option<IpAddr> {
    if let Some(ip) = parse_v4(text) {
        return Some(IpAddr::V4(ip));
    }
    let inner = match text {
        [b'[', inner @ .., b']'] => inner,
        _ => text,
    };
    parse_v6(inner).map(IpAddr::V6)
}

/// The host at the beginning of `text` and where it ends.
#[inline]
pub(crate) fn scan_host(text: &[u8]) -> Option<(Host<'_>, usize)> {
    match text.first()? {
        b'[' => {
            let close = memchr::memchr(b']', text)?;
            let ip = parse_v6(text.get(1..close)?)?;
            return Some((Host::V6(ip), close + 1));
        }
        b'0'..=b'9' => {
            if let Some((ip, end)) = leading_v4(text) {
                return Some((Host::V4(ip), end));
            }
        }
        _ => {}
    }
    let mut end = usual_name(text);
    // Whether the byte before can end a label.
    let mut in_label = end > 0 && text[end - 1] != b'.';
    while let Some(&byte) = text.get(end) {
        if is_label(byte) {
            in_label = true;
        } else if byte == b'.' {
            if !in_label {
                return None; // an empty label
            }
            in_label = false;
        } else {
            break;
        }
        end += 1;
    }
    let name = &text[..end];
    let labels = name.strip_suffix(b".").unwrap_or(name);
    match labels.last() {
        None => None,
        // A last label of digits alone makes it an address, or nothing.
        Some(last) if last.is_ascii_digit() && ends_in_number(labels) => {
            Some((Host::V4(parse_v4(name)?), end))
        }
        Some(_) => Some((Host::Name(name.as_bstr()), end)),
    }
}

/// How many bytes at the beginning of `text` are plainly of a name: small letters, digits, `-` and `.`, without an
/// empty label. By words; what it leaves is for a closer look.
#[inline(always)]
fn usual_name(text: &[u8]) -> usize {
    // The mark of a dot right before the word; there is one before the first label, in a way.
    let mut dot_before = 0x80;
    let mut len = 0;
    for chunk in text.as_chunks::<8>().0 {
        let word = u64::from_le_bytes(*chunk);
        let between = above(word, b'9') ^ above(word, b'`');
        let ends =
            (loosely_below(word, b'-') | between | above(word, b'z') | word) & HIGH | equal(word, b'/');
        let dots = equal(word, b'.');
        if dots & (dots << 8 | dot_before) & !after_first(ends) != 0 {
            return 0;
        }
        if ends != 0 {
            return len + first(ends);
        }
        dot_before = dots >> 56;
        len += 8;
    }
    len
}

fn ends_in_number(labels: &[u8]) -> bool {
    let mut backwards = labels.iter().rev().take_while(|&&byte| byte != b'.');
    backwards.all(u8::is_ascii_digit)
}

/// The digits of a port at the beginning of `text`, and where they end. `None`: no digit, or above 65535.
pub(crate) fn scan_port(text: &[u8]) -> Option<(u16, usize)> {
    let mut port: u32 = 0;
    let mut end = 0;
    for &byte in text {
        if !byte.is_ascii_digit() {
            break;
        }
        port = port * 10 + u32::from(byte - b'0');
        if port > u32::from(u16::MAX) {
            return None;
        }
        end += 1;
    }
    if end == 0 {
        return None;
    }
    u16::try_from(port).ok().map(|port| (port, end))
}

/// Four decimal numbers of one to three digits. Leading zeros are decimal, as the grammar has them.
fn parse_v4(text: &[u8]) -> Option<Ipv4Addr> {
    leading_v4(text).filter(|&(_, end)| end == text.len()).map(|(ip, _)| ip)
}

/// The IPv4 address at the beginning of `text`, if the whole host there is one, and where it ends.
#[inline]
fn leading_v4(text: &[u8]) -> Option<(Ipv4Addr, usize)> {
    let (mut address, mut rest) = (0u32, text);
    for place in 0..4 {
        let (octet, behind) = leading_octet(rest)?;
        address = address << 8 | octet;
        rest = match behind {
            [b'.', behind @ ..] if place < 3 => behind,
            _ if place < 3 => return None,
            [next, ..] if is_host(*next) => return None,
            _ => behind,
        };
    }
    Some((Ipv4Addr::from(address), text.len() - rest.len()))
}

/// One to three digits that are at most 255, and what is behind them.
#[inline(always)]
fn leading_octet(text: &[u8]) -> Option<(u32, &[u8])> {
    let [first @ b'0'..=b'9', rest @ ..] = text else { return None };
    let octet = u32::from(first - b'0');
    let [second @ b'0'..=b'9', rest @ ..] = rest else { return Some((octet, rest)) };
    let octet = octet * 10 + u32::from(second - b'0');
    let [third @ b'0'..=b'9', rest @ ..] = rest else { return Some((octet, rest)) };
    let octet = octet * 10 + u32::from(third - b'0');
    (octet < 256).then_some((octet, rest))
}

/// An IPv6 address without brackets. `:::` counts as `::`: the grammar of RFC 3261 made people write it.
fn parse_v6(text: &[u8]) -> Option<Ipv6Addr> {
    if text.len() > 46 || !text.is_ascii() {
        return None;
    }
    let address = std::str::from_utf8(text).ok()?;
    if let Ok(ip) = address.parse() {
        return Some(ip);
    }
    let (head, tail) = address.split_once(":::")?;
    let mut buf = [0u8; 46];
    let len = head.len() + 2 + tail.len();
    buf.get_mut(..head.len())?.copy_from_slice(head.as_bytes());
    buf.get_mut(head.len()..head.len() + 2)?.copy_from_slice(b"::");
    buf.get_mut(head.len() + 2..len)?.copy_from_slice(tail.as_bytes());
    std::str::from_utf8(buf.get(..len)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address() {
        assert_eq!(Host::parse(b"Example.COM"), Some(Host::Name("example.com".into())));
        assert_eq!(Host::parse(b"192.0.2.1"), Some(Host::V4(Ipv4Addr::new(192, 0, 2, 1))));
        assert_eq!(Host::parse(b"[2001:db8::1]"), Some(Host::V6("2001:db8::1".parse().unwrap())));
        assert_eq!(Host::parse(b"3cx"), Some(Host::Name("3cx".into())));
        assert_eq!(Host::parse(b"my_host.local."), Some(Host::Name("my_host.local.".into())));
        assert_ne!(Host::parse(b"a"), Host::parse(b"b"));
    }

    #[test]
    fn names_are_the_same_by_words_and_by_bytes() {
        let by_bytes = |text: &[u8]| {
            let len = text.iter().take_while(|&&byte| is_host(byte)).count();
            let name = text[..len].strip_suffix(b".").unwrap_or(&text[..len]);
            let labels = name.split(|&byte| byte == b'.').all(|label| !label.is_empty());
            (len > 0 && labels).then_some(len)
        };
        for (at, byte) in (0..20).flat_map(|at| (0..=255u8).map(move |byte| (at, byte))) {
            for filled in ["abcd-efgh.ijkl.mnopx", "a.b.c.d.e.f.g.h.i.jx", "abcdefg.hijklmn.pqrx"] {
                let mut text = filled.as_bytes().to_vec();
                text[at] = byte;
                if (byte.is_ascii_digit() || byte == b'.') && at == 19 || at == 0 && byte == b'[' {
                    continue; // an address, or none
                }
                let found = scan_host(&text).map(|(_, end)| end);
                let wanted = by_bytes(&text).filter(|&len| {
                    let name = text[..len].strip_suffix(b".").unwrap_or(&text[..len]);
                    !ends_in_number(name)
                });
                assert_eq!(found, wanted, "{}", text.as_bstr());
            }
        }
    }

    #[test]
    fn what_looks_like_an_address_must_be_one() {
        for bad in [
            "",
            "256.1.1.1",
            "1.2.3",
            "1.2.3.4.5",
            "1.2.3.4567",
            "a.1",
            "a..b",
            ".a",
            "a b",
            "[::1",
            "::1",
            "[::1]x",
        ] {
            assert_eq!(Host::parse(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn three_colons_are_read_as_two() {
        assert_eq!(Host::parse(b"[2001:db8:::192.0.2.1]"), Host::parse(b"[2001:db8::192.0.2.1]"));
        assert!(Host::parse(b"[2001:db8:::192.0.2.1]").is_some());
    }

    #[test]
    fn a_parameter_carries_ipv6_with_or_without_brackets() {
        let ip: IpAddr = "2001:db8::9:255".parse().unwrap();
        assert_eq!(parse_ip(b"[2001:db8::9:255]"), Some(ip));
        assert_eq!(parse_ip(b"2001:db8::9:255"), Some(ip));
        assert_eq!(parse_ip(b"192.0.2.1"), "192.0.2.1".parse().ok());
        assert_eq!(parse_ip(b"[192.0.2.1]"), None);
    }

    #[test]
    fn ports_are_16_bits() {
        assert_eq!(scan_port(b"5060;x"), Some((5060, 4)));
        assert_eq!(scan_port(b"0005060"), Some((5060, 7)));
        assert_eq!(scan_port(b"65536"), None);
        assert_eq!(scan_port(b"99999999999999999999"), None);
        assert_eq!(scan_port(b""), None);
    }
}
