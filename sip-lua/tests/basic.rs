//! `examples/lua/basic.lua` in the played network: what phones see of a registrar and proxy that is a script.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod common;

use std::time::Duration;

use common::{ask, in_repository};
use sip_lua::{LuaRoutes, Script, Settings};
use sip_server::Server;
use sip_server::play::{self, Agent, World};

fn basic(server: Server, story: impl AsyncFnOnce(&World)) {
    let script =
        Script::read(in_repository("examples/lua/basic.lua"), Settings::new()).expect("the script is there");
    play::run(1, server, LuaRoutes::factory(script).expect("it loads"), story);
}

fn workers(count: usize) -> Server {
    Server::new().workers(count)
}

async fn phones(world: &World) -> (Agent, Agent) {
    let (alice, bob) = (world.agent("alice"), world.agent("bob"));
    bob.register().await;
    (alice, bob)
}

#[test]
fn a_call_is_set_up_and_hung_up_through_the_route_of_its_dialog() {
    basic(workers(3), async |world| {
        let (alice, bob) = phones(world).await;
        let call = alice.invite("sip:bob@10.0.0.1");
        let invite = bob.recv_request("INVITE").await;
        assert_eq!(invite.request_uri(), Some(bob.contact().as_str().into()));
        assert_eq!(invite.max_forwards(), Some(Ok(69)));
        assert!(invite.header("Record-Route").is_some());
        bob.respond(&invite, 180);
        alice.recv_status(180).await;
        bob.respond(&invite, 200);
        let answer = alice.recv_status(200).await;
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
fn a_caller_who_gives_up_gets_487_and_the_phone_stops_ringing() {
    basic(workers(2), async |world| {
        let (alice, bob) = phones(world).await;
        let call = alice.invite("sip:bob@10.0.0.1");
        let invite = bob.recv_request("INVITE").await;
        bob.respond(&invite, 180);
        alice.recv_status(180).await;
        call.cancel();
        alice.recv_status(200).await;
        let cancel = bob.recv_request("CANCEL").await;
        bob.respond(&cancel, 200);
        bob.respond(&invite, 487);
        bob.recv_request("ACK").await;
        let ended = alice.recv_status(487).await;
        call.ack(&ended);
        world.assert_nothing_left().await;
    });
}

#[test]
fn a_busy_phone_gives_486() {
    basic(workers(1), async |world| {
        let (alice, bob) = phones(world).await;
        let call = alice.invite("sip:bob@10.0.0.1");
        let invite = bob.recv_request("INVITE").await;
        bob.respond(&invite, 486);
        bob.recv_request("ACK").await;
        let busy = alice.recv_status(486).await;
        call.ack(&busy);
        world.assert_nothing_left().await;
    });
}

#[test]
fn what_is_not_served_is_refused() {
    basic(workers(2), async |world| {
        let (alice, _bob) = phones(world).await;
        for (number, (method, uri, status)) in [
            ("INVITE", "sip:nobody@10.0.0.1", 404),
            ("INVITE", "sip:bob@elsewhere.example.net", 403),
            ("MESSAGE", "sip:nobody@10.0.0.1", 404),
            ("OPTIONS", "sip:10.0.0.1", 200),
            ("MESSAGE", "sip:10.0.0.1", 484),
            ("CANCEL", "sip:bob@10.0.0.1", 481),
        ]
        .into_iter()
        .enumerate()
        {
            let number = number as u32 + 20;
            if method == "INVITE" {
                let call = alice.invite(uri);
                let refused = alice.recv_status(status).await;
                call.ack(&refused);
            } else {
                ask(&alice, method, uri, number, status).await;
            }
        }
        let foreign = alice
            .request("REGISTER", "sip:10.0.0.1", 30, "")
            .replace("To: <sip:alice@10.0.0.1>", "To: <sip:alice@elsewhere.example.net>");
        alice.send(&foreign);
        alice.recv_status(403).await;
        let astray = alice
            .request("BYE", "sip:bob@10.0.0.1", 31, "")
            .replace("To: <sip:bob@10.0.0.1>", "To: <sip:bob@10.0.0.1>;tag=x");
        alice.send(&astray);
        alice.recv_status(481).await;
        let looping =
            alice.request("OPTIONS", "sip:10.0.0.1", 32, "").replace("Max-Forwards: 70", "Max-Forwards: 0");
        alice.send(&looping);
        alice.recv_status(483).await;
        world.assert_nothing_left().await;
    });
}

#[test]
fn several_domains_are_served() {
    basic(workers(1).domain("example.org").domain("example.com"), async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        let text = bob.request("REGISTER", "sip:example.org", 0, "Expires: 60\n");
        bob.send(&text.replace("<sip:bob@10.0.0.1>", "<sip:bob@example.org>"));
        bob.recv_status(200).await;
        for domain in ["example.org", "example.com"] {
            let call = alice.invite(&format!("sip:bob@{domain}"));
            let invite = bob.recv_request("INVITE").await;
            bob.respond(&invite, 486);
            bob.recv_request("ACK").await;
            let busy = alice.recv_status(486).await;
            call.ack(&busy);
        }
        let call = alice.invite("sip:bob@example.net");
        let refused = alice.recv_status(403).await;
        call.ack(&refused);
        world.pass(Duration::from_secs(61)).await;
        let call = alice.invite("sip:bob@example.org");
        let expired = alice.recv_status(404).await;
        call.ack(&expired);
        world.assert_nothing_left().await;
    });
}
