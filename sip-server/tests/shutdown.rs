//! A server that ends: what is new goes elsewhere, what was begun is finished within a bounded time.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod common;

use std::time::Duration;

use common::{Mode, Proxy};
use sip_server::{Server, Shared, play};
use tokio::net::UdpSocket;

fn proxy(_: &Shared) -> Proxy {
    Proxy::new(Mode::Fork)
}

#[test]
fn a_draining_server_finishes_its_calls_and_turns_new_ones_away() {
    play::run(1, Server::new().workers(2), proxy, async |world| {
        let [alice, bob, carol] = ["alice", "bob", "carol"].map(|user| world.agent(user));
        bob.register().await;
        let call = alice.invite("sip:bob@10.0.0.1");
        let invite = bob.recv_request("INVITE").await;
        bob.respond(&invite, 180);
        alice.recv_status(180).await;

        world.drain();
        let other = carol.invite("sip:bob@10.0.0.1");
        let away = carol.recv_status(503).await;
        assert!(away.header("Retry-After").is_some(), "it says when to ask again");
        other.ack(&away);

        bob.respond(&invite, 200);
        let answer = alice.recv_status(200).await;
        call.ack(&answer);
        bob.recv_request("ACK").await;
        call.bye(&answer);
        let bye = bob.recv_request("BYE").await;
        bob.respond(&bye, 200);
        alice.recv_status(200).await;
        world.assert_nothing_left().await;
    });
}

#[test]
fn a_draining_server_lets_a_ringing_call_be_canceled() {
    play::run(2, Server::new().workers(2), proxy, async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        bob.register().await;
        let call = alice.invite("sip:bob@10.0.0.1");
        let invite = bob.recv_request("INVITE").await;
        bob.respond(&invite, 180);
        alice.recv_status(180).await;
        world.drain();
        call.cancel();
        alice.recv_status(200).await;
        let cancel = bob.recv_request("CANCEL").await;
        bob.respond(&cancel, 200);
        bob.respond(&invite, 487);
        let end = alice.recv_status(487).await;
        call.ack(&end);
        world.assert_nothing_left().await;
    });
}

const INVITE: &str = "INVITE sip:bob@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;rport;branch=z9hG4bK1\r\n\
    Max-Forwards: 70\r\nFrom: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:bob@127.0.0.1>\r\nCall-ID: c\r\n\
    CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n";

/// A server on real sockets with one call in it that waits for an hour.
async fn with_a_waiting_call() -> (sip_server::Running, UdpSocket) {
    let listen = "udp:127.0.0.1:0".parse().expect("an address");
    let hour = Duration::from_secs(3_600);
    let server = Server::new().listen(listen).workers(1);
    let running = server.start(move |_| Proxy::new(Mode::Wait(hour))).await.expect("a free port");
    let phone = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
    phone.send_to(INVITE.as_bytes(), running.shared().listens()[0].addr).await.expect("sent");
    let mut trying = [0; 1_024];
    let (len, _) = phone.recv_from(&mut trying).await.expect("100, for its route waits");
    assert!(trying[..len].starts_with(b"SIP/2.0 100 "));
    (running, phone)
}

#[tokio::test]
async fn stop_waits_no_longer_than_its_patience_and_says_what_it_cut_off() {
    let (running, _phone) = with_a_waiting_call().await;
    let stats = running.stop(Duration::from_millis(50)).await;
    assert_eq!((stats.unfinished, stats.parked), (1, 1));
}

#[tokio::test]
async fn stop_ends_as_soon_as_nothing_is_left_to_finish() {
    let (running, phone) = with_a_waiting_call().await;
    let server = running.shared().listens()[0].addr;
    let cancel = INVITE.replacen("INVITE", "CANCEL", 1).replace("1 INVITE", "1 CANCEL");
    let stop = tokio::spawn(running.stop(Duration::from_secs(3_600)));
    phone.send_to(cancel.as_bytes(), server).await.expect("sent");
    // Within the patience that the test itself has, which is far below an hour.
    let stats =
        tokio::time::timeout(Duration::from_secs(60), stop).await.expect("it ends").expect("it stops");
    assert_eq!((stats.unfinished, stats.parked), (0, 0));
}
