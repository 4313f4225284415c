//! Routes that wait, in the played network.

mod common;

use std::sync::mpsc;
use std::time::Duration;

use common::{Mode, Proxy};
use sip_core::{Method, StatusCode};
use sip_server::play::{self, Agent, World};
use sip_server::{Ctx, FailureCtx, Resume, RouteError, RouteId, Routed, Routes, Server, Shared, TmError};

const LONG: Duration = Duration::from_secs(10);

fn waiting(_: &Shared) -> Proxy {
    Proxy::new(Mode::Wait(LONG))
}

async fn bob_and_alice(world: &World) -> (Agent, Agent) {
    let (alice, bob) = (world.agent("alice"), world.agent("bob"));
    bob.register().await;
    (alice, bob)
}

#[test]
fn a_call_waits_and_is_then_relayed_with_what_was_edited_before() {
    play::run(1, Server::new().workers(1), waiting, async |world| {
        let (alice, bob) = bob_and_alice(world).await;
        let call = alice.invite("sip:bob@10.0.0.1");
        alice.recv_status(100).await;
        call.send_again(); // answered, not routed again
        alice.recv_status(100).await;
        assert_eq!(world.shared().stats().parked, 1);

        // The worker serves others meanwhile.
        let carol = world.agent("carol");
        carol.send(&carol.request("OPTIONS", "sip:10.0.0.1", 9, ""));
        assert!(carol.recv_within(Duration::from_millis(10)).await.is_some());

        world.pass(LONG).await;
        let invite = bob.recv_request("INVITE").await;
        assert_eq!(invite.header("X-Before"), Some("kept".into()));
        assert_eq!(world.shared().stats().parked, 0);
        bob.respond(&invite, 200);
        let answer = alice.recv_status(200).await;
        call.ack(&answer);
        bob.recv_request("ACK").await;
        assert!(bob.recv_within(LONG).await.is_none(), "one INVITE was relayed");
        world.assert_nothing_left().await;
    });
}

#[test]
fn a_caller_who_gives_up_gets_487_and_the_route_is_dropped() {
    play::run(2, Server::new().workers(1), waiting, async |world| {
        let (alice, bob) = bob_and_alice(world).await;
        let call = alice.invite("sip:bob@10.0.0.1");
        alice.recv_status(100).await;
        world.pass(Duration::from_secs(1)).await;
        call.cancel();
        alice.recv_status(200).await;
        let ended = alice.recv_status(487).await;
        call.ack(&ended);
        world.pass(Duration::from_millis(1)).await;
        assert_eq!(world.shared().stats().parked, 0, "dropped at once, not when its time has come");
        assert!(bob.recv_within(LONG * 2).await.is_none());
        world.assert_nothing_left().await;
    });
}

#[test]
fn the_route_is_dropped_when_the_cancel_arrives_on_another_worker() {
    for (parked_on, cancelled_on) in [(0, 1), (1, 0), (2, 1)] {
        play::run(3, Server::new().workers(3), waiting, async |world| {
            let (alice, bob) = bob_and_alice(world).await;
            world.steer_to(Some(parked_on));
            let call = alice.invite("sip:bob@10.0.0.1");
            alice.recv_status(100).await;
            world.steer_to(Some(cancelled_on));
            call.cancel();
            alice.recv_status(200).await;
            let ended = alice.recv_status(487).await;
            call.ack(&ended);
            world.pass(Duration::from_millis(1)).await;
            assert_eq!(world.shared().stats().parked, 0);
            assert!(bob.recv_within(LONG * 2).await.is_none());
            world.assert_nothing_left().await;
        });
    }
}

#[test]
fn a_route_that_waits_too_long_is_dropped_and_its_caller_gets_408() {
    let forever = |_: &Shared| Proxy::new(Mode::Wait(Duration::from_secs(100_000)));
    play::run(4, Server::new().workers(2), forever, async |world| {
        let (alice, _bob) = bob_and_alice(world).await;
        let call = alice.invite("sip:bob@10.0.0.1");
        alice.recv_status(100).await;
        let before = world.network().elapsed();
        let late = alice.recv_status(408).await;
        assert_eq!((world.network().elapsed() - before).as_secs(), 30, "fr");
        call.ack(&late);
        world.assert_nothing_left().await;
    });
}

#[test]
fn beyond_the_bound_a_route_may_not_wait_and_its_caller_gets_503() {
    play::run(5, Server::new().workers(1).max_parked(2), waiting, async |world| {
        let (alice, _bob) = bob_and_alice(world).await;
        for _ in 0..2 {
            alice.invite("sip:bob@10.0.0.1");
            alice.recv_status(100).await;
        }
        let third = alice.invite("sip:bob@10.0.0.1");
        let refused = alice.recv_status(503).await;
        assert!(refused.header("Retry-After").is_some());
        third.ack(&refused);
        assert_eq!(world.shared().stats().refused, 1);
    });
}

#[test]
fn a_route_that_panics_answers_500_and_the_next_call_works() {
    let buggy = |_: &Shared| Proxy::new(Mode::Panic);
    play::run(6, Server::new().workers(1), buggy, async |world| {
        let alice = world.agent("alice");
        for _ in 0..3 {
            let call = alice.invite("sip:bob@10.0.0.1");
            let failed = alice.recv_status(500).await;
            call.ack(&failed);
        }
        assert_eq!(world.shared().stats().failed, 3);
        world.assert_nothing_left().await;
    });
}

/// Suspends each INVITE, hands the right to go on to the test, and relays when it is used.
struct Suspending(mpsc::Sender<Resume>);

const WAKE: RouteId = RouteId::new(7);

impl Routes for Suspending {
    async fn request(&self, ctx: &mut Ctx) -> Routed {
        if ctx.method() == Method::Register {
            return ctx.save().await.map(drop);
        }
        if ctx.method() == Method::Ack {
            return Ok(());
        }
        ctx.msg.append("X-Before", "kept")?;
        let resume = ctx.suspend()?;
        self.0.send(resume).map_err(|_| StatusCode::SERVER_INTERNAL_ERROR)?;
        Ok(())
    }

    async fn resumed(&self, route: RouteId, ctx: &mut FailureCtx) -> Routed {
        assert_eq!(route, WAKE);
        ctx.lookup().await?;
        ctx.relay().await
    }
}

fn suspending() -> (impl Fn(&Shared) -> Suspending, mpsc::Receiver<Resume>) {
    let (send, receive) = mpsc::channel();
    (move |_: &Shared| Suspending(send.clone()), receive)
}

#[test]
fn a_suspended_call_goes_on_from_another_thread() {
    let (routes, resumes) = suspending();
    play::run(7, Server::new().workers(2), routes, async |world| {
        let (alice, bob) = bob_and_alice(world).await;
        let call = alice.invite("sip:bob@10.0.0.1");
        alice.recv_status(100).await;
        let resume = resumes.recv().expect("suspended");
        let suspension = resume.suspension();
        let resumed = std::thread::scope(|threads| threads.spawn(|| resume.run(WAKE)).join());
        assert!(resumed.is_ok_and(|result| result.is_ok()));
        let invite = bob.recv_request("INVITE").await;
        assert_eq!(invite.header("X-Before"), Some("kept".into()));
        let again = world.shared().resume(suspension, WAKE);
        assert!(matches!(again, Err(RouteError::Tm(TmError::Stale))), "{again:?}");
        bob.respond(&invite, 200);
        let answer = alice.recv_status(200).await;
        call.ack(&answer);
        world.assert_nothing_left().await;
        let late = world.shared().resume(suspension, WAKE);
        assert!(matches!(late, Err(RouteError::Tm(TmError::Unknown))), "{late:?}");
    });
}

#[test]
fn a_suspended_call_that_was_cancelled_cannot_be_resumed() {
    let (routes, resumes) = suspending();
    play::run(8, Server::new().workers(2), routes, async |world| {
        let (alice, bob) = bob_and_alice(world).await;
        let call = alice.invite("sip:bob@10.0.0.1");
        alice.recv_status(100).await;
        let resume = resumes.recv().expect("suspended");
        call.cancel();
        alice.recv_status(200).await;
        let ended = alice.recv_status(487).await;
        call.ack(&ended);
        let late = resume.run(WAKE);
        assert!(matches!(late, Err(RouteError::Canceled)), "{late:?}");
        assert!(bob.recv_within(LONG).await.is_none());
        world.assert_nothing_left().await;
    });
}

#[test]
fn a_suspended_call_that_nobody_resumes_gets_408() {
    let (routes, resumes) = suspending();
    play::run(9, Server::new().workers(1), routes, async |world| {
        let (alice, _bob) = bob_and_alice(world).await;
        let call = alice.invite("sip:bob@10.0.0.1");
        let late = alice.recv_status(408).await;
        call.ack(&late);
        assert!(resumes.recv().expect("suspended").run(WAKE).is_err());
        world.assert_nothing_left().await;
    });
}
