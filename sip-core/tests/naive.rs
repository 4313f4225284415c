//! A second parser, slow and obvious, that must agree with the real one.
//!
//! It knows nothing of the first: it reads text by splitting strings, has its own idea of what a token and a
//! compact form are, and where a rule is unclear it refuses. Both read the same generated messages, whole and
//! damaged, under large and small limits, as datagrams and as streams.

#![allow(clippy::panic, reason = "helpers of tests")]

mod generate;

use bytes::{Bytes, BytesMut};
use generate::any_message;
use generate::damage::{damage, damaged};
use proptest::collection::vec;
use proptest::prelude::*;
use sip_core::frame::{Framed, Framer};
use sip_core::{Limits, Message, parse};

/// A message as text; each byte is a character.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Twin {
    /// Method and URI, or status code and reason phrase.
    start: (String, String),
    is_request: bool,
    /// Names as written, values without white space at both ends.
    headers: Vec<(String, String)>,
    body: String,
    /// How many characters the message takes, with what was skipped before it.
    len: usize,
}

fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

fn len(text: &str) -> usize {
    text.chars().count()
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-.!%*_+`'~".contains(c))
}

fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

fn is_content_length(name: &str) -> bool {
    ["content-length", "l"].contains(&name.to_lowercase().as_str())
}

/// The start line, cut at its spaces.
fn start(line: &str, limits: &Limits) -> Option<((String, String), bool)> {
    if line.to_lowercase().starts_with("sip/") {
        let (version, rest) = line.split_once(' ')?;
        let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
        let is_code = code.len() == 3
            && code.chars().all(|c| c.is_ascii_digit())
            && ["1", "2", "3", "4", "5", "6"].iter().any(|class| code.starts_with(class));
        return (version.eq_ignore_ascii_case("SIP/2.0") && is_code)
            .then(|| ((code.to_owned(), reason.to_owned()), false));
    }
    let parts: Vec<&str> = line.split(' ').collect();
    let [method, uri, version] = parts[..] else { return None };
    let is_uri =
        !uri.is_empty() && len(uri) <= limits.uri_bytes && !uri.chars().any(|c| c.is_ascii_control());
    (is_token(method) && is_uri && version.eq_ignore_ascii_case("SIP/2.0"))
        .then(|| ((method.to_owned(), uri.to_owned()), true))
}

/// The header lines, with what is folded into them.
fn headers(lines: &[&str], limits: &Limits) -> Option<Vec<(String, String)>> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in lines {
        if line.starts_with([' ', '\t']) {
            let (_, value) = found.last_mut()?;
            *value = format!("{value}\r\n{line}");
            continue;
        }
        let (name, value) = line.split_once(':')?;
        let name = name.trim_end_matches([' ', '\t']);
        if !is_token(name) || len(name) > limits.name_bytes {
            return None;
        }
        found.push((name.to_owned(), value.to_owned()));
    }
    let fits = found.len() <= limits.headers;
    fits.then(|| found.into_iter().map(|(name, value)| (name, trimmed(&value).to_owned())).collect())
}

/// What Content-Length says: `Some(None)` if there is none, `None` if it is nonsense or too much.
#[expect(clippy::option_option, reason = "three answers")]
fn content_length(headers: &[(String, String)], limits: &Limits) -> Option<Option<usize>> {
    let mut lengths = Vec::new();
    for (_, value) in headers.iter().filter(|(name, _)| is_content_length(name)) {
        if value.is_empty() || !value.chars().all(|c| c.is_ascii_digit()) {
            return None;
        }
        lengths.push(value.parse::<usize>().ok().filter(|&len| len <= limits.body_bytes)?);
    }
    lengths.dedup();
    match lengths[..] {
        [] => Some(None),
        [len] => Some(Some(len)),
        _ => None,
    }
}

/// Head, what Content-Length says, and what follows the head.
fn head<'t>(text: &'t str, limits: &Limits) -> Option<(Twin, Option<usize>, &'t str)> {
    let message = text.trim_start_matches("\r\n");
    let (head, rest) = message.split_once("\r\n\r\n")?;
    if len(head) + 4 > limits.head_bytes {
        return None;
    }
    let lines: Vec<&str> = head.split("\r\n").collect();
    if lines.iter().any(|line| line.contains(['\r', '\n'])) {
        return None;
    }
    let (start, is_request) = start(lines[0], limits)?;
    let headers = headers(&lines[1..], limits)?;
    let length = content_length(&headers, limits)?;
    let skipped = len(text) - len(rest);
    Some((Twin { start, is_request, headers, body: String::new(), len: skipped }, length, rest))
}

fn with_body(mut twin: Twin, rest: &str, wanted: usize) -> Option<Twin> {
    twin.body = rest.chars().take(wanted).collect();
    twin.len += wanted;
    (len(&twin.body) == wanted).then_some(twin)
}

/// A datagram.
fn datagram(wire: &[u8], limits: &Limits) -> Option<Twin> {
    let wire = text(wire);
    let (twin, length, rest) = head(&wire, limits)?;
    let wanted = length.unwrap_or(len(rest));
    (wanted <= limits.body_bytes).then_some(())?;
    with_body(twin, rest, wanted)
}

/// The whole messages of a stream; what comes behind the first that is wrong or not there is left.
fn stream(wire: &[u8], limits: &Limits) -> Vec<Twin> {
    let mut wire = text(wire);
    let mut found = Vec::new();
    loop {
        let next = head(&wire, limits);
        let Some(twin) = next.and_then(|(twin, length, rest)| with_body(twin, rest, length?)) else {
            return found;
        };
        wire = wire.chars().skip(twin.len).collect();
        found.push(twin);
    }
}

/// The real message as text; `len` is the twin's business.
fn read(msg: &Message, len: usize) -> Twin {
    let start = match (msg.method(), msg.status()) {
        (Some(method), None) => (text(method.as_ref()), text(msg.request_uri().unwrap_or_default())),
        (None, Some(status)) => (status.to_string(), text(msg.reason().unwrap_or_default())),
        other => panic!("a request or a response: {other:?}"),
    };
    let headers = msg.iter().map(|(_, name, value)| (text(name), text(value))).collect();
    Twin { start, is_request: msg.is_request(), headers, body: text(msg.body()), len }
}

/// What the real framer finds in a stream.
fn framed(wire: &[u8], limits: Limits) -> Vec<Message> {
    let (mut framer, mut buf) = (Framer::new(limits), BytesMut::from(wire));
    let mut found = Vec::new();
    while let Ok(Some(item)) = framer.next(&mut buf) {
        if let Framed::Message(msg) = item {
            found.push(msg);
        }
    }
    found
}

/// Limits that hardly ever matter, or that often do.
fn any_limits() -> impl Strategy<Value = Limits> {
    let small = (20usize..700, 0usize..20, 1usize..20, 1usize..30, 0usize..40).prop_map(
        |(head_bytes, headers, name_bytes, uri_bytes, body_bytes)| Limits {
            head_bytes,
            headers,
            name_bytes,
            uri_bytes,
            body_bytes,
            ..Limits::default()
        },
    );
    prop_oneof![2 => Just(Limits::default()), 1 => small]
}

/// Bytes of which heads are made, in any order.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "\r\n",
        "\r\n",
        "\r\n",
        "\r\n\r\n",
        "\r",
        "\n",
        " ",
        "\t",
        ":",
        ": ",
        "A",
        "Via",
        "l: 2",
        "l:0",
        "l",
        "SIP/2.0",
        "sip/2.0",
        " SIP/2.0\r\n",
        "A b SIP/2.0\r\n",
        "SIP/2.0 200 OK\r\n",
        "\0",
        "\u{1}",
        "é",
        "x",
        "2",
    ]);
    vec(piece, 0..24).prop_map(|pieces| pieces.concat().into_bytes())
}

fn agree(bytes: &[u8], limits: &Limits) -> Result<(), TestCaseError> {
    let twin = datagram(bytes, limits);
    let real = parse(Bytes::copy_from_slice(bytes), limits);
    let len = twin.as_ref().map_or(0, |twin| twin.len);
    prop_assert_eq!(real.ok().map(|msg| read(&msg, len)), twin, "{:?}", text(bytes));
    let twins = stream(bytes, limits);
    let found = framed(bytes, *limits);
    let lens = twins.iter().map(|twin| twin.len).chain(std::iter::repeat(0));
    let found: Vec<Twin> = found.iter().zip(lens).map(|(msg, len)| read(msg, len)).collect();
    prop_assert_eq!(found, twins, "{:?}", text(bytes));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// The parser reads what the twin reads, and refuses what it refuses.
    #[test]
    fn the_twin_agrees_on_generated_messages(wire in any_message(false), limits in any_limits()) {
        agree(&wire.bytes(), &limits)?;
    }

    /// So it does on messages that were damaged on the way.
    #[test]
    fn the_twin_agrees_on_damaged_messages(
        wire in any_message(false),
        damage in vec(damage(), 1..4),
        limits in any_limits(),
    ) {
        agree(&damaged(wire.bytes(), damage), &limits)?;
    }

    /// So it does on a stream of several.
    #[test]
    fn the_twin_agrees_on_streams(
        wires in vec((any_message(true), 0usize..3), 1..4),
        damage in vec(damage(), 0..2),
        limits in any_limits(),
    ) {
        let whole: Vec<u8> =
            wires.iter().flat_map(|(wire, empty)| [b"\r\n".repeat(*empty), wire.bytes()].concat()).collect();
        agree(&damaged(whole, damage), &limits)?;
    }

    /// So it does on what is hardly a message.
    #[test]
    fn the_twin_agrees_on_soup(bytes in soup(), limits in any_limits()) {
        agree(&bytes, &limits)?;
    }

    /// What is removed here is removed for the twin.
    #[test]
    fn the_twin_finds_nothing_of_a_removed_header(wire in any_message(true), at in any::<prop::sample::Index>()) {
        let mut msg = parse(wire.bytes().into(), &Limits::default()).expect("generated messages are valid");
        let names: Vec<String> = msg.iter().map(|(name, _, _)| name.to_string()).collect();
        let name = names[at.index(names.len())].to_lowercase();
        if !is_content_length(&name) {
            let forms: Vec<&str> = match name.as_str() {
                "via" => vec!["via", "v"],
                "contact" => vec!["contact", "m"],
                "to" => vec!["to", "t"],
                "from" => vec!["from", "f"],
                "call-id" => vec!["call-id", "i"],
                "subject" => vec!["subject", "s"],
                "supported" => vec!["supported", "k"],
                name => vec![name],
            };
            msg.remove(name.as_str());
            let twin = datagram(&msg.to_bytes(), &Limits::default()).expect("still a message");
            let is_left = |(left, _): &(String, String)| forms.contains(&left.to_lowercase().as_str());
            prop_assert!(!twin.headers.iter().any(is_left), "{name}: {twin:?}");
        }
    }
}
