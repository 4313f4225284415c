//! Address groups.

#![allow(clippy::expect_used, reason = "a test that cannot be set up has failed")]

use std::net::IpAddr;

use sip_modules::permissions::{Addresses, Entry};

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

const LIST: &str = "\
# carriers\n\
1 192.0.2.0 24 0 net   # the whole\n\
1\t192.0.2.7\t32\t5060\tone\r\n\
2 192.0.2.0/25\n\
2 0.0.0.0 0 5080\n\
\n\
3 2001:db8::/32 0 0 six\n\
3 2001:db8:1::5 128 5061\n\
4 GW.example.org 0 5060 named\n";

#[test]
fn an_address_is_in_the_groups_of_all_networks_that_hold_it() {
    let list = Addresses::parse(LIST.as_bytes()).expect("a list");
    assert_eq!((list.len(), list.is_empty()), (7, false));
    for (group, address, port, wanted) in [
        (1, "192.0.2.200", 40_000, true),
        (1, "192.0.3.0", 40_000, false),
        (2, "192.0.2.127", 1, true),
        (2, "192.0.2.128", 1, false),
        (2, "203.0.113.1", 5080, true),
        (2, "203.0.113.1", 0, true),
        (2, "203.0.113.1", 5081, false),
        (2, "2001:db8::1", 5080, false),
        (3, "2001:db8:ffff::1", 1, true),
        (3, "2001:db9::", 1, false),
        (1, "::ffff:192.0.2.1", 1, true),
        (9, "192.0.2.1", 1, false),
    ] {
        assert_eq!(list.allow_address(group, ip(address), port), wanted, "{group} {address} {port}");
    }
}

#[test]
fn a_list_tells_what_is_in_it() {
    let list = Addresses::parse(LIST.as_bytes()).expect("a list");
    let mut all: Vec<_> =
        list.networks().map(|(ip, bits, entry)| format!("{} {ip}/{bits}", entry.group)).collect();
    all.extend(
        list.names().map(|(name, entry)| format!("{} {}", entry.group, String::from_utf8_lossy(name))),
    );
    all.sort();
    let wanted = ["1 192.0.2.0/24", "1 192.0.2.7/32", "2 0.0.0.0/0", "2 192.0.2.0/25", "3 2001:db8:1::5/128"];
    assert_eq!(all, [&wanted[..], &["3 2001:db8::/32", "4 gw.example.org"]].concat());
}

#[test]
fn the_group_of_an_address_is_that_of_the_longest_mask() {
    let list = Addresses::parse(LIST.as_bytes()).expect("a list");
    let group = |address: &str, port| list.find(ip(address), port).map(|entry| entry.group);
    assert_eq!(group("192.0.2.7", 5060), Some(1));
    assert_eq!(group("192.0.2.7", 5061), Some(2), "the port of the host is another");
    assert_eq!(group("192.0.2.200", 5061), Some(1));
    assert_eq!(group("203.0.113.1", 5080), Some(2));
    assert_eq!(group("203.0.113.1", 5081), None);
    let tag = list.find(ip("2001:db8:1::5"), 5060).map(|entry| entry.tag.clone());
    assert_eq!(tag.as_deref(), Some(&b"six"[..]));
}

#[test]
fn names_are_compared_as_text_and_texts_may_be_addresses() {
    let list = Addresses::parse(LIST.as_bytes()).expect("a list");
    let group =
        |group, text: &str, port| list.find_text(group, text.as_bytes(), port).map(|entry| entry.group);
    assert_eq!(group(None, "gw.EXAMPLE.org", 5060), Some(4));
    assert_eq!(group(Some(4), "gw.example.org", 0), Some(4));
    assert_eq!(group(None, "gw.example.org", 5061), None);
    assert_eq!(group(Some(1), "gw.example.org", 5060), None);
    assert_eq!(group(Some(1), "192.0.2.99", 9), Some(1));
    assert_eq!(group(None, "[2001:db8::1]", 9), Some(3));
    assert_eq!(group(None, "", 0), None);
}

#[test]
fn lines_that_cannot_be_read_are_named() {
    for (bad, line) in [
        ("1", 1),
        ("x 192.0.2.1", 1),
        ("-1 192.0.2.1", 1),
        ("1 192.0.2.1\n1 192.0.2.1 33", 2),
        ("1 2001:db8:: 129", 1),
        ("1 192.0.2.1 24 65536", 1),
        ("1 192.0.2.1 a", 1),
        ("1 192.0.2.1/", 1),
        ("1 192.0.2.1/a", 1),
        ("1 192.0.2.1 24 5060 tag more", 1),
        ("4294967296 192.0.2.1", 1),
        ("1 192.0.2.256", 1),
        ("1 a,b", 1),
    ] {
        assert_eq!(
            Addresses::parse(bad.as_bytes()).map(|_| ()).map_err(|error| error.line),
            Err(line),
            "{bad}"
        );
    }
    assert!(Addresses::parse(b"").expect("nothing").is_empty());
}

/// Against a list that is walked from end to end.
#[test]
fn a_hundred_thousand_networks_answer_as_a_walk_through_them_would() {
    let mut random = 7_u64;
    let mut next = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let (mut list, mut all) = (Addresses::new(), Vec::new());
    for _ in 0..100_000 {
        let (address, bits) = (next(1 << 16) as u32, next(33) as u8);
        let group = next(1000) as u32;
        if bits >= 8 {
            list.add(
                IpAddr::from(address.to_be_bytes()),
                bits,
                Entry { group, port: 0, tag: Box::default() },
            );
            all.push((address, bits, group));
        }
    }
    assert_eq!(list.len(), all.len());
    for _ in 0..200 {
        let (address, group) = (next(1 << 16) as u32, next(1000) as u32);
        let holds = |net: u32, bits: u8| (net ^ address).checked_shr(32 - u32::from(bits)).unwrap_or(0) == 0;
        let walked = all.iter().any(|(net, bits, of)| *of == group && holds(*net, *bits));
        assert_eq!(list.allow_address(group, IpAddr::from(address.to_be_bytes()), 1), walked);
    }
}
