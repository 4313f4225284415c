//! What comes in on TCP connections: framing, limits, time.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

mod common;

use std::time::Duration;

use common::{call_id, closed, expect, expect_end, message, messages, nothing_for, request, server, until};
use sip_core::{Limits, ParseError, Protocol};
use sip_transport::{Config, Endpoint, Inbound, Net, NetEndpoint};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::sleep;

const BLINK: Duration = Duration::from_millis(20);
const SHORT: Duration = Duration::from_millis(400);

async fn listening(config: Config) -> (Net, NetEndpoint, TcpStream) {
    let (net, endpoint) = server("tcp:127.0.0.1:0", config).await;
    let phone = connect(&net).await;
    (net, endpoint, phone)
}

async fn connect(net: &Net) -> TcpStream {
    let phone = TcpStream::connect(net.locals()[0].addr).await.expect("connect");
    phone.set_nodelay(true).expect("option");
    phone
}

async fn write(phone: &mut TcpStream, text: &str) {
    phone.write_all(text.as_bytes()).await.expect("write");
}

async fn malformed(endpoint: &mut NetEndpoint) -> (ParseError, bytes::Bytes) {
    until(endpoint, "a complaint", |inbound| match inbound {
        Inbound::Malformed { error, bytes, .. } => Some((error, bytes)),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn message_arrives_with_its_connection_and_the_reply_goes_back_on_it() {
    let (net, mut endpoint, mut phone) = listening(Config::default()).await;
    write(&mut phone, &request("one", "hello")).await;
    let (msg, source) = message(&mut endpoint).await;
    assert_eq!((call_id(&msg).as_str(), msg.body()), ("one", &b"hello"[..]));
    assert_eq!((source.protocol, source.local), (Protocol::Tcp, net.locals()[0].addr));
    assert_eq!(source.remote, phone.local_addr().expect("connected"));
    assert!(source.flow.is_some());
    endpoint.send(&(&source).into(), "back".into(), None).expect("taken");
    expect(&mut phone, b"back").await;
    assert_eq!(endpoint.local_for(&(&source).into()), Ok(net.locals()[0].addr));
}

#[tokio::test]
async fn message_in_single_bytes_arrives_whole() {
    let (_net, mut endpoint, mut phone) = listening(Config::default()).await;
    let wire = request("slow", "four");
    let send = async {
        for byte in wire.as_bytes() {
            phone.write_all(&[*byte]).await.expect("write");
            tokio::task::yield_now().await;
        }
    };
    let (got, ()) = tokio::join!(message(&mut endpoint), send);
    assert_eq!(got.0.to_bytes(), wire);
}

#[tokio::test]
async fn pipelined_messages_arrive_in_order() {
    let (_net, mut endpoint, mut phone) = listening(Config::default()).await;
    let ids: Vec<String> = (0..300).map(|i| format!("p{i}")).collect();
    let all: String = ids.iter().map(|id| request(id, "body\r\n\r\n")).collect();
    let (got, ()) = tokio::join!(messages(&mut endpoint, ids.len()), write(&mut phone, &all));
    assert_eq!(got.iter().map(|(msg, _)| call_id(msg)).collect::<Vec<_>>(), ids);
}

#[tokio::test]
async fn half_message_waits_for_its_other_half() {
    let (_net, mut endpoint, mut phone) = listening(Config::default()).await;
    let wire = request("first", "") + &request("second", "0123456789");
    let (early, late) = wire.split_at(wire.len() - 5);
    write(&mut phone, early).await;
    assert_eq!(call_id(&message(&mut endpoint).await.0), "first");
    nothing_for(&mut endpoint, BLINK).await;
    write(&mut phone, late).await;
    assert_eq!(message(&mut endpoint).await.0.body(), b"0123456789");
}

#[tokio::test]
async fn keep_alive_is_answered_with_a_pong() {
    let (net, mut endpoint, mut phone) = listening(Config::default()).await;
    write(&mut phone, &("\r\n\r\n".to_owned() + &request("after", ""))).await;
    let (msg, _) = message(&mut endpoint).await;
    assert_eq!(call_id(&msg), "after");
    expect(&mut phone, b"\r\n").await;
    assert!(net.stats().keep_alives > 0);
}

#[tokio::test]
async fn message_without_length_is_reported_and_the_connection_closed() {
    let (_net, mut endpoint, mut phone) = listening(Config::default()).await;
    let wire = request("x", "").replace("Content-Length: 0\r\n", "");
    write(&mut phone, &wire).await;
    let (error, bytes) = malformed(&mut endpoint).await;
    assert_eq!((error, bytes), (ParseError::NoContentLength, wire.into()));
    closed(&mut endpoint).await;
    expect_end(&mut phone).await;
}

#[tokio::test]
async fn malformed_request_can_be_answered_before_its_connection_closes() {
    let (_net, mut endpoint, mut phone) = listening(Config::default()).await;
    write(&mut phone, "HELLO world\r\nX: y\r\n\r\n").await;
    let source = until(&mut endpoint, "a complaint", |inbound| match inbound {
        Inbound::Malformed { source, .. } => Some(source),
        _ => None,
    })
    .await;
    endpoint.send(&(&source).into(), "no".into(), None).expect("still open");
    assert_eq!(Some(closed(&mut endpoint).await), source.flow);
    expect(&mut phone, b"no").await;
    expect_end(&mut phone).await;
}

#[tokio::test]
async fn endless_head_is_refused_at_the_limit() {
    let limits = Limits { head_bytes: 1_000, ..Limits::default() };
    let (_net, mut endpoint, mut phone) = listening(Config { limits, ..Config::default() }).await;
    write(&mut phone, &format!("OPTIONS sip:a SIP/2.0\r\nX: {}", "x".repeat(5_000))).await;
    let (error, bytes) = malformed(&mut endpoint).await;
    assert_eq!((error, bytes.len()), (ParseError::HeadTooLarge { max: 1_000 }, 1_000));
    closed(&mut endpoint).await;
}

#[tokio::test]
async fn large_body_is_refused_before_it_comes() {
    let (_net, mut endpoint, mut phone) = listening(Config::default()).await;
    let wire = request("x", "").replace("Content-Length: 0", "Content-Length: 4294967297");
    write(&mut phone, &wire).await;
    assert!(matches!(malformed(&mut endpoint).await.0, ParseError::BodyTooLarge { .. }));
    closed(&mut endpoint).await;
}

#[tokio::test]
async fn connection_that_says_nothing_is_closed() {
    let config = Config { message_timeout: SHORT, ..Config::default() };
    let (net, mut endpoint, mut phone) = listening(config).await;
    closed(&mut endpoint).await;
    expect_end(&mut phone).await;
    assert_eq!((net.stats().timed_out, net.stats().connections), (1, 0));
}

#[tokio::test]
async fn message_that_trickles_in_too_slowly_ends_its_connection() {
    let config = Config { message_timeout: SHORT, ..Config::default() };
    let (net, mut endpoint, mut phone) = listening(config).await;
    write(&mut phone, &request("whole", "")).await;
    assert_eq!(call_id(&message(&mut endpoint).await.0), "whole");
    // In time as a connection; each byte is early enough; the message never ends.
    let trickle = async {
        for byte in request("slow", "").as_bytes() {
            if phone.write_all(&[*byte]).await.is_err() {
                break;
            }
            sleep(SHORT / 8).await;
        }
    };
    tokio::select! {
        _ = closed(&mut endpoint) => {}
        () = trickle => panic!("the connection was never closed"),
    }
    assert_eq!(net.stats().timed_out, 1);
}

#[tokio::test]
async fn idle_connection_is_closed_and_a_busy_one_is_not() {
    let config = Config { idle_timeout: SHORT, ..Config::default() };
    let (net, mut endpoint, mut phone) = listening(config).await;
    let mut idle = connect(&net).await;
    write(&mut idle, &request("idle", "")).await;
    let talk = async {
        for _ in 0..20 {
            write(&mut phone, "\r\n\r\n").await;
            sleep(SHORT / 5).await;
        }
    };
    let mut flow = None;
    let watch = until(&mut endpoint, "the end of the idle one", |inbound| match inbound {
        Inbound::Message { source, .. } => {
            flow = source.flow;
            None
        }
        Inbound::Closed(ended) => {
            assert_eq!(Some(ended), flow);
            Some(())
        }
        _ => None,
    });
    tokio::select! {
        () = watch => {}
        () = talk => panic!("the idle connection was never closed"),
    }
    expect_end(&mut idle).await;
    write(&mut phone, &request("busy", "")).await;
    assert_eq!(call_id(&message(&mut endpoint).await.0), "busy");
}

#[tokio::test]
async fn one_source_has_its_share_of_connections_and_gets_room_back() {
    let config = Config { max_connections_per_source: 2, ..Config::default() };
    let (net, mut endpoint, mut first) = listening(config).await;
    let mut second = connect(&net).await;
    for phone in [&mut first, &mut second] {
        write(phone, &request("in", "")).await;
    }
    messages(&mut endpoint, 2).await;
    let mut third = connect(&net).await;
    tokio::join!(expect_end(&mut third), nothing_for(&mut endpoint, BLINK));
    assert_eq!((net.stats().refused_source, net.stats().connections), (1, 2));

    drop(first);
    closed(&mut endpoint).await;
    let mut fourth = connect(&net).await;
    write(&mut fourth, &request("fourth", "")).await;
    assert_eq!(call_id(&message(&mut endpoint).await.0), "fourth");
}

#[tokio::test]
async fn connections_in_all_are_bounded() {
    let config = Config { max_connections: 1, ..Config::default() };
    let (net, mut endpoint, mut first) = listening(config).await;
    write(&mut first, &request("in", "")).await;
    message(&mut endpoint).await;
    let mut second = connect(&net).await;
    tokio::join!(expect_end(&mut second), nothing_for(&mut endpoint, BLINK));
    write(&mut first, &request("again", "")).await;
    assert_eq!(call_id(&message(&mut endpoint).await.0), "again");
}

#[tokio::test]
async fn worker_that_takes_nothing_stops_the_reading_of_its_connections() {
    let config = Config { inbound_queue: 4, ..Config::default() };
    let (_net, mut endpoint, mut phone) = listening(config).await;
    write(&mut phone, &request("in", "")).await;
    message(&mut endpoint).await;
    let flood = request("flood", &"x".repeat(60_000));
    let mut written = 0;
    // The kernel's buffers take some megabytes; after them writing must stall.
    while tokio::time::timeout(SHORT, phone.write_all(flood.as_bytes())).await.is_ok() {
        written += 1;
        assert!(written < 2_000, "120 MB were read though nobody took them");
    }
}
