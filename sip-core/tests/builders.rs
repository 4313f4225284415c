//! Responses, CANCEL, ACK and requests made here: exact bytes, and that they can be read again.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "helpers and properties of tests")]

use bytes::Bytes;
use proptest::prelude::*;
use sip_core::{EditError, HeaderError, HeaderName, Limits, Message, Method, StatusCode, build, parse};

fn message(wire: &str) -> Message {
    parse(Bytes::copy_from_slice(wire.as_bytes()), &Limits::default()).expect("a message")
}

fn text(bytes: &Bytes) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

const INVITE: &str = "INVITE sip:bob@192.0.2.4 SIP/2.0\r\n\
    v: SIP/2.0/UDP a.example;branch=z9hG4bK3,SIP/2.0/UDP b.example;branch=z9hG4bK2\r\n\
    Record-Route: <sip:p2.example;lr>,\r\n <sip:p1.example;lr>\r\n\
    Max-Forwards: 69\r\n\
    Via: SIP/2.0/UDP  c.example ;branch=z9hG4bK1\r\n\
    t: \"Bob\" <sip:bob@example.com> \r\n\
    From: Alice <sip:alice@example.com>;tag=1928301774\r\n\
    Timestamp: 54.2\r\n\
    Call-ID: a84b4c76e66710\r\n\
    CSeq: 00314159   INVITE\r\n\
    Route: <sip:next.example;lr>\r\n\
    route: <sip:then.example;lr>, <sip:last.example>\r\n\
    Require: 100rel\r\n\
    Content-Type: text/plain\r\n\
    Content-Length: 2\r\n\
    \r\nhi";

#[test]
fn a_response_takes_over_what_the_rfc_says_byte_for_byte() {
    let ringing = build::response(&message(INVITE), StatusCode::RINGING).to_tag("314").finish().unwrap();
    assert_eq!(
        text(&ringing),
        "SIP/2.0 180 Ringing\r\n\
         Via: SIP/2.0/UDP a.example;branch=z9hG4bK3,SIP/2.0/UDP b.example;branch=z9hG4bK2\r\n\
         Via: SIP/2.0/UDP  c.example ;branch=z9hG4bK1\r\n\
         Record-Route: <sip:p2.example;lr>,\r\n <sip:p1.example;lr>\r\n\
         From: Alice <sip:alice@example.com>;tag=1928301774\r\n\
         To: \"Bob\" <sip:bob@example.com>;tag=314\r\n\
         Call-ID: a84b4c76e66710\r\n\
         CSeq: 00314159   INVITE\r\n\
         Content-Length: 0\r\n\r\n"
    );
}

#[test]
fn trying_carries_the_timestamp_and_no_record_route() {
    let trying = build::response(&message(INVITE), StatusCode::TRYING).finish().unwrap();
    let msg = message(text(&trying));
    assert_eq!(msg.header("Timestamp").unwrap(), "54.2");
    assert_eq!(msg.header("Record-Route"), None);
    assert_eq!(msg.to().unwrap().tag(), None);
}

#[test]
fn record_route_is_for_answers_that_can_form_a_dialog() {
    let has = |wire: &str, status| {
        let response = build::response(&message(wire), status).finish().unwrap();
        message(text(&response)).has_header(HeaderName::RecordRoute)
    };
    assert!(has(INVITE, StatusCode::OK));
    assert!(!has(INVITE, StatusCode::BUSY_HERE));
    assert!(!has(INVITE, StatusCode::MOVED_TEMPORARILY));
    let register = "REGISTER sip:b SIP/2.0\r\nRecord-Route: <sip:p;lr>\r\n\r\n";
    assert!(!has(register, StatusCode::OK));
    assert!(has("SUBSCRIBE sip:b SIP/2.0\r\nRecord-Route: <sip:p;lr>\r\n\r\n", StatusCode::OK));
}

#[test]
fn a_tag_is_added_once_and_never_to_what_cannot_be_read() {
    let to = |value: &str| {
        let request = message(&format!("BYE sip:b SIP/2.0\r\nTo: {value}\r\n\r\n"));
        let response = build::response(&request, StatusCode::OK).to_tag("new").finish().unwrap();
        message(text(&response)).header("To").unwrap().to_string()
    };
    assert_eq!(to("<sip:b>"), "<sip:b>;tag=new");
    assert_eq!(to("sip:b;x=1"), "sip:b;x=1;tag=new");
    assert_eq!(to("<sip:b;tag=uri>"), "<sip:b;tag=uri>;tag=new");
    assert_eq!(to("<sip:b> ; TAG = old"), "<sip:b> ; TAG = old");
    assert_eq!(to("\"open <sip:b>"), "\"open <sip:b>");
}

#[test]
fn headers_reason_and_body_come_in_order() {
    let request = message("MESSAGE sip:b SIP/2.0\r\nCall-ID: 1\r\n\r\n");
    let response = build::response(&request, StatusCode::OK)
        .reason("Fine with me")
        .header("Contact", "<sip:b@192.0.2.1>")
        .header(HeaderName::Expires.canonical(), b"60")
        .body("text/plain", b"\0\r\n\xff")
        .finish()
        .unwrap();
    assert_eq!(
        &response[..],
        b"SIP/2.0 200 Fine with me\r\nCall-ID: 1\r\nContact: <sip:b@192.0.2.1>\r\nExpires: 60\r\n\
          Content-Type: text/plain\r\nContent-Length: 4\r\n\r\n\0\r\n\xff"
    );
}

#[test]
fn nothing_that_ends_a_line_gets_into_a_head() {
    let request = message("BYE sip:b SIP/2.0\r\nTo: <sip:b>\r\n\r\n");
    let response = || build::response(&request, StatusCode::OK);
    let failed = |builder: build::ResponseBuilder<'_>| builder.finish().unwrap_err();
    assert_eq!(failed(response().header("X", "a\r\nb")), EditError::InvalidValue { at: 1 });
    assert_eq!(failed(response().header("X", "\0")), EditError::InvalidValue { at: 0 });
    assert_eq!(failed(response().header("X Y", "a")), EditError::InvalidName);
    assert_eq!(failed(response().header("", "a")), EditError::InvalidName);
    assert_eq!(failed(response().header("l", "7")), EditError::ContentLength);
    assert_eq!(failed(response().reason("a\nb")), EditError::InvalidValue { at: 1 });
    assert!(matches!(failed(response().to_tag("a\r\nX: b")), EditError::InvalidValue { .. }));
    assert!(matches!(failed(response().to_tag("a;b")), EditError::InvalidValue { .. }));
    assert!(matches!(failed(response().body("a\r\nb", b"")), EditError::InvalidValue { .. }));
    let kept = failed(response().header("X Y", "").header("X", "\n"));
    assert_eq!(kept, EditError::InvalidName, "the first error is told");

    let bad = |method: &str, uri: &str| build::request(method, uri).finish().unwrap_err();
    assert_eq!(bad("OP TIONS", "sip:a"), EditError::InvalidMethod);
    assert_eq!(bad("", "sip:a"), EditError::InvalidMethod);
    assert_eq!(bad("OPTIONS", "sip:a b"), EditError::InvalidUri { at: 5 });
    assert_eq!(bad("OPTIONS", ""), EditError::InvalidUri { at: 0 });
    assert!(build::cancel(&message(INVITE), Some(b"SIP\r\nX: y")).is_err());
}

#[test]
fn a_request_that_lacks_everything_is_still_answered() {
    let request = message("INVITE sip:b SIP/2.0\r\n\r\n");
    let response = build::response(&request, StatusCode::BAD_REQUEST).to_tag("1").finish().unwrap();
    assert_eq!(response, "SIP/2.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
}

#[test]
fn cancel_goes_the_way_of_its_request() {
    let cancel = build::cancel(&message(INVITE), Some(b"SIP;cause=200")).unwrap();
    assert_eq!(
        text(&cancel),
        "CANCEL sip:bob@192.0.2.4 SIP/2.0\r\n\
         Via: SIP/2.0/UDP a.example;branch=z9hG4bK3\r\n\
         Max-Forwards: 70\r\n\
         Route: <sip:next.example;lr>\r\n\
         Route: <sip:then.example;lr>, <sip:last.example>\r\n\
         From: Alice <sip:alice@example.com>;tag=1928301774\r\n\
         To: \"Bob\" <sip:bob@example.com>\r\n\
         Call-ID: a84b4c76e66710\r\n\
         CSeq: 314159 CANCEL\r\n\
         Reason: SIP;cause=200\r\n\
         Content-Length: 0\r\n\r\n"
    );
}

#[test]
fn ack_takes_to_from_the_response() {
    let sent = message(INVITE);
    let busy = build::response(&sent, StatusCode::BUSY_HERE).to_tag("far").finish().unwrap();
    let ack = build::ack(&sent, &message(text(&busy))).unwrap();
    let ack = message(text(&ack));
    assert_eq!(ack.method(), Some(Method::Ack));
    assert_eq!(ack.request_uri(), sent.request_uri());
    assert_eq!(ack.to().unwrap().tag().unwrap(), "far");
    assert_eq!(ack.header("From"), sent.header("From"));
    assert_eq!((ack.cseq().unwrap().number, ack.cseq().unwrap().method), (314_159, Method::Ack));
    assert_eq!(ack.values("Via").count(), 1);
    assert_eq!(ack.top_via().unwrap().branch(), sent.top_via().unwrap().branch());
    assert!(ack.values("Route").eq(sent.values("Route")));
    assert!(!ack.has_header("Require") && ack.body().is_empty());
}

#[test]
fn what_a_cancel_needs_and_is_not_there_is_named() {
    let without = |line: &str| INVITE.replacen(line, "X: y\r\n", 1);
    let missing = |name| Err(EditError::Header(HeaderError::Missing { name }));
    assert_eq!(build::cancel(&message(&without("Call-ID: a84b4c76e66710\r\n")), None), missing("Call-ID"));
    assert_eq!(build::cancel(&message(&without("CSeq: 00314159   INVITE\r\n")), None), missing("CSeq"));
    let response = message("SIP/2.0 200 OK\r\n\r\n");
    assert_eq!(build::cancel(&response, None), Err(EditError::NotARequest));
    assert_eq!(build::ack(&message(INVITE), &response), missing("To"));
}

#[test]
fn a_request_from_nothing_reads_back() {
    let wire = build::request(Method::Message, "sip:bob@192.0.2.1")
        .header("Via", "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1")
        .header("To", "<sip:bob@example.com>")
        .body("text/plain", b"Hello")
        .finish()
        .unwrap();
    let msg = message(text(&wire));
    assert_eq!((msg.method(), msg.body()), (Some(Method::Message), &b"Hello"[..]));
    assert_eq!(msg.uri().unwrap().user().unwrap(), "bob");
    assert_eq!(msg.content_length(), Some(5));
}

proptest! {
    /// Every builder writes one buffer of exactly the right size, and what it writes parses.
    #[test]
    fn what_is_built_fills_its_buffer_and_parses(
        number in any::<u32>(),
        code in 100u16..700,
        body in proptest::collection::vec(any::<u8>(), 0..300),
        tag in proptest::option::of("[a-z0-9]{1,12}"),
    ) {
        let wire = INVITE.replace("00314159", &number.to_string());
        let request = message(&wire);
        let status = StatusCode::new(code).unwrap();
        let mut builder = build::response(&request, status).body("a/b", &body).header("X-A", "y");
        if let Some(tag) = &tag {
            builder = builder.to_tag(tag);
        }
        let response = builder.finish().unwrap();
        let read = parse(response.clone(), &Limits::default()).unwrap();
        prop_assert_eq!(read.status(), Some(status));
        prop_assert_eq!(read.body(), &body[..]);
        prop_assert!(read.values("Via").eq(request.values("Via")));
        let built = [response, build::cancel(&request, Some(b"x")).unwrap(), build::ack(&request, &read).unwrap()];
        for bytes in built {
            prop_assert!(parse(bytes.clone(), &Limits::default()).is_ok());
            // a buffer that is full gives its memory away whole: no hidden spare room
            prop_assert_eq!(bytes.len(), Vec::from(bytes).capacity());
        }
    }
}
