//! Failure routes and relays that are waited for, in the played network.

mod common;

use std::time::Duration;

use common::{Mode, Proxy};
use sip_server::play::{self, World};
use sip_server::{Server, Shared};

fn server() -> Server {
    Server::new().workers(2)
}

fn routes(mode: Mode) -> impl Fn(&Shared) -> Proxy {
    move |_| Proxy::new(mode)
}

/// Alice calls bob, who is busy; the call fails over to a third phone, which answers.
async fn fail_over(world: &World) {
    let (alice, bob, next) = (world.agent("alice"), world.agent("bob"), world.agent("next"));
    let call = alice.invite("sip:bob@10.0.0.1");
    let invite = bob.recv_request("INVITE").await;
    assert_eq!(invite.header("X-Failed-Over"), None);
    bob.respond(&invite, 180);
    alice.recv_status(180).await;
    world.pass(Duration::from_secs(3)).await;
    bob.respond(&invite, 486);
    bob.recv_request("ACK").await;
    let invite = next.recv_request("INVITE").await;
    assert_eq!(invite.header("X-Failed-Over"), Some("yes".into()));
    assert_eq!(invite.header("X-Tried"), Some("1".into()), "edits made before the relay stay");
    next.respond(&invite, 200);
    let answer = alice.recv_status(200).await;
    call.ack(&answer);
    next.recv_request("ACK").await;
    call.bye(&answer);
    let bye = next.recv_request("BYE").await;
    next.respond(&bye, 200);
    alice.recv_status(200).await;
    world.assert_nothing_left().await;
}

#[test]
fn a_busy_phone_is_failed_over_by_a_failure_route() {
    play::run(1, server(), routes(Mode::FailureRoute), fail_over);
}

#[test]
fn a_busy_phone_is_failed_over_by_straight_line_code() {
    play::run(1, server(), routes(Mode::RelayAndWait), fail_over);
}

#[test]
fn both_ways_to_fail_over_are_the_same_on_the_wire() {
    let wire = |mode| {
        let mut packets = Vec::new();
        play::run(1, server(), routes(mode), async |world| {
            fail_over(world).await;
            let all = world.network().packets();
            packets = all.iter().map(|p| (p.sent, p.from, p.to, p.bytes.clone())).collect();
        });
        packets
    };
    let (by_route, by_waiting) = (wire(Mode::FailureRoute), wire(Mode::RelayAndWait));
    assert!(by_route.len() > 10);
    assert_eq!(by_route, by_waiting);
}

#[test]
fn the_best_failure_goes_upstream_when_the_last_target_fails_too() {
    for mode in [Mode::FailureRoute, Mode::RelayAndWait] {
        play::run(2, server(), routes(mode), async |world| {
            let (alice, bob, next) = (world.agent("alice"), world.agent("bob"), world.agent("next"));
            let call = alice.invite("sip:bob@10.0.0.1");
            let invite = bob.recv_request("INVITE").await;
            bob.respond(&invite, 486);
            bob.recv_request("ACK").await;
            let invite = next.recv_request("INVITE").await;
            next.respond(&invite, 503);
            next.recv_request("ACK").await;
            let failed = alice.recv_status(500).await; // 503 stays between neighbours (RFC 3261 16.7)
            call.ack(&failed);
            world.assert_nothing_left().await;
        });
    }
}

#[test]
fn a_caller_who_gives_up_during_the_second_attempt_gets_487() {
    for mode in [Mode::FailureRoute, Mode::RelayAndWait] {
        play::run(3, server(), routes(mode), async |world| {
            let (alice, bob, next) = (world.agent("alice"), world.agent("bob"), world.agent("next"));
            let call = alice.invite("sip:bob@10.0.0.1");
            let invite = bob.recv_request("INVITE").await;
            bob.respond(&invite, 486);
            bob.recv_request("ACK").await;
            let invite = next.recv_request("INVITE").await;
            next.respond(&invite, 180);
            alice.recv_status(180).await;
            call.cancel();
            alice.recv_status(200).await;
            let cancel = next.recv_request("CANCEL").await;
            next.respond(&cancel, 200);
            next.respond(&invite, 487);
            next.recv_request("ACK").await;
            let ended = alice.recv_status(487).await;
            call.ack(&ended);
            world.assert_nothing_left().await;
            assert_eq!(world.shared().stats().failed, 0);
        });
    }
}
