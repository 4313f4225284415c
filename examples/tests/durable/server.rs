//! The registrar as a process.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

/// A running registrar; killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// Starts it and waits until it listens.
    pub(crate) fn start(url: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_registrar-proxy"))
            .args(["--listen", "udp:127.0.0.1:0", "--workers", "2", "--db", url])
            .env("LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stdout = child.stdout.take().expect("a pipe");
        let mut address = None;
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some(found) = line.strip_prefix("listening on udp:") {
                address = found.parse().ok();
            }
            if line == "ready" {
                break;
            }
        }
        Self { child, address: address.expect("it listens") }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Kills it, without a word of warning.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it is ours");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
