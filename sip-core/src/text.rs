//! Numbers and addresses as text, at the end of a buffer.
//!
//! Every message that is sent on has some; the formatter of the standard library takes ten times as long.

use std::io::Write;
use std::net::{IpAddr, SocketAddr};

/// Appends a number in decimal.
pub fn push_number(out: &mut Vec<u8>, mut number: u64) {
    let mut text = [b'0'; 20];
    let mut at = text.len();
    while number > 0 {
        at -= 1;
        text[at] += (number % 10) as u8;
        number /= 10;
    }
    out.extend_from_slice(&text[at.min(19)..]);
}

/// Appends an address without brackets: `192.0.2.1`, `2001:db8::1`.
pub fn push_ip(out: &mut Vec<u8>, ip: IpAddr) {
    match ip {
        IpAddr::V4(ip) => {
            for (place, octet) in ip.octets().into_iter().enumerate() {
                if place > 0 {
                    out.push(b'.');
                }
                push_number(out, octet.into());
            }
        }
        IpAddr::V6(ip) => _ = write!(out, "{ip}"), // into memory: cannot fail
    }
}

/// Appends an address and its port, as a Via or a URI has them: `192.0.2.1:5060`, `[2001:db8::1]:5060`.
pub fn push_addr(out: &mut Vec<u8>, addr: SocketAddr) {
    if addr.is_ipv6() {
        out.push(b'[');
    }
    push_ip(out, addr.ip());
    if addr.is_ipv6() {
        out.push(b']');
    }
    out.push(b':');
    push_number(out, addr.port().into());
}

/// A number in 16 hexadecimal digits: what tags and branches are made of.
pub fn hex(number: u64) -> String {
    let digits = (0..16).map(|place| b"0123456789abcdef"[(number >> (60 - 4 * place) & 15) as usize]);
    String::from_utf8(digits.collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimal() {
        for (value, text) in [(0, "0"), (7, "7"), (1200, "1200"), (u64::MAX, "18446744073709551615")] {
            let mut out = Vec::new();
            push_number(&mut out, value);
            assert_eq!(out, text.as_bytes());
        }
    }

    #[test]
    fn addresses_read_as_the_formatter_writes_them() {
        for text in
            ["0.0.0.0:0", "192.0.2.10:5060", "255.255.255.255:65535", "[::1]:5060", "[2001:db8::a:0]:1"]
        {
            let addr: SocketAddr = text.parse().expect("an address");
            let mut out = Vec::new();
            push_addr(&mut out, addr);
            assert_eq!(out, text.as_bytes());
            out.clear();
            push_ip(&mut out, addr.ip());
            assert_eq!(out, addr.ip().to_string().as_bytes());
        }
    }

    #[test]
    fn hex_has_all_its_digits() {
        for number in [0, 0x1f, 0x0123_4567_89ab_cdef, u64::MAX] {
            assert_eq!(hex(number), format!("{number:016x}"));
        }
    }
}
