//! The fuzzers without a fuzzer: every seed of the repository and every corpus beside it, through each target.
//!
//! What a fuzzer finds becomes a seed in `fuzz/seeds` and is run here from then on. The corpora
//! (`../shared/corpora`) are other people's data; where they are absent, the tests say so and pass.

#![allow(clippy::expect_used, clippy::print_stdout, clippy::panic, reason = "helpers of tests")]

mod targets;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bytes::Bytes;
use sip_core::{Limits, parse};

type Target = fn(&[u8]);

const TARGETS: [(&str, Target); 7] = [
    ("message", targets::message::run),
    ("stream", targets::stream::run),
    ("uri", targets::uri::run),
    ("views", targets::views::run),
    ("body", targets::body::run),
    ("edits", targets::edits::run),
    ("http", targets::http::run),
];

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// A folder of the corpora, if it is there.
fn corpus(name: &str) -> Option<PathBuf> {
    let path = project("../shared/corpora").join(name);
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

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).expect("readable file")
}

/// A message through every target, in the form that each takes.
fn through_all(wire: &[u8]) {
    targets::message::run(wire);
    targets::views::run(wire);
    for size in [1, 60, 255] {
        targets::stream::run(&[&[size], wire, wire].concat());
    }
    for edits in EDITS {
        targets::edits::run(&[edits, b"\n--\n", wire].concat());
    }
    let Ok(msg) = parse(Bytes::copy_from_slice(wire), &Limits::default()) else { return };
    let kind = msg.header("Content-Type").map(|kind| kind.to_vec()).unwrap_or_default();
    targets::body::run(&[&kind, &b"\n"[..], msg.body()].concat());
    targets::uri::run(msg.request_uri().unwrap_or_default());
    for (_, _, value) in &msg {
        targets::views::run(value);
        targets::uri::run(value);
        for one in value.split(|byte| b"<>, \t\r\n".contains(byte)) {
            targets::uri::run(one);
        }
    }
}

/// Edits as `targets/edits.rs` reads them: something of everything.
const EDITS: [&[u8]; 2] = [
    b"\x05\x00\x05\x02\x05\x04\x05\x05\x05\x07\x0b",
    b"\x01\x00\x0dSIP/2.0/UDP a\x04\x08\x0269\x06\x00\x06\x02\x08\x05sip:b\x0a\x03a/b\x04\x00\r\n\xff\x0b\x07\x05\x07<sip:c>",
];

#[test]
fn every_seed_runs_through_its_target() {
    for (name, run) in TARGETS {
        let seeds = files(&project("fuzz/seeds").join(name));
        assert!(seeds.len() >= 5, "{name} has seeds: {seeds:?}");
        for seed in seeds {
            println!("{}", seed.display());
            run(&read(&seed));
        }
    }
}

#[test]
fn every_seed_runs_through_every_target() {
    for path in files(&project("fuzz/seeds")) {
        let seed = read(&path);
        TARGETS.iter().for_each(|(_, run)| run(&seed));
    }
}

#[test]
fn every_view_of_the_library_is_fuzzed() {
    let lib = fs::read_to_string(project("sip-core/src/lib.rs")).expect("lib.rs");
    let target = include_str!("targets/views.rs");
    let exports = lib.split("pub use header::").skip(1);
    let names: Vec<&str> = exports
        .filter_map(|export| export.split(';').next())
        .flat_map(|export| export.rsplit("::").next().unwrap_or_default().split([',', '{', '}', '\n', ' ']))
        .filter(|name| !name.is_empty())
        .collect();
    assert!(names.len() > 20, "{names:?}");
    let is_used = |name: &&str| target.matches(*name).count() < 2;
    let missing: Vec<&str> = names.into_iter().filter(is_used).collect();
    assert!(missing.is_empty(), "not in targets/views.rs: {missing:?}");
}

#[test]
fn fuzzed_and_crashing_messages_run_through_every_target() {
    let Some(folder) = corpus("fuzz") else { return };
    let files = files(&folder);
    assert!(files.len() > 90);
    for path in files {
        println!("{}", path.display());
        let wire = read(&path);
        through_all(&wire);
        TARGETS.iter().for_each(|(_, run)| run(&wire));
    }
}

#[test]
fn messages_of_real_phones_and_of_the_rfcs_run_through_every_target() {
    for folder in ["real", "flows", "rfc4475", "rfc5118"].into_iter().filter_map(corpus) {
        for path in files(&folder) {
            println!("{}", path.display());
            through_all(&read(&path));
        }
    }
}

/// The templates of the PROTOS cases, each cut at its lengths, with placeholders filled in.
#[test]
fn protos_cases_run_through_every_target() {
    let Some(folder) = corpus("protos") else { return };
    let mut cases = 0;
    for path in files(&folder).iter().filter(|path| path.extension().is_some_and(|end| end == "xz")) {
        let Some(tar) = unpacked(path) else { return };
        for member in members(&tar) {
            for wire in requests(member) {
                let filled = filled(wire);
                // Of the very long ones the first part will do for the slower targets.
                targets::message::run(&filled);
                through_all(&filled[..filled.len().min(3000)]);
                cases += 1;
            }
        }
    }
    println!("{cases} messages");
    assert!(cases > 1000, "{cases} messages");
}

/// What `xz` makes of a file, if there is one.
fn unpacked(path: &Path) -> Option<Vec<u8>> {
    let done = Command::new("xz").arg("-dc").arg(path).stdin(Stdio::null()).stderr(Stdio::null()).output();
    match done {
        Ok(done) if done.status.success() => Some(done.stdout),
        _ => {
            println!("SKIPPED: no xz to unpack {}", path.display());
            None
        }
    }
}

/// The files of a tar archive: blocks of 512 bytes, the length of each file in octal in its header.
fn members(tar: &[u8]) -> Vec<&[u8]> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(header) = tar.get(at..at + 512) {
        let octal = std::str::from_utf8(&header[124..136]).unwrap_or_default();
        let len = usize::from_str_radix(octal.trim_matches(['\0', ' ']), 8).unwrap_or(0);
        let is_file = matches!(header[156], b'0' | 0) && header[0] != 0;
        if is_file {
            found.push(tar.get(at + 512..at + 512 + len).expect("a whole file"));
        }
        at += 512 + len.div_ceil(512) * 512;
    }
    found
}

/// A case holds requests, each behind its length in decimal.
fn requests(mut case: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    loop {
        case = case.trim_ascii_start();
        let digits = case.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let len: usize = match std::str::from_utf8(&case[..digits]).map(str::parse) {
            Ok(Ok(len)) => len,
            _ => return found,
        };
        let rest = case.get(digits + 1..).unwrap_or_default();
        let (request, after) = rest.split_at(len.min(rest.len()));
        found.push(request);
        case = after;
    }
}

fn filled(template: &[u8]) -> Vec<u8> {
    let mut text = template.to_vec();
    for (name, value) in [
        ("<To>", "user@127.0.0.1"),
        ("<From>", "tester@127.0.0.1"),
        ("<From-Address>", "127.0.0.1"),
        ("<From-IP>", "127.0.0.1"),
        ("<Local-Port>", "5099"),
        ("<CSeq>", "1"),
        ("<Teardown-Method>", "CANCEL"),
        ("<Branch-ID>", "1x"),
        ("<Call-ID>", "1-x"),
    ] {
        text = replaced(&text, name.as_bytes(), value.as_bytes());
    }
    let end = text.windows(4).position(|window| window == b"\r\n\r\n");
    let body = end.map_or(0, |end| text.len() - end - 4);
    replaced(&text, b"<Content-Length>", body.to_string().as_bytes())
}

fn replaced(text: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.windows(old.len()).position(|window| window == old) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(new);
        rest = &rest[at + old.len()..];
    }
    out.extend_from_slice(rest);
    out
}
