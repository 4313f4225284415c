//! Laws of edits, against a model that holds the lines of a message as a plain list.

#![allow(clippy::expect_used, reason = "helpers of tests")]

mod generate;

use generate::{Wire, any_message, any_name, any_text};
use proptest::collection::vec;
use proptest::prelude::*;
use sip_core::{EditError, HeaderName, Limits, Message, Unchecked, parse};

/// One change.
#[derive(Clone, Debug)]
enum Edit {
    Append(String, Vec<u8>),
    Prepend(String, Vec<u8>),
    InsertBefore(String, String, Vec<u8>),
    InsertAfter(String, String, Vec<u8>),
    Replace(String, Vec<u8>),
    Remove(String),
    Pop(String),
    ReplaceFirst(String, Vec<u8>),
    RequestUri(String),
    Body(Option<String>, Vec<u8>),
    Compact,
}

fn any_edit() -> impl Strategy<Value = Edit> {
    let value = || any_text().prop_filter("no NUL", |text| !text.contains(&0));
    prop_oneof![
        (any_name(), value()).prop_map(|(name, value)| Edit::Append(name, value)),
        (any_name(), value()).prop_map(|(name, value)| Edit::Prepend(name, value)),
        (any_name(), any_name(), value()).prop_map(|(a, name, value)| Edit::InsertBefore(a, name, value)),
        (any_name(), any_name(), value()).prop_map(|(a, name, value)| Edit::InsertAfter(a, name, value)),
        (any_name(), value()).prop_map(|(name, value)| Edit::Replace(name, value)),
        any_name().prop_map(Edit::Remove),
        any_name().prop_map(Edit::Pop),
        (any_name(), value()).prop_map(|(name, value)| Edit::ReplaceFirst(name, value)),
        "sip:[a-z]{1,9}".prop_map(Edit::RequestUri),
        (prop::option::of("[a-z]{1,4}/[a-z]{1,4}"), vec(any::<u8>(), 0..20))
            .prop_map(|(kind, body)| Edit::Body(kind, body)),
        Just(Edit::Compact),
    ]
}

/// The same message as a list of lines; every operation the obvious way.
#[derive(Clone, Debug)]
struct Model {
    start: Vec<u8>,
    lines: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

fn same(a: &str, b: &str) -> bool {
    let long = |name: &str| HeaderName::from(name).canonical().to_string().to_ascii_lowercase();
    long(a) == long(b)
}

fn white(b: &u8) -> bool {
    b" \t\r\n".contains(b)
}

fn trimmed(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|b| !white(b)).unwrap_or(text.len());
    let end = text.iter().rposition(|b| !white(b)).map_or(start, |end| end + 1);
    &text[start..end]
}

fn value(line: &[u8]) -> &[u8] {
    let colon = line.iter().position(|&b| b == b':').expect("a header line");
    trimmed(&line[colon + 1..])
}

/// The end of the first value of a comma list, byte by byte.
fn first_end(text: &[u8]) -> usize {
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b',' => return at,
            b'"' => {
                at += 1;
                while at < text.len() && text[at] != b'"' {
                    at += if text[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'<' => {
                while at < text.len() && text[at] != b'>' {
                    at += 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    text.len()
}

fn split(mut text: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    while !text.is_empty() {
        let end = first_end(text);
        found.push(trimmed(&text[..end]).to_vec());
        text = text.get(end + 1..).unwrap_or_default();
    }
    found.retain(|value| !value.is_empty());
    found
}

fn line(name: &str, value: &[u8]) -> (String, Vec<u8>) {
    let long = HeaderName::from(name).canonical().to_string();
    let text = [long.as_bytes(), b": ", trimmed(value), b"\r\n"].concat();
    (long, text)
}

/// Does the same change checked and unchecked: it is the same change, or the checked one is none at all.
fn both(
    msg: &mut Message,
    checked: impl Fn(&mut Message) -> Result<(), EditError>,
    free: impl Fn(&mut Unchecked<'_>) -> Result<(), EditError>,
) {
    let (before, mut strict) = (msg.to_bytes(), msg.clone());
    free(&mut msg.unchecked()).expect("whatever it is");
    match checked(&mut strict) {
        Ok(()) => assert_eq!(strict.to_bytes(), msg.to_bytes()),
        Err(error) => assert_eq!(strict.to_bytes(), before, "{error}"),
    }
}

impl Model {
    fn new(wire: &Wire) -> Self {
        Self {
            start: [wire.start.as_bytes(), b"\r\n"].concat(),
            lines: wire.lines.iter().map(|line| (line.name.clone(), line.text.clone())).collect(),
            body: wire.body.clone(),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let lines: Vec<u8> = self.lines.iter().flat_map(|(_, text)| text.clone()).collect();
        [&self.start[..], &lines, b"\r\n", &self.body].concat()
    }

    fn first(&self, name: &str) -> Option<usize> {
        self.lines.iter().position(|(other, _)| same(other, name))
    }

    fn last(&self, name: &str) -> Option<usize> {
        self.lines.iter().rposition(|(other, _)| same(other, name))
    }

    fn replace(&mut self, name: &str, new: (String, Vec<u8>)) {
        let at = self.first(name).unwrap_or(self.lines.len());
        self.lines.retain(|(other, _)| !same(other, name));
        self.lines.insert(at.min(self.lines.len()), new);
    }

    fn values(&self, name: &str) -> Vec<Vec<u8>> {
        let lines = self.lines.iter().filter(|(other, _)| same(other, name));
        lines.flat_map(|(_, text)| split(value(text))).collect()
    }

    /// The line that holds the first value, its name as written, and where the value stands.
    fn first_value(&self, name: &str) -> Option<(usize, String, usize, usize)> {
        let at = self
            .lines
            .iter()
            .position(|(other, text)| same(other, name) && !split(value(text)).is_empty())?;
        let text = value(&self.lines[at].1);
        let mut from = 0;
        while trimmed(&text[from..from + first_end(&text[from..])]).is_empty() {
            from += first_end(&text[from..]) + 1;
        }
        let whole = &text[from..from + first_end(&text[from..])];
        from += whole.iter().position(|b| !white(b)).unwrap_or(0);
        Some((at, self.lines[at].0.clone(), from, from + trimmed(whole).len()))
    }

    fn pop(&mut self, name: &str) -> Option<Vec<u8>> {
        let (at, written, from, to) = self.first_value(name)?;
        let text = value(&self.lines[at].1).to_vec();
        let rest = text.get(to + first_end(&text[to..]) + 1..).unwrap_or_default();
        if split(rest).is_empty() {
            self.lines.remove(at);
        } else {
            let rest = [written.as_bytes(), b": ", trimmed(rest), b"\r\n"].concat();
            self.lines[at].1 = rest;
        }
        Some(text[from..to].to_vec())
    }

    fn edit(&mut self, msg: &mut Message, edit: &Edit) {
        match edit {
            Edit::Append(name, value) => {
                both(msg, |msg| msg.append(name.as_str(), value), |free| free.append(name.as_str(), value));
                self.lines.push(line(name, value));
            }
            Edit::Prepend(name, value) => {
                both(msg, |msg| msg.prepend(name.as_str(), value), |free| free.prepend(name.as_str(), value));
                let at = self.first(name).or_else(|| self.last("Via").map(|at| at + 1)).unwrap_or(0);
                self.lines.insert(at, line(name, value));
            }
            Edit::InsertBefore(anchor, name, value) => {
                both(
                    msg,
                    |msg| msg.insert_before(anchor.as_str(), name.as_str(), value),
                    |free| free.insert_before(anchor.as_str(), name.as_str(), value),
                );
                let at = self.first(anchor).unwrap_or(0);
                self.lines.insert(at, line(name, value));
            }
            Edit::InsertAfter(anchor, name, value) => {
                both(
                    msg,
                    |msg| msg.insert_after(anchor.as_str(), name.as_str(), value),
                    |free| free.insert_after(anchor.as_str(), name.as_str(), value),
                );
                let at = self.last(anchor).map_or(self.lines.len(), |at| at + 1);
                self.lines.insert(at, line(name, value));
            }
            Edit::Replace(name, value) => {
                both(msg, |msg| msg.replace(name.as_str(), value), |free| free.replace(name.as_str(), value));
                self.replace(name, line(name, value));
            }
            Edit::Remove(name) => {
                let before = self.lines.len();
                self.lines.retain(|(other, _)| !same(other, name));
                assert_eq!(msg.remove(name.as_str()), before - self.lines.len());
                assert!(!msg.has_header(name.as_str()));
            }
            Edit::Pop(name) => {
                let popped = msg.pop_value(name.as_str()).map(|value| value.to_vec());
                assert_eq!(popped, self.pop(name));
            }
            Edit::ReplaceFirst(name, new) => {
                let found = self.first_value(name);
                let is_found = |done: bool| assert_eq!(done, found.is_some());
                both(
                    msg,
                    |msg| msg.replace_first_value(name.as_str(), new).map(is_found),
                    |free| free.replace_first_value(name.as_str(), trimmed(new)).map(is_found),
                );
                if let Some((at, written, from, to)) = found {
                    let text = value(&self.lines[at].1).to_vec();
                    self.lines[at].1 =
                        [written.as_bytes(), b": ", &text[..from], trimmed(new), &text[to..], b"\r\n"]
                            .concat();
                }
            }
            Edit::RequestUri(uri) => {
                assert_eq!(msg.set_request_uri(uri).is_ok(), msg.is_request());
                if msg.is_request() {
                    let method = self.start.split(|&b| b == b' ').next().unwrap_or_default().to_vec();
                    self.start = [&method[..], b" ", uri.as_bytes(), b" SIP/2.0\r\n"].concat();
                    assert_eq!(msg.request_uri(), Some(uri.as_str().into()));
                }
            }
            Edit::Body(kind, body) => {
                msg.set_body(kind.as_deref(), body.clone()).expect("valid");
                match kind {
                    Some(kind) => self.replace("Content-Type", line("Content-Type", kind.as_bytes())),
                    None if body.is_empty() => self.lines.retain(|(name, _)| !same(name, "Content-Type")),
                    None => {}
                }
                let length = line("Content-Length", body.len().to_string().as_bytes());
                self.replace("Content-Length", length);
                self.body.clone_from(body);
            }
            Edit::Compact => *msg = msg.compact(),
        }
    }
}

/// Everything that can be read of a message.
fn read(msg: &Message) -> Vec<(String, Vec<u8>, Vec<u8>)> {
    msg.iter().map(|(name, text, value)| (name.to_string(), text.to_vec(), value.to_vec())).collect()
}

proptest! {
    /// After any edits the message is what a plain list of lines would be: untouched lines byte for byte.
    #[test]
    fn edits_do_what_a_list_of_lines_does(wire in any_message(true), edits in vec(any_edit(), 0..12)) {
        let mut msg = parse(wire.bytes().into(), &Limits::default()).expect("generated messages are valid");
        let mut model = Model::new(&wire);
        for edit in &edits {
            model.edit(&mut msg, edit);
            prop_assert_eq!(msg.to_bytes(), model.bytes(), "{:?}", edit);
            prop_assert_eq!(msg.encoded_len(), model.bytes().len());
            for name in ["Via", "Route", "Contact", "X-A"] {
                let values: Vec<_> = msg.values(name).map(|value| value.to_vec()).collect();
                prop_assert_eq!(values, model.values(name));
            }
        }
    }

    /// The message one edits is the message one reads, and the one the next hop reads.
    #[test]
    fn the_next_hop_reads_what_we_read(wire in any_message(true), edits in vec(any_edit(), 0..12)) {
        let mut msg = parse(wire.bytes().into(), &Limits::default()).expect("generated messages are valid");
        let mut model = Model::new(&wire);
        edits.iter().for_each(|edit| model.edit(&mut msg, edit));
        let limits = Limits { headers: 1000, ..Limits::default() };
        let next = parse(msg.to_bytes(), &limits).expect("edits keep a message valid");
        prop_assert_eq!(read(&next), read(&msg));
        prop_assert_eq!(next.body(), msg.body());
        prop_assert_eq!(next.status(), msg.status());
        prop_assert_eq!(next.request_uri(), msg.request_uri());
        prop_assert_eq!(read(&msg.clone().compact()), read(&msg));
    }

    /// What was received stays as it was while a copy is edited.
    #[test]
    fn edits_do_not_reach_the_received_message(wire in any_message(true), edits in vec(any_edit(), 0..6)) {
        let received = parse(wire.bytes().into(), &Limits::default()).expect("generated messages are valid");
        let mut msg = received.clone();
        let mut model = Model::new(&wire);
        edits.iter().for_each(|edit| model.edit(&mut msg, edit));
        prop_assert_eq!(received.to_bytes(), wire.bytes());
    }
}
