//! Opening, reusing and losing TCP connections.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

mod common;

use std::time::Duration;

use bytes::Bytes;
use common::{
    call_id, closed, expect, expect_end, failed, message, nothing_for, request, server, soon, tcp, until,
};
use sip_core::{FlowId, Protocol, Source, Target};
use sip_transport::{Config, Endpoint, Inbound, Net, NetEndpoint, SendError, SendTag};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

async fn peer() -> (TcpListener, Target) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let target = tcp(listener.local_addr().expect("bound"));
    (listener, target)
}

/// The endpoint works while the peer waits for a connection.
async fn accept(endpoint: &mut NetEndpoint, listener: &TcpListener) -> TcpStream {
    let mut inbound = Vec::new();
    tokio::select! {
        accepted = soon("a connection", listener.accept()) => accepted.expect("accept").0,
        () = async { loop { endpoint.recv(&mut inbound).await } } => unreachable!("never ends"),
    }
}

/// A phone's connection that the server has read a message from.
async fn known(net: &Net, endpoint: &mut NetEndpoint) -> (TcpStream, Source) {
    let mut phone = TcpStream::connect(net.locals()[0].addr).await.expect("connect");
    phone.write_all(request("hello", "").as_bytes()).await.expect("write");
    let (_, source) = message(endpoint).await;
    (phone, source)
}

/// The tags that come back, and then the end of the connection.
async fn unsent_then_closed(endpoint: &mut NetEndpoint) -> (Vec<(SendTag, SendError)>, FlowId) {
    let mut unsent = Vec::new();
    let flow = until(endpoint, "the end", |inbound| match inbound {
        Inbound::SendFailed { tag, error } => {
            unsent.push((tag, error));
            None
        }
        Inbound::Closed(flow) => Some(flow),
        other => panic!("{other:?}"),
    })
    .await;
    (unsent, flow)
}

#[tokio::test]
async fn messages_to_one_target_share_the_connection_that_the_first_one_opens() {
    let (net, mut endpoint) = server("tcp:127.0.0.1:0", Config::default()).await;
    let mut second = net.endpoint().expect("a second worker");
    let (listener, target) = peer().await;
    endpoint.send(&target, "one ".into(), None).expect("taken");
    endpoint.send(&target, "two ".into(), None).expect("taken");
    second.send(&target, "three ".into(), None).expect("taken");
    let mut stream = accept(&mut endpoint, &listener).await;
    expect(&mut stream, b"one two three ").await;
    second.send(&target, "four".into(), None).expect("taken");
    expect(&mut stream, b"four").await;
    assert_eq!((net.stats().opened, net.stats().connections), (1, 1));

    // What comes back on it is the opener's to read, and names the address that we listen on.
    stream.write_all(request("back", "").as_bytes()).await.expect("write");
    let (msg, source) = message(&mut endpoint).await;
    assert_eq!((call_id(&msg).as_str(), source.remote), ("back", target.remote));
    assert_eq!(source.local, net.locals()[0].addr);
}

#[tokio::test]
async fn accepted_connection_is_reused_by_its_remote_address() {
    let (net, mut endpoint) = server("tcp:127.0.0.1:0", Config::default()).await;
    let (mut phone, source) = known(&net, &mut endpoint).await;
    endpoint.send(&tcp(source.remote), "by address".into(), None).expect("taken");
    expect(&mut phone, b"by address").await;
    assert_eq!((net.stats().opened, net.stats().accepted), (0, 1));
}

#[tokio::test]
async fn any_worker_writes_on_the_connection_of_another() {
    let (net, mut owner) = server("tcp:127.0.0.1:0", Config::default()).await;
    let (mut phone, source) = known(&net, &mut owner).await;
    let mut other = net.endpoint().expect("a second worker");
    other.send(&Target::from(&source), "hello".into(), None).expect("taken");
    expect(&mut phone, b"hello").await;
}

#[tokio::test]
async fn flow_that_has_ended_is_not_replaced_by_another_connection() {
    let (net, mut endpoint) = server("tcp:127.0.0.1:0", Config::default()).await;
    let (phone, source) = known(&net, &mut endpoint).await;
    let flow = source.flow.expect("a connection");
    drop(phone);
    assert_eq!(closed(&mut endpoint).await, flow);
    let target = Target::from(&source);
    assert_eq!(endpoint.send(&target, Bytes::new(), Some(SendTag(1))), Err(SendError::FlowGone(flow)));
    assert_eq!(endpoint.local_for(&target), Err(SendError::FlowGone(flow)));
    // Its slot is taken over by the next connection; the old id still does not lead there.
    let (_phone, next) = known(&net, &mut endpoint).await;
    assert_ne!(next.flow, Some(flow));
    assert_eq!(endpoint.send(&target, Bytes::new(), None), Err(SendError::FlowGone(flow)));
}

#[tokio::test]
async fn refused_connection_gives_back_all_that_waited_for_it() {
    let (net, mut endpoint) = server("tcp:127.0.0.1:0", Config::default()).await;
    let (listener, target) = peer().await;
    drop(listener);
    for tag in 1..=3 {
        endpoint.send(&target, "x".into(), Some(SendTag(tag))).expect("taken");
    }
    let (unsent, _) = unsent_then_closed(&mut endpoint).await;
    let refused = SendError::Io(std::io::ErrorKind::ConnectionRefused);
    assert_eq!(unsent, [1, 2, 3].map(|tag| (SendTag(tag), refused)));
    assert_eq!((net.stats().connect_failed, net.stats().connections), (1, 0));
}

#[tokio::test]
async fn connection_that_does_not_open_in_time_gives_its_messages_back() {
    let config = Config { connect_timeout: Duration::from_millis(100), ..Config::default() };
    let (_net, mut endpoint) = server("tcp:127.0.0.1:0", config).await;
    // A listener that never accepts, with its backlog full: the handshake is not answered.
    let full = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("socket");
    let any: std::net::SocketAddr = "127.0.0.1:0".parse().expect("address");
    full.bind(&any.into()).expect("bind");
    full.listen(0).expect("listen");
    let addr = full.local_addr().expect("bound").as_socket().expect("an IP address");
    let connect = || tokio::time::timeout(Duration::from_millis(50), TcpStream::connect(addr));
    let mut fillers = Vec::new();
    while let Ok(stream) = connect().await {
        fillers.push(stream);
        assert!(fillers.len() < 10, "the backlog is never full");
    }
    endpoint.send(&tcp(addr), "x".into(), Some(SendTag(9))).expect("taken");
    assert_eq!(failed(&mut endpoint).await, (SendTag(9), SendError::TimedOut));
}

#[tokio::test]
async fn peer_that_closes_is_reported_to_the_worker_that_owns_the_connection() {
    let (net, mut owner) = server("tcp:127.0.0.1:0", Config::default()).await;
    let (phone, source) = known(&net, &mut owner).await;
    let mut other = net.endpoint().expect("a second worker");
    drop(phone);
    assert_eq!(Some(closed(&mut owner).await), source.flow);
    nothing_for(&mut other, Duration::from_millis(20)).await;
}

#[tokio::test]
async fn reader_that_is_too_slow_loses_its_connection_and_nothing_else_happens() {
    let config = Config { write_queue: 100_000, ..Config::default() };
    let (net, mut endpoint) = server("tcp:127.0.0.1:0", config).await;
    let (_deaf, source) = known(&net, &mut endpoint).await;
    let (mut phone, other) = known(&net, &mut endpoint).await;
    let chunk = Bytes::from(vec![b'x'; 50_000]);
    let mut tag = 0;
    let error = loop {
        tag += 1;
        assert!(tag < 4_000, "200 MB were taken for a reader that does not read");
        match endpoint.send(&Target::from(&source), chunk.clone(), Some(SendTag(tag))) {
            Ok(()) => nothing_for_a_moment(&mut endpoint).await,
            Err(error) => break error,
        }
    };
    assert_eq!(error, SendError::SlowReader);
    let (unsent, flow) = unsent_then_closed(&mut endpoint).await;
    assert_eq!(Some(flow), source.flow);
    assert!(!unsent.is_empty() && unsent.iter().all(|(_, error)| *error == SendError::SlowReader));
    assert_eq!(unsent.last().map(|(tag, _)| tag.0), Some(tag - 1));
    assert_eq!((net.stats().slow_readers, net.stats().connections), (1, 1));
    endpoint.send(&Target::from(&other), "fine".into(), None).expect("taken");
    expect(&mut phone, b"fine").await;
}

/// Lets the tasks of the connections run.
async fn nothing_for_a_moment(endpoint: &mut NetEndpoint) {
    nothing_for(endpoint, Duration::from_micros(1)).await;
}

#[tokio::test]
async fn write_without_progress_ends_the_connection() {
    let config = Config { write_timeout: Duration::from_millis(100), ..Config::default() };
    let (net, mut endpoint) = server("tcp:127.0.0.1:0", config).await;
    let (_deaf, source) = known(&net, &mut endpoint).await;
    // One message alone may be larger than the queue; this one is larger than the kernel's buffers.
    let huge = Bytes::from(vec![b'x'; 64 << 20]);
    endpoint.send(&Target::from(&source), huge, Some(SendTag(1))).expect("taken");
    assert_eq!(failed(&mut endpoint).await, (SendTag(1), SendError::SlowReader));
    assert_eq!(net.stats().connections, 0);
}

#[tokio::test]
async fn targets_without_a_listener_of_their_kind_are_refused() {
    let (_net, mut endpoint) = server("udp:127.0.0.1:0", Config::default()).await;
    let remote = "127.0.0.1:5060".parse().expect("address");
    assert_eq!(
        endpoint.send(&tcp(remote), Bytes::new(), None),
        Err(SendError::NoListener { protocol: Protocol::Tcp, remote })
    );
    for protocol in [Protocol::Tls, Protocol::Ws, Protocol::Wss] {
        let error = endpoint.send(&Target::new(protocol, remote), Bytes::new(), None).expect_err("refused");
        assert_eq!(error.to_string(), format!("{protocol} is not available yet, only udp and tcp are"));
    }
}

#[tokio::test]
async fn closing_writes_what_waits_and_lets_nothing_new_in() {
    let (net, mut endpoint) = server("tcp:127.0.0.1:0", Config::default()).await;
    let (mut phone, source) = known(&net, &mut endpoint).await;
    endpoint.send(&Target::from(&source), "last words".into(), None).expect("taken");
    let mut inbound = Vec::new();
    tokio::select! {
        () = soon("the close", net.close()) => {}
        () = async { loop { endpoint.recv(&mut inbound).await } } => {}
    }
    assert_eq!(net.stats().connections, 0);
    expect(&mut phone, b"last words").await;
    expect_end(&mut phone).await;
    let (_listener, target) = peer().await;
    assert_eq!(endpoint.send(&target, Bytes::new(), None), Err(SendError::ShuttingDown));
}

#[tokio::test]
async fn dropping_an_endpoint_closes_its_connections_and_frees_its_address() {
    let (net, mut endpoint) = server("tcp:127.0.0.1:0 udp:127.0.0.1:0", Config::default()).await;
    let (mut phone, _) = known(&net, &mut endpoint).await;
    let locals = net.locals().to_vec();
    drop(endpoint);
    expect_end(&mut phone).await;
    assert_eq!(net.stats().connections, 0);
    drop(net);
    // The task is gone only when the runtime has seen to it.
    tokio::task::yield_now().await;
    let again = Net::bind(Config { listen: locals, ..Config::default() }).await;
    assert!(again.is_ok(), "{again:?}");
}
