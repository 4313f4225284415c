//! The messages of RFC 4475, RFC 5118 and PROTOS, which stand beside the project where they are at all.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io};

use super::{Case, Expected};

/// Where the answer is another one here than the table's, which is that of any server: what a proxy relays, its
/// callee answers. `None`: relayed, or no answer.
const HERE: &[(&str, Option<u16>, &str)] = &[
    ("badbranch.dat", None, "compared as RFC 2543 has it"),
    ("baddate.dat", None, "a Date is of no interest to a proxy"),
    ("escruri.dat", None, "the contact of the user replaces the URI, its headers go with it"),
    ("intmeth.dat", None, "the user is known, and any method is relayed"),
    ("invut.dat", None, "the body is the callee's business"),
    ("sdp01.dat", None, "what the caller accepts is the callee's business"),
    ("esc02.dat", Some(484), "a method that it does not know, to the server itself"),
    ("unksm2.dat", Some(403), "a domain that it does not serve"),
];

/// A folder of the corpora in `shared`, beside the project.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = project.ancestors().map(|dir| dir.join("shared/corpora").join(name));
    found.find(|dir| dir.is_dir())
}

/// The messages of one of the RFCs, with the answers that its table expects of a server.
pub(crate) fn torture(folder: &Path) -> io::Result<Vec<Case>> {
    let table = fs::read_to_string(folder.join("expected.tsv"))?;
    let mut lines = table.lines();
    let head: Vec<_> = lines.next().unwrap_or_default().split('\t').collect();
    let mut expected = HashMap::new();
    for line in lines {
        let row: HashMap<_, _> = head.iter().copied().zip(line.split('\t')).collect();
        let of = |column: &str| row.get(column).copied().unwrap_or_default();
        expected.insert(of("file").to_owned(), answer(of("answer"), of("parser")));
    }
    let mut cases = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".dat") || name.ends_with(".sip") {
            let here = HERE.iter().find(|(file, ..)| *file == name);
            let expected = match here {
                Some((_, None, _)) => Expected::Anything,
                Some((_, Some(code), _)) => Expected::Status(vec![*code]),
                None => expected.get(&name).cloned().unwrap_or(Expected::Anything),
            };
            cases.push(Case { name, wire: fs::read(&path)?, expected });
        }
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(cases)
}

/// What the table says of the answer counts where it speaks of an error that every server has to see.
fn answer(text: &str, parser: &str) -> Expected {
    let codes: Vec<u16> =
        text.split(|c: char| !c.is_ascii_digit()).filter_map(|code| code.parse().ok()).collect();
    if text == "drop" {
        Expected::Silence
    } else if !codes.is_empty() && parser != "must not crash" {
        Expected::Status(codes)
    } else {
        Expected::Anything
    }
}

/// Cases of PROTOS: each an INVITE and a CANCEL, from a sender at `ip`.
pub(crate) fn protos(folder: &Path, ip: &str, most: usize) -> io::Result<Vec<Case>> {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("protos");
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir)?;
    let mut unpack = Command::new("tar");
    unpack.arg("-xJf").arg(folder.join("cases-dev.tar.xz")).arg("-C").arg(&dir);
    if !unpack.stdin(Stdio::null()).status()?.success() {
        return Err(io::Error::other("tar cannot unpack the cases"));
    }
    let mut names: Vec<_> =
        fs::read_dir(dir.join("cases"))?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    names.sort();
    let mut cases = Vec::new();
    for path in names.iter().take(most) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for (number, template) in parts(&fs::read(path)?).into_iter().enumerate() {
            let name = format!("protos {name}.{number}");
            cases.push(Case { wire: fill(&template, &name, ip), name, expected: Expected::Anything });
        }
    }
    Ok(cases)
}

/// A case is a list of messages, each behind its length and a blank.
fn parts(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    loop {
        bytes = bytes.trim_ascii_start();
        let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let len = std::str::from_utf8(&bytes[..digits]).ok().and_then(|text| text.parse::<usize>().ok());
        let Some(part) = len.and_then(|len| bytes.get(digits + 1..digits + 1 + len)) else { return found };
        found.push(part.to_vec());
        bytes = &bytes[digits + 1 + part.len()..];
    }
}

/// Fills the places of a template in.
fn fill(template: &[u8], name: &str, ip: &str) -> Vec<u8> {
    let id: String =
        name.split('.').next().unwrap_or_default().chars().filter(char::is_ascii_digit).collect();
    let mut wire = template.to_vec();
    let places = [
        ("<To>", "user@127.0.0.1"),
        ("<From>", "tester@127.0.0.1"),
        ("<From-Address>", ip),
        ("<From-IP>", ip),
        ("<Local-Port>", "5060"),
        ("<CSeq>", "1"),
        ("<Teardown-Method>", "CANCEL"),
        ("<Branch-ID>", &id),
        ("<Call-ID>", &id),
    ];
    for (place, value) in places {
        wire = replace(&wire, place.as_bytes(), value.as_bytes());
    }
    let head = wire.windows(4).position(|window| window == b"\r\n\r\n").map_or(wire.len(), |at| at + 4);
    let len = (wire.len() - head).to_string();
    replace(&wire, b"<Content-Length>", len.as_bytes())
}

fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}
