//! Messages for the property tests: valid in the head, with anything at all in the values.

#![allow(dead_code, reason = "each test takes what it needs")]

pub(crate) mod damage;

use proptest::collection::vec;
use proptest::prelude::*;

/// One header line as written, with its CRLF.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) text: Vec<u8>,
}

/// A whole message and what it was made from.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    pub(crate) start: String,
    pub(crate) lines: Vec<Line>,
    pub(crate) body: Vec<u8>,
}

impl Wire {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let lines: Vec<u8> = self.lines.iter().flat_map(|line| line.text.clone()).collect();
        [self.start.as_bytes(), b"\r\n", &lines, b"\r\n", &self.body].concat()
    }
}

pub(crate) fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(vec![
            "Via", "v", "VIA", "Route", "route", "Contact", "m", "To", "t", "From", "Call-ID", "i", "CSeq",
            "Max-Forwards", "Subject", "s", "Record-Route", "Supported", "k", "X-A", "x-a", "P-Asserted-Identity",
        ])
        .prop_map(str::to_owned),
        1 => "[!-~&&[a-zA-Z0-9.!%*_+`'~-]]{1,20}".prop_filter("body length is generated", |name| {
            !name.eq_ignore_ascii_case("Content-Length") && !name.eq_ignore_ascii_case("l")
        }),
    ]
}

/// Text as it may stand in a value: any byte but CR and LF, often list punctuation.
pub(crate) fn any_text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        2 => "[a-c, ;<>\"\\\\@:=.]{0,24}".prop_map(String::into_bytes),
        1 => "[a-z]{1,8}(, ?[a-z]{1,8}){0,3}".prop_map(String::into_bytes),
        1 => vec(any::<u8>().prop_filter("one line", |b| !b"\r\n".contains(b)), 0..24),
    ]
}

fn any_line() -> impl Strategy<Value = Line> {
    let value = vec(any_text(), 1..3).prop_map(|parts| parts.join(&b"\r\n\t "[..]));
    (any_name(), "[ \t]{0,2}", "[ \t]{0,2}", value).prop_map(|(name, before, after, value)| {
        let text = [name.as_bytes(), before.as_bytes(), b":", after.as_bytes(), &value, b"\r\n"].concat();
        Line { name, text }
    })
}

fn any_start() -> impl Strategy<Value = String> {
    prop_oneof![
        ("[A-Z]{1,9}", "[!-~]{1,30}").prop_map(|(method, uri)| format!("{method} {uri} SIP/2.0")),
        (100u16..700, "[ -~äöü]{0,20}").prop_map(|(code, reason)| format!("SIP/2.0 {code} {reason}")),
    ]
}

/// A message; with `stream`, it says how long it is.
pub(crate) fn any_message(stream: bool) -> impl Strategy<Value = Wire> {
    let length = (any::<bool>(), prop::sample::select(vec!["Content-Length", "l", "CONTENT-LENGTH", "L "]));
    (any_start(), vec(any_line(), 0..30), vec(any::<u8>(), 0..40), length, any::<prop::sample::Index>())
        .prop_map(move |(start, mut lines, body, (with, name), at)| {
            if with || stream {
                let text = format!("{name}:{}\r\n", body.len()).into_bytes();
                lines.insert(at.index(lines.len() + 1), Line { name: name.trim_end().to_owned(), text });
            }
            Wire { start, lines, body }
        })
}
