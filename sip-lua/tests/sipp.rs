//! `ksr run examples/lua/basic.lua` against SIPp: the scenarios that registrar-proxy is tested with, and the same
//! results. On a machine without SIPp every test says that it is skipped.

#![expect(clippy::print_stderr, reason = "a failed test shows the logs of its programs")]

#[path = "../../examples/tests/sipp/mod.rs"]
#[allow(dead_code, reason = "some of it is for another server")]
mod harness;

use harness::Lab;
use harness::passwords::with_passwords;
use harness::scenarios::{OPTIONS, registrar_and_proxy};
use harness::server::Server;

fn basic_lua(lab: &Lab) -> std::io::Result<Server> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/lua/basic.lua");
    Server::start(lab, env!("CARGO_BIN_EXE_ksr"), &[&["run", script][..], &OPTIONS].concat())
}

registrar_and_proxy!("ksr", basic_lua);

fn basic_lua_with_users(lab: &Lab, users: &str) -> std::io::Result<Server> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/lua/basic.lua");
    let access = ["--users", users];
    Server::start(lab, env!("CARGO_BIN_EXE_ksr"), &[&["run", script][..], &OPTIONS, &access].concat())
}

with_passwords!("ksr", basic_lua_with_users);
