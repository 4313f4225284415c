//! `registrar-proxy --users FILE` against SIPp. On a machine without SIPp every test says that it is skipped.

#![expect(clippy::print_stderr, reason = "a failed test shows the logs of its programs")]

#[path = "sipp/mod.rs"]
#[allow(dead_code, unused_imports, reason = "some of it is for other servers")]
mod harness;

use harness::Lab;
use harness::passwords::with_passwords;
use harness::scenarios::OPTIONS;
use harness::server::Server;

fn registrar_proxy(lab: &Lab, users: &str) -> std::io::Result<Server> {
    let arguments = [&OPTIONS[..], &["--users", users]].concat();
    Server::start(lab, env!("CARGO_BIN_EXE_registrar-proxy"), &arguments)
}

with_passwords!("registrar_proxy", registrar_proxy);
