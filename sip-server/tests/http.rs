//! HTTP on the port that speaks SIP, as curl and others use it. Real sockets on loopback; every wait is bounded.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

mod served;

use std::io::Write;
use std::time::Duration;

use served::{Client, Served, options};
use sip_core::{Limits, StatusCode};
use sip_server::{Ctx, HttpCtx, RouteError, Routed, Routes, Server};

/// Says what it was asked.
struct Echo;

impl Routes for Echo {
    async fn request(&self, ctx: &mut Ctx) -> Routed {
        ctx.reply_stateless(StatusCode::OK)
    }

    async fn http(&self, ctx: &mut HttpCtx) -> Routed {
        let path = ctx.path().to_string();
        match path.as_str() {
            "/nothing" => return Ok(()),
            "/error" => return Err(StatusCode::FORBIDDEN.into()),
            "/panic" => panic!("as the test wants it"),
            "/close" => ctx.set_reply_close(),
            "/slow" => tokio::time::sleep(Duration::from_millis(200)).await,
            "/bad" => {
                let refused = ctx.xhttp_reply(StatusCode::OK, "a\r\nX: y", "text/plain", "");
                assert!(matches!(refused, Err(RouteError::Edit(_))));
            }
            "/twice" => {
                ctx.xhttp_reply(StatusCode::OK, "", "text/plain", "once")?;
                let again = ctx.xhttp_reply(StatusCode::OK, "", "text/plain", "twice");
                assert!(matches!(again, Err(RouteError::WrongRoute { .. })));
                return Ok(());
            }
            _ => {}
        }
        let method = ctx.msg.method().map(|method| method.to_string()).unwrap_or_default();
        let header = ctx.msg.header("X-Test").map(ToString::to_string).unwrap_or_default();
        let body = String::from_utf8_lossy(ctx.msg.body()).into_owned();
        let text = format!("{method} {} [{header}] [{body}]\n", ctx.url());
        ctx.xhttp_reply(StatusCode::OK, "Fine", "text/plain", text)
    }
}

fn server() -> Served {
    Served::start(Server::new().workers(2), |_| Echo)
}

#[test]
fn a_request_is_answered_and_the_connection_goes_on() {
    let server = server();
    let mut client = server.connect();
    for number in 0..3 {
        let answer =
            client.ask(&format!("GET /a?n={number} HTTP/1.1\r\nHost: a\r\nX-Test: {number}\r\n\r\n"));
        assert_eq!(answer.line, "HTTP/1.1 200 Fine");
        assert_eq!(answer.header("content-type"), Some("text/plain"));
        assert_eq!(answer.header("connection"), None);
        assert_eq!(answer.body, format!("GET /a?n={number} [{number}] []\n"));
    }
    let answer = client.ask("POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    assert_eq!(answer.body, "POST /b [] [hello]\n");
    assert_eq!(server.shared().statistic("rcv_http_requests"), Some(4));
    assert_eq!(server.shared().statistic("rcv_requests"), Some(0));
}

#[test]
fn requests_sent_ahead_are_answered_in_their_order() {
    let server = server();
    let mut client = server.connect();
    let slow = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";
    let quick = "GET /quick HTTP/1.1\r\nHost: a\r\n\r\n";
    client.send(&[slow, quick, slow, quick].concat());
    for path in ["/slow", "/quick", "/slow", "/quick"] {
        assert_eq!(client.answer().body, format!("GET {path} [] []\n"));
    }
}

#[test]
fn head_gets_the_head_of_get_alone() {
    let server = server();
    let mut client = server.connect();
    client.send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\nGET /y HTTP/1.1\r\nHost: a\r\n\r\n");
    let head = client.head();
    assert_eq!((head.line.as_str(), head.header("content-length")), ("HTTP/1.1 200 Fine", Some("14")));
    assert_eq!(client.answer().body, "GET /y [] []\n", "no body stands between");
}

#[test]
fn a_body_in_chunks_is_whole_for_the_route() {
    let server = server();
    let mut client = server.connect();
    let head = "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let answer = client.ask(&format!("{head}3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Test: trailer\r\n\r\n"));
    assert_eq!(answer.body, "POST /c [] [abcde]\n");
    client.trickle(&format!("{head}3\r\nabc\r\n0\r\n\r\n"));
    assert_eq!(client.answer().body, "POST /c [] [abc]\n");
}

#[test]
fn who_waits_for_continue_is_told_to() {
    let server = server();
    let mut client = server.connect();
    client.send("POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(client.head().line, "HTTP/1.1 100 Continue");
    assert_eq!(client.ask("body").body, "POST /e [] [body]\n");
    // The body has come with the head: nobody waits.
    let all = "POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\nbody";
    assert_eq!(client.ask(all).line, "HTTP/1.1 200 Fine");
    let answer = client.ask("POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: a miracle\r\n\r\n");
    assert_eq!(answer.line, "HTTP/1.1 417 Expectation Failed");
    client.assert_ended();
}

#[test]
fn sip_and_http_take_turns_on_one_connection() {
    let server = server();
    let mut client = server.connect();
    for number in 0..3 {
        assert_eq!(client.ask("GET /x HTTP/1.1\r\nHost: a\r\n\r\n").body, "GET /x [] []\n");
        let answer = client.ask(&options(number));
        assert_eq!(answer.line, "SIP/2.0 200 OK");
        assert!(answer.header("call-id").is_some_and(|id| id.starts_with(&number.to_string())));
        client.send("\r\n\r\n");
        client.expect("\r\n");
    }
    client.send(
        &["GET /slow HTTP/1.1\r\nHost: a\r\n\r\n", &options(9), "GET /y HTTP/1.1\r\nHost: a\r\n\r\n"]
            .concat(),
    );
    assert_eq!(client.answer().body, "GET /slow [] []\n");
    let mut lines = [client.answer(), client.answer()].map(|answer| answer.line);
    lines.sort_unstable();
    assert_eq!(lines, ["HTTP/1.1 200 Fine", "SIP/2.0 200 OK"]);
    assert_eq!(server.shared().statistic("rcv_requests_options"), Some(4));
}

#[test]
fn the_connection_ends_when_either_side_wants_it() {
    let server = server();
    for request in [
        "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET /x HTTP/1.0\r\n\r\n",
        "GET /close HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        let mut client = server.connect();
        let answer = client.ask(request);
        assert_eq!((answer.line.as_str(), answer.header("connection")), ("HTTP/1.1 200 Fine", Some("close")));
        client.assert_ended();
    }
    // What is sent behind a last request does not take its answer away.
    let mut client = server.connect();
    client.send("GET /x HTTP/1.0\r\n\r\nGET /never HTTP/1.0\r\n\r\n");
    assert_eq!(client.answer().body, "GET /x [] []\n");
    client.assert_ended();
    // 1.0 may go on, if it says so.
    let mut client = server.connect();
    for _ in 0..2 {
        let answer = client.ask("GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        assert_eq!(answer.header("connection"), Some("keep-alive"));
    }
    // A client that says that it will send no more is answered all the same.
    client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    client.finish_sending();
    assert_eq!(client.answer().body, "GET /slow [] []\n");
    client.assert_ended();
}

#[test]
fn a_route_that_does_not_reply_is_replied_for() {
    let server = server();
    let mut client = server.connect();
    let mut line = |path: &str| client.ask(&format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).line;
    assert_eq!(line("/nothing"), "HTTP/1.1 404 Not Found");
    assert_eq!(line("/error"), "HTTP/1.1 403 Forbidden");
    assert_eq!(line("/bad"), "HTTP/1.1 200 Fine");
    assert_eq!(line("/twice"), "HTTP/1.1 200 OK");
    assert_eq!(line("/panic"), "HTTP/1.1 503 Service Unavailable");
    client.assert_ended();
    assert_eq!(server.connect().ask("GET /x HTTP/1.1\r\nHost: a\r\n\r\n").line, "HTTP/1.1 200 Fine");
}

#[test]
fn what_is_malformed_or_too_large_is_refused_with_the_right_status() {
    let limits =
        Limits { head_bytes: 2000, headers: 20, uri_bytes: 500, body_bytes: 1000, ..Limits::default() };
    let transport = sip_transport::Config { limits, ..Default::default() };
    let server = Served::start(Server::new().workers(1).transport(transport), |_| Echo);
    let get = |rest: &str| format!("GET /x HTTP/1.1\r\nHost: a\r\n{rest}\r\n");
    for (request, status) in [
        ("GET /x HTTP/1.1\r\n\r\n".to_owned(), 400),
        (get("Bad Header: x\r\n"), 400),
        (get("X: a\rb\r\n"), 400),
        ("GET /x HTTP/1.1\nHost: a\n\n".to_owned(), 400),
        (get("Content-Length: -1\r\n"), 400),
        (get("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400),
        (get("Transfer-Encoding: chunked\r\n") + "x\r\n", 400),
        (get("Content-Length: 1001\r\n"), 413),
        (get("Transfer-Encoding: chunked\r\n") + "3e9\r\n", 413),
        (format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(600)), 414),
        (get(&"X: y\r\n".repeat(20)), 431),
        (get(&format!("X: {}\r\n", "y".repeat(3000))), 431),
        (format!("GET /{}", "x".repeat(3000)), 431),
        (get("Transfer-Encoding: gzip\r\n"), 501),
        ("GET /x HTTP/2.0\r\nHost: a\r\n\r\n".to_owned(), 505),
    ] {
        let mut client = server.connect();
        let answer = client.ask(&request);
        assert_eq!(answer.line.split(' ').nth(1), Some(&*status.to_string()), "{request:?}: {answer:?}");
        assert_eq!(answer.header("connection"), Some("close"));
        client.assert_ended();
    }
    assert!(server.shared().transport_stats().malformed >= 15);
    // At the limits all is well.
    let answer = server.connect().ask(&(get("Content-Length: 1000\r\n") + &"b".repeat(1000)));
    assert_eq!(answer.line, "HTTP/1.1 200 Fine");
}

#[test]
fn a_slow_request_ends_in_time_and_a_trickled_one_is_answered() {
    let transport =
        sip_transport::Config { message_timeout: Duration::from_millis(700), ..Default::default() };
    let server = Served::start(Server::new().workers(1).transport(transport), |_| Echo);
    let mut client = server.connect();
    client.trickle("GET /trickled HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.answer().body, "GET /trickled [] []\n");
    for part in [
        "GET /x HTTP/1.1\r\nHost: a\r\nX: ",
        "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel",
        "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ] {
        let mut client = server.connect();
        client.send(part);
        client.assert_ended();
    }
    served::eventually("each is counted", || server.shared().transport_stats().timed_out == 4);
}

#[test]
fn a_waiting_route_keeps_nobody_else_waiting() {
    let server = Served::start(Server::new().workers(1), |_| Echo);
    let mut waiting: Vec<Client> = (0..50).map(|_| server.connect()).collect();
    for client in &mut waiting {
        client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    let start = std::time::Instant::now();
    let mut quick = server.connect();
    assert_eq!(quick.ask("GET /quick HTTP/1.1\r\nHost: a\r\n\r\n").body, "GET /quick [] []\n");
    for client in &mut waiting {
        assert_eq!(client.answer().body, "GET /slow [] []\n");
    }
    assert!(start.elapsed() < Duration::from_secs(5), "they wait at the same time");
    let took = server.shared().latency(sip_server::RouteKind::Http);
    assert_eq!(took.count(), 51);
    assert!(
        took.quantile(0.5) >= Duration::from_millis(190) && took.quantile(0.01) < Duration::from_millis(100)
    );
}

#[test]
fn too_many_routes_that_wait_are_refused() {
    let server = Served::start(Server::new().workers(1).max_parked(2), |_| Echo);
    let mut clients: Vec<Client> = (0..3).map(|_| server.connect()).collect();
    for client in &mut clients {
        client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    let mut lines: Vec<String> = clients.iter_mut().map(|client| client.answer().line).collect();
    lines.sort_unstable();
    assert_eq!(lines, ["HTTP/1.1 200 Fine", "HTTP/1.1 200 Fine", "HTTP/1.1 503 Service Unavailable"]);
}

#[test]
fn a_client_that_leaves_before_its_answer_does_no_harm() {
    let server = server();
    for _ in 0..20 {
        let mut client = server.connect();
        client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    let mut client = server.connect();
    assert_eq!(client.ask("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").line, "HTTP/1.1 200 Fine");
    client.stream.flush().expect("it is open");
}
