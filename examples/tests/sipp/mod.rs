//! The harness of `sipp.rs`: a directory a test, the server as a process, SIPp runs, the HTTP service.

pub(crate) mod lookup;
#[allow(dead_code, unused_imports, unused_macros, reason = "not every file that runs SIPp tests passwords")]
pub(crate) mod passwords;
pub(crate) mod process;
pub(crate) mod run;
pub(crate) mod scenarios;
pub(crate) mod server;

use std::collections::BTreeSet;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::{fs, io, thread};

/// What a test returns: anything unexpected ends it.
pub(crate) type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The place where one test works: a directory of its own, which stays for a look when the test fails.
#[derive(Debug)]
pub(crate) struct Lab {
    dir: PathBuf,
}

/// Runs a test in a lab of its own; on a machine without SIPp it says that it does not.
///
/// # Panics
///
/// When the test fails, after which the logs of its programs are shown.
pub(crate) fn in_lab(test: &str, run: impl FnOnce(&Lab) -> Outcome) {
    let asked = Command::new("sipp")
        .arg("-v")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if asked.is_err() {
        // Not `eprintln`: what a test prints is shown only when it fails.
        let _ = writeln!(
            io::stderr(),
            "{test}: skipped, no `sipp` on the PATH (Debian: apt-get install sip-tester)"
        );
        return;
    }
    let lab = Lab { dir: Path::new(env!("CARGO_TARGET_TMPDIR")).join("sipp").join(test) };
    let result = lab.clear().map_err(Into::into).and_then(|()| run(&lab));
    assert!(result.is_ok(), "{test}: {result:?}");
}

impl Lab {
    fn clear(&self) -> io::Result<()> {
        if self.dir.exists() {
            fs::remove_dir_all(&self.dir)?;
        }
        fs::create_dir_all(&self.dir)
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }
}

impl Drop for Lab {
    /// A failed test shows what the programs wrote.
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("files of this test: {}", self.dir.display());
            let _ = show_logs(&self.dir);
        }
    }
}

fn show_logs(dir: &Path) -> io::Result<()> {
    const TAIL: usize = 3_000;
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            show_logs(&path)?;
        } else if path.extension().is_some_and(|e| e == "log") {
            let text = fs::read(&path)?;
            let tail = String::from_utf8_lossy(&text[text.len().saturating_sub(TAIL)..]).into_owned();
            eprintln!("--- {}\n{tail}", path.display());
        }
    }
    Ok(())
}

/// A loopback address that nobody listens on, over UDP or TCP, and that is given out once.
///
/// Below the range that the kernel takes its own ports from, so no other socket gets it meanwhile.
pub(crate) fn free_address() -> io::Result<SocketAddr> {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let first = 20_000 + (std::process::id() % 100) as u16 * 100;
    for port in first..32_000 {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if !given.contains(&port) && UdpSocket::bind(address).is_ok() && TcpListener::bind(address).is_ok() {
            given.insert(port);
            return Ok(address);
        }
    }
    Err(io::Error::new(io::ErrorKind::AddrInUse, "no free port on the loopback"))
}
