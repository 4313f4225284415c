//! What nobody touched leaves as it came: every byte of it, UTF-8 or not, in its place.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use sip_core::{HeaderName, Limits, Message, StatusCode, parse};

/// The header lines of a message as bytes, folds included, with the name of each. No help from the library.
fn lines(wire: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let end = wire.windows(4).position(|window| window == b"\r\n\r\n").expect("the end of a head");
    let mut found: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    let mut rest = &wire[..end + 2];
    let mut is_start_line = true;
    while !rest.is_empty() {
        let len = rest.windows(2).position(|window| window == b"\r\n").expect("the end of a line") + 2;
        let (line, after) = rest.split_at(len);
        match (line[0], found.last_mut()) {
            (b' ' | b'\t', Some(last)) => last.1.extend_from_slice(line),
            _ if !is_start_line => {
                let name = line.split(|&byte| byte == b':').next().unwrap_or_default();
                found.push((name.trim_ascii_end().to_ascii_lowercase(), line.to_vec()));
            }
            _ => {}
        }
        is_start_line = false;
        rest = after;
    }
    found
}

/// What every proxy does and a little more. Says which names it touched.
fn edit(msg: &mut Message) -> [&'static str; 11] {
    msg.prepend(HeaderName::Via, "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKown").expect("edit");
    msg.replace(HeaderName::MaxForwards, "69").expect("edit");
    msg.pop_value(HeaderName::Route);
    msg.remove(HeaderName::UserAgent);
    msg.insert_after(HeaderName::Via, "X-Byte-Exact", b"\xff \xc3").expect("edit");
    if msg.is_request() {
        msg.set_request_uri("sip:next@192.0.2.10").expect("edit");
    } else {
        msg.set_status(StatusCode::BUSY_HERE, None).expect("edit");
    }
    msg.set_body(Some("application/octet-stream"), Bytes::from_static(b"\0\r\n\xff")).expect("edit");
    [
        "via",
        "v",
        "max-forwards",
        "route",
        "user-agent",
        "x-byte-exact",
        "content-type",
        "c",
        "content-length",
        "l",
        "",
    ]
}

fn untouched(wire: &[u8], touched: &[&str]) -> Vec<Vec<u8>> {
    let is_kept = |name: &[u8]| !touched.iter().any(|other| other.as_bytes() == name);
    lines(wire).into_iter().filter(|(name, _)| is_kept(name)).map(|(_, line)| line).collect()
}

fn stays_exact(wire: &[u8]) {
    let received = parse(Bytes::copy_from_slice(wire), &Limits::default()).expect("a message");
    let out = received.to_bytes();
    assert!(wire.windows(out.len()).any(|window| window == out), "unedited, it leaves as it came");
    let mut msg = received.clone();
    let touched = edit(&mut msg);
    let edited = msg.to_bytes();
    assert_eq!(untouched(&edited, &touched), untouched(&out, &touched));
    assert!(edited.ends_with(b"\r\n\r\n\0\r\n\xff"));
    // All old Via lines, behind the new one.
    let vias = |wire: &[u8]| {
        let named = lines(wire).into_iter().filter(|(name, _)| name == b"via" || name == b"v");
        named.map(|(_, line)| line).collect::<Vec<_>>()
    };
    assert_eq!(vias(&edited)[1..], vias(&out)[..]);
    assert_eq!(msg.compact().to_bytes(), edited);
    assert_eq!(received.to_bytes(), out, "what was received stays as it was");
}

#[test]
fn every_byte_that_may_stand_in_a_value_stays() {
    let all: Vec<u8> = (0..=255).filter(|byte| !b"\r\n".contains(byte)).collect();
    let wire = [
        &b"MESSAGE sip:a SIP/2.0\r\nX-All:"[..],
        &all,
        b"\r\nv : SIP/2.0/UDP a\r\nX-Odd \t:\t \xff\xfe\r\n\t\x80 \r\n \xe9\t\r\nSubject:\r\nROUTE: <sip:a>\r\n",
        b"X-Last: \xf0\x9f\x92\xa9 \xf0\x9f\r\nl: 256\r\n\r\n",
        &(0..=255).collect::<Vec<u8>>(),
    ]
    .concat();
    stays_exact(&wire);
    let msg = parse(Bytes::from(wire), &Limits::default()).expect("a message");
    let value = msg.header("X-All").map(|value| value.to_vec());
    assert_eq!(value.as_deref(), Some(&all[..]));
    assert_eq!(msg.body().len(), 256);
}

#[test]
fn responses_and_empty_lines_in_front_stay() {
    stays_exact(b"\r\n\r\nSIP/2.0 200 \xd0\xbd\xd0\xbe \xff\r\nVia: SIP/2.0/UDP a\r\nX: \xff\r\n\r\n");
    stays_exact(b"sip/2.0 100\r\nvIA:SIP/2.0/UDP a\r\n\r\nbody of no length");
}

/// Every file below `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("readable folder") {
        let path = entry.expect("readable entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn messages_of_real_phones_and_servers_stay() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora");
    let mut read = 0;
    for folder in ["real", "flows", "rfc4475", "rfc5118", "fuzz"].map(|name| corpora.join(name)) {
        if !folder.is_dir() {
            println!("SKIPPED: no corpus at {}", folder.display());
            continue;
        }
        for path in files(&folder) {
            let wire = fs::read(&path).expect("readable file");
            match parse(Bytes::copy_from_slice(&wire), &Limits::default()) {
                Ok(_) => {
                    println!("{}", path.display());
                    stays_exact(&wire);
                    read += 1;
                }
                // One capture was stored with LF line ends.
                Err(error) if folder.ends_with("real") || folder.ends_with("flows") => {
                    let is_message = path.extension().is_some_and(|end| end == "sip");
                    assert!(
                        !is_message || path.ends_with("aastra-register.sip"),
                        "{}: {error}",
                        path.display()
                    );
                }
                Err(_) => {}
            }
        }
    }
    println!("{read} messages");
}
