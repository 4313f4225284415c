//! The scripts that Kamailio is measured with do the same here. They stand beside this repository; without
//! them these tests say that they are skipped.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod common;

use std::io::{self, Write};

use common::{ask, in_repository};
use sip_lua::{LuaRoutes, Script, Settings};
use sip_server::Server;
use sip_server::play::{self, Agent, World};

fn scenario(name: &str, story: impl AsyncFnOnce(&World)) {
    let path = in_repository("../shared/bench/cfg").join(name);
    if !path.exists() {
        // Not `eprintln`: what a test prints is shown only when it fails.
        let _ = writeln!(io::stderr(), "{name}: skipped, there is no {}", path.display());
        return;
    }
    let script = Script::read(path, Settings::new()).expect("the script is there");
    play::run(1, Server::new().workers(2), LuaRoutes::factory(script).expect("it loads"), story);
}

/// A call from alice to `uri`, which is where bob is, with everything in it.
async fn whole_call(alice: &Agent, bob: &Agent, uri: &str) {
    let call = alice.invite(uri);
    let invite = bob.recv_request("INVITE").await;
    assert!(invite.header("Record-Route").is_some());
    bob.respond(&invite, 180);
    alice.recv_status(180).await;
    bob.respond(&invite, 200);
    let answer = alice.recv_status(200).await;
    call.ack(&answer);
    bob.recv_request("ACK").await;
    call.bye(&answer);
    let bye = bob.recv_request("BYE").await;
    assert_eq!(bye.header("Route"), None);
    bob.respond(&bye, 200);
    alice.recv_status(200).await;
}

async fn cancelled_call(alice: &Agent, bob: &Agent, uri: &str) {
    let call = alice.invite(uri);
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
}

#[test]
fn s1_answers_options() {
    scenario("s1.lua", async |world| {
        let alice = world.agent("alice");
        ask(&alice, "OPTIONS", "sip:10.0.0.1", 1, 200).await;
        ask(&alice, "MESSAGE", "sip:10.0.0.1", 2, 405).await;
        world.assert_nothing_left().await;
    });
}

#[test]
fn s2_registers() {
    scenario("s2.lua", async |world| {
        let alice = world.agent("alice");
        alice.register().await;
        let saved = ask(&alice, "REGISTER", "sip:10.0.0.1", 0, 200).await;
        assert!(saved.header("Contact").is_some_and(|contact| contact.to_string().contains("alice@")));
        ask(&alice, "MESSAGE", "sip:10.0.0.1", 2, 405).await;
        let looping =
            alice.request("REGISTER", "sip:10.0.0.1", 3, "").replace("Max-Forwards: 70", "Max-Forwards: 0");
        alice.send(&looping);
        alice.recv_status(483).await;
        world.assert_nothing_left().await;
    });
}

#[test]
fn s3_relays_with_record_route() {
    scenario("s3.lua", async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        whole_call(&alice, &bob, &bob.contact()).await;
        cancelled_call(&alice, &bob, &bob.contact()).await;
        let astray = alice
            .request("BYE", "sip:10.0.0.1", 9, "")
            .replace("To: <sip:10.0.0.1>", "To: <sip:10.0.0.1>;tag=x");
        alice.send(&astray);
        alice.recv_status(404).await;
        world.assert_nothing_left().await;
    });
}

#[test]
fn s4_registers_looks_up_and_relays() {
    scenario("s4.lua", async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        bob.register().await;
        whole_call(&alice, &bob, "sip:bob@10.0.0.1").await;
        cancelled_call(&alice, &bob, "sip:bob@10.0.0.1").await;
        let call = alice.invite("sip:nobody@10.0.0.1");
        let nobody = alice.recv_status(404).await;
        call.ack(&nobody);
        world.assert_nothing_left().await;
    });
}
