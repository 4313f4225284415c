//! `ipops`: what a text says as an IP address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How an address is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// `192.0.2.1`
    V4,
    /// `2001:db8::1`
    V6,
    /// `[2001:db8::1]`
    V6Reference,
}

impl Kind {
    /// KEMI's number of it (`ip_type`).
    pub fn code(self) -> i32 {
        match self {
            Self::V4 => 1,
            Self::V6 => 2,
            Self::V6Reference => 3,
        }
    }
}

/// How the text is written, and which address it is; `None`: it is none.
///
/// ```
/// use sip_modules::ipops::{Kind, read};
///
/// assert_eq!(read(b"[::1]"), Some((Kind::V6Reference, "::1".parse()?)));
/// assert_eq!(read(b"192.0.2.256"), None);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
pub fn read(text: &[u8]) -> Option<(Kind, IpAddr)> {
    let text = std::str::from_utf8(text).ok()?;
    if let Some(inner) = text.strip_prefix('[') {
        let ip: Ipv6Addr = inner.strip_suffix(']')?.parse().ok()?;
        return Some((Kind::V6Reference, ip.into()));
    }
    match text.parse().ok()? {
        IpAddr::V4(ip) => Some((Kind::V4, ip.into())),
        IpAddr::V6(ip) => Some((Kind::V6, ip.into())),
    }
}

/// Whether two texts are the same address, however they are written (`compare_ips`); with `pure`, none in brackets.
pub fn is_same(a: &[u8], b: &[u8], pure: bool) -> bool {
    match (read(a), read(b)) {
        (Some((a_kind, a)), Some((b_kind, b))) => {
            a == b && !(pure && [a_kind, b_kind].contains(&Kind::V6Reference))
        }
        _ => false,
    }
}

/// Whether an address is in one of the subnets of a list with commas: `192.0.2.0/24,2001:db8::/32`, a mask also as
/// `192.0.2.0/255.255.255.0`, without one the address alone (`is_in_subnet`). `None`: something of it cannot be read.
pub fn is_in_subnet(ip: &[u8], subnets: &[u8]) -> Option<bool> {
    let (_, ip) = read(ip)?;
    let mut all = subnets.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    all.try_fold(false, |found, subnet| Some(found | within(ip, subnet)?))
}

fn within(ip: IpAddr, subnet: &[u8]) -> Option<bool> {
    let (net, mask) = match subnet.iter().position(|byte| *byte == b'/') {
        Some(at) => (&subnet[..at], Some(&subnet[at + 1..])),
        None => (subnet, None),
    };
    let (_, net) = read(net)?;
    let width = if net.is_ipv4() { 32 } else { 128 };
    let bits = mask.map_or(Some(width), |mask| prefix(mask, width))?;
    let number = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => u128::from(u32::from(ip)) << 96,
        IpAddr::V6(ip) => ip.into(),
    };
    let differ = (number(ip) ^ number(net)).checked_shr(128 - bits).unwrap_or_default();
    Some(ip.is_ipv4() == net.is_ipv4() && differ == 0)
}

/// How many bits a mask says.
fn prefix(mask: &[u8], width: u32) -> Option<u32> {
    let text = std::str::from_utf8(mask).ok()?;
    if let Ok(mask) = text.parse::<Ipv4Addr>() {
        let bits = u32::from(mask);
        let is_prefix = bits.leading_ones() + bits.trailing_zeros() == 32;
        return (width == 32 && is_prefix).then(|| bits.leading_ones());
    }
    text.parse().ok().filter(|bits| *bits <= width)
}

/// Whether the text is a private IPv4 address (`is_ip_rfc1918`).
pub fn is_private_v4(text: &[u8]) -> bool {
    matches!(read(text), Some((_, IpAddr::V4(ip))) if ip.is_private())
}

/// The range that an address is in, as RFC 6890 and its kin call it (`detailed_ip_type`); `None`: it is no address.
pub fn range(text: &[u8]) -> Option<&'static str> {
    let (_, ip) = read(text)?;
    Some(match ip {
        IpAddr::V4(ip) => range_v4(ip),
        IpAddr::V6(ip) => range_v6(ip),
    })
}

fn range_v4(ip: Ipv4Addr) -> &'static str {
    match ip.octets() {
        [0, ..] => "THIS-NETWORK",
        [10, ..] | [192, 168, ..] => "PRIVATE",
        [172, second, ..] if second & 0xf0 == 16 => "PRIVATE",
        [100, second, ..] if second & 0xc0 == 64 => "SHARED",
        [127, ..] => "LOOPBACK",
        [169, 254, ..] => "LINK-LOCAL",
        [192, 0, 0, _] => "RESERVED",
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => "TEST-NET",
        [198, 18 | 19, ..] => "BENCHMARK",
        [255, 255, 255, 255] => "BROADCAST",
        [first, ..] if first & 0xf0 == 224 => "MULTICAST",
        [first, ..] if first >= 240 => "RESERVED",
        _ => "PUBLIC",
    }
}

fn range_v6(ip: Ipv6Addr) -> &'static str {
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => "UNSPECIFIED",
        [0, 0, 0, 0, 0, 0, 0, 1] => "LOOPBACK",
        [0, 0, 0, 0, 0, 0xffff, ..] => "IPV4MAP",
        [0x2001, 0xdb8, ..] => "DOCUMENTATION",
        [0x2001, 0, ..] => "TEREDO",
        [0x2002, ..] => "6TO4",
        [first, ..] if first & 0xfe00 == 0xfc00 => "UNIQUE-LOCAL-UNICAST",
        [first, ..] if first & 0xffc0 == 0xfe80 => "LINK-LOCAL-UNICAST",
        [first, ..] if first & 0xff00 == 0xff00 => "MULTICAST",
        [first, ..] if first & 0xe000 == 0x2000 => "GLOBAL-UNICAST",
        _ => "RESERVED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subnets_hold_addresses_by_their_first_bits() {
        for (ip, subnets, expected) in [
            ("192.0.2.7", "192.0.2.0/24", Some(true)),
            ("192.0.3.7", "192.0.2.0/24", Some(false)),
            ("192.0.3.7", "10.0.0.0/8, 192.0.2.0/23", Some(true)),
            ("192.0.2.7", "192.0.2.0/255.255.255.0", Some(true)),
            ("192.0.2.7", "0.0.0.0/0", Some(true)),
            ("192.0.2.7", "192.0.2.7", Some(true)),
            ("2001:db8::1", "2001:db8::/32", Some(true)),
            ("[2001:db9::1]", "2001:db8::/32", Some(false)),
            ("192.0.2.7", "::/0", Some(false)),
            ("192.0.2.7", "192.0.2.0/33", None),
            ("192.0.2.7", "192.0.2.0/255.0.255.0", None),
            ("192.0.2.7", "x", None),
            ("x", "192.0.2.0/24", None),
        ] {
            assert_eq!(is_in_subnet(ip.as_bytes(), subnets.as_bytes()), expected, "{ip} {subnets}");
        }
    }

    #[test]
    fn addresses_are_the_same_however_they_are_written() {
        assert!(is_same(b"[2001:db8:0::1]", b"2001:DB8::1", false));
        assert!(!is_same(b"[2001:db8::1]", b"2001:db8::1", true));
        assert!(!is_same(b"192.0.2.1", b"192.0.2.2", false) && !is_same(b"x", b"x", false));
    }

    #[test]
    fn ranges_have_names() {
        for (text, expected) in [
            ("172.31.0.1", Some("PRIVATE")),
            ("172.32.0.1", Some("PUBLIC")),
            ("100.64.0.1", Some("SHARED")),
            ("::1", Some("LOOPBACK")),
            ("[fe80::1]", Some("LINK-LOCAL-UNICAST")),
            ("x", None),
        ] {
            assert_eq!(range(text.as_bytes()), expected, "{text}");
        }
        assert!(is_private_v4(b"10.1.2.3") && !is_private_v4(b"11.1.2.3") && !is_private_v4(b"fc00::1"));
    }
}
