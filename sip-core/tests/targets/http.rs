//! Any bytes as a stream on which SIP and HTTP may follow each other, cut in several ways: always the same messages;
//! what SIP alone reads is read the same way; what is kept is within the limits.

use bytes::{Bytes, BytesMut};
use sip_core::frame::{Framed, Framer};
use sip_core::{Limits, ParseError, StatusCode, build};

/// What a stream held.
#[derive(Debug, PartialEq)]
struct Found {
    /// Start line, headers and body of each message, in order.
    messages: Vec<(Bytes, Vec<u8>)>,
    empty_lines: usize,
    /// Why it ended, if it was refused, and whether it was HTTP that was refused.
    error: Option<(ParseError, bool)>,
}

fn cut<'a>(pieces: impl Iterator<Item = &'a [u8]>, mut framer: Framer, limits: &Limits) -> Found {
    let mut buf = BytesMut::new();
    let mut found = Found { messages: Vec::new(), empty_lines: 0, error: None };
    for piece in pieces {
        buf.extend_from_slice(piece);
        loop {
            assert!(framer.held() <= limits.head_bytes + limits.body_bytes);
            match framer.next(&mut buf) {
                Ok(Some(Framed::Message(msg))) => {
                    assert!(!msg.is_http());
                    found.messages.push((msg.to_bytes(), msg.body().to_vec()));
                }
                Ok(Some(Framed::Http(msg))) => {
                    look(&msg, limits);
                    found.messages.push((msg.to_bytes(), msg.body().to_vec()));
                }
                Ok(Some(Framed::Ping | Framed::Pong)) => found.empty_lines += 1,
                // Whether the body has begun to come is a matter of how the stream is cut.
                Ok(Some(Framed::Continue)) => assert!(framer.is_http(&buf)),
                Ok(None) => break,
                Err(error) => {
                    let _ = build::http_refusal(&error);
                    found.error = Some((error, framer.is_http(&buf)));
                    return found;
                }
            }
        }
    }
    found
}

/// Everything that is read of a request.
fn look(msg: &sip_core::Message, limits: &Limits) {
    assert!(msg.is_http() && msg.is_request() && msg.body().len() <= limits.body_bytes);
    assert!(msg.request_uri().is_some_and(|target| !target.is_empty() && target.len() <= limits.uri_bytes));
    assert!(msg.iter().count() <= limits.headers);
    for (_, name, value) in msg {
        assert!(!name.is_empty() && name.len() <= limits.name_bytes);
        assert!(!value.contains(&b'\r') && !value.contains(&b'\n'), "a header is one line");
    }
    let reply = build::http_reply(msg, StatusCode::OK).body("text/plain", b"x").finish().expect("a reply");
    let closes = reply.windows(17).any(|line| line == b"Connection: close");
    assert_eq!(closes, !msg.http_keeps_alive());
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
        let whole = cut([stream].into_iter(), Framer::with_http(limits), &limits);
        let pieces = stream.chunks(usize::from(size) + 1);
        let error = |found: &Found| found.error.map(|(error, _)| error.http_status());
        let in_pieces = cut(pieces, Framer::with_http(limits), &limits);
        assert_eq!(in_pieces.messages, whole.messages, "in pieces of {}", usize::from(size) + 1);
        if stream.len() < 4096 {
            let bytes = cut(stream.chunks(1), Framer::with_http(limits), &limits);
            assert_eq!(bytes.messages, whole.messages, "byte by byte");
            assert_eq!(bytes.empty_lines, whole.empty_lines);
            assert_eq!(error(&bytes).is_some(), error(&whole).is_some());
        }
        // A stream without HTTP is what it is to a framer that knows none.
        let sip = cut([stream].into_iter(), Framer::new(limits), &limits);
        let same = sip.messages.iter().zip(&whole.messages).all(|(sip, both)| sip == both);
        assert!(same && sip.messages.len() <= whole.messages.len());
    }
}
