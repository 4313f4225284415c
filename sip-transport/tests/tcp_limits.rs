//! What a peer can cost: memory, log lines, connections, the time of the worker.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

mod common;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use common::{
    call_id, closed, expect_end, message, messages, nothing_for, request, server, soon, tcp, until,
};
use sip_transport::{Config, Endpoint, Inbound, Net, SendError};
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

const SHORT: Duration = Duration::from_millis(400);

async fn connect(net: &Net) -> TcpStream {
    let phone = TcpStream::connect(net.locals()[0].addr).await.expect("connect");
    phone.set_nodelay(true).expect("option");
    phone
}

/// The head of a message with a body of `len` bytes, and as much of the body.
fn part(call_id: &str, len: usize, there: usize) -> Vec<u8> {
    let head = request(call_id, "").replace("Content-Length: 0", &format!("Content-Length: {len}"));
    [head.as_bytes(), &vec![b'x'; there]].concat()
}

#[tokio::test]
async fn keep_alives_do_not_stand_in_for_a_first_message() {
    let config = Config { message_timeout: SHORT, ..Config::default() };
    let (net, mut endpoint) = server("tcp:127.0.0.1:0", config).await;
    let mut phone = connect(&net).await;
    let keep_on = async {
        while phone.write_all(b"\r\n\r\n").await.is_ok() {
            sleep(SHORT / 8).await;
        }
    };
    tokio::join!(closed(&mut endpoint), soon("the end as the phone sees it", keep_on));
    assert_eq!((net.stats().timed_out, net.stats().connections), (1, 0));
}

#[tokio::test]
async fn flood_of_empty_lines_is_answered_and_costs_the_worker_little() {
    let (net, mut endpoint) = server("tcp:127.0.0.1:0", Config::default()).await;
    let phone = connect(&net).await;
    let (mut read, mut write) = phone.into_split();
    const PINGS: usize = 50_000;
    let flood = async {
        write.write_all(&b"\r\n\r\n".repeat(PINGS)).await.expect("write");
        write.write_all(request("after", "").as_bytes()).await.expect("write");
    };
    let mut pongs = vec![0; 2 * PINGS];
    let mut keep_alives = 0;
    let work = until(&mut endpoint, "the message after the flood", |inbound| match inbound {
        Inbound::KeepAlive(_) => {
            keep_alives += 1;
            None
        }
        Inbound::Message { msg, .. } => Some(call_id(&msg)),
        other => panic!("{other:?}"),
    });
    let (after, (), answered) = tokio::join!(work, flood, soon("all pongs", read.read_exact(&mut pongs)));
    assert_eq!(after, "after");
    assert!(answered.is_ok() && pongs == b"\r\n".repeat(PINGS));
    assert!(keep_alives < PINGS / 10, "{keep_alives} keep-alives were handed on");
}

#[tokio::test]
async fn messages_under_way_share_what_all_connections_may_hold() {
    let config = Config { max_buffered: 300_000, ..Config::default() };
    let (net, mut endpoint) = server("tcp:127.0.0.1:0", config).await;
    let (mut first, mut second) = (connect(&net).await, connect(&net).await);
    let mut small = connect(&net).await;
    first.write_all(&part("first", 250_000, 200_000)).await.expect("write");
    // Read as soon as it is there: the first one then holds most of what there is.
    nothing_for(&mut endpoint, Duration::from_millis(200)).await;
    let too_much = part("second", 250_000, 240_000);
    let _ = tokio::join!(closed(&mut endpoint), second.write_all(&too_much));
    assert_eq!((net.stats().overfull, net.stats().connections), (1, 2));

    // What is small is not concerned, and the first one goes on.
    small.write_all(request("small", "").as_bytes()).await.expect("write");
    assert_eq!(call_id(&message(&mut endpoint).await.0), "small");
    first.write_all(&[b'x'; 50_000]).await.expect("write");
    assert_eq!(call_id(&message(&mut endpoint).await.0), "first");
    // Its room is free again.
    let mut third = connect(&net).await;
    let whole = part("third", 250_000, 250_000);
    let (got, written) = tokio::join!(message(&mut endpoint), third.write_all(&whole));
    assert!(written.is_ok() && call_id(&got.0) == "third");
}

#[tokio::test]
async fn half_messages_and_resets_leave_nothing_behind() {
    let (net, mut endpoint) = server("tcp:127.0.0.1:0", Config::default()).await;
    let whole = request("whole", "0123456789");
    for cut in [0, 1, 10, whole.len() - 5] {
        let mut phone = connect(&net).await;
        phone.write_all(&whole.as_bytes()[..cut]).await.expect("write");
        // A reset, without a word.
        SockRef::from(&phone).set_linger(Some(Duration::ZERO)).expect("option");
        drop(phone);
        closed(&mut endpoint).await;
    }
    assert_eq!((net.stats().connections, net.stats().received), (0, 0));
}

#[tokio::test]
async fn connections_that_are_opened_to_one_address_are_bounded() {
    let config = Config { max_connections_per_source: 2, ..Config::default() };
    let (net, mut endpoint) = server("tcp:127.0.0.1:0", config).await;
    let mut listeners = Vec::new();
    for _ in 0..3 {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let target = tcp(listener.local_addr().expect("bound"));
        let sent = endpoint.send(&target, Bytes::from_static(b"x"), None);
        let expected = if listeners.len() < 2 { Ok(()) } else { Err(SendError::TooManyWithAddress) };
        assert_eq!(sent, expected);
        listeners.push(listener);
    }
    let error = SendError::TooManyWithAddress;
    assert!(error.is_about_target() && error.to_string().contains("max_connections_per_source"));
    assert_eq!((net.stats().refused_source, net.stats().connections), (1, 2));
}

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn limit_that_is_reached_is_named_in_the_log_once_for_many_times() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let config = Config { max_connections: 1, ..Config::default() };
    let (net, mut endpoint) = server("tcp:127.0.0.1:0", config).await;
    let mut first = connect(&net).await;
    first.write_all(request("in", "").as_bytes()).await.expect("write");
    messages(&mut endpoint, 1).await;
    for _ in 0..20 {
        let mut next = connect(&net).await;
        tokio::join!(expect_end(&mut next), nothing_for(&mut endpoint, Duration::from_millis(5)));
    }
    assert_eq!(net.stats().refused, 20);
    let text = String::from_utf8(log.0.lock().expect("no panic").clone()).expect("text");
    let lines: Vec<_> = text.lines().filter(|line| line.contains("max_connections")).collect();
    let [line] = lines[..] else { panic!("one line in ten seconds: {text}") };
    for part in ["WARN", "setting=\"max_connections\"", "value=\"1\"", "peer=127.0.0.1"] {
        assert!(line.contains(part), "{part} in {line}");
    }
}
