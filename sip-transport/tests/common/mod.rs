//! What the tests of real sockets share. Loopback only; every wait is bounded.

#![allow(
    dead_code,
    clippy::expect_used,
    clippy::panic,
    reason = "each test program uses its part, and fails loudly"
)]

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use sip_core::{FlowId, Message, Protocol, Source, Target};
use sip_transport::{Config, Endpoint, Inbound, Net, NetEndpoint, SendError, SendTag};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A wait that ends the test when it takes too long.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(10), future).await.unwrap_or_else(|_| panic!("{what} did not happen in time"))
}

/// A server with one worker on loopback.
pub(crate) async fn server(listen: &str, config: Config) -> (Net, NetEndpoint) {
    let listen = listen.split(' ').map(|l| l.parse().expect("listen")).collect();
    let net = Net::bind(Config { listen, ..config }).await.expect("bind");
    let endpoint = net.endpoint().expect("endpoint");
    (net, endpoint)
}

/// The first item that `pick` takes; the ones before it are dropped.
pub(crate) async fn until<T>(
    endpoint: &mut impl Endpoint,
    what: &str,
    mut pick: impl FnMut(Inbound) -> Option<T>,
) -> T {
    let mut inbound = Vec::new();
    soon(what, async {
        loop {
            endpoint.recv(&mut inbound).await;
            if let Some(found) = inbound.drain(..).find_map(&mut pick) {
                return found;
            }
        }
    })
    .await
}

/// The next message; anything but keep-alives before it fails the test.
pub(crate) async fn message(endpoint: &mut impl Endpoint) -> (Message, Source) {
    until(endpoint, "a message", |inbound| match inbound {
        Inbound::Message { msg, source } => Some((msg, source)),
        Inbound::KeepAlive(_) => None,
        other => panic!("not a message: {other:?}"),
    })
    .await
}

/// This many messages, in order.
pub(crate) async fn messages(endpoint: &mut impl Endpoint, count: usize) -> Vec<(Message, Source)> {
    let mut found = Vec::new();
    soon("messages", async {
        let mut inbound = Vec::new();
        while found.len() < count {
            endpoint.recv(&mut inbound).await;
            found.extend(inbound.drain(..).filter_map(|i| match i {
                Inbound::Message { msg, source } => Some((msg, source)),
                _ => None,
            }));
        }
    })
    .await;
    found
}

pub(crate) async fn closed(endpoint: &mut impl Endpoint) -> FlowId {
    until(endpoint, "the end of a connection", |inbound| match inbound {
        Inbound::Closed(flow) => Some(flow),
        _ => None,
    })
    .await
}

pub(crate) async fn failed(endpoint: &mut impl Endpoint) -> (SendTag, SendError) {
    until(endpoint, "a failure", |inbound| match inbound {
        Inbound::SendFailed { tag, error } => Some((tag, error)),
        _ => None,
    })
    .await
}

/// Lets the endpoint work for a while in which nothing must come in.
pub(crate) async fn nothing_for(endpoint: &mut impl Endpoint, time: Duration) {
    let mut inbound = Vec::new();
    let _ = timeout(time, endpoint.recv(&mut inbound)).await;
    assert!(inbound.is_empty(), "{inbound:?}");
}

/// A request with this Call-ID and body.
pub(crate) fn request(call_id: &str, body: &str) -> String {
    format!(
        "MESSAGE sip:bob@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK{call_id}\r\n\
         From: <sip:alice@127.0.0.1>;tag=1\r\nTo: <sip:bob@127.0.0.1>\r\nCall-ID: {call_id}\r\n\
         CSeq: 1 MESSAGE\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub(crate) fn call_id(msg: &Message) -> String {
    msg.header("Call-ID").expect("Call-ID").to_string()
}

pub(crate) fn tcp(remote: SocketAddr) -> Target {
    Target::new(Protocol::Tcp, remote)
}

pub(crate) fn udp(remote: SocketAddr) -> Target {
    Target::new(Protocol::Udp, remote)
}

pub(crate) fn text(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

/// Reads exactly what is expected.
pub(crate) async fn expect(stream: &mut TcpStream, expected: &[u8]) {
    let mut got = vec![0; expected.len()];
    soon("bytes", stream.read_exact(&mut got)).await.expect("read");
    assert_eq!(String::from_utf8_lossy(&got), String::from_utf8_lossy(expected));
}

/// Waits for the peer to close.
pub(crate) async fn expect_end(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    match soon("the end of the stream", stream.read_to_end(&mut rest)).await {
        Ok(_) => assert!(rest.is_empty(), "{:?}", String::from_utf8_lossy(&rest)),
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
    }
}
