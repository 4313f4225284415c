//! Requests that start here, from routes and tasks, in the played network.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use sip_core::digest::{HashFunction, ha1};
use sip_core::{
    Authorization, HeaderName, HeaderView, Message, Method, ProxyAuthorization, StatusCode, build,
};
use sip_server::play::{self, Agent, World};
use sip_server::{
    Ctx, Event, EventCtx, NewRequest, RequestOutcome, RouteError, RouteId, Routed, Routes, Server, Shared,
};

const SECOND: Duration = Duration::from_secs(1);
const BOB: &str = "sip:bob@10.0.1.2:5060";
const REALM: &str = "example.com";

type Outcome = Result<RequestOutcome, RouteError>;

/// Asks Bob by OPTIONS before it answers an INVITE; tells what came of requests that were started.
struct Asking(Sender<(u32, Outcome)>);

impl Routes for Asking {
    async fn request(&self, ctx: &mut Ctx) -> Routed {
        match ctx.method() {
            Method::Ack => Ok(()),
            Method::Message => {
                ctx.start_request(NewRequest::new("OPTIONS", BOB), Some(RouteId::new(7)))?;
                ctx.reply(StatusCode::ACCEPTED)
            }
            _ => {
                let outcome = ctx.send_request(NewRequest::new("OPTIONS", BOB)).await?;
                ctx.reply(outcome.status())
            }
        }
    }

    async fn event(&self, event: Event, _: &mut EventCtx) -> Routed {
        if let Event::Outcome { route, outcome } = event {
            self.0.send((route.index(), outcome)).map_err(|_| StatusCode::SERVER_INTERNAL_ERROR)?;
        }
        Ok(())
    }
}

/// What a play tells of requests that a task sends.
fn asking() -> (impl Fn(&Shared) -> Asking, Receiver<(u32, Outcome)>) {
    let (send, receive) = channel();
    (move |_: &Shared| Asking(send.clone()), receive)
}

/// Sends a request from a task; its outcome comes out of the channel.
fn send(world: &World, request: NewRequest) -> Receiver<Outcome> {
    let (send, receive) = channel();
    let task = async move |ctx: &mut EventCtx| {
        let outcome = ctx.send_request(request).await;
        send.send(outcome).map_err(|_| StatusCode::SERVER_INTERNAL_ERROR.into())
    };
    world.shared().run(task).expect("room");
    receive
}

fn status(outcomes: &Receiver<Outcome>) -> u16 {
    let outcome = outcomes.try_recv().expect("an outcome").expect("it was sent");
    assert!(outcomes.try_recv().is_err(), "one outcome");
    outcome.status().code()
}

/// Answers with headers of the test's own.
fn respond(agent: &Agent, request: &Message, status: u16, headers: &[(&str, &str)]) {
    let mut response = build::response(request, StatusCode::new(status).expect("a status")).to_tag("bobs");
    for (name, value) in headers {
        response = response.header(name, value);
    }
    let text = response.finish().expect("a response").to_vec();
    agent.send(&String::from_utf8(text).expect("text").replace("\r\n", "\n"));
}

fn two() -> Server {
    Server::new().workers(2)
}

async fn alice_and_bob(world: &World) -> (Agent, Agent) {
    (world.agent("alice"), world.agent("bob"))
}

#[test]
fn a_task_sends_a_complete_request_and_has_its_answer() {
    let (routes, _) = asking();
    play::run(1, two(), routes, async |world| {
        let (_, bob) = alice_and_bob(world).await;
        let request = NewRequest::new("MESSAGE", "sip:bob@example.com")
            .header("From", "<sip:alarm@example.com>")
            .header("X-Why", "door")
            .body("text/plain", "ring")
            .via(BOB);
        let outcomes = send(world, request);
        let message = bob.recv_request("MESSAGE").await;
        assert_eq!(message.request_uri().expect("a URI"), "sip:bob@example.com");
        assert_eq!(message.header("To").expect("To"), "<sip:bob@example.com>");
        let from = message.from().expect("From");
        assert!(from.uri_text() == "sip:alarm@example.com" && from.tag().is_some_and(|tag| tag.len() == 16));
        assert_eq!(message.header("X-Why").expect("ours"), "door");
        assert_eq!((message.body(), message.cseq().expect("CSeq").number), (&b"ring"[..], 1));
        assert_eq!(message.header("Max-Forwards").expect("it"), "70");
        assert!(message.top_via().is_ok() && message.call_id().is_ok_and(|id| id.len() == 32));
        bob.respond(&message, 202);
        world.pass(SECOND).await;
        assert_eq!(status(&outcomes), 202);
        world.assert_nothing_left().await;
    });
}

#[test]
fn a_request_route_waits_for_what_it_asks_elsewhere() {
    let (routes, _) = asking();
    for worker in [0, 1] {
        play::run(2, two(), routes_of(&routes), async |world| {
            let (alice, bob) = alice_and_bob(world).await;
            world.steer_to(Some(0));
            let call = alice.invite("sip:x@10.0.0.1");
            alice.recv_status(100).await;
            let options = bob.recv_request("OPTIONS").await;
            assert!(world.shared().stats().parked >= 1);
            world.steer_to(Some(worker));
            bob.respond(&options, 486);
            let answer = alice.recv_status(486).await;
            call.ack(&answer);
            world.assert_nothing_left().await;
        });
    }
}

fn routes_of(routes: &impl Fn(&Shared) -> Asking) -> impl Fn(&Shared) -> Asking + '_ {
    move |shared| routes(shared)
}

#[test]
fn a_caller_who_gives_up_leaves_nothing_of_what_was_asked_for_him() {
    let (routes, _) = asking();
    play::run(3, two(), routes, async |world| {
        let (alice, bob) = alice_and_bob(world).await;
        let call = alice.invite("sip:x@10.0.0.1");
        alice.recv_status(100).await;
        let options = bob.recv_request("OPTIONS").await;
        call.cancel();
        alice.recv_status(200).await;
        let ended = alice.recv_status(487).await;
        call.ack(&ended);
        bob.respond(&options, 200);
        world.pass(SECOND).await;
        assert_eq!(world.shared().stats().parked, 0);
        world.assert_nothing_left().await;
    });
}

#[test]
fn the_outcome_can_be_given_to_the_event_route() {
    let (routes, outcomes) = asking();
    play::run(4, two(), routes, async |world| {
        let (alice, bob) = alice_and_bob(world).await;
        for answer in [Some(200), None] {
            alice.send(&alice.request("MESSAGE", "sip:x@10.0.0.1", 1, ""));
            alice.recv_status(202).await;
            let options = bob.recv_request("OPTIONS").await;
            match answer {
                Some(status) => bob.respond(&options, status),
                None => while bob.recv_within(40 * SECOND).await.is_some() {},
            }
            world.pass(SECOND).await;
            let (route, outcome) = outcomes.try_recv().expect("an event");
            let outcome = outcome.expect("it was sent");
            assert_eq!((route, outcome.status().code()), (7, answer.unwrap_or(408)));
            assert_eq!(outcome.is_local, answer.is_none());
        }
        world.assert_nothing_left().await;
    });
}

/// The challenge as text, and whether what came answers it.
fn challenge(nonce: &str, extra: &str) -> String {
    format!("Digest realm=\"{REALM}\", nonce=\"{nonce}\"{extra}")
}

fn is_right<'a>(value: &'a [u8], request: &'a Message, nonce: &str) -> bool {
    let credentials = Authorization::parse(value).expect("credentials").digest().expect("Digest");
    let method = request.method().expect("a request");
    let exchange = credentials.exchange(method.as_bstr(), request.body()).expect("known");
    let secret = ha1(exchange.algorithm.hash, b"alarm", REALM.as_bytes(), b"secret");
    credentials.nonce == nonce
        && credentials.uri == request.request_uri().expect("a URI")
        && exchange.response(&secret).matches(credentials.response)
}

#[test]
fn a_challenge_is_answered_with_the_credentials_given() {
    let offers = [
        "",
        ", qop=\"auth\", opaque=\"o\"",
        ", algorithm=SHA-256, qop=\"auth-int\"",
        ", algorithm=MD5-sess, qop=\"auth,auth-int\"",
        ", algorithm=SHA-512-256",
    ];
    for (offer, code) in offers.iter().flat_map(|offer| [(offer, 401), (offer, 407)]) {
        let (routes, _) = asking();
        play::run(5, two(), routes, async |world| {
            let (_, bob) = alice_and_bob(world).await;
            let request =
                NewRequest::new("MESSAGE", BOB).body("text/plain", "x").credentials("alarm", "secret");
            let outcomes = send(world, request);
            let first = bob.recv_request("MESSAGE").await;
            let (asks, answers) = match code {
                401 => ("WWW-Authenticate", HeaderName::Authorization),
                _ => ("Proxy-Authenticate", HeaderName::ProxyAuthorization),
            };
            assert!(!first.has_header(answers));
            respond(&bob, &first, code, &[(asks, "Basic x"), (asks, &challenge("n1", offer))]);
            let second = bob.recv_request("MESSAGE").await;
            assert_eq!(second.cseq().expect("CSeq").number, 2);
            let same = |name: HeaderName<'static>| first.header(name) == second.header(name);
            assert!(same(HeaderName::CallId) && same(HeaderName::From));
            assert_ne!(first.top_via().expect("Via").branch(), second.top_via().expect("Via").branch());
            assert!(is_right(second.header(answers).expect("credentials"), &second, "n1"), "{offer}");
            bob.respond(&second, 200);
            world.pass(SECOND).await;
            assert_eq!(status(&outcomes), 200);
            world.assert_nothing_left().await;
        });
    }
}

#[test]
fn a_wrong_password_is_tried_once_and_a_stale_nonce_is_made_good_within_a_bound() {
    let (routes, _) = asking();
    play::run(6, two(), routes, async |world| {
        let (_, bob) = alice_and_bob(world).await;
        let request = || NewRequest::new("OPTIONS", BOB).credentials("alarm", "secret");
        let asks = |nonce: &str, extra: &str| challenge(nonce, extra);

        let outcomes = send(world, request());
        for nonce in ["n1", "n2"] {
            let options = bob.recv_request("OPTIONS").await;
            respond(&bob, &options, 401, &[("WWW-Authenticate", &asks(nonce, ""))]);
        }
        assert!(bob.recv_within(SECOND).await.is_none(), "it was wrong");
        assert_eq!(status(&outcomes), 401);

        let outcomes = send(world, request());
        let mut times = 0;
        while let Some(options) = bob.recv_within(SECOND).await {
            times += 1;
            if times > 1 {
                let before = format!("s{}", times - 1);
                assert!(is_right(options.header("Authorization").expect("one"), &options, &before));
                assert_eq!(options.headers("Authorization").count(), 1);
            }
            respond(
                &bob,
                &options,
                401,
                &[("WWW-Authenticate", &asks(&format!("s{times}"), ", stale=true"))],
            );
        }
        assert_eq!((times, status(&outcomes)), (5, 401), "the request and four answers");
        world.assert_nothing_left().await;
    });
}

#[test]
fn each_realm_on_the_way_has_its_own_answer() {
    let (routes, _) = asking();
    play::run(7, two(), routes, async |world| {
        let (_, bob) = alice_and_bob(world).await;
        let outcomes = send(world, NewRequest::new("OPTIONS", BOB).credentials("alarm", "secret"));
        let first = bob.recv_request("OPTIONS").await;
        respond(&bob, &first, 407, &[("Proxy-Authenticate", "Digest realm=\"edge\", nonce=\"e\"")]);
        let second = bob.recv_request("OPTIONS").await;
        respond(&bob, &second, 401, &[("WWW-Authenticate", &challenge("n", ""))]);
        let third = bob.recv_request("OPTIONS").await;
        let edge = third.header("Proxy-Authorization").expect("still there");
        let edge = ProxyAuthorization::parse(edge).expect("credentials");
        assert_eq!(edge.digest().expect("Digest").realm, "edge");
        assert!(is_right(third.header("Authorization").expect("credentials"), &third, "n"));
        bob.respond(&third, 200);
        world.pass(SECOND).await;
        assert_eq!(status(&outcomes), 200);
    });
}

#[test]
fn a_stored_hash_answers_its_own_realm_alone() {
    let secret = ha1(HashFunction::Md5, b"alarm", REALM.as_bytes(), b"secret");
    for (realm, answered) in [(REALM, true), ("elsewhere", false)] {
        let (routes, _) = asking();
        play::run(8, two(), routes, async |world| {
            let (_, bob) = alice_and_bob(world).await;
            let request =
                NewRequest::new("OPTIONS", BOB).credentials_ha1("alarm", REALM, HashFunction::Md5, secret);
            let outcomes = send(world, request);
            let first = bob.recv_request("OPTIONS").await;
            let asks = format!("Digest realm=\"{realm}\", nonce=\"n\"");
            respond(&bob, &first, 401, &[("WWW-Authenticate", &asks)]);
            match bob.recv_within(SECOND).await {
                Some(second) => {
                    assert!(answered && is_right(second.header("Authorization").expect("it"), &second, "n"));
                    bob.respond(&second, 200);
                    world.pass(SECOND).await;
                }
                None => assert!(!answered),
            }
            assert_eq!(status(&outcomes), if answered { 200 } else { 401 });
        });
    }
}

#[test]
fn an_answered_call_is_acknowledged_along_its_route_each_time_that_it_is_answered() {
    let (routes, _) = asking();
    play::run(9, two(), routes, async |world| {
        let (edge, bob) = alice_and_bob(world).await;
        let outcomes = send(world, NewRequest::new("INVITE", BOB));
        let invite = bob.recv_request("INVITE").await;
        assert_eq!(invite.header("Contact").expect("Contact"), "<sip:10.0.0.1:5060>");
        let via_edge = format!("<{};lr>", edge.contact());
        let answer = [("Contact", "<sip:bob@10.0.9.9>"), ("Record-Route", &via_edge)];
        respond(&bob, &invite, 180, &[]);
        respond(&bob, &invite, 200, &answer);
        let ack = edge.recv_request("ACK").await;
        assert_eq!(ack.request_uri().expect("a URI"), "sip:bob@10.0.9.9");
        assert_eq!(ack.header("Route").expect("Route"), via_edge.as_str());
        assert_eq!(ack.to().expect("To").tag().expect("Bob's"), "bobs");
        assert_eq!(ack.cseq().expect("CSeq").number, 1);
        respond(&bob, &invite, 200, &answer);
        edge.recv_request("ACK").await;
        assert_eq!(status(&outcomes), 200);
        world.assert_nothing_left().await;
    });
}

#[test]
fn a_call_that_nobody_waits_for_any_more_is_cancelled_or_hung_up() {
    for answers_all_the_same in [false, true] {
        let (routes, _) = asking();
        play::run(10, two(), routes, async |world| {
            let (_, bob) = alice_and_bob(world).await;
            let task = async |ctx: &mut EventCtx| {
                let call = ctx.send_request(NewRequest::new("INVITE", BOB));
                assert!(tokio::time::timeout(3 * SECOND, call).await.is_err());
                Ok(())
            };
            world.shared().run(task).expect("room");
            let invite = bob.recv_request("INVITE").await;
            respond(&bob, &invite, 180, &[]);
            let cancel = bob.recv_request("CANCEL").await;
            if answers_all_the_same {
                bob.respond(&invite, 200);
                bob.recv_request("ACK").await;
                let bye = bob.recv_request("BYE").await;
                assert_eq!(bye.cseq().expect("CSeq").number, 2);
                bob.respond(&bye, 200);
            } else {
                bob.respond(&cancel, 200);
                bob.respond(&invite, 487);
                bob.recv_request("ACK").await;
            }
            world.assert_nothing_left().await;
            assert_eq!(world.shared().stats().failed, 0);
        });
    }
}

#[test]
fn two_phones_that_answer_one_call_have_one_acknowledged_and_the_other_hung_up() {
    let (routes, _) = asking();
    play::run(11, two(), routes, async |world| {
        let (_, bob) = alice_and_bob(world).await;
        let outcomes = send(world, NewRequest::new("INVITE", BOB));
        let invite = bob.recv_request("INVITE").await;
        // What a proxy that forked would send on: both at once.
        for tag in ["one", "two"] {
            let contact = format!("<{}>", bob.contact());
            let response = build::response(&invite, StatusCode::OK).to_tag(tag).header("Contact", contact);
            let text = response.finish().expect("a response").to_vec();
            bob.send(&String::from_utf8(text).expect("text").replace("\r\n", "\n"));
        }
        let mut heard = Vec::new();
        while let Some(request) = bob.recv_within(SECOND).await {
            let tag = request.to().expect("To").tag().expect("a tag").to_string();
            heard.push((request.method().expect("a request").to_string(), tag));
            if request.method() == Some(Method::Bye) {
                bob.respond(&request, 200);
            }
        }
        heard.sort();
        let expected = [("ACK", "one"), ("ACK", "two"), ("BYE", "two")];
        assert_eq!(heard, expected.map(|(method, tag)| (method.to_owned(), tag.to_owned())));
        assert_eq!(status(&outcomes), 200);
        world.assert_nothing_left().await;
    });
}

#[test]
fn what_cannot_be_sent_is_an_error_and_leaves_nothing() {
    let (routes, _) = asking();
    play::run(12, two(), routes, async |world| {
        let bad = [
            NewRequest::new("NO METHOD", BOB),
            NewRequest::new("OPTIONS", "not a uri"),
            NewRequest::new("OPTIONS", BOB).header("X", "a\r\nVia: b"),
            NewRequest::new("OPTIONS", BOB).header("CSeq", "1 INVITE"),
            NewRequest::new("OPTIONS", BOB).header("From", "<sip:a"),
            NewRequest::new("ACK", BOB),
            NewRequest::new("CANCEL", BOB),
            NewRequest::new("OPTIONS", "sip:no-address.invalid"),
        ];
        for request in bad {
            let outcomes = send(world, request.clone());
            world.pass(SECOND).await;
            assert!(outcomes.try_recv().expect("an outcome").is_err(), "{request:?}");
        }
        world.assert_nothing_left().await;
    });
}

#[test]
fn beyond_the_bound_no_request_is_begun() {
    let (routes, _) = asking();
    play::run(13, Server::new().workers(1).max_parked(1), routes, async |world| {
        let (alice, bob) = alice_and_bob(world).await;
        // The route takes the place of its request, and then has none to wait in itself.
        let call = alice.invite("sip:x@10.0.0.1");
        let refused = alice.recv_status(503).await;
        assert!(refused.header("Retry-After").is_some());
        call.ack(&refused);
        bob.recv_request("OPTIONS").await;
        world.assert_nothing_left().await;
    });
}
