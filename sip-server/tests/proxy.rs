//! Calls through a proxy, in the played network: what a caller and the phones it calls would see.

mod common;

use std::time::Duration;

use common::{Mode, Proxy};
use sip_core::Message;
use sip_server::play::{self, Agent, World};
use sip_server::{Server, Shared};
use sip_transport::memory::Link;

fn proxy(_: &Shared) -> Proxy {
    Proxy::new(Mode::Fork)
}

fn workers(count: usize) -> Server {
    Server::new().workers(count)
}

/// How often a message with this first line was sent to this phone.
fn sent_to(world: &World, phone: &Agent, first_line: &str) -> usize {
    let at = phone.contact();
    let packets = world.network().packets();
    packets
        .iter()
        .filter(|p| at.ends_with(&p.to.to_string()) && p.first_line().starts_with(first_line))
        .count()
}

#[test]
fn a_call_is_set_up_and_hung_up_through_the_route_of_its_dialog() {
    play::run(1, workers(3), proxy, async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        bob.register().await;
        let call = alice.invite("sip:bob@10.0.0.1");
        let invite = bob.recv_request("INVITE").await;
        assert_eq!(invite.request_uri(), Some(bob.contact().as_str().into()));
        assert_eq!(invite.max_forwards(), Some(Ok(69)));
        bob.respond(&invite, 180);
        alice.recv_status(180).await;
        bob.respond(&invite, 200);
        let answer = alice.recv_status(200).await;
        assert_eq!(answer.values("Via").count(), 1, "our Via is taken off");
        call.ack(&answer);
        let ack = bob.recv_request("ACK").await;
        assert_eq!(ack.header("Route"), None);
        call.bye(&answer);
        let bye = bob.recv_request("BYE").await;
        bob.respond(&bye, 200);
        alice.recv_status(200).await;
        world.assert_nothing_left().await;
    });
}

#[test]
fn a_retransmitted_invite_is_answered_and_not_routed_again() {
    play::run(2, workers(2), proxy, async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        bob.register().await;
        let call = alice.invite("sip:bob@10.0.0.1");
        let invite = bob.recv_request("INVITE").await;
        bob.respond(&invite, 180);
        alice.recv_status(180).await;
        call.send_again();
        alice.recv_status(180).await;
        assert_eq!(sent_to(world, &bob, "INVITE"), 1);
    });
}

#[test]
fn a_final_response_is_sent_again_until_its_ack() {
    play::run(3, workers(2), proxy, async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        bob.register().await;
        let call = alice.invite("sip:bob@10.0.0.1");
        let invite = bob.recv_request("INVITE").await;
        bob.respond(&invite, 486);
        bob.recv_request("ACK").await;
        let busy = alice.recv_status(486).await;
        world.pass(Duration::from_millis(3_600)).await; // 500, 1500, 3500
        assert_eq!(sent_to(world, &alice, "SIP/2.0 486"), 4);
        call.ack(&busy);
        world.pass(Duration::from_secs(40)).await;
        assert_eq!(sent_to(world, &alice, "SIP/2.0 486"), 4);
        world.assert_nothing_left().await;
    });
}

#[test]
fn a_final_response_that_is_never_acknowledged_is_given_up_after_64_t1() {
    play::run(3, workers(1), proxy, async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        bob.register().await;
        alice.invite("sip:bob@10.0.0.1");
        let invite = bob.recv_request("INVITE").await;
        bob.respond(&invite, 486);
        bob.recv_request("ACK").await;
        world.assert_nothing_left().await;
        // Timer G: at 0, 0.5, 1.5, 3.5, then every 4 s until timer H at 32 s.
        assert_eq!(sent_to(world, &alice, "SIP/2.0 486"), 11);
    });
}

#[test]
fn a_refusal_without_state_is_sent_once() {
    play::run(3, workers(1), proxy, async |world| {
        let alice = world.agent("alice");
        let call = alice.invite("sip:nobody@10.0.0.1");
        let refused = alice.recv_status(404).await;
        call.ack(&refused); // recognised by its tag: no route sees it
        world.assert_nothing_left().await;
        assert_eq!(sent_to(world, &alice, "SIP/2.0 404"), 1);
        assert_eq!(world.shared().stats().absorbed, 1);
    });
}

/// Two contacts of one user ring.
async fn ring_two(world: &World) -> (Agent, Agent, Agent) {
    let (alice, desk, mobile) = (world.agent("alice"), world.agent("bob"), world.agent("bob"));
    desk.register().await;
    mobile.register().await;
    (alice, desk, mobile)
}

#[test]
fn a_forked_call_cancels_the_losers() {
    play::run(4, workers(2), proxy, async |world| {
        let (alice, desk, mobile) = ring_two(world).await;
        let call = alice.invite("sip:bob@10.0.0.1");
        let at_desk = desk.recv_request("INVITE").await;
        let at_mobile = mobile.recv_request("INVITE").await;
        desk.respond(&at_desk, 180);
        mobile.respond(&at_mobile, 180);
        alice.recv_status(180).await;
        alice.recv_status(180).await;
        mobile.respond(&at_mobile, 200);
        let answer = alice.recv_status(200).await;
        call.ack(&answer);
        let cancel = desk.recv_request("CANCEL").await;
        assert!(cancel.header("Reason").is_some_and(|reason| reason.starts_with(b"SIP;cause=200")));
        desk.respond(&cancel, 200);
        desk.respond(&at_desk, 487);
        desk.recv_request("ACK").await;
        mobile.recv_request("ACK").await;
        world.assert_nothing_left().await;
        assert_eq!(sent_to(world, &alice, "SIP/2.0 487"), 0);
    });
}

#[test]
fn both_answers_of_a_forked_call_reach_the_caller() {
    play::run(5, workers(2), proxy, async |world| {
        let (alice, desk, mobile) = ring_two(world).await;
        let call = alice.invite("sip:bob@10.0.0.1");
        let at_desk = desk.recv_request("INVITE").await;
        let at_mobile = mobile.recv_request("INVITE").await;
        desk.respond(&at_desk, 200);
        mobile.respond(&at_mobile, 200);
        for _ in 0..2 {
            let answer = alice.recv_status(200).await;
            call.ack(&answer);
        }
        desk.recv_request("ACK").await;
        mobile.recv_request("ACK").await;
        world.assert_nothing_left().await;
    });
}

#[test]
fn cancel_while_it_rings_gives_487_and_leaves_nothing() {
    play::run(6, workers(4), proxy, async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        bob.register().await;
        let call = alice.invite("sip:bob@10.0.0.1");
        let invite = bob.recv_request("INVITE").await;
        bob.respond(&invite, 180);
        alice.recv_status(180).await;
        call.cancel();
        alice.recv_status(200).await;
        let cancel = bob.recv_request("CANCEL").await;
        assert_eq!(cancel.values("Via").count(), 1);
        bob.respond(&cancel, 200);
        bob.respond(&invite, 487);
        bob.recv_request("ACK").await;
        let ended = alice.recv_status(487).await;
        call.ack(&ended);
        world.assert_nothing_left().await;
    });
}

#[test]
fn cancel_before_any_provisional_waits_for_one() {
    play::run(7, workers(2), proxy, async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        bob.register().await;
        let call = alice.invite("sip:bob@10.0.0.1");
        let invite = bob.recv_request("INVITE").await;
        call.cancel();
        alice.recv_status(200).await;
        assert_eq!(sent_to(world, &bob, "CANCEL"), 0);
        bob.respond(&invite, 100);
        let cancel = bob.recv_request("CANCEL").await;
        bob.respond(&cancel, 200);
        bob.respond(&invite, 487);
        let ended = alice.recv_status(487).await;
        call.ack(&ended);
        world.assert_nothing_left().await;
    });
}

#[test]
fn an_answer_that_crosses_the_cancel_wins() {
    for seed in 0..20 {
        play::run(seed, workers(2), proxy, async |world| {
            let jitter = Duration::from_millis(20);
            world.network().set_default_link(Link { delay: jitter, jitter, ..Link::default() });
            let (alice, bob) = (world.agent("alice"), world.agent("bob"));
            bob.register().await;
            let call = alice.invite("sip:bob@10.0.0.1");
            let invite = bob.recv_request("INVITE").await;
            bob.respond(&invite, 180);
            alice.recv_status(180).await;
            call.cancel();
            bob.respond(&invite, 200); // before the CANCEL can be there
            let mut answers: Vec<Message> = Vec::new();
            while let Some(msg) = alice.recv_within(Duration::from_millis(200)).await {
                answers.push(msg);
            }
            let final_of_invite: Vec<_> = answers
                .iter()
                .filter(|m| m.cseq().is_ok_and(|c| c.method == sip_core::Method::Invite))
                .filter(|m| m.status().is_some_and(|s| s.is_final()))
                .collect();
            assert_eq!(final_of_invite.len(), 1, "one final response, seed {seed}");
            assert_eq!(final_of_invite[0].status().map(|s| s.code()), Some(200), "seed {seed}");
            call.ack(final_of_invite[0]);
            world.assert_nothing_left().await;
        });
    }
}

#[test]
fn a_late_200_after_487_still_reaches_the_caller() {
    play::run(9, workers(2), proxy, async |world| {
        let (alice, desk, mobile) = ring_two(world).await;
        let call = alice.invite("sip:bob@10.0.0.1");
        let at_desk = desk.recv_request("INVITE").await;
        let at_mobile = mobile.recv_request("INVITE").await;
        desk.respond(&at_desk, 200);
        let first = alice.recv_status(200).await;
        call.ack(&first);
        mobile.respond(&at_mobile, 180);
        let cancel = mobile.recv_request("CANCEL").await;
        mobile.respond(&cancel, 200);
        mobile.respond(&at_mobile, 200); // answered all the same
        let second = alice.recv_status(200).await;
        call.ack(&second);
        mobile.recv_request("ACK").await;
        world.assert_nothing_left().await;
    });
}

#[test]
fn an_invite_survives_half_of_all_datagrams_lost() {
    for seed in 0..20 {
        play::run(seed, workers(2), proxy, async |world| {
            let (alice, bob) = (world.agent("alice"), world.agent("bob"));
            bob.register().await;
            world.network().set_default_link(Link {
                delay: Duration::from_millis(5),
                loss: 0.5,
                ..Link::default()
            });
            let call = alice.invite("sip:bob@10.0.0.1");
            // Both phones do as RFC 3261 17 says: they repeat themselves until they are heard.
            let mut answered: Option<Message> = None;
            let mut at_bob: Option<Message> = None;
            for _ in 0..64 {
                if answered.is_none() {
                    call.send_again();
                }
                if let Some(invite) = &at_bob {
                    bob.respond(invite, 200);
                }
                while let Some(msg) = bob.recv_within(Duration::from_millis(50)).await {
                    match msg.method().map(|method| method.to_string()).as_deref() {
                        Some("INVITE") => at_bob = Some(msg),
                        Some("ACK") => at_bob = None,
                        other => panic!("bob got {other:?}"),
                    }
                }
                while let Some(msg) = alice.recv_within(Duration::from_millis(50)).await {
                    if msg.status().is_some_and(|status| status.is_final()) {
                        assert_eq!(msg.status().map(|s| s.code()), Some(200), "seed {seed}");
                        call.ack(&msg);
                        answered = Some(msg);
                    }
                }
                world.pass(Duration::from_millis(400)).await;
                if answered.is_some() && at_bob.is_none() {
                    break;
                }
            }
            assert!(answered.is_some(), "the call was set up, seed {seed}");
            assert!(at_bob.is_none(), "the answer was acknowledged, seed {seed}");
            world.assert_nothing_left().await;
        });
    }
}

#[test]
fn a_phone_that_does_not_answer_gives_408() {
    play::run(11, workers(2), proxy, async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        bob.register().await;
        let call = alice.invite("sip:bob@10.0.0.1");
        let late = alice.recv_status(408).await;
        assert_eq!(sent_to(world, &bob, "INVITE"), 6, "timer A: at 0, 0.5, 1.5, 3.5, 7.5 and 15.5 s of 30 s");
        call.ack(&late);
        world.assert_nothing_left().await;
    });
}

#[test]
fn a_host_name_as_target_is_refused_with_478() {
    play::run(
        12,
        workers(1),
        |_: &Shared| ToName,
        async |world| {
            let alice = world.agent("alice");
            let call = alice.invite("sip:bob@example.com");
            let refused = alice.recv_status(478).await;
            call.ack(&refused);
            world.assert_nothing_left().await;
        },
    );
}

struct ToName;

impl sip_server::Routes for ToName {
    async fn request(&self, ctx: &mut sip_server::Ctx) -> sip_server::Routed {
        ctx.relay().await
    }
}

#[test]
fn a_target_that_cannot_be_reached_does_not_keep_the_others_from_ringing() {
    play::run(
        13,
        workers(1),
        |_: &Shared| ToBoth,
        async |world| {
            let (alice, bob) = (world.agent("alice"), world.agent("bob"));
            let call = alice.invite("sip:both@10.0.0.1");
            let invite = bob.recv_request("INVITE").await;
            bob.respond(&invite, 486);
            let busy = alice.recv_status(486).await;
            call.ack(&busy);
            world.assert_nothing_left().await;
        },
    );
}

struct ToBoth;

impl sip_server::Routes for ToBoth {
    async fn request(&self, ctx: &mut sip_server::Ctx) -> sip_server::Routed {
        ctx.relay_to(["sip:bob@desk.example.com", "sip:bob@10.0.1.2:5060"]).await
    }
}
