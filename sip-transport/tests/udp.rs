//! Datagrams through real sockets on loopback.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use common::{call_id, failed, message, messages, nothing_for, request, server, soon, udp, until};
use sip_core::Protocol;
use sip_transport::{Config, Endpoint, Inbound, Listen, Net, SendError, SendTag};
use tokio::net::UdpSocket;

async fn phone() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").await.expect("socket")
}

#[tokio::test]
async fn request_arrives_with_its_source_and_the_reply_goes_back() {
    let (net, mut endpoint) = server("udp:127.0.0.1:0", Config::default()).await;
    let phone = phone().await;
    let ours = net.locals()[0].addr;
    phone.send_to(request("one", "hi").as_bytes(), ours).await.expect("send");

    let (msg, source) = message(&mut endpoint).await;
    assert_eq!((call_id(&msg).as_str(), msg.body()), ("one", &b"hi"[..]));
    assert_eq!(source.protocol, Protocol::Udp);
    assert_eq!((source.remote, source.local), (phone.local_addr().expect("bound"), ours));

    endpoint.send(&(&source).into(), Bytes::from("back"), None).expect("taken");
    endpoint.flush();
    let mut buf = [0; 100];
    let (len, from) = soon("the reply", phone.recv_from(&mut buf)).await.expect("receive");
    assert_eq!((&buf[..len], from), (&b"back"[..], ours));
}

#[tokio::test]
async fn hundreds_of_datagrams_pass_in_batches_and_in_order() {
    let (net, mut endpoint) = server("udp:127.0.0.1:0", Config::default()).await;
    let phone = phone().await;
    let ours = net.locals()[0].addr;
    for round in 0..4 {
        let ids: Vec<String> = (0..64).map(|i| format!("{round}-{i}")).collect();
        for id in &ids {
            phone.send_to(request(id, &"x".repeat(500)).as_bytes(), ours).await.expect("send");
        }
        let got = messages(&mut endpoint, 64).await;
        assert_eq!(got.iter().map(|(msg, _)| call_id(msg)).collect::<Vec<_>>(), ids);

        for (msg, source) in &got {
            endpoint.send(&source.into(), msg.to_bytes(), None).expect("taken");
        }
        endpoint.flush();
        let mut buf = [0; 2_000];
        for id in &ids {
            let len = soon("an echo", phone.recv(&mut buf)).await.expect("receive");
            assert_eq!(&buf[..len], request(id, &"x".repeat(500)).as_bytes());
        }
    }
    assert_eq!((net.stats().received, net.stats().sent), (256, 256));
}

#[tokio::test]
async fn largest_datagram_passes_and_one_byte_more_is_refused() {
    let (net, mut endpoint) = server("udp:127.0.0.1:0", Config::default()).await;
    let target = udp(net.locals()[0].addr);
    let fill = 65_507 - request("big", &"x".repeat(10_000)).len() + 10_000;
    let big = request("big", &"x".repeat(fill));
    assert_eq!(big.len(), 65_507);
    endpoint.send(&target, Bytes::from(big.clone()), None).expect("taken");
    endpoint.flush();
    assert_eq!(message(&mut endpoint).await.0.to_bytes(), big);
    let error = endpoint.send(&target, Bytes::from(big + "x"), None);
    assert_eq!(error, Err(SendError::TooLarge { bytes: 65_508 }));
}

#[tokio::test]
async fn keep_alives_and_rubbish_are_told_apart() {
    let (net, mut endpoint) = server("udp:127.0.0.1:0", Config::default()).await;
    let phone = phone().await;
    for datagram in [&b"\r\n\r\n"[..], b"", b"\0\0\0\0", b"hello", b"\x80\0\0\0"] {
        phone.send_to(datagram, net.locals()[0].addr).await.expect("send");
    }
    let mut kinds = Vec::new();
    while kinds.len() < 5 {
        let kind = until(&mut endpoint, "an item", |inbound| {
            kinds.push(match inbound {
                Inbound::KeepAlive(source) => {
                    assert_eq!(source.local, net.locals()[0].addr);
                    "keep-alive".to_owned()
                }
                Inbound::Malformed { bytes, .. } => format!("malformed {}", bytes.len()),
                other => panic!("{other:?}"),
            });
            (kinds.len() == 5).then_some(())
        });
        kind.await;
    }
    assert_eq!(kinds, ["keep-alive", "keep-alive", "keep-alive", "malformed 5", "malformed 4"]);
    assert_eq!((net.stats().keep_alives, net.stats().malformed), (3, 2));
}

#[tokio::test]
async fn send_that_the_system_refuses_comes_back_and_the_next_one_passes() {
    let (net, mut endpoint) = server("udp:127.0.0.1:0", Config::default()).await;
    let phone = phone().await;
    let good = udp(phone.local_addr().expect("bound"));
    // Port 0 is nobody's: the system refuses it at once.
    let bad = udp("127.0.0.1:0".parse().expect("address"));
    for (target, text, tag) in [(&good, "a", 1), (&bad, "b", 2), (&good, "c", 3)] {
        endpoint.send(target, Bytes::from(text), Some(SendTag(tag))).expect("taken");
    }
    endpoint.flush();
    let (tag, error) = failed(&mut endpoint).await;
    assert_eq!(tag, SendTag(2));
    assert!(matches!(error, SendError::Io(_)) && error.is_about_target(), "{error:?}");
    let mut buf = [0; 10];
    for expected in ["a", "c"] {
        let len = soon("a datagram", phone.recv(&mut buf)).await.expect("receive");
        assert_eq!(&buf[..len], expected.as_bytes());
    }
    assert_eq!((net.stats().sent, net.stats().send_failed), (2, 1));
}

#[tokio::test]
async fn port_that_nobody_has_does_not_disturb_the_socket() {
    let (net, mut endpoint) = server("udp:127.0.0.1:0", Config::default()).await;
    let gone = phone().await.local_addr().expect("bound");
    for _ in 0..3 {
        endpoint.send(&udp(gone), Bytes::from("x"), Some(SendTag(1))).expect("taken");
        endpoint.flush();
        nothing_for(&mut endpoint, Duration::from_millis(20)).await;
    }
    let phone = phone().await;
    phone.send_to(request("still", "").as_bytes(), net.locals()[0].addr).await.expect("send");
    assert_eq!(call_id(&message(&mut endpoint).await.0), "still");
}

#[tokio::test]
async fn backlog_is_bounded_and_what_is_beyond_is_counted() {
    let config = Config { udp_backlog: 10, ..Config::default() };
    let (net, mut endpoint) = server("udp:127.0.0.1:0", config).await;
    let phone = phone().await;
    let target = udp(phone.local_addr().expect("bound"));
    for _ in 0..15 {
        endpoint.send(&target, Bytes::from("x"), None).expect("a datagram may be lost");
    }
    endpoint.flush();
    assert_eq!((net.stats().dropped, net.stats().sent), (5, 10));
}

#[tokio::test]
async fn workers_share_an_address_and_lose_nothing() {
    let listen = vec!["udp:127.0.0.1:0".parse().expect("listen")];
    let net = Net::bind(Config { listen, ..Config::default() }).await.expect("bind");
    let mut workers = [net.endpoint().expect("first"), net.endpoint().expect("second")];
    let mut expected = BTreeSet::new();
    for i in 0..64 {
        // Each from a port of its own, so that the system spreads them.
        let id = format!("call{i}");
        phone().await.send_to(request(&id, "").as_bytes(), net.locals()[0].addr).await.expect("send");
        expected.insert(id);
    }
    let mut seen = [BTreeSet::new(), BTreeSet::new()];
    soon("all calls", async {
        while seen[0].len() + seen[1].len() < 64 {
            let [a, b] = &mut workers;
            let (mut of_a, mut of_b) = (Vec::new(), Vec::new());
            tokio::select! { () = a.recv(&mut of_a) => {}, () = b.recv(&mut of_b) => {} }
            for (worker, inbound) in [of_a, of_b].into_iter().enumerate() {
                seen[worker].extend(inbound.iter().map(|i| match i {
                    Inbound::Message { msg, .. } => call_id(msg),
                    other => panic!("{other:?}"),
                }));
            }
        }
    })
    .await;
    assert!(seen.iter().all(|calls| !calls.is_empty()), "{seen:?}");
    assert_eq!(seen.into_iter().flatten().collect::<BTreeSet<_>>(), expected);
}

#[tokio::test]
async fn wildcard_replies_from_the_address_that_was_asked() {
    let (net, mut endpoint) = server("udp:0.0.0.0:0", Config::default()).await;
    assert!(net.locals().iter().all(|l| !l.addr.ip().is_unspecified()));
    let phone = phone().await;
    for ours in net.locals().iter().map(|l: &Listen| l.addr) {
        phone.send_to(request("asked", "").as_bytes(), ours).await.expect("send");
        let (_, source) = message(&mut endpoint).await;
        assert_eq!(source.local, ours);
        endpoint.send(&(&source).into(), Bytes::from("back"), None).expect("taken");
        endpoint.flush();
        let mut buf = [0; 10];
        let (_, from) = soon("the reply", phone.recv_from(&mut buf)).await.expect("receive");
        assert_eq!(from, ours);
    }
}

#[tokio::test]
async fn sent_by_is_an_address_of_the_family_and_protocol_of_the_target() {
    let (net, endpoint) = server("udp:127.0.0.1:0 udp:127.0.0.2:0 tcp:127.0.0.1:0", Config::default()).await;
    let locals: Vec<_> = net.locals().iter().map(|l| l.addr).collect();
    let remote = "127.0.0.9:5060".parse().expect("address");
    assert_eq!(endpoint.local_for(&udp(remote)), Ok(locals[0]));
    assert_eq!(endpoint.local_for(&udp(remote).with_local(locals[1])), Ok(locals[1]));
    assert_eq!(endpoint.local_for(&common::tcp(remote)), Ok(locals[2]));
    let v6 = "[::1]:5060".parse().expect("address");
    assert_eq!(
        endpoint.local_for(&udp(v6)),
        Err(SendError::NoListener { protocol: Protocol::Udp, remote: v6 })
    );
    let tls = sip_core::Target::new(Protocol::Tls, remote);
    assert_eq!(endpoint.local_for(&tls), Err(SendError::Unsupported { protocol: Protocol::Tls }));
}

#[tokio::test]
async fn ipv6_and_ipv4_sockets_of_one_worker_do_not_mix_up_addresses() {
    let listen = "udp:[::1]:0 udp:127.0.0.1:0";
    let listen: Vec<Listen> = listen.split(' ').map(|l| l.parse().expect("listen")).collect();
    let Ok(net) = Net::bind(Config { listen, ..Config::default() }).await else {
        eprintln!("skipped: this machine has no IPv6 loopback");
        return;
    };
    let mut endpoint = net.endpoint().expect("endpoint");
    for _ in 0..3 {
        for (local, any) in net.locals().iter().zip(["[::1]:0", "127.0.0.1:0"]) {
            let phone = UdpSocket::bind(any).await.expect("socket");
            phone.send_to(request("six", "").as_bytes(), local.addr).await.expect("send");
            let (_, source) = message(&mut endpoint).await;
            assert_eq!((source.remote, source.local), (phone.local_addr().expect("bound"), local.addr));
            endpoint.send(&(&source).into(), Bytes::from("back"), None).expect("taken");
            endpoint.flush();
            let mut buf = [0; 10];
            let (_, from) = soon("the reply", phone.recv_from(&mut buf)).await.expect("receive");
            assert_eq!(from, local.addr);
        }
    }
}
