//! What authentication takes from memory: counted, everything included.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

use std::alloc::System;
use std::time::Duration;

use sip_core::digest::{Exchange, HashFunction, Qop, ha1};
use sip_core::{HeaderView, WwwAuthenticate, parse};
use sip_modules::auth::{Ask, Auth, AuthError, Config, Guard, Secret};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static GLOBAL: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const NOW: Duration = Duration::from_secs(1_800_000_000);

#[test]
fn a_challenge_and_a_verdict_take_one_allocation_each_and_a_refusal_none() {
    let auth = Auth::new(Config::default(), [3; 16], NOW);
    let source = "192.0.2.1".parse().expect("an address");
    let ask = Ask { guard: Guard::Server, realm: b"example.org", source };

    let region = Region::new(GLOBAL);
    let challenge = auth.challenge(NOW, &ask, false);
    let change = region.change();
    assert_eq!((change.allocations, change.reallocations), (1, 0), "a challenge");

    let value = challenge.values().next().expect("a challenge").to_vec();
    let header = WwwAuthenticate::parse(&value).expect("a header");
    let nonce = header.digest().expect("Digest").nonce.to_string();
    let secret = ha1(HashFunction::Md5, b"alice", ask.realm, b"secret");
    let exchange = Exchange {
        algorithm: sip_core::digest::Algorithm::DEFAULT,
        method: b"REGISTER",
        uri: b"sip:example.org",
        nonce: nonce.as_bytes(),
        qop: Some(Qop::Auth),
        nc: b"00000001",
        cnonce: b"c0",
        body: b"",
    };
    let wire = format!(
        "REGISTER sip:example.org SIP/2.0\r\nAuthorization: Digest username=\"alice\", realm=\"example.org\", \
         nonce=\"{nonce}\", uri=\"sip:example.org\", response=\"{}\", qop=auth, nc=00000001, cnonce=\"c0\"\r\n\r\n",
        exchange.response(&secret)
    );
    let msg = parse(wire.into(), &Default::default()).expect("a message");
    let (good, bad) = (Secret::Ha1(HashFunction::Md5, secret), Secret::password("guess"));
    let verdict = |secret: Option<&Secret>| {
        let claim = auth.examine(NOW, &msg, &ask, b"REGISTER")?;
        auth.accept(&claim, secret).map(drop)
    };
    for (secret, wanted, allocations) in [
        (Some(&bad), Err(AuthError::WrongPassword), 0),
        (None, Err(AuthError::UnknownUser), 0),
        (Some(&good), Ok(()), 1),
        (Some(&good), Err(AuthError::NonceReused), 0),
    ] {
        let region = Region::new(GLOBAL);
        let said = verdict(secret);
        let change = region.change();
        assert_eq!(said, wanted);
        assert_eq!((change.allocations, change.reallocations), (allocations, 0), "{said:?}");
    }
}
