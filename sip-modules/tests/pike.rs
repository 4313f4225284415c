//! Too many requests.

#![allow(clippy::expect_used, clippy::disallowed_methods, reason = "a test begins at some instant")]

use std::net::IpAddr;
use std::time::{Duration, Instant};

use sip_modules::pike::{Config, Flood, Pike};

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn pike(sources: usize) -> (Pike, Instant) {
    let start = Instant::now();
    let mut config = Config::default();
    config.reqs_density_per_unit = 3;
    config.sources = sources;
    (Pike::new(config, [5; 16], start), start)
}

/// So many requests at once.
fn burst(pike: &Pike, at: Instant, source: &str, count: usize) -> Vec<Flood> {
    (0..count).map(|_| pike.check(at, ip(source))).collect()
}

#[test]
fn the_first_request_too_many_blocks_its_source_and_no_other() {
    let (pike, start) = pike(64);
    use Flood::{Begins, GoesOn, No};
    assert_eq!(burst(&pike, start, "192.0.2.1", 6), [No, No, No, Begins, GoesOn, GoesOn]);
    assert_eq!(burst(&pike, start, "192.0.2.2", 3), [No, No, No]);
    assert_eq!(pike.blocked(start), [ip("192.0.2.1")]);
    assert_eq!((No.code(), GoesOn.code(), Begins.code()), (1, -1, -2));
    assert!(No.may_go_on() && !Begins.may_go_on() && !GoesOn.may_go_on());
}

#[test]
fn a_block_ends_after_a_whole_unit_of_few_requests() {
    let (pike, start) = pike(64);
    let at = |seconds| start + Duration::from_secs(seconds);
    burst(&pike, at(0), "192.0.2.1", 5);
    assert_eq!(burst(&pike, at(2), "192.0.2.1", 4), [Flood::GoesOn; 4], "the unit before was too much");
    assert_eq!(burst(&pike, at(4), "192.0.2.1", 3), [Flood::GoesOn; 3], "and this one, blocked or not");
    assert_eq!(pike.check(at(6), ip("192.0.2.1")), Flood::No);
    burst(&pike, at(6), "192.0.2.1", 5);
    assert_eq!(pike.check(at(10), ip("192.0.2.1")), Flood::No, "a unit of silence");
    assert!(pike.blocked(at(20)).is_empty());
}

#[test]
fn a_steady_rate_below_the_limit_is_never_blocked() {
    let (pike, start) = pike(64);
    for n in 0..300 {
        assert_eq!(pike.check(start + Duration::from_millis(700 * n), ip("192.0.2.1")), Flood::No, "{n}");
    }
}

#[test]
fn an_ipv6_network_is_one_source_and_a_mapped_address_is_ipv4() {
    let (pike, start) = pike(64);
    burst(&pike, start, "2001:db8::1", 3);
    assert_eq!(pike.check(start, ip("2001:db8::ffff:1")), Flood::Begins);
    assert_eq!(pike.check(start, ip("2001:db8:0:1::1")), Flood::No);
    burst(&pike, start, "192.0.2.1", 3);
    assert_eq!(pike.check(start, ip("::ffff:192.0.2.1")), Flood::Begins);
    let mut blocked = pike.blocked(start);
    blocked.sort();
    assert_eq!(blocked, [ip("192.0.2.1"), ip("2001:db8::")]);
}

#[test]
fn more_sources_than_places_forget_the_quietest_and_not_the_blocked() {
    let (pike, start) = pike(8);
    burst(&pike, start, "192.0.2.1", 9);
    for n in 0..2000_u32 {
        let source = IpAddr::from((0x0a00_0000 + n).to_be_bytes());
        assert_eq!(pike.check(start, source), Flood::No);
    }
    assert_eq!(pike.check(start, ip("192.0.2.1")), Flood::GoesOn);
    for n in 0..20_u32 {
        let source = IpAddr::from((0x0b00_0000 + n).to_be_bytes()).to_string();
        burst(&pike, start, &source, 5);
    }
    assert!(pike.blocked(start).len() <= 8, "the table does not grow");
}

#[test]
fn sources_are_forgotten_after_their_time() {
    let (pike, start) = pike(8);
    burst(&pike, start, "192.0.2.1", 5);
    let late = start + Duration::from_secs(200);
    for n in 0..8_u32 {
        pike.check(late, IpAddr::from((0x0a00_0000 + n).to_be_bytes()));
    }
    assert_eq!(pike.check(late, ip("192.0.2.1")), Flood::No);
}

#[test]
fn odd_settings_are_bounded() {
    let start = Instant::now();
    let mut config = Config::default();
    config.sampling_time_unit = Duration::ZERO;
    config.reqs_density_per_unit = 0;
    config.sources = 0;
    config.ipv6_prefix = 255;
    let pike = Pike::new(config, [0; 16], start);
    assert_eq!(pike.check(start, ip("::1")), Flood::Begins);
    assert_eq!(pike.check(start + Duration::from_secs(u32::MAX.into()), ip("::2")), Flood::Begins);
}
