//! Forwarding without state: responses find their way back, and nobody can have one sent to an address of his choice.

use std::time::Duration;

use sip_server::play::{self, Agent};
use sip_server::{Ctx, Destination, Routed, Routes, Server};

/// Forwards everything to the second phone, without state.
struct Forwarder;

impl Routes for Forwarder {
    async fn request(&self, ctx: &mut Ctx) -> Routed {
        ctx.destination = Destination::new("sip:bob@10.0.1.2:5060");
        ctx.forward().await
    }
}

async fn gets_nothing(phone: &Agent) -> bool {
    phone.recv_within(Duration::from_secs(2)).await.is_none()
}

#[test]
fn a_response_goes_back_to_whoever_asked() {
    play::run(
        1,
        Server::new().workers(2),
        |_| Forwarder,
        async |world| {
            let (alice, bob) = (world.agent("alice"), world.agent("bob"));
            for via in ["z9hG4bK1", "1", ""] {
                let branch = if via.is_empty() { String::new() } else { format!(";branch={via}") };
                alice.send(&format!(
                "OPTIONS sip:bob@10.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP client.example:5060;rport{branch}\n\
                 From: <sip:alice@10.0.0.1>;tag=a\nTo: <sip:bob@10.0.0.1>\nCall-ID: {via}c\nCSeq: 1 OPTIONS\n\n"
            ));
                let request = bob.recv_request("OPTIONS").await;
                bob.respond(&request, 200);
                let answer = alice.recv_status(200).await;
                assert_eq!(answer.values("Via").count(), 1, "our Via is taken off");
            }
            world.assert_nothing_left().await;
        },
    );
}

#[test]
fn a_cancel_has_the_branch_of_its_invite_and_another_call_has_another() {
    play::run(
        1,
        Server::new().workers(2),
        |_| Forwarder,
        async |world| {
            let (alice, bob) = (world.agent("alice"), world.agent("bob"));
            let mut branches = Vec::new();
            for (method, call) in [("INVITE", 1), ("INVITE", 1), ("CANCEL", 1), ("INVITE", 2)] {
                alice.send(&format!(
                "{method} sip:bob@10.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 10.0.1.1:5060;branch=z9hG4bK{call}\n\
                 From: <sip:alice@10.0.0.1>;tag=a\nTo: <sip:bob@10.0.0.1>\nCall-ID: {call}\nCSeq: 1 {method}\n\n"
            ));
                let request = bob.recv_request(method).await;
                branches.push(request.top_via().ok().and_then(|via| via.branch().map(|b| b.to_string())));
            }
            assert!(branches[0].is_some());
            assert!(branches[0] == branches[1] && branches[0] == branches[2] && branches[0] != branches[3]);
        },
    );
}

#[test]
fn a_response_that_nobody_asked_for_is_sent_to_nobody() {
    play::run(
        1,
        Server::new().workers(2),
        |_| Forwarder,
        async |world| {
            let (alice, bob, victim) = (world.agent("alice"), world.agent("bob"), world.agent("victim"));
            alice.send(
                "OPTIONS sip:bob@10.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 10.0.1.1:5060;branch=z9hG4bK1\n\
             From: <sip:alice@10.0.0.1>;tag=a\nTo: <sip:bob@10.0.0.1>\nCall-ID: c\nCSeq: 1 OPTIONS\n\n",
            );
            let request = bob.recv_request("OPTIONS").await;
            let ours = request.values("Via").next().map(|via| via.to_string()).unwrap_or_default();
            let response = |ours: &str, below: &str| {
                format!(
                    "SIP/2.0 200 OK\nVia: {ours}\nVia: {below}\nFrom: <sip:alice@10.0.0.1>;tag=a\n\
                 To: <sip:bob@10.0.0.1>;tag=b\nCall-ID: c\nCSeq: 1 OPTIONS\n\n"
                )
            };
            // Our name alone, a branch made up, and a branch of ours above another Via.
            bob.send(&response("SIP/2.0/UDP 10.0.0.1:5060", "SIP/2.0/UDP 10.0.1.3:5060;branch=z9hG4bK1"));
            let forged = "SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKsl0123456789abcdef";
            bob.send(&response(forged, "SIP/2.0/UDP 10.0.1.3:5060;branch=z9hG4bK1"));
            bob.send(&response(&ours, "SIP/2.0/UDP 10.0.1.3:5060;branch=z9hG4bK1"));
            bob.send(&response(&ours, "SIP/2.0/UDP 10.0.1.1:5060;branch=z9hG4bK1;received=10.0.1.3"));
            assert!(gets_nothing(&victim).await && gets_nothing(&alice).await);
            bob.send(&response(&ours, "SIP/2.0/UDP 10.0.1.1:5060;branch=z9hG4bK1"));
            alice.recv_status(200).await;
        },
    );
}
