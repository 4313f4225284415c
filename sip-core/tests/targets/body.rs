//! Any bytes as a body, behind any Content-Type: kept to the byte, wherever it goes.

use bytes::{Bytes, BytesMut};
use sip_core::frame::{Framed, Framer};
use sip_core::{Limits, build, parse};

/// The first line is the Content-Type, the rest the body.
pub(crate) fn run(data: &[u8]) {
    let at = data.iter().position(|&byte| byte == b'\n').unwrap_or(data.len());
    let (kind, body) = (&data[..at], data.get(at + 1..).unwrap_or_default());
    kept(body);
    if let Ok(kind) = std::str::from_utf8(kind) {
        typed(kind, body);
    }
}

fn kept(body: &[u8]) {
    let head = format!("MESSAGE sip:a SIP/2.0\r\nl: {}\r\n\r\n", body.len());
    let wire = [head.as_bytes(), body].concat();
    let msg = parse(Bytes::from(wire.clone()), &Limits::default()).expect("any body will do");
    assert_eq!(msg.body(), body);
    assert_eq!(msg.to_bytes(), wire);
    let mut stream = BytesMut::from(&wire[..]);
    let framed = Framer::new(Limits::default()).next(&mut stream);
    assert!(matches!(framed, Ok(Some(Framed::Message(msg))) if msg.body() == body));
}

fn typed(kind: &str, body: &[u8]) {
    let built = build::request("MESSAGE", "sip:a").body(kind, body).finish();
    let mut msg = parse("MESSAGE sip:a SIP/2.0\r\n\r\n".into(), &Limits::default()).expect("a message");
    if msg.set_body(Some(kind), body.to_vec()).is_ok() {
        assert!(msg.content_type().is_ok(), "only a media type can be set");
        assert_eq!((msg.body(), msg.content_length()), (body, Some(body.len())));
        let built = parse(built.expect("the builder takes it, too"), &Limits::default()).expect("a message");
        assert_eq!(built.body(), body);
    }
}
