//! Phones that have to say who they are, on a played network.

#![allow(clippy::expect_used, reason = "a story that cannot be played fails")]

use std::sync::Arc;
use std::time::Duration;

use sip_core::digest::{Algorithm, ha1};
use sip_core::{HeaderName, HeaderView, Message, Method, ProxyAuthenticate, StatusCode, WwwAuthenticate};
use sip_modules::auth::{Config, Secret, Users};
use sip_server::play::{self, Agent, World};
use sip_server::{Ctx, Found, Lookup, Routed, Routes, Server, Unavailable, UserStore, Wanted};

/// A registrar and proxy that asks everybody, as the starter servers do.
struct Guarded;

impl Routes for Guarded {
    async fn request(&self, ctx: &mut Ctx) -> Routed {
        if ctx.has_totag() && ctx.loose_route()? {
            return ctx.relay().await;
        }
        if ctx.method() == Method::Ack {
            return Ok(());
        }
        let realm = ctx.realm();
        ctx.authenticate(&realm).await?;
        if ctx.method() == Method::Register {
            ctx.check_to()?;
            return ctx.save().await.map(drop);
        }
        ctx.check_from()?;
        ctx.consume_credentials();
        ctx.record_route()?;
        ctx.lookup().await?;
        ctx.relay().await
    }
}

fn users() -> Arc<Users> {
    Arc::new(Users::parse(b"alice:secret\nbob:other\n").expect("a list"))
}

fn server() -> Server {
    Server::new().workers(2).users(users())
}

/// The credentials that answer a challenge.
fn credentials(challenge: &Message, user: &str, password: &str, method: &str, uri: &str) -> String {
    let proxy = challenge.header(HeaderName::ProxyAuthenticate);
    let value = proxy.or(challenge.header(HeaderName::WwwAuthenticate)).expect("a challenge");
    let digest = match proxy {
        Some(_) => ProxyAuthenticate::parse(value).and_then(|header| header.digest()),
        None => WwwAuthenticate::parse(value).and_then(|header| header.digest()),
    };
    let digest = digest.expect("Digest");
    let exchange = sip_core::digest::Exchange {
        algorithm: digest.algorithm().unwrap_or(Algorithm::DEFAULT),
        method: method.as_bytes(),
        uri: uri.as_bytes(),
        nonce: digest.nonce,
        qop: Some(sip_core::digest::Qop::Auth),
        nc: b"00000001",
        cnonce: b"c",
        body: b"",
    };
    let secret = ha1(exchange.algorithm.hash, user.as_bytes(), digest.realm, password.as_bytes());
    let name = if proxy.is_some() { "Proxy-Authorization" } else { "Authorization" };
    format!(
        "{name}: Digest username=\"{user}\", realm=\"{}\", nonce=\"{}\", uri=\"{uri}\", response=\"{}\", \
         qop=auth, nc=00000001, cnonce=\"c\"\n",
        digest.realm,
        digest.nonce,
        exchange.response(&secret)
    )
}

/// Sends a request, is challenged, and sends it again with this password. Returns the answer.
async fn asked(phone: &Agent, method: &str, uri: &str, user: &str, password: &str) -> Message {
    phone.send(&phone.request(method, uri, 1, ""));
    let status = if method == "REGISTER" { 401 } else { 407 };
    let challenge = phone.recv_status(status).await;
    phone.send(&phone.request(method, uri, 1, &credentials(&challenge, user, password, method, uri)));
    loop {
        let answer = phone.recv_within(Duration::from_secs(100)).await.expect("an answer");
        if answer.status() != Some(StatusCode::TRYING) {
            return answer;
        }
    }
}

async fn status(phone: &Agent, method: &str, uri: &str, user: &str, password: &str) -> u16 {
    asked(phone, method, uri, user, password).await.status().map_or(0, StatusCode::code)
}

fn story(seed: u64, server: Server, story: impl AsyncFnOnce(&World)) {
    play::run(seed, server, |_| Guarded, story);
}

const HERE: &str = "sip:10.0.0.1";

#[test]
fn a_phone_registers_with_its_password_and_not_with_another() {
    story(1, server(), async |world| {
        let alice = world.agent("alice");
        assert_eq!(status(&alice, "REGISTER", HERE, "alice", "guess").await, 401);
        assert_eq!(status(&alice, "REGISTER", HERE, "nobody", "secret").await, 401);
        assert_eq!(status(&alice, "REGISTER", HERE, "alice", "secret").await, 200);
        world.assert_nothing_left().await;
    });
}

#[test]
fn nobody_registers_or_calls_as_somebody_else() {
    story(2, server(), async |world| {
        let alice = world.agent("alice");
        assert_eq!(status(&alice, "REGISTER", HERE, "bob", "other").await, 403);
        assert_eq!(status(&alice, "MESSAGE", "sip:bob@10.0.0.1", "bob", "other").await, 403);
        let nobody = world.agent("mallory");
        nobody.send(&nobody.request("MESSAGE", "sip:alice@10.0.0.1", 3, ""));
        nobody.recv_status(407).await;
    });
}

#[test]
fn a_call_is_challenged_once_and_its_credentials_stay_here() {
    story(3, server(), async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        assert_eq!(status(&bob, "REGISTER", HERE, "bob", "other").await, 200);
        alice.send(&alice.request("INVITE", "sip:bob@10.0.0.1", 1, ""));
        let challenge = alice.recv_status(407).await;
        assert!(
            challenge.header("Proxy-Authenticate").is_some_and(|value| !value.to_string().contains("stale"))
        );
        let line = credentials(&challenge, "alice", "secret", "INVITE", "sip:bob@10.0.0.1");
        alice.send(&alice.request("INVITE", "sip:bob@10.0.0.1", 1, &line));
        let invite = bob.recv_request("INVITE").await;
        assert!(!invite.has_header("Proxy-Authorization"), "not for the next hop");
        bob.respond(&invite, 200);
        alice.recv_status(200).await;
    });
}

#[test]
fn credentials_that_come_again_or_too_late_are_stale() {
    story(4, server(), async |world| {
        let alice = world.agent("alice");
        alice.send(&alice.request("REGISTER", HERE, 1, ""));
        let challenge = alice.recv_status(401).await;
        let line = credentials(&challenge, "alice", "secret", "REGISTER", HERE);
        alice.send(&alice.request("REGISTER", HERE, 1, &line));
        alice.recv_status(200).await;
        alice.send(&alice.request("REGISTER", HERE, 1, &line));
        let again = alice.recv_status(401).await;
        assert!(
            again.header("WWW-Authenticate").is_some_and(|value| value.to_string().contains("stale=true"))
        );

        let line = credentials(&again, "alice", "secret", "REGISTER", HERE);
        world.pass(Duration::from_secs(302)).await;
        alice.send(&alice.request("REGISTER", HERE, 1, &line));
        let late = alice.recv_status(401).await;
        assert!(
            late.header("WWW-Authenticate").is_some_and(|value| value.to_string().contains("stale=true"))
        );
        let line = credentials(&late, "alice", "secret", "REGISTER", HERE);
        alice.send(&alice.request("REGISTER", HERE, 1, &line));
        alice.recv_status(200).await;
    });
}

#[test]
fn each_algorithm_has_a_line_of_its_own_in_the_configured_order() {
    let mut config = Config::default();
    config.algorithms =
        ["SHA-256", "MD5"].iter().filter_map(|name| Algorithm::parse(name.as_bytes())).collect();
    story(5, server().auth(config), async |world| {
        let alice = world.agent("alice");
        alice.send(&alice.request("REGISTER", HERE, 1, ""));
        let challenge = alice.recv_status(401).await;
        let lines: Vec<_> = challenge.headers("WWW-Authenticate").map(ToString::to_string).collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].contains("algorithm=SHA-256,") && lines[1].contains("algorithm=MD5,"), "{lines:?}");
    });
}

#[test]
fn a_realm_speaks_for_its_own_domain_alone() {
    let users = Users::parse(b"alice:secret\n").expect("a list");
    let server = Server::new().workers(1).users(Arc::new(users)).domain("a.example").domain("b.example");
    story(6, server, async |world| {
        let alice = world.agent("alice");
        let register = |domain: &str, extra: &str| {
            alice
                .request("REGISTER", HERE, 1, extra)
                .replace("To: <sip:alice@10.0.0.1>", &format!("To: <sip:alice@{domain}>"))
        };
        alice.send(&register("a.example", ""));
        let challenge = alice.recv_status(401).await;
        let line = credentials(&challenge, "alice", "secret", "REGISTER", HERE);
        assert!(line.contains("realm=\"a.example\""), "{line}");
        alice.send(&register("b.example", &line));
        let other = alice.recv_status(401).await; // no credentials for b.example
        let line = credentials(&other, "alice", "secret", "REGISTER", HERE);
        assert!(line.contains("realm=\"b.example\""), "{line}");
        alice.send(&register("b.example", &line));
        alice.recv_status(200).await;
    });
}

/// Answers after a while, or not at all.
#[derive(Debug)]
struct Slow;

impl UserStore for Slow {
    fn secret<'a>(&'a self, wanted: Wanted<'a>) -> Lookup<'a> {
        Lookup::Later(Box::pin(async move {
            tokio::time::sleep(Duration::from_secs(2)).await;
            match wanted.user {
                b"alice" => Ok(Some(Secret::password("secret"))),
                b"lost" => Err(Unavailable),
                _ => Ok(None),
            }
        }))
    }
}

#[test]
fn a_store_that_takes_its_time_parks_the_request_and_not_the_worker() {
    story(7, Server::new().workers(1).users(Arc::new(Slow)), async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        alice.send(&alice.request("REGISTER", HERE, 1, ""));
        let challenge = alice.recv_status(401).await;
        let line = credentials(&challenge, "alice", "secret", "REGISTER", HERE);
        alice.send(&alice.request("REGISTER", HERE, 1, &line));
        world.pass(Duration::from_millis(500)).await;
        bob.send(&bob.request("REGISTER", HERE, 1, ""));
        assert!(bob.recv_within(Duration::from_millis(500)).await.is_some(), "served meanwhile");
        alice.recv_status(200).await;
        world.assert_nothing_left().await;
    });
}

#[test]
fn a_store_that_is_down_gives_503_with_retry_after() {
    story(8, Server::new().workers(1).users(Arc::new(Slow)), async |world| {
        let lost = world.agent("lost");
        let answer = asked(&lost, "REGISTER", HERE, "lost", "x").await;
        assert_eq!(answer.status(), Some(StatusCode::SERVICE_UNAVAILABLE));
        assert!(answer.has_header("Retry-After"));
    });
    story(9, Server::new().workers(1), async |world| {
        let alice = world.agent("alice");
        alice.send(&alice.request("REGISTER", HERE, 1, ""));
        alice.recv_status(503).await; // no users at all: nobody's password is wrong
    });
}

/// Looks users up by a closure of its own.
struct Closure;

impl Routes for Closure {
    async fn request(&self, ctx: &mut Ctx) -> Routed {
        if ctx.method() == Method::Ack {
            return Ok(());
        }
        let lookup = async |wanted: Wanted<'_>| -> Found {
            tokio::time::sleep(Duration::from_millis(10)).await;
            Ok((wanted.user == b"alice").then(|| Secret::password("secret")))
        };
        ctx.authenticate_with(b"a realm of its own", lookup).await?;
        let who = ctx.authenticated().expect("somebody");
        assert_eq!((who.user(), who.realm()), (&b"alice"[..], &b"a realm of its own"[..]));
        ctx.reply(StatusCode::OK)
    }
}

#[test]
fn a_closure_may_say_whose_password_it_is() {
    play::run(
        10,
        Server::new().workers(1),
        |_| Closure,
        async |world| {
            let alice = world.agent("alice");
            assert_eq!(status(&alice, "MESSAGE", "sip:bob@10.0.0.1", "alice", "secret").await, 200);
            assert_eq!(status(&alice, "MESSAGE", "sip:bob@10.0.0.1", "bob", "secret").await, 407);
        },
    );
}
