//! HTTP requests on connections that speak SIP: how they are handed on and answered.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

mod common;

use common::{expect, expect_end, nothing_for, request, server, soon, tcp, until};
use sip_core::{Message, StatusCode, build};
use sip_transport::{Config, Endpoint, HttpAnswer, Inbound, NetEndpoint, SendError};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

const GET: &str = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";

async fn http(endpoint: &mut NetEndpoint) -> (Message, HttpAnswer) {
    until(endpoint, "an HTTP request", |inbound| match inbound {
        Inbound::Http { msg, answer, .. } => Some((msg, answer)),
        _ => None,
    })
    .await
}

async fn connected(config: Config) -> (sip_transport::Net, NetEndpoint, TcpStream) {
    let (net, endpoint) = server("tcp:127.0.0.1:0", config).await;
    let client = TcpStream::connect(net.locals()[0].addr).await.expect("connect");
    (net, endpoint, client)
}

#[tokio::test]
async fn nothing_more_is_read_before_the_answer() {
    let (net, mut endpoint, mut client) = connected(Config::default()).await;
    let all = format!("{GET}{}{GET}", request("one", ""));
    client.write_all(all.as_bytes()).await.expect("write");
    let (msg, answer) = http(&mut endpoint).await;
    assert_eq!(msg.request_uri(), Some("/x".into()));
    nothing_for(&mut endpoint, Duration::from_millis(30)).await;
    let reply = build::http_reply(&msg, StatusCode::OK).finish().expect("a reply");
    answer.send(reply.clone(), false).expect("it waits");
    let mut inbound = Vec::new();
    while inbound.len() < 2 {
        soon("the rest", endpoint.recv(&mut inbound)).await;
    }
    let second = inbound.pop();
    assert!(matches!(&inbound[..], [Inbound::Message { .. }]), "{inbound:?}");
    let Some(Inbound::Http { answer, .. }) = second else { panic!("{second:?}") };
    answer.send(reply.clone(), false).expect("it waits");
    let serve = async {
        let mut none = Vec::new();
        endpoint.recv(&mut none).await;
        panic!("{none:?}")
    };
    let both = [&reply[..], &reply[..]].concat();
    let read = expect(&mut client, &both);
    tokio::select! { () = read => {}, () = serve => {} }
    assert_eq!((net.stats().http, net.stats().received, net.stats().malformed), (2, 1, 0));
}

#[tokio::test]
async fn an_answer_that_is_dropped_is_503_and_the_end() {
    let (_net, mut endpoint, mut client) = connected(Config::default()).await;
    client.write_all(GET.as_bytes()).await.expect("write");
    drop(http(&mut endpoint).await);
    let serve = async {
        loop {
            endpoint.recv(&mut Vec::new()).await;
        }
    };
    let read = async {
        expect(&mut client, &build::http_unavailable()).await;
        expect_end(&mut client).await;
    };
    soon("503", async {
        tokio::select! { () = serve => {}, () = read => {} }
    })
    .await;
}

#[tokio::test]
async fn an_answer_to_a_connection_that_has_ended_is_an_error() {
    let (_net, mut endpoint, mut client) =
        connected(Config { idle_timeout: Duration::from_millis(100), ..Config::default() }).await;
    client.write_all(GET.as_bytes()).await.expect("write");
    let (msg, answer) = http(&mut endpoint).await;
    common::closed(&mut endpoint).await;
    assert!(answer.is_closed());
    let reply = build::http_reply(&msg, StatusCode::OK).finish().expect("a reply");
    assert_eq!(answer.send(reply, false), Err(SendError::Closed));
}

#[tokio::test]
async fn connections_that_we_opened_take_no_http() {
    let (_net, mut endpoint) = server("tcp:127.0.0.1:0", Config::default()).await;
    let peer = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let addr = peer.local_addr().expect("bound");
    endpoint.send(&tcp(addr), request("one", "").into(), None).expect("taken");
    let accepted = async {
        let (mut stream, _) = peer.accept().await.expect("accept");
        stream.write_all(GET.as_bytes()).await.expect("write");
        stream
    };
    let told = until(&mut endpoint, "a complaint", |inbound| match inbound {
        Inbound::Malformed { error, .. } => Some(error),
        Inbound::Http { .. } => panic!("no server is asked there"),
        _ => None,
    });
    let (_stream, error) = tokio::join!(accepted, told);
    assert_eq!(error.status(), StatusCode::BAD_REQUEST);
}
