//! What a route sets for its transaction: timers, what counts, how it ends.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

use std::time::Duration;

use sip_core::{Method, StatusCode};
use sip_server::play::{self, World};
use sip_server::{Ctx, DropReplies, FailureCtx, RouteId, Routed, Routes, Server, Shared};

const MILLI: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const BOB: &str = "sip:bob@10.0.1.2:5060";
const CAROL: &str = "sip:carol@10.0.1.3:5060";
const FAILED: RouteId = RouteId::new(1);

/// Does what the story says with each INVITE; a failure route relays to Carol.
struct Told<F>(F, DropReplies);

impl<F: AsyncFn(&mut Ctx) -> Routed + 'static> Routes for Told<F> {
    async fn request(&self, ctx: &mut Ctx) -> Routed {
        match ctx.method() {
            Method::Invite => self.0(ctx).await,
            Method::Message => {
                ctx.release()?;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn failure(&self, _: RouteId, ctx: &mut FailureCtx) -> Routed {
        ctx.drop_replies(self.1);
        ctx.relay_to([CAROL]).await
    }
}

fn play<F: AsyncFn(&mut Ctx) -> Routed + Clone + 'static>(route: F, story: impl AsyncFnOnce(&World)) {
    let routes = move |_: &Shared| Told(route.clone(), DropReplies::IfRelayed);
    play::run(1, Server::new().workers(2), routes, story);
}

#[test]
fn a_route_that_waits_may_take_as_long_as_it_has_set() {
    let waits = async |ctx: &mut Ctx| {
        ctx.set_fr(None, Some(60 * SECOND));
        tokio::time::sleep(50 * SECOND).await;
        ctx.reply(StatusCode::BUSY_HERE)
    };
    play(waits, async |world| {
        let alice = world.agent("alice");
        let call = alice.invite("sip:x@10.0.0.1");
        let busy = alice.recv_status(486).await;
        assert_eq!(world.network().elapsed().as_secs(), 50, "no 408 after 30 s");
        call.ack(&busy);
        world.assert_nothing_left().await;
    });
}

#[test]
fn timers_set_before_the_relay_and_while_it_rings_hold_for_its_branches() {
    let relays = async |ctx: &mut Ctx| {
        ctx.set_fr(Some(7 * SECOND), Some(3 * SECOND));
        ctx.relay_to([BOB]).await
    };
    for (rings, lasts) in [(false, 3), (true, 1 + 7)] {
        play(relays, async |world| {
            let (alice, bob) = (world.agent("alice"), world.agent("bob"));
            let call = alice.invite("sip:x@10.0.0.1");
            let invite = bob.recv_request("INVITE").await;
            if rings {
                world.pass(SECOND).await;
                bob.respond(&invite, 180);
                alice.recv_status(180).await;
            }
            let late = alice.recv_status(408).await;
            assert_eq!(world.network().elapsed().as_secs(), lasts);
            call.ack(&late);
            while bob.recv_within(SECOND).await.is_some() {}
        });
    }
}

#[test]
fn a_lifetime_of_its_own_ends_a_call_that_rings() {
    let relays = async |ctx: &mut Ctx| {
        ctx.set_max_lifetime(Some(20 * SECOND), None);
        ctx.relay_to([BOB]).await?;
        ctx.set_max_lifetime(Some(10 * SECOND), None); // the last one holds
        Ok(())
    };
    play(relays, async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        let call = alice.invite("sip:x@10.0.0.1");
        let invite = bob.recv_request("INVITE").await;
        bob.respond(&invite, 180);
        alice.recv_status(180).await;
        let late = alice.recv_status(408).await;
        assert_eq!(world.network().elapsed().as_secs(), 10);
        call.ack(&late);
    });
}

#[test]
fn retransmissions_follow_the_times_that_the_route_has_set() {
    let relays = async |ctx: &mut Ctx| {
        ctx.set_retr(Some(100 * MILLI), Some(SECOND));
        ctx.relay_to([BOB]).await
    };
    play(relays, async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        alice.invite("sip:x@10.0.0.1");
        bob.recv_request("INVITE").await;
        let first = world.network().elapsed();
        let mut gaps = Vec::new();
        for _ in 0..3 {
            bob.recv_request("INVITE").await;
            gaps.push((world.network().elapsed() - first).as_millis());
        }
        assert_eq!(gaps, [100, 300, 700]);
    });
}

#[test]
fn a_6xx_of_one_phone_lets_the_other_ring_where_the_route_wants_it() {
    for blocks in [true, false] {
        let relays = async move |ctx: &mut Ctx| {
            ctx.set_cancel_on_6xx(blocks);
            ctx.relay_to([BOB, CAROL]).await
        };
        play(relays, async |world| {
            let [alice, bob, carol] = ["alice", "bob", "carol"].map(|user| world.agent(user));
            let call = alice.invite("sip:x@10.0.0.1");
            let (at_bob, at_carol) = (bob.recv_request("INVITE").await, carol.recv_request("INVITE").await);
            carol.respond(&at_carol, 180);
            alice.recv_status(180).await;
            bob.respond(&at_bob, 603);
            if blocks {
                let cancel = carol.recv_request("CANCEL").await;
                carol.respond(&cancel, 200);
                carol.respond(&at_carol, 487);
                let declined = alice.recv_status(603).await;
                call.ack(&declined);
            } else {
                world.pass(SECOND).await;
                carol.respond(&at_carol, 200);
                let answer = alice.recv_status(200).await;
                call.ack(&answer);
            }
        });
    }
}

#[test]
fn replies_count_again_where_the_failure_route_keeps_them() {
    for (which, best) in [(DropReplies::IfRelayed, 486), (DropReplies::None, 404), (DropReplies::All, 486)] {
        let routes = move |_: &Shared| {
            let relays = async |ctx: &mut Ctx| {
                ctx.on_failure(FAILED);
                ctx.relay_to([BOB]).await
            };
            Told(relays, which)
        };
        play::run(2, Server::new().workers(2), routes, async |world| {
            let [alice, bob, carol] = ["alice", "bob", "carol"].map(|user| world.agent(user));
            let call = alice.invite("sip:x@10.0.0.1");
            for (phone, status) in [(&bob, 404), (&carol, 486)] {
                let invite = phone.recv_request("INVITE").await;
                phone.respond(&invite, status);
                phone.recv_request("ACK").await;
            }
            let end = alice.recv_status(best).await;
            call.ack(&end);
            world.assert_nothing_left().await;
        });
    }
}

#[test]
fn branches_can_be_cancelled_while_the_call_goes_on() {
    let hunts = async |ctx: &mut Ctx| {
        ctx.relay_to([BOB]).await?;
        tokio::time::sleep(5 * SECOND).await;
        ctx.cancel_branches();
        ctx.relay_to([CAROL]).await
    };
    play(hunts, async |world| {
        let [alice, bob, carol] = ["alice", "bob", "carol"].map(|user| world.agent(user));
        let call = alice.invite("sip:x@10.0.0.1");
        let at_bob = bob.recv_request("INVITE").await;
        bob.respond(&at_bob, 180);
        alice.recv_status(180).await;
        let cancel = bob.recv_request("CANCEL").await;
        let at_carol = carol.recv_request("INVITE").await;
        bob.respond(&cancel, 200);
        bob.respond(&at_bob, 487);
        bob.recv_request("ACK").await;
        carol.respond(&at_carol, 200);
        let answer = alice.recv_status(200).await;
        call.ack(&answer);
        world.assert_nothing_left().await;
    });
}

#[test]
fn a_released_request_is_absorbed_and_never_answered() {
    play(
        async |_: &mut Ctx| Ok(()),
        async |world| {
            let alice = world.agent("alice");
            let text = alice.request("MESSAGE", "sip:x@10.0.0.1", 1, "");
            alice.send(&text);
            alice.send(&text);
            assert!(alice.recv_within(5 * SECOND).await.is_none());
            assert_eq!(world.shared().stats().absorbed, 1);
            world.assert_nothing_left().await;
        },
    );
}
