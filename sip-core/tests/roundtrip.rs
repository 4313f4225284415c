//! Laws of reading and writing: what came in goes out, wherever a stream was cut, and the fast
//! scan agrees with a simple one.

mod generate;

use bytes::{Bytes, BytesMut};
use generate::any_message;
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

/// The head as the grammar has it, read the slow way: names and trimmed values, or `None`.
fn naive(wire: &[u8]) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let text: String = wire.iter().map(|&b| char::from(b)).collect();
    let text = text.trim_start_matches("\r\n");
    let (head, body) = text.split_once("\r\n\r\n")?;
    let marked = head.replace("\r\n", "\u{100}");
    if marked.contains(['\r', '\n']) {
        return None;
    }
    let mut lines = marked.split('\u{100}');
    let parts: Vec<&str> = lines.next()?.splitn(3, ' ').collect();
    let token = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-.!%*_+`'~".contains(c))
    };
    let control = |c: char| u32::from(c) < 32 || u32::from(c) == 127;
    let status_line = parts[0].eq_ignore_ascii_case("SIP/2.0")
        && parts.get(1).is_some_and(|code| {
            code.len() == 3 && code.parse::<u16>().is_ok_and(|code| (100..700).contains(&code))
        });
    let request_line = parts.len() == 3
        && token(parts[0])
        && !parts[1].is_empty()
        && !parts[1].contains(control)
        && parts[2].eq_ignore_ascii_case("SIP/2.0");
    if !status_line && !request_line {
        return None;
    }
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in lines {
        if line.starts_with([' ', '\t']) {
            let (_, value) = headers.last_mut()?;
            value.push_str("\r\n");
            value.push_str(line);
        } else {
            let (name, value) = line.split_once(':')?;
            let name = name.trim_end_matches([' ', '\t']);
            if !token(name) {
                return None;
            }
            headers.push((name.to_owned(), value.to_owned()));
        }
    }
    let white = [' ', '\t', '\r', '\n'];
    let mut length = None;
    for (name, value) in &headers {
        if ["content-length", "l"].contains(&name.to_ascii_lowercase().as_str()) {
            let value = value.trim_matches(white);
            let this: usize = value.parse().ok().filter(|_| !value.starts_with('+'))?;
            if length.replace(this).is_some_and(|before| before != this) || this > body.chars().count() {
                return None;
            }
        }
    }
    let bytes = |text: &str| text.chars().map(|c| u32::from(c) as u8).collect::<Vec<u8>>();
    Some(headers.iter().map(|(name, value)| (bytes(name), bytes(value.trim_matches(white)))).collect())
}

/// A small change at a random place.
#[derive(Clone, Debug)]
enum Damage {
    Set(prop::sample::Index, u8),
    Insert(prop::sample::Index, u8),
    Remove(prop::sample::Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let byte = prop_oneof![prop::sample::select(b"\r\n: \t\0\x01,\"<>l0-".to_vec()), any::<u8>()];
    let at = any::<prop::sample::Index>();
    (0..3, at, byte).prop_map(|(kind, at, byte)| match kind {
        0 => Damage::Set(at, byte),
        1 => Damage::Insert(at, byte),
        _ => Damage::Remove(at),
    })
}

fn damaged(mut wire: Vec<u8>, all: Vec<Damage>) -> Vec<u8> {
    for one in all.into_iter().take(wire.len().saturating_sub(1)) {
        match one {
            Damage::Set(at, byte) => {
                let at = at.index(wire.len());
                wire[at] = byte;
            }
            Damage::Insert(at, byte) => wire.insert(at.index(wire.len()), byte),
            Damage::Remove(at) => {
                wire.remove(at.index(wire.len()));
            }
        }
    }
    wire
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

    /// The scan finds the headers that a simple reading of the grammar finds, or refuses what it refuses.
    #[test]
    fn scan_agrees_with_a_simple_reading(
        wire in any_message(false),
        damage in vec(damage(), 0..4),
    ) {
        let bytes = damaged(wire.bytes(), damage);
        let found = parse(bytes.clone().into(), &Limits::default());
        let found = found.map(|msg| {
            msg.iter().map(|(_, name, value)| (name.to_vec(), value.to_vec())).collect::<Vec<_>>()
        });
        prop_assert_eq!(found.ok(), naive(&bytes));
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
