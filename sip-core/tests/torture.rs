//! The torture messages of RFC 4475 and RFC 5118, and messages of real phones and servers.
//!
//! They are other people's data and stand beside the project (`../shared/corpora`); where they
//! are absent the tests say so and pass. `own_messages.rs` makes the same points with messages of our own.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use sip_core::{Limits, Message, parse, salvage};

/// A folder of messages, if it is there.
fn corpus(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora").join(name);
    if path.is_dir() {
        return Some(path);
    }
    println!("SKIPPED: no corpus at {}", path.display());
    None
}

/// Every file below `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("readable folder") {
        let path = entry.expect("readable entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn read(path: &Path) -> Bytes {
    Bytes::from(fs::read(path).expect("readable file"))
}

/// Reads a message as strictly as a server does that understands every header it needs.
fn understand(wire: Bytes) -> Result<Message, String> {
    let msg = parse(wire, &Limits::default()).map_err(|error| format!("parse: {error}"))?;
    let strict = || -> Result<(), sip_core::HeaderError> {
        if msg.is_request() {
            msg.uri()?;
        }
        msg.views::<sip_core::Via<'_>>().try_for_each(|via| via.map(|_| ()))?;
        for address in [msg.from().map(|from| *from)?, msg.to().map(|to| *to)?] {
            address.uri()?;
        }
        msg.call_id()?;
        msg.contacts().try_for_each(|contact| contact.map(|_| ()))?;
        msg.max_forwards().transpose()?;
        msg.cseq().map(|_| ())
    };
    strict().map_err(|error| format!("view: {error}"))?;
    match (msg.method(), msg.cseq()) {
        (Some(method), Ok(cseq)) if cseq.method != method => Err("CSeq of another method".to_owned()),
        _ => Ok(msg),
    }
}

/// What is expected of each file: name and the column `parser`.
fn expected(folder: &Path) -> Vec<(String, String)> {
    let table = fs::read_to_string(folder.join("expected.tsv")).expect("expected.tsv");
    let mut lines = table.lines();
    let head: Vec<&str> = lines.next().expect("a head line").split('\t').collect();
    let parser = head.iter().position(|&name| name == "parser").expect("column parser");
    lines
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .map(|cells| (cells[0].to_owned(), cells[parser].to_owned()))
        .collect()
}

fn judge_all(folder: &Path) {
    for (file, parser) in expected(folder) {
        let wire = read(&folder.join(&file));
        let parsed = parse(wire.clone(), &Limits::default());
        let understood = understand(wire.clone());
        match parser.as_str() {
            "accept" => assert!(understood.is_ok(), "{file}: {understood:?}"),
            "accept-then-400" => assert!(parsed.is_ok(), "{file}: {parsed:?}"),
            "reject" => assert!(understood.is_err(), "{file} must be refused"),
            _ => {}
        }
        println!("{file:34} {parser:18} {}", understood.err().unwrap_or_default());
    }
}

#[test]
fn rfc_4475_messages_are_judged_as_the_rfc_says() {
    let Some(folder) = corpus("rfc4475") else { return };
    judge_all(&folder);
}

#[test]
fn rfc_5118_messages_are_judged_as_the_rfc_says() {
    let Some(folder) = corpus("rfc5118") else { return };
    judge_all(&folder);
}

/// What the head alone decides; everything else is a view's business and passes `parse`.
#[test]
fn parse_refuses_what_is_wrong_in_the_frame_and_nothing_else() {
    let Some(folder) = corpus("rfc4475") else { return };
    let mut refused: Vec<String> = files(&folder)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "dat"))
        .filter(|path| parse(read(path), &Limits::default()).is_err())
        .map(|path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned())
        .collect();
    refused.sort();
    let frame =
        ["baddn", "badvers", "bigcode", "clerr", "lwsruri", "lwsstart", "mcl01", "ncl", "test", "trws"];
    assert_eq!(refused, frame);
}

#[test]
fn messages_of_real_phones_and_servers_are_read_and_left_unchanged() {
    for folder in ["real", "flows"].into_iter().filter_map(corpus) {
        for path in files(&folder).into_iter().filter(|path| path.extension().is_some_and(|e| e == "sip")) {
            let wire = read(&path);
            match parse(wire.clone(), &Limits::default()) {
                Ok(msg) => assert!(wire.starts_with(&msg.to_bytes()), "{}", path.display()),
                // One capture was stored with LF line ends.
                Err(error) => {
                    println!("{}: {error}", path.display());
                    assert!(path.ends_with("aastra-register.sip"), "{}: {error}", path.display());
                }
            }
        }
    }
}

#[test]
fn nothing_in_the_corpora_makes_it_panic() {
    for folder in ["fuzz", "rfc4475", "rfc5118", "real"].into_iter().filter_map(corpus) {
        for path in files(&folder) {
            let wire = read(&path);
            if let Ok(msg) = understand(wire.clone()) {
                assert_eq!(msg.compact().to_bytes(), msg.to_bytes(), "{}", path.display());
            }
            salvage(wire, &Limits::default());
        }
    }
}

#[test]
fn a_name_with_a_control_byte_is_no_name() {
    let Some(folder) = corpus("fuzz/header-name-bypass") else { return };
    for path in files(&folder) {
        assert!(parse(read(&path), &Limits::default()).is_err(), "{}", path.display());
    }
}
