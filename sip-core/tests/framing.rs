//! Where a message ends: one table of heads, read as a datagram and as a stream that is cut at every byte.

#![allow(clippy::expect_used, reason = "helpers of tests")]

use bytes::{Bytes, BytesMut};
use sip_core::frame::{Framed, Framer};
use sip_core::{HeaderName, Limits, parse};

/// What comes behind: it is read if and only if the place where it begins is known.
const NEXT: &str = "OPTIONS sip:next SIP/2.0\r\nl: 0\r\n\r\n";

/// As a datagram: `body` of the message, or why it is none.
fn datagram(wire: &[u8]) -> String {
    match parse(Bytes::copy_from_slice(wire), &Limits::default()) {
        Ok(msg) => String::from_utf8_lossy(msg.body()).into_owned(),
        Err(error) => error.to_string(),
    }
}

/// As a stream that comes in these pieces: each body, and why it ended.
fn stream(pieces: &[&[u8]]) -> Vec<String> {
    let mut framer = Framer::new(Limits::default());
    let (mut buf, mut found) = (BytesMut::new(), Vec::new());
    for piece in pieces {
        buf.extend_from_slice(piece);
        loop {
            match framer.next(&mut buf) {
                Ok(Some(Framed::Message(msg))) => {
                    found.push(String::from_utf8_lossy(msg.body()).into_owned());
                }
                Ok(Some(_)) => found.push("empty line".to_owned()),
                Ok(None) => break,
                Err(error) => {
                    found.push(error.to_string());
                    return found;
                }
            }
        }
    }
    if !framer.is_idle(&buf) {
        found.push("more".to_owned());
    }
    found
}

/// The stream once whole, once byte by byte and cut at every place: always the same.
fn stream_however_cut(wire: &[u8]) -> Vec<String> {
    let whole = stream(&[wire]);
    let bytes: Vec<&[u8]> = wire.chunks(1).collect();
    assert_eq!(stream(&bytes), whole, "byte by byte: {}", String::from_utf8_lossy(wire));
    for at in 1..wire.len() {
        let (before, after) = wire.split_at(at);
        assert_eq!(stream(&[before, after]), whole, "cut at {at}: {}", String::from_utf8_lossy(wire));
    }
    whole
}

const LENGTH: &str = "malformed Content-Length at byte";
const CONFLICT: &str = "a second, different Content-Length at byte";
const NAME: &str = "malformed header name at byte";
const LINE: &str = "line does not end in CRLF at byte";

/// Header lines, the body behind them, and what is said of the message: what a datagram is, and the stream alike
/// unless it says otherwise.
const CASES: &[(&str, &str, &str)] = &[
    // How long the body is.
    ("l: 4", "body", "body"),
    ("Content-Length: 0", "", ""),
    ("CONTENT-LENGTH:4", "body", "body"),
    ("content-length \t: \t4 \t", "body", "body"),
    ("Content-Length:\r\n 4", "body", "body"),
    ("Content-Length:\r\n\t\r\n 4\r\n ", "body", "body"),
    ("l: 0000000000000000000000000004", "body", "body"),
    ("l: 4\r\nContent-Length: 4", "body", "body"),
    ("l: 4\r\nX: y\r\nL: 04", "body", "body"),
    ("l: 4\r\nl: 5", "body!", CONFLICT),
    ("l: 5\r\nContent-Length: 4", "body!", CONFLICT),
    ("l: 4\r\nl: 4\r\nCONTENT-LENGTH : 3", "body", CONFLICT),
    ("l: 4\r\nl:\r\n 5", "body!", CONFLICT),
    ("l: -4", "body", LENGTH),
    ("l: +4", "body", LENGTH),
    ("l: 4,4", "body", LENGTH),
    ("l: 4 4", "body", LENGTH),
    ("l: 4\r\n 4", "body", LENGTH),
    ("l: 4;a", "body", LENGTH),
    ("l: 0x4", "body", LENGTH),
    ("l: 4.0", "body", LENGTH),
    ("l: \"4\"", "body", LENGTH),
    ("l: four", "body", LENGTH),
    ("l: \u{664}", "body", LENGTH),
    ("l: 4\0", "body", LENGTH),
    ("l: \u{b}4", "body", LENGTH),
    ("l:", "body", LENGTH),
    ("l:\r\n ", "body", LENGTH),
    ("l: 1048577", "body", "body longer than 1048576 bytes"),
    ("l: 4294967300", "body", "body longer than 1048576 bytes"),
    ("l: 18446744073709551620", "body", "body longer than 1048576 bytes"),
    ("l: 99999999999999999999999999999999999999999999", "body", "body longer than 1048576 bytes"),
    // What is no Content-Length.
    ("X-Content-Length: 9\r\nl: 4", "body", "body"),
    ("Content_Length: 9\r\nl: 4", "body", "body"),
    ("X: y\r\n Content-Length: 9\r\nl: 4", "body", "body"),
    // What stands before the colon.
    ("X : y\r\nl: 4", "body", "body"),
    ("X\t \t: y\r\nl: 4", "body", "body"),
    ("To\u{1}: x\r\nl: 4", "body", NAME),
    ("To\0: x\r\nl: 4", "body", NAME),
    ("To\u{b}: x\r\nl: 4", "body", NAME),
    ("To\u{7f}: x\r\nl: 4", "body", NAME),
    ("T o: x\r\nl: 4", "body", NAME),
    ("T\u{f6}: x\r\nl: 4", "body", NAME),
    ("To x: x\r\nl: 4", "body", NAME),
    (": x\r\nl: 4", "body", NAME),
    ("To\r\nl: 4", "body", NAME),
    ("To\r\n : x\r\nl: 4", "body", NAME),
    ("Content-Length\u{1}: 9\r\nl: 4", "body", NAME),
    // Line ends.
    ("X: a\rb\r\nl: 4", "body", LINE),
    ("X: a\nl: 9\r\nl: 4", "body", LINE),
    ("X: a\n\r\nl: 4", "body", LINE),
    ("X: a\r\r\nl: 4", "body", LINE),
    ("X: a\r l: 9\r\nl: 4", "body", LINE),
    ("X: a\n l: 9\r\nl: 4", "body", LINE),
    ("X: a\r\n\rl: 4", "body", NAME),
    ("X: a\r\n\nl: 4", "body", LINE),
    ("\nl: 4", "body", LINE),
    ("\rl: 4", "body", NAME),
    (" l: 9\r\nl: 4", "body", NAME),
    ("X: a\r\n \r\n\t\r\nl: 4", "body", "body"),
    // Values nobody reads.
    ("X: \0\u{1}\u{7f}\u{e9}\r\nl: 4", "body", "body"),
    ("Via: ;;,,\r\nTo:\r\nl: 4", "body", "body"),
];

#[test]
fn datagrams_and_streams_end_where_their_head_says_however_they_are_cut() {
    for &(headers, body, verdict) in CASES {
        let wire = format!("MESSAGE sip:a SIP/2.0\r\n{headers}\r\n\r\n{body}");
        let read = datagram(wire.as_bytes());
        assert!(read.starts_with(verdict), "{headers:?}: {read}, not {verdict}");
        let is_message = verdict == body;
        assert_eq!(is_message, read == body, "{headers:?}");
        // Something more behind it is no part of it.
        assert_eq!(datagram(format!("{wire}{NEXT}").as_bytes()), read, "{headers:?}");

        let framed = stream_however_cut(format!("\r\n\r\n{wire}{NEXT}").as_bytes());
        let known = if is_message { vec![read, String::new()] } else { vec![read] };
        assert_eq!(framed, [vec!["empty line".to_owned(); 2], known].concat(), "{headers:?}");
    }
}

#[test]
fn a_datagram_is_whole_and_a_stream_waits() {
    let wire = "MESSAGE sip:a SIP/2.0\r\nl: 4\r\n\r\nbody";
    for len in 1..wire.len() {
        let read = datagram(&wire.as_bytes()[..len]);
        let is_clear = read.contains("bytes read") || read.contains("bytes of body");
        assert!(is_clear, "{len} bytes: {read}");
        assert_eq!(stream(&[&wire.as_bytes()[..len]]), ["more"], "{len} bytes");
    }
}

#[test]
fn only_a_datagram_can_do_without_content_length() {
    let wire = "MESSAGE sip:a SIP/2.0\r\nTo: x\r\n\r\nbody";
    assert_eq!(datagram(wire.as_bytes()), "body");
    assert_eq!(stream_however_cut(wire.as_bytes()), ["no Content-Length in a message on a stream"]);
}

#[test]
fn lone_line_ends_between_messages_are_refused() {
    for bad in ["\r", "\n", "\r\n\r", "\r\n\n"] {
        let wire = format!("{bad}{NEXT}");
        assert!(datagram(wire.as_bytes()).starts_with(LINE), "{bad:?}");
        let framed = stream_however_cut(wire.as_bytes());
        assert!(framed.last().is_some_and(|last| last.starts_with(LINE)), "{bad:?}: {framed:?}");
    }
}

/// Every form in which a next hop could read a header that was removed.
#[test]
fn no_form_of_a_removed_header_is_left() {
    // The registry, written down here once more: the source has its own.
    let compact = [
        ("Accept-Contact", "a"),
        ("Allow-Events", "u"),
        ("Call-ID", "i"),
        ("Contact", "m"),
        ("Content-Encoding", "e"),
        ("Content-Type", "c"),
        ("Event", "o"),
        ("From", "f"),
        ("Identity", "y"),
        ("Identity-Info", "n"),
        ("Refer-To", "r"),
        ("Referred-By", "b"),
        ("Reject-Contact", "j"),
        ("Request-Disposition", "d"),
        ("Session-Expires", "x"),
        ("Subject", "s"),
        ("Supported", "k"),
        ("To", "t"),
        ("Via", "v"),
        ("X-Of-Our-Own", "x-of-our-own"),
        ("P-Asserted-Identity", "p-asserted-identity"),
        ("Route", "ROUTE"),
    ];
    for (long, short) in compact {
        let upper = long.to_uppercase();
        let lower = long.to_lowercase();
        let short_upper = short.to_uppercase();
        let mut wire = "OPTIONS sip:a SIP/2.0\r\nFirst: 1\r\n".to_owned();
        for name in [long, short, &upper, &lower, &short_upper] {
            for (before, value) in [
                ("", " x"),
                (" ", ""),
                ("\t ", "x"),
                ("", "\r\n x"),
                (" \t", " x,\r\n\ty\r\n "),
                ("", "\r\n "),
            ] {
                wire += &format!("{name}{before}:{value}\r\nKept: {name}: y\r\n");
            }
        }
        wire += "\r\n";
        for asked in [long, short, &upper, &lower] {
            let mut msg = parse(wire.clone().into(), &Limits::default()).expect("a message");
            assert_eq!(msg.remove(asked), 30, "{asked}");
            let left = String::from_utf8(msg.to_bytes().to_vec()).expect("text");
            let wanted: Vec<&str> = left.split("\r\n").filter(|line| !line.is_empty()).skip(2).collect();
            assert_eq!(wanted.len(), 30);
            assert!(wanted.iter().all(|line| line.starts_with("Kept: ")), "{asked}: {left}");
        }
    }
}

#[test]
fn one_name_is_removed_and_no_other() {
    let wire = "OPTIONS sip:a SIP/2.0\r\nVia: 1\r\nVia2: 2\r\nX-Via: 3\r\nVi: 4\r\nv: 5\r\nvv: 6\r\n\r\n";
    let mut msg = parse(wire.into(), &Limits::default()).expect("a message");
    assert_eq!(msg.remove(HeaderName::Via), 2);
    let left = "OPTIONS sip:a SIP/2.0\r\nVia2: 2\r\nX-Via: 3\r\nVi: 4\r\nvv: 6\r\n\r\n";
    assert_eq!(msg.to_bytes(), left);
}
