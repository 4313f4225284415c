//! The torture messages of RFC 4475 and RFC 5118, byte for byte, and what becomes of each.
//!
//! They are other people's data and stand beside the project (`../shared/corpora`); where they
//! are absent the tests say so and pass. `validate.rs` makes the same points with messages of our own.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "helpers of tests")]

mod judge;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use judge::{PROXY, REGISTRAR, verdict};
use sip_core::{HeaderName, Limits, Message, parse};

/// A folder of messages, if it is there.
fn corpus(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora").join(name);
    if path.is_dir() {
        return Some(path);
    }
    println!("SKIPPED: no corpus at {}", path.display());
    None
}

fn read(folder: &Path, file: &str) -> Bytes {
    Bytes::from(fs::read(folder.join(file)).expect("readable file"))
}

fn message(folder: &Path, file: &str) -> Message {
    parse(read(folder, file), &Limits::default()).expect("a message")
}

/// File, what a proxy makes of it, and what a registrar does that serves a few methods.
const RFC_4475: &[(&str, &str, &str)] = &[
    ("wsinv.dat", "ok", "ok"),
    ("intmeth.dat", "ok", "501 method"),
    ("esc01.dat", "ok", "ok"),
    ("escnull.dat", "ok", "ok"),
    ("esc02.dat", "ok", "501 method"),
    ("lwsdisp.dat", "ok", "ok"),
    ("longreq.dat", "ok", "ok"),
    ("dblreq.dat", "ok", "ok"),
    ("semiuri.dat", "ok", "ok"),
    ("transports.dat", "ok", "ok"),
    ("mpart01.dat", "ok", "ok"),
    ("unreason.dat", "ok", "ok"),
    ("noreason.dat", "ok", "ok"),
    ("badinv01.dat", "400 Via", "400 Via"),
    ("clerr.dat", "parse 400 Content-Length", "parse 400 Content-Length"),
    ("ncl.dat", "parse 400 Content-Length", "parse 400 Content-Length"),
    ("scalar02.dat", "400 CSeq", "400 CSeq"),
    ("scalarlg.dat", "400 CSeq", "400 CSeq"),
    ("quotbal.dat", "400 To", "400 To"),
    ("ltgtruri.dat", "400 Request-URI", "400 Request-URI"),
    ("lwsruri.dat", "parse 400 -", "parse 400 -"),
    ("lwsstart.dat", "parse 400 -", "parse 400 -"),
    ("trws.dat", "parse 400 -", "parse 400 -"),
    ("escruri.dat", "400 Request-URI", "400 Request-URI"),
    ("baddate.dat", "ok", "400 Date"),
    ("regbadct.dat", "ok", "400 Contact"),
    ("badaspec.dat", "400 To", "400 To"),
    ("baddn.dat", "parse 400 -", "parse 400 -"),
    ("badvers.dat", "parse 505 -", "parse 505 -"),
    ("mismatch01.dat", "400 CSeq", "400 CSeq"),
    ("mismatch02.dat", "400 CSeq", "501 method"),
    ("bigcode.dat", "parse 400 -", "parse 400 -"),
    ("badbranch.dat", "400 Via", "400 Via"),
    ("insuf.dat", "400 From", "400 From"),
    ("unkscm.dat", "416 Request-URI", "416 Request-URI"),
    ("novelsc.dat", "416 Request-URI", "416 Request-URI"),
    ("unksm2.dat", "ok", "400 To"),
    ("bext01.dat", "420 Proxy-Require", "420 Require"),
    ("invut.dat", "ok", "415 Content-Type"),
    ("regaut01.dat", "ok", "ok"),
    ("multi01.dat", "400 From", "400 From"),
    ("mcl01.dat", "parse 400 Content-Length", "parse 400 Content-Length"),
    ("bcast.dat", "400 Via", "400 Via"),
    ("zeromf.dat", "483 Max-Forwards", "ok"),
    ("cparam01.dat", "ok", "ok"),
    ("cparam02.dat", "ok", "ok"),
    ("regescrt.dat", "ok", "ok"),
    ("sdp01.dat", "ok", "406 Accept"),
    ("inv2543.dat", "ok", "ok"),
    ("baddn.fixed.dat", "400 From", "400 From"),
    ("test.dat", "parse 400 -", "parse 400 -"),
];

/// As [`RFC_4475`].
const RFC_5118: &[(&str, &str, &str)] = &[
    ("ipv6-good.sip", "ok", "ok"),
    ("ipv6-bad.sip", "400 Request-URI", "400 Request-URI"),
    ("port-ambiguous.sip", "ok", "ok"),
    ("port-unambiguous.sip", "ok", "ok"),
    ("via-received-param-with-delim.sip", "ok", "ok"),
    ("via-received-param-no-delim.sip", "ok", "ok"),
    ("ipv6-in-sdp.sip", "ok", "ok"),
    ("mult-ip-in-header.sip", "ok", "ok"),
    ("mult-ip-in-sdp.sip", "ok", "ok"),
    ("ipv4-mapped-ipv6.sip", "ok", "ok"),
    ("ipv6-bug-abnf-3-colons.sip", "ok", "ok"),
    ("ipv6-correct-abnf-2-colons.sip", "ok", "ok"),
];

/// What is expected of each file: the columns `parser` and `answer`.
fn expected(folder: &Path) -> BTreeMap<String, (String, String)> {
    let table = fs::read_to_string(folder.join("expected.tsv")).expect("expected.tsv");
    let mut lines = table.lines();
    let head: Vec<&str> = lines.next().expect("a head line").split('\t').collect();
    let column = |name| head.iter().position(|&other| other == name).expect("a column");
    let (parser, answer) = (column("parser"), column("answer"));
    lines
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .map(|cells| (cells[0].to_owned(), (cells[parser].to_owned(), cells[answer].to_owned())))
        .collect()
}

/// Whether a verdict is one that the table of expectations names.
fn is_expected(verdict: &str, is_response: bool, parser: &str, answer: &str) -> bool {
    let rejected = verdict != "ok";
    match parser {
        "accept" if verdict.starts_with("parse") => return false,
        "reject" | "accept-then-400" if !rejected => return false,
        _ => {}
    }
    let status = verdict.trim_start_matches("parse ").split(' ').next().unwrap_or_default();
    match answer {
        "-" => !rejected,
        "drop" => rejected && is_response,
        _ if !rejected => {
            // Passed on or served: the answer is another's business, or the goal's.
            ["accept", "accept-or-reject", "reject-or-repair", "must not crash"].contains(&parser)
        }
        _ => answer.contains(status),
    }
}

fn judge_all(folder: &Path, table: &[(&str, &str, &str)]) {
    let expected = expected(folder);
    assert!(table.iter().map(|row| row.0).collect::<std::collections::BTreeSet<_>>().len() == table.len());
    assert!(expected.keys().all(|file| table.iter().any(|row| row.0 == file)), "every file has its row");
    for &(file, proxy, registrar) in table {
        let wire = read(folder, file);
        let (parser, answer) = &expected[file];
        assert_eq!(verdict(&wire, &PROXY), proxy, "{file} at a proxy");
        assert_eq!(verdict(&wire, &REGISTRAR), registrar, "{file} at a registrar");
        let is_response = wire.starts_with(b"SIP/");
        for judged in [proxy, registrar] {
            assert!(is_expected(judged, is_response, parser, answer), "{file}: {judged}, not {answer}");
        }
        // Where one answer is named, somebody gives it.
        if answer.len() == 3 && answer != "200" {
            let gives = |judged: &str| judged.trim_start_matches("parse ").starts_with(answer.as_str());
            assert!(gives(proxy) || gives(registrar), "{file}: nobody answers {answer}");
        }
        if let Ok(msg) = parse(wire.clone(), &Limits::default()) {
            let end = if file == "dblreq.dat" { msg.encoded_len() } else { wire.len() };
            assert_eq!(msg.to_bytes(), wire[..end], "{file} leaves as it came");
        }
    }
}

#[test]
fn rfc_4475_messages_are_handled_as_the_rfc_says() {
    let Some(folder) = corpus("rfc4475") else { return };
    judge_all(&folder, RFC_4475);
}

#[test]
fn rfc_5118_messages_are_handled_as_the_rfc_says() {
    let Some(folder) = corpus("rfc5118") else { return };
    judge_all(&folder, RFC_5118);
}

#[test]
fn rfc_4475_messages_say_what_the_rfc_says() {
    let Some(folder) = corpus("rfc4475") else { return };
    let msg = message(&folder, "wsinv.dat");
    assert_eq!(msg.values(HeaderName::Via).count(), 3);
    assert_eq!((msg.max_forwards(), msg.cseq().map(|cseq| cseq.number)), (Some(Ok(68)), Ok(9)));
    assert_eq!(msg.header("UnknownHeaderWithUnusualValue"), Some(";;,,;;,;".into()));

    let msg = message(&folder, "esc01.dat");
    assert_eq!(msg.uri().expect("URI").user(), Some("sips%3Auser%40example.com".into()));

    let users = |file| {
        let msg = message(&folder, file);
        let contacts = msg.contacts().map(|contact| contact.expect("contact"));
        let user = |contact: sip_core::Contact<'_>| {
            contact.addr().and_then(|addr| addr.uri().ok()?.user().map(|user| user.to_string()))
        };
        contacts.map(user).collect::<Vec<_>>()
    };
    assert_eq!(users("escnull.dat"), [Some("%00".to_owned()), Some("%00%00".to_owned())]);
    assert_eq!(users("esc02.dat").len(), 2);

    let msg = message(&folder, "longreq.dat");
    assert_eq!(msg.headers(HeaderName::Via).count(), 30 + 4, "{msg:?}");

    let msg = message(&folder, "dblreq.dat");
    assert_eq!(msg.method(), Some(sip_core::Method::Register));
    assert!(msg.encoded_len() < read(&folder, "dblreq.dat").len() && msg.body().is_empty());

    let msg = message(&folder, "semiuri.dat");
    let uri = msg.uri().expect("URI");
    assert_eq!(uri.user(), Some("user;par=u%40example.net".into()));
    assert_eq!((uri.host_text(), uri.params().count()), ("example.com".into(), 0));

    assert_eq!(message(&folder, "mpart01.dat").body().len(), 553);

    let msg = message(&folder, "cparam01.dat");
    let contact = msg.contact().expect("Contact");
    assert!(contact.addr().is_some_and(|addr| addr.param("unknownparam").is_some()));
    let msg = message(&folder, "cparam02.dat");
    let contact = msg.contact().expect("Contact");
    assert!(contact.addr().is_some_and(|addr| addr.param("unknownparam").is_none()));

    let msg = message(&folder, "regescrt.dat");
    let contact = msg.contact().expect("Contact");
    assert!(contact.addr().and_then(|addr| addr.uri().ok()).is_some_and(|uri| uri.headers().is_some()));
    assert!(!msg.has_header("Route"));
}

#[test]
fn rfc_5118_messages_say_what_the_rfc_says() {
    let Some(folder) = corpus("rfc5118") else { return };
    for (file, host, port) in [
        ("port-ambiguous.sip", "[2001:db8::10:5070]", None),
        ("port-unambiguous.sip", "[2001:db8::10]", Some(5070)),
    ] {
        let msg = message(&folder, file);
        let uri = msg.uri().expect("URI");
        assert_eq!((uri.host().to_string().as_str(), uri.port()), (host, port), "{file}");
    }
    for file in ["via-received-param-with-delim.sip", "via-received-param-no-delim.sip"] {
        let msg = message(&folder, file);
        assert_eq!(msg.top_via().expect("Via").received(), "2001:db8::9:255".parse().ok(), "{file}");
    }
    let msg = message(&folder, "mult-ip-in-header.sip");
    let vias: Vec<_> = msg.views::<sip_core::Via<'_>>().map(|via| via.expect("Via")).collect();
    assert_eq!(vias.last().and_then(|via| via.received()), "192.0.2.200".parse().ok());
    assert!(vias.iter().any(|via| via.port() == Some(6050)));
}
