//! The network in memory, under a paused clock.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use sip_core::{Protocol, Target};
use sip_transport::memory::{Link, MemoryEndpoint, Network, Outcome, Packet, Verdict};
use sip_transport::{BindError, Endpoint, Inbound, SendError, SendTag};
use tokio::time::{Instant, timeout};

const SERVER: &str = "192.0.2.1:5060";
const PHONE: &str = "192.0.2.2:5060";

fn addr(text: &str) -> SocketAddr {
    text.parse().expect("address")
}

fn server(network: &Network) -> MemoryEndpoint {
    network.endpoint(&[format!("udp:{SERVER}").parse().expect("listen")]).expect("free")
}

fn request(id: usize) -> String {
    format!("OPTIONS sip:{SERVER} SIP/2.0\r\nCall-ID: {id}\r\nContent-Length: 0\r\n\r\n")
}

fn ids(inbound: &[Inbound]) -> Vec<usize> {
    inbound
        .iter()
        .map(|inbound| match inbound {
            Inbound::Message { msg, .. } => {
                msg.header("Call-ID").expect("Call-ID").to_string().parse().expect("number")
            }
            other => panic!("{other:?}"),
        })
        .collect()
}

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

#[tokio::test(start_paused = true)]
async fn datagram_takes_the_time_of_its_link_each_way() {
    let network = Network::new(1);
    network.set_link(addr(PHONE).ip(), addr(SERVER).ip(), Link { delay: ms(30), ..Link::default() });
    network.set_link(addr(SERVER).ip(), addr(PHONE).ip(), Link { delay: ms(70), ..Link::default() });
    let mut server = server(&network);
    let phone = network.socket(addr(PHONE)).expect("free");
    let start = Instant::now();

    phone.send_to(request(1), addr(SERVER));
    assert_eq!(network.in_flight(), 1);
    let mut inbound = Vec::new();
    server.recv(&mut inbound).await;
    assert_eq!(start.elapsed(), ms(30));
    let [Inbound::Message { source, .. }] = &inbound[..] else { panic!("{inbound:?}") };
    assert_eq!((source.protocol, source.remote, source.local), (Protocol::Udp, addr(PHONE), addr(SERVER)));
    assert_eq!(server.local_for(&source.into()), Ok(addr(SERVER)));

    server.send(&source.into(), Bytes::from("back"), None).expect("taken");
    assert_eq!(network.in_flight(), 0, "it leaves at the flush");
    server.flush();
    assert_eq!(phone.try_recv_from(), None);
    assert_eq!(phone.recv_from().await, (Bytes::from("back"), addr(SERVER)));
    assert_eq!(start.elapsed(), ms(100));
    assert_eq!(network.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn same_seed_plays_the_same_packet_by_packet() {
    async fn play(seed: u64) -> (Vec<Packet>, Vec<usize>) {
        let network = Network::new(seed);
        let (loss, duplicate, reorder) = (0.2, 0.1, 0.1);
        network.set_default_link(Link { delay: ms(20), jitter: ms(9), loss, duplicate, reorder });
        let mut server = server(&network);
        let phone = network.socket(addr(PHONE)).expect("free");
        for id in 0..200 {
            phone.send_to(request(id), addr(SERVER));
        }
        let mut inbound = Vec::new();
        while timeout(Duration::from_secs(1), server.recv(&mut inbound)).await.is_ok() {}
        (network.packets(), ids(&inbound))
    }
    let (packets, arrived) = play(7).await;
    assert_eq!((packets.clone(), arrived.clone()), play(7).await);
    assert_ne!(arrived, play(8).await.1);
    let lost = packets.iter().filter(|p| p.outcome == Outcome::Lost).count();
    assert!((20..60).contains(&lost), "{lost}");
    assert_eq!(arrived.len(), packets.len() - lost);
    assert!(packets.len() > 200 && !arrived.is_sorted());
}

#[tokio::test(start_paused = true)]
async fn traffic_on_one_link_does_not_change_the_luck_of_another() {
    async fn play(noise: bool) -> Vec<Packet> {
        let network = Network::new(5);
        network.set_default_link(Link { loss: 0.5, ..Link::default() });
        let _server = server(&network);
        let phone = network.socket(addr(PHONE)).expect("free");
        let noisy = network.socket(addr("192.0.2.3:5060")).expect("free");
        for id in 0..50 {
            phone.send_to(request(id), addr(SERVER));
            if noise {
                noisy.send_to("noise", addr(SERVER));
            }
        }
        network.packets().into_iter().filter(|p| p.from == addr(PHONE)).collect()
    }
    assert_eq!(play(true).await, play(false).await);
}

#[tokio::test(start_paused = true)]
async fn filter_drops_and_delays_exactly_what_the_test_means() {
    let network = Network::new(1);
    let mut server = server(&network);
    let phone = network.socket(addr(PHONE)).expect("free");
    let mut seen = 0;
    network.set_filter(move |packet| {
        assert!(packet.first_line().starts_with("OPTIONS"));
        seen += 1;
        match seen {
            1 => Verdict::Drop,
            2 => Verdict::Delay(ms(500)),
            _ => Verdict::Pass,
        }
    });
    for id in 1..=3 {
        phone.send_to(request(id), addr(SERVER));
    }
    let mut inbound = Vec::new();
    server.recv(&mut inbound).await;
    server.recv(&mut inbound).await;
    assert_eq!(ids(&inbound), [3, 2]);
    assert_eq!(network.elapsed(), ms(500));
    assert!(network.packets()[0].to_string().ends_with("(lost)"), "{}", network.packets()[0]);
}

#[tokio::test(start_paused = true)]
async fn workers_share_an_address_and_a_test_steers_between_them() {
    let network = Network::new(1);
    let mut workers = [server(&network), server(&network)];
    assert_eq!(workers.each_ref().map(MemoryEndpoint::worker), [0, 1]);
    let phones: Vec<_> =
        (2..42).map(|host| network.socket(addr(&format!("192.0.2.{host}:5060"))).expect("free")).collect();
    for round in 0..2 {
        phones.iter().enumerate().for_each(|(id, phone)| phone.send_to(request(id + round), addr(SERVER)));
    }
    let mut inbound = [Vec::new(), Vec::new()];
    for (worker, inbound) in workers.iter_mut().zip(&mut inbound) {
        while timeout(ms(1), worker.recv(inbound)).await.is_ok() {}
    }
    let counts = inbound.each_ref().map(Vec::len);
    assert_eq!(counts.iter().sum::<usize>(), 80);
    assert!(counts.iter().all(|count| *count > 10), "spread by sender: {counts:?}");
    assert!(counts.iter().all(|count| count % 2 == 0), "a sender always meets the same worker");

    network.set_steering(|packet| packet.first_line().contains("OPTIONS").then_some(1));
    phones.iter().for_each(|phone| phone.send_to(request(0), addr(SERVER)));
    inbound[1].clear();
    while timeout(ms(1), workers[1].recv(&mut inbound[1])).await.is_ok() {}
    assert_eq!(inbound[1].len(), 40);

    // A worker that has gone gets nothing, steered or not.
    let [first, gone] = workers;
    drop(gone);
    phones[0].send_to(request(0), addr(SERVER));
    assert_eq!(
        network.packets().last().map(|p| p.outcome),
        Some(Outcome::Arrives { after: Duration::ZERO, worker: 0 })
    );
    drop(first);
}

#[tokio::test(start_paused = true)]
async fn refusing_host_is_reported_and_an_absent_one_is_silent() {
    let network = Network::new(1);
    let mut server = server(&network);
    network.set_refusing(addr(PHONE), true);
    let to = |text| Target::new(Protocol::Udp, addr(text));
    server.send(&to("192.0.2.99:5060"), Bytes::from("a"), Some(SendTag(1))).expect("taken");
    server.send(&to(PHONE), Bytes::from("b"), Some(SendTag(2))).expect("taken");
    server.flush();
    let mut inbound = Vec::new();
    server.recv(&mut inbound).await;
    assert!(matches!(
        inbound[..],
        [Inbound::SendFailed {
            tag: SendTag(2),
            error: SendError::Io(std::io::ErrorKind::ConnectionRefused)
        }]
    ));
    let outcomes: Vec<_> = network.packets().iter().map(|p| p.outcome).collect();
    assert_eq!(outcomes, [Outcome::Unreachable, Outcome::Refused]);
    network.set_refusing(addr(PHONE), false);
    network.clear_packets();
    let _phone = network.socket(addr(PHONE)).expect("free");
    server.send(&to(PHONE), Bytes::from("c"), None).expect("taken");
    server.flush();
    assert!(matches!(network.packets()[0].outcome, Outcome::Arrives { .. }));
}

#[tokio::test(start_paused = true)]
async fn addresses_are_taken_and_given_back() {
    let network = Network::new(1);
    let phone = network.socket(addr(PHONE)).expect("free");
    assert!(matches!(network.socket(addr(PHONE)), Err(BindError::Socket { .. })));
    drop(phone);
    let phone = network.socket(addr(PHONE)).expect("free again");
    let other = network.socket(addr("192.0.2.3:5060")).expect("free");
    other.send_to("x", addr(PHONE));
    assert_eq!(network.in_flight(), 1);
    drop(phone);
    assert_eq!(network.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn waiting_can_be_given_up_without_losing_anything() {
    let network = Network::new(1);
    network.set_default_link(Link { delay: ms(10), ..Link::default() });
    let mut server = server(&network);
    let phone = network.socket(addr(PHONE)).expect("free");
    phone.send_to(request(1), addr(SERVER));
    let mut inbound = Vec::new();
    for _ in 0..9 {
        assert!(timeout(ms(1), server.recv(&mut inbound)).await.is_err());
    }
    server.recv(&mut inbound).await;
    assert_eq!(ids(&inbound), [1]);
    assert_eq!(network.elapsed(), ms(10));
}
