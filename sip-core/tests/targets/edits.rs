//! A sequence of edits of a message, both made from the same bytes. After each, the message is the one that the
//! next hop reads; an edit that is refused changes nothing.

use bytes::Bytes;
use sip_core::{EditError, Limits, Message, StatusCode, parse};

/// Takes bytes off the front; nothing when they have run out.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let len = usize::from(self.byte()?) % 40;
        let (text, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        Some(text)
    }

    /// Often a name that is there, sometimes anything.
    fn name(&mut self) -> Option<&'a [u8]> {
        const NAMES: [&str; 14] = [
            "Via",
            "v",
            "Route",
            "ROUTE",
            "To",
            "Contact",
            "m",
            "CSeq",
            "Max-Forwards",
            "l",
            "Content-Length",
            "Subject",
            "X-A",
            "Record-Route",
        ];
        match NAMES.get(usize::from(self.byte()?) % 16) {
            Some(name) => Some(name.as_bytes()),
            None => self.text(),
        }
    }
}

/// Where the edits end and the message begins.
const END_OF_EDITS: &[u8] = b"\n--\n";

const OTHERWISE: &[u8] = b"INVITE sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a, SIP/2.0/UDP b\r\nv: SIP/2.0/UDP c\r\n\
    Route: <sip:a;lr>,\r\n <sip:b;lr>\r\nX-A: \xff\x01\r\nl: 4\r\nTo:<sip:a>\r\n\r\nbody";

fn wide() -> Limits {
    let max = usize::MAX;
    Limits {
        head_bytes: max,
        headers: max,
        name_bytes: max,
        uri_bytes: max,
        body_bytes: max,
        ..Limits::default()
    }
}

pub(crate) fn run(data: &[u8]) {
    let at = data.windows(END_OF_EDITS.len()).position(|window| window == END_OF_EDITS);
    let (edits, wire) = match at {
        Some(at) => (&data[..at], &data[at + END_OF_EDITS.len()..]),
        None => (data, OTHERWISE),
    };
    let Ok(mut msg) = parse(Bytes::copy_from_slice(wire), &Limits::default()) else { return };
    let received = msg.clone();
    let as_received = received.to_bytes();
    let mut input = Input(edits);
    for _ in 0..64 {
        let before = msg.to_bytes();
        match edit(&mut msg, &mut input) {
            None => break,
            Some(Err(_)) => assert_eq!(msg.to_bytes(), before, "a refused edit changes nothing"),
            Some(Ok(())) => {}
        }
        next_hop_reads_the_same(&msg);
    }
    assert_eq!(received.to_bytes(), as_received, "what was received is never edited");
}

fn edit(msg: &mut Message, input: &mut Input<'_>) -> Option<Result<(), EditError>> {
    let kind = input.byte()?;
    let done = match kind % 12 {
        0 => msg.append(input.name()?, input.text()?),
        1 => msg.prepend(input.name()?, input.text()?),
        2 => msg.insert_before(input.name()?, input.name()?, input.text()?),
        3 => msg.insert_after(input.name()?, input.name()?, input.text()?),
        4 => msg.replace(input.name()?, input.text()?),
        5 => {
            let name = input.name()?;
            let lines = msg.headers(name).count();
            let is_length = ["l", "content-length"].iter().any(|l| name.eq_ignore_ascii_case(l.as_bytes()));
            let (removed, left) = (msg.remove(name), msg.headers(name).count());
            assert_eq!((removed, left), if is_length { (0, lines) } else { (lines, 0) });
            Ok(())
        }
        6 => {
            let name = input.name()?;
            let values = msg.values(name).count();
            let popped = msg.pop_value(name);
            assert_eq!(msg.values(name).count() + usize::from(popped.is_some()), values);
            Ok(())
        }
        7 => msg.replace_first_value(input.name()?, input.text()?).map(|_| ()),
        8 => msg.set_request_uri(input.text()?),
        9 => msg.set_status(StatusCode::BUSY_HERE, Some(input.text()?)),
        10 => {
            let kind = std::str::from_utf8(input.text()?).ok();
            msg.set_body(kind, Bytes::copy_from_slice(input.text()?))
        }
        _ => {
            *msg = msg.compact();
            msg.ensure_content_length()
        }
    };
    Some(done)
}

fn next_hop_reads_the_same(msg: &Message) {
    let out = msg.to_bytes();
    assert_eq!(out.len(), msg.encoded_len());
    let next = parse(out, &wide()).expect("edits keep a message a message");
    let read = |msg: &Message| {
        msg.iter()
            .map(|(name, text, value)| (name.to_string(), text.to_vec(), value.to_vec()))
            .collect::<Vec<_>>()
    };
    assert_eq!(read(&next), read(msg));
    assert_eq!(next.body(), msg.body());
    assert_eq!((next.status(), next.reason()), (msg.status(), msg.reason()));
    assert_eq!((next.method(), next.request_uri()), (msg.method(), msg.request_uri()));
}
