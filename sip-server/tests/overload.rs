//! A worker that falls behind: new requests are turned away early, what belongs to a call is served.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use sip_core::{HeaderName, Method, StatusCode};
use sip_server::play::{self, Agent, World};
use sip_server::{Ctx, Routed, Routes, Server};

const MILLI: Duration = Duration::from_millis(1);

/// Each request holds its worker for this long before it is answered, as a costly script would.
struct Slow {
    time: Duration,
    routes: Rc<Cell<u32>>,
}

impl Routes for Slow {
    async fn request(&self, ctx: &mut Ctx) -> Routed {
        self.routes.set(self.routes.get() + 1);
        // The clock of the play moves before the route lets go of its worker.
        tokio::time::advance(self.time).await;
        if ctx.method() == Method::Ack {
            return Ok(());
        }
        if ctx.method() == Method::Invite && !ctx.has_totag() {
            tokio::time::sleep(Duration::from_secs(20)).await;
        }
        ctx.reply(StatusCode::OK)
    }
}

fn slow(time: Duration) -> (Rc<Cell<u32>>, impl Fn(&sip_server::Shared) -> Slow) {
    let routes = Rc::<Cell<u32>>::default();
    let counts = routes.clone();
    (counts, move |_: &sip_server::Shared| Slow { time, routes: routes.clone() })
}

/// How many of each status come, and whether each 503 says when to ask again.
async fn answers(agent: &Agent) -> BTreeMap<u16, u32> {
    let mut answers = BTreeMap::new();
    while let Some(answer) = agent.recv_within(Duration::from_secs(5)).await {
        let status = answer.status().expect("a response").code();
        assert!(status != 503 || answer.has_header(HeaderName::RetryAfter));
        *answers.entry(status).or_default() += 1;
    }
    answers
}

fn one() -> Server {
    Server::new().workers(1)
}

fn many(agent: &Agent, method: &str, to_tag: &str) {
    for number in 0..200 {
        let text = agent.request(method, "sip:x@10.0.0.1", number, "");
        agent.send(&text.replace("To: <sip:x@10.0.0.1>", &format!("To: <sip:x@10.0.0.1>{to_tag}")));
    }
}

async fn story(world: &World, method: &str, to_tag: &str) -> (BTreeMap<u16, u32>, u64) {
    let alice = world.agent("alice");
    many(&alice, method, to_tag);
    let answers = answers(&alice).await;
    (answers, world.shared().stats().shed)
}

#[test]
fn what_is_new_and_has_waited_too_long_gets_503_before_its_route() {
    let (runs, routes) = slow(5 * MILLI);
    play::run(1, one(), routes, async |world| {
        let (answers, shed) = story(world, "OPTIONS", "").await;
        let served = answers[&200];
        assert!((40..=100).contains(&served), "some 200 ms of work: {answers:?}");
        assert_eq!((u64::from(answers[&503]), u64::from(served) + shed), (shed, 200));
        assert_eq!(runs.get(), served, "no route ran for the others");
        // It has caught up, and serves again.
        let bob = world.agent("bob");
        bob.send(&bob.request("OPTIONS", "sip:x@10.0.0.1", 1, ""));
        bob.recv_status(200).await;
        world.assert_nothing_left().await;
    });
}

#[test]
fn what_belongs_to_a_call_is_never_turned_away() {
    for method in ["BYE", "UPDATE", "INVITE"] {
        let (_, routes) = slow(5 * MILLI);
        play::run(2, one(), routes, async |world| {
            let (answers, shed) = story(world, method, ";tag=ours").await;
            assert_eq!((answers.get(&200).copied() >= Some(200), answers.get(&503), shed), (true, None, 0));
        });
    }
}

#[test]
fn an_ack_reaches_its_route_however_late() {
    let (runs, routes) = slow(5 * MILLI);
    play::run(3, one(), routes, async |world| {
        let alice = world.agent("alice");
        many(&alice, "ACK", "");
        assert_eq!((answers(&alice).await.len(), runs.get()), (0, 200));
        assert_eq!(world.shared().stats().shed, 0);
    });
}

#[test]
fn a_call_that_waits_is_known_again_and_can_be_cancelled_while_the_worker_is_behind() {
    let (runs, routes) = slow(5 * MILLI);
    play::run(4, one(), routes, async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        let call = alice.invite("sip:x@10.0.0.1");
        alice.recv_status(100).await;
        many(&bob, "OPTIONS", "");
        call.send_again();
        call.cancel();
        let other = alice.invite("sip:x@10.0.0.1");
        alice.recv_status(100).await;
        alice.recv_status(200).await;
        let ended = alice.recv_status(487).await;
        call.ack(&ended);
        let away = alice.recv_status(503).await;
        other.ack(&away);
        answers(&bob).await;
        assert!(world.shared().stats().shed > 100, "it was behind meanwhile");
        assert!(runs.get() < 100, "neither ran a route");
        world.assert_nothing_left().await;
    });
}

#[test]
fn a_worker_that_is_busy_but_not_late_turns_nobody_away() {
    let (_, routes) = slow(MILLI / 2);
    play::run(5, one(), routes, async |world| {
        assert_eq!(story(world, "OPTIONS", "").await, (BTreeMap::from([(200, 200)]), 0));
    });
}

#[test]
fn the_bound_is_a_setting_and_can_be_lifted() {
    let (_, routes) = slow(5 * MILLI);
    play::run(6, one().max_delay(None), &routes, async |world| {
        assert_eq!(story(world, "OPTIONS", "").await, (BTreeMap::from([(200, 200)]), 0));
    });
    play::run(7, one().max_delay(Some(Duration::from_secs(2))), &routes, async |world| {
        assert_eq!(story(world, "OPTIONS", "").await.1, 0);
    });
    play::run(8, one().max_delay(Some(50 * MILLI)), &routes, async |world| {
        assert!(story(world, "OPTIONS", "").await.1 > 130);
    });
}
