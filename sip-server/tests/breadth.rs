//! Contacts that lead back to the server: the forks of all copies of a request stay within its Max-Breadth.

#![allow(clippy::panic, reason = "a test fails loudly")]

mod common;

use common::{Mode, Proxy};
use sip_server::play;
use sip_server::{Server, Shared};

fn proxy(_: &Shared) -> Proxy {
    Proxy::new(Mode::Fork)
}

#[test]
fn branches_of_a_fork_share_the_breadth_and_a_single_one_has_no_header() {
    play::run(1, Server::new().workers(2), proxy, async |world| {
        let (alice, bob, carol) = (world.agent("alice"), world.agent("bob"), world.agent("carol"));
        bob.register().await;
        let alone = alice.invite("sip:bob@10.0.0.1");
        let invite = bob.recv_request("INVITE").await;
        assert_eq!(invite.header("Max-Breadth"), None);
        bob.respond(&invite, 486);
        bob.recv_request("ACK").await;
        alone.ack(&alice.recv_status(486).await);

        let also = "Contact: <sip:second@10.0.1.3:5060>\nExpires: 3600\n";
        bob.send(&bob.request("REGISTER", "sip:10.0.0.1", 0, also));
        bob.recv_status(200).await;
        let forked = alice.invite("sip:bob@10.0.0.1");
        for phone in [&bob, &carol] {
            let invite = phone.recv_request("INVITE").await;
            assert_eq!(invite.header("Max-Breadth"), Some("30".into()));
            phone.respond(&invite, 486);
            phone.recv_request("ACK").await;
        }
        forked.ack(&alice.recv_status(486).await);
        world.assert_nothing_left().await;
    });
}

#[test]
fn more_branches_than_the_breadth_is_440() {
    play::run(2, Server::new().workers(1), proxy, async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        let also = "Contact: <sip:second@10.0.1.3:5060>\nExpires: 3600\n";
        bob.send(&bob.request("REGISTER", "sip:10.0.0.1", 0, also));
        bob.recv_status(200).await;
        alice.send(&alice.request("INVITE", "sip:bob@10.0.0.1", 9, "Max-Breadth: 1\n"));
        alice.recv_status(440).await;
    });
}

#[test]
fn contacts_that_lead_back_here_do_not_multiply_a_request() {
    // Without the check for loops, so that the breadth alone has to hold.
    let server = Server::new().workers(2).loop_check(false);
    play::run(3, server, proxy, async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        let contacts: String = (0..8).map(|n| format!("Contact: <sip:bob@10.0.0.1:5060;n={n}>\n")).collect();
        bob.send(&bob.request("REGISTER", "sip:10.0.0.1", 0, &format!("{contacts}Expires: 3600\n")));
        bob.recv_status(200).await;
        let call = alice.invite("sip:bob@10.0.0.1");
        let end = loop {
            let Some(msg) = alice.recv_within(std::time::Duration::from_secs(100)).await else {
                panic!("no end")
            };
            if msg.status().is_some_and(|status| status.is_final()) {
                break msg;
            }
        };
        call.ack(&end);
        let packets = world.network().packets();
        let invites = packets.iter().filter(|packet| packet.first_line().starts_with("INVITE")).count();
        assert!((10..200).contains(&invites), "{invites} INVITEs were sent");
        world.assert_nothing_left().await;
    });
}
