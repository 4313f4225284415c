//! Routes of responses, of CANCEL and of ACK that wait: within bounds of number and time, too.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]
#![allow(clippy::panic, reason = "one of the routes is a bug on purpose")]

use std::time::Duration;

use sip_core::{Method, StatusCode};
use sip_server::play::{self, Agent, World};
use sip_server::{Ctx, ReplyCtx, RouteId, Routed, Routes, Server, Shared};

const SECOND: Duration = Duration::from_secs(1);
const REPLY: RouteId = RouteId::new(1);

/// What a route does that was told to do something.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Does {
    Nothing,
    /// Waits this many seconds.
    Waits(u64),
    Panics,
}

impl Does {
    async fn it(self) {
        match self {
            Self::Nothing => {}
            Self::Waits(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
            Self::Panics => panic!("a bug of the application"),
        }
    }
}

/// Relays calls to Bob.
#[derive(Clone, Copy)]
struct Told {
    reply: Does,
    response: Does,
    cancel: Does,
    ack: Does,
}

const NOTHING: Told =
    Told { reply: Does::Nothing, response: Does::Nothing, cancel: Does::Nothing, ack: Does::Nothing };

impl Routes for Told {
    async fn request(&self, ctx: &mut Ctx) -> Routed {
        if ctx.method() == Method::Ack {
            self.ack.it().await;
            return Ok(());
        }
        if self.reply != Does::Nothing {
            ctx.on_reply(REPLY);
        }
        ctx.relay_to(["sip:bob@10.0.1.2:5060"]).await
    }

    async fn cancel(&self, ctx: &mut Ctx) -> Routed {
        self.cancel.it().await;
        ctx.cancel()
    }

    async fn response(&self, _: &mut ReplyCtx) -> Routed {
        self.response.it().await;
        Ok(())
    }

    async fn reply(&self, route: RouteId, ctx: &mut ReplyCtx) -> Routed {
        assert_eq!(route, REPLY);
        ctx.msg.append("X-Before", "the wait")?;
        self.reply.it().await;
        ctx.msg.append("X-Seen", "yes")?;
        Ok(())
    }
}

fn play(told: Told, server: Server, story: impl AsyncFnOnce(&World, Agent, Agent)) {
    play::run(
        1,
        server.workers(2),
        move |_: &Shared| told,
        async |world| {
            let (alice, bob) = (world.agent("alice"), world.agent("bob"));
            story(world, alice, bob).await;
        },
    );
}

#[test]
fn a_reply_route_that_waits_holds_its_response_back_and_no_other_call() {
    play(Told { reply: Does::Waits(5), ..NOTHING }, Server::new(), async |world, alice, bob| {
        let call = alice.invite("sip:x@10.0.0.1");
        let invite = bob.recv_request("INVITE").await;
        bob.respond(&invite, 486);
        bob.recv_request("ACK").await;
        world.pass(SECOND).await;
        assert_eq!(world.shared().stats().parked, 1);
        let busy = alice.recv_status(486).await;
        assert_eq!(busy.header("X-Seen").expect("the route has it"), "yes");
        assert_eq!(world.network().elapsed().as_secs(), 5);
        call.ack(&busy);
        world.assert_nothing_left().await;
    });
}

#[test]
fn a_reply_route_that_waits_too_long_is_dropped_and_the_response_goes_on_without_it() {
    play(Told { reply: Does::Waits(100_000), ..NOTHING }, Server::new(), async |world, alice, bob| {
        let call = alice.invite("sip:x@10.0.0.1");
        let invite = bob.recv_request("INVITE").await;
        bob.respond(&invite, 486);
        bob.recv_request("ACK").await;
        let busy = alice.recv_status(486).await;
        assert_eq!(world.network().elapsed().as_secs(), 30, "fr");
        assert_eq!(busy.header("X-Before"), None, "as it came");
        call.ack(&busy);
        world.pass(SECOND).await;
        assert_eq!(world.shared().stats().parked, 0);
        world.assert_nothing_left().await;
    });
}

#[test]
fn beyond_the_bound_or_broken_a_reply_route_is_left_out_and_the_response_goes_on() {
    let full = (Told { reply: Does::Waits(5), ..NOTHING }, Server::new().max_parked(0));
    let broken = (Told { reply: Does::Panics, ..NOTHING }, Server::new());
    for (told, server) in [full, broken] {
        play(told, server, async |world, alice, bob| {
            let call = alice.invite("sip:x@10.0.0.1");
            let invite = bob.recv_request("INVITE").await;
            bob.respond(&invite, 180);
            alice.recv_status(180).await;
            bob.respond(&invite, 200);
            let answer = alice.recv_status(200).await;
            assert_eq!(world.network().elapsed().as_secs(), 0);
            call.ack(&answer);
            let stats = world.shared().stats();
            assert_eq!(stats.refused + stats.failed, 2, "one for each response");
            world.assert_nothing_left().await;
        });
    }
}

#[test]
fn a_cancel_reaches_the_phone_while_a_reply_route_waits() {
    play(Told { reply: Does::Waits(100_000), ..NOTHING }, Server::new(), async |world, alice, bob| {
        let call = alice.invite("sip:x@10.0.0.1");
        let invite = bob.recv_request("INVITE").await;
        bob.respond(&invite, 180);
        world.pass(SECOND).await;
        call.cancel();
        let cancel = bob.recv_request("CANCEL").await;
        bob.respond(&cancel, 200);
        world.pass(SECOND).await;
        assert_eq!(world.shared().stats().parked, 1, "it has a response in its hands that is owed to Alice");
        bob.respond(&invite, 487);
        bob.recv_request("ACK").await;
        let mut statuses = Vec::new();
        while let Some(answer) = alice.recv_within(35 * SECOND).await {
            let status = answer.status().expect("a response");
            if status == StatusCode::REQUEST_TERMINATED {
                call.ack(&answer);
            }
            statuses.push(status.code());
        }
        statuses.sort_unstable();
        statuses.dedup();
        assert_eq!(statuses, [100, 180, 200, 487]);
        world.assert_nothing_left().await;
    });
}

#[test]
fn routes_that_no_transaction_bounds_are_dropped_after_half_a_minute() {
    let forever = Does::Waits(100_000);
    play(Told { response: forever, ..NOTHING }, Server::new(), async |world, alice, bob| {
        alice.invite("sip:x@10.0.0.1");
        let invite = bob.recv_request("INVITE").await;
        bob.respond(&invite, 100);
        world.pass(SECOND).await;
        assert_eq!(world.shared().stats().parked, 1);
        world.pass(30 * SECOND).await;
        assert_eq!(world.shared().stats().parked, 0);
    });
    play(Told { ack: forever, ..NOTHING }, Server::new(), async |world, alice, _bob| {
        alice.send(&alice.request("ACK", "sip:x@10.0.0.1", 1, ""));
        world.pass(SECOND).await;
        assert_eq!(world.shared().stats().parked, 1);
        world.pass(30 * SECOND).await;
        assert_eq!(world.shared().stats().parked, 0);
    });
    play(Told { cancel: forever, ..NOTHING }, Server::new(), async |world, alice, bob| {
        let call = alice.invite("sip:x@10.0.0.1");
        let invite = bob.recv_request("INVITE").await;
        bob.respond(&invite, 180);
        alice.recv_status(180).await;
        call.cancel();
        world.pass(SECOND).await;
        assert_eq!(world.shared().stats().parked, 1);
        world.pass(30 * SECOND).await;
        assert_eq!(world.shared().stats().parked, 0);
        world.assert_nothing_left().await;
    });
}
