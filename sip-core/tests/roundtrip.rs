//! Laws of reading and writing: what came in goes out, wherever a stream was cut.

mod generate;

use bytes::{Bytes, BytesMut};
use generate::any_message;
use generate::damage::{damage, damaged};
use proptest::collection::vec;
use proptest::prelude::*;
use sip_core::frame::{Framed, Framer};
use sip_core::{Limits, ParseError, parse, salvage};

/// Cuts a stream that comes in pieces; what it found, and the error at the end.
fn cut<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Bytes>, Option<ParseError>) {
    let mut framer = Framer::new(Limits::default());
    let (mut buf, mut found) = (BytesMut::new(), Vec::new());
    for piece in pieces {
        buf.extend_from_slice(piece);
        loop {
            match framer.next(&mut buf) {
                Ok(Some(Framed::Message(msg))) => found.push(msg.to_bytes()),
                Ok(Some(_)) => found.push(Bytes::from_static(b"\r\n")),
                Ok(None) => break,
                Err(error) => return (found, Some(error)),
            }
        }
    }
    (found, None)
}

proptest! {
    /// A message that nobody edited leaves as it came, byte for byte.
    #[test]
    fn unedited_message_is_written_back_unchanged(wire in any_message(false)) {
        let bytes = wire.bytes();
        let msg = parse(bytes.clone().into(), &Limits::default()).expect("generated messages are valid");
        prop_assert_eq!(msg.to_bytes(), bytes.clone());
        prop_assert_eq!(msg.compact().to_bytes(), bytes.clone());
        prop_assert_eq!(msg.encoded_len(), bytes.len());
        prop_assert_eq!(msg.body(), &wire.body[..]);
        let names: Vec<String> = msg.iter().map(|(_, written, _)| written.to_string()).collect();
        prop_assert!(names.iter().eq(wire.lines.iter().map(|line| &line.name)));
        let mut out = b"before".to_vec();
        msg.write_to(&mut out);
        prop_assert_eq!(&out[6..], &bytes[..]);
    }

    /// Where a stream is cut into reads makes no difference.
    #[test]
    fn framing_is_the_same_wherever_the_stream_is_cut(
        wires in vec((any_message(true), 0usize..3), 0..4),
        damage in vec(damage(), 0..2),
        cuts in vec(1usize..60, 1..20),
    ) {
        let whole: Vec<u8> = wires
            .iter()
            .flat_map(|(wire, empty)| [b"\r\n".repeat(*empty), wire.bytes()].concat())
            .collect();
        let clean = damage.is_empty();
        let stream = damaged(whole, damage);
        let at_once = cut([&stream[..]].into_iter());
        if clean {
            prop_assert_eq!(&at_once.1, &None);
            let messages: Vec<_> = at_once.0.iter().filter(|found| found.len() > 2).cloned().collect();
            let sent: Vec<_> = wires.iter().map(|(wire, _)| Bytes::from(wire.bytes())).collect();
            prop_assert_eq!(messages, sent);
        }
        prop_assert_eq!(&cut(stream.chunks(1)), &at_once);
        let mut rest = &stream[..];
        let mut sizes = cuts.into_iter().cycle();
        let pieces = std::iter::from_fn(|| {
            let (piece, after) = rest.split_at(rest.len().min(sizes.next()?));
            rest = after;
            (!piece.is_empty()).then_some(piece)
        });
        prop_assert_eq!(cut(pieces), at_once);
    }

    /// A stream and a datagram are read alike.
    #[test]
    fn framing_and_parsing_agree(wire in any_message(true), damage in vec(damage(), 0..4)) {
        let bytes = damaged(wire.bytes(), damage);
        let (mut found, error) = cut([&bytes[..]].into_iter());
        found.retain(|item| item.len() > 2);
        let parsed = parse(bytes.into(), &Limits::default());
        match (found.first(), error) {
            (Some(first), _) => prop_assert_eq!(&parsed.expect("framed").to_bytes(), first),
            (None, Some(ParseError::NoContentLength)) => {}
            (None, Some(error)) => prop_assert!(parsed.is_err(), "{error}"),
            (None, None) => prop_assert!(parsed.is_err(), "the stream wants more"),
        }
    }

    /// No bytes make anything panic.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..300)) {
        let _ = parse(bytes.clone().into(), &Limits::default());
        let _ = salvage(bytes.clone().into(), &Limits::default());
        let _ = cut(bytes.chunks(7));
    }

    /// What is salvaged of a damaged request can be read and written like any message.
    #[test]
    fn salvaged_requests_can_be_used(wire in any_message(false), damage in vec(damage(), 0..6)) {
        let bytes = damaged(wire.bytes(), damage);
        if let Some(msg) = salvage(bytes.into(), &Limits::default()) {
            prop_assert!(msg.is_request());
            prop_assert!(msg.request_uri().is_some());
            let compact = msg.compact();
            prop_assert!(msg.iter().eq(compact.iter()));
            prop_assert_eq!(msg.to_bytes(), compact.to_bytes());
        }
    }
}
