//! Any bytes as a stream, cut in several ways: always the same messages, and each is what a datagram would be.

use bytes::{Bytes, BytesMut};
use sip_core::frame::{Framed, Framer};
use sip_core::{Limits, ParseError, parse};

/// What a stream held.
#[derive(Debug, PartialEq)]
struct Found {
    messages: Vec<Bytes>,
    empty_lines: usize,
    /// Why it ended, if it was refused.
    error: Option<ParseError>,
    /// How many bytes were left.
    left: usize,
}

fn cut<'a>(pieces: impl Iterator<Item = &'a [u8]>, limits: Limits) -> Found {
    let mut framer = Framer::new(limits);
    let mut buf = BytesMut::new();
    let mut found = Found { messages: Vec::new(), empty_lines: 0, error: None, left: 0 };
    for piece in pieces {
        buf.extend_from_slice(piece);
        if found.error.is_some() {
            continue;
        }
        loop {
            match framer.next(&mut buf) {
                Ok(Some(Framed::Message(msg))) => found.messages.push(msg.to_bytes()),
                Ok(Some(Framed::Ping | Framed::Pong)) => found.empty_lines += 1,
                Ok(Some(other)) => panic!("SIP alone: {other:?}"),
                Ok(None) => break,
                Err(error) => {
                    found.error = Some(error);
                    break;
                }
            }
        }
    }
    found.left = buf.len();
    found
}

pub(crate) fn run(data: &[u8]) {
    let Some((&size, stream)) = data.split_first() else { return };
    let tight = Limits {
        head_bytes: 200,
        headers: 6,
        name_bytes: 20,
        uri_bytes: 40,
        body_bytes: 60,
        ..Limits::default()
    };
    for limits in [Limits::default(), tight] {
        let whole = cut([stream].into_iter(), limits);
        assert_eq!(cut(stream.chunks(usize::from(size) + 1), limits), whole, "in pieces of {}", size + 1);
        if stream.len() < 4096 {
            assert_eq!(cut(stream.chunks(1), limits), whole, "byte by byte");
        }
        let taken: usize = whole.messages.iter().map(Bytes::len).sum();
        assert_eq!(taken + whole.empty_lines * 2 + whole.left, stream.len(), "no byte is lost or read twice");

        for message in &whole.messages {
            let msg = parse(message.clone(), &limits).expect("what was framed is a message");
            assert_eq!(msg.to_bytes(), message, "and ends where the frame does");
            assert!(msg.content_length().is_some());
        }
        // The first message as a datagram, whatever follows it.
        let first = parse(Bytes::copy_from_slice(stream), &limits);
        match (whole.messages.first(), whole.error) {
            (Some(framed), _) => assert_eq!(first.expect("framed").to_bytes(), framed),
            (None, Some(ParseError::NoContentLength)) => {}
            (None, _) => assert!(first.is_err(), "refused or unfinished as a stream, so as a datagram"),
        }
    }
}
