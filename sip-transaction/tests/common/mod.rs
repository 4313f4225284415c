//! What the tests share: a small network, and a table driven by hand.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(unreachable_pub, missing_docs, reason = "a test's own module")]

pub mod check;
pub mod direct;

use std::time::Instant;

use sip_core::Target;
use sip_transaction::Config;
use sip_transaction::play::{Link, Network, Turn};

#[expect(clippy::disallowed_methods, reason = "there is no other way to make an Instant")]
pub fn start() -> Instant {
    Instant::now()
}

pub fn alice() -> Target {
    Network::udp(1)
}

pub fn bob() -> Target {
    Network::udp(2)
}

pub fn carol() -> Target {
    Network::udp(3)
}

pub fn dave() -> Target {
    Network::udp(4)
}

pub fn proxy() -> Target {
    Network::udp(9)
}

/// Alice, Bob, Carol and Dave, and a proxy with this route between them. Each hop takes 10 ms.
pub fn network(config: Config, route: impl FnMut(&mut Turn<'_>) + 'static) -> Network {
    network_over(Link::default(), 1, config, route)
}

pub fn network_over(
    link: Link,
    seed: u64,
    config: Config,
    route: impl FnMut(&mut Turn<'_>) + 'static,
) -> Network {
    let mut net = Network::new(start(), seed, link);
    for phone in [alice(), bob(), carol(), dave()] {
        net.agent(phone);
    }
    net.proxy(proxy(), config, route);
    net
}

/// A route that relays to all of these at once.
pub fn relay_to(targets: &[Target]) -> impl FnMut(&mut Turn<'_>) + 'static {
    let targets = targets.to_vec();
    move |turn| turn.relay(&targets).expect("a new transaction takes branches")
}

/// Counts what a finished network must not have any more.
pub fn assert_nothing_left(net: &mut Network) {
    let stats = net.proxied(proxy()).stats();
    let left = (stats.transactions, stats.timers, stats.keys, stats.kept_bytes, stats.asks);
    assert_eq!(left, (0, 0, 0, 0, 0), "{stats:?}");
    assert_eq!(stats.build_failures, 0);
}
