//! A server that runs gets another script: by `ksr reload` and by SIGHUP.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot be set up fails")]

use std::io::{BufRead, BufReader};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A server under `ksr run`; it ends with this.
struct Server {
    child: Child,
    address: String,
    script: PathBuf,
    rpc: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn place(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// A script whose replies say which text of it made them.
fn text(number: u32) -> String {
    format!("function ksr_request_route()\n  KSR.sl.send_reply({number}, \"text {number}\")\nend\n")
}

fn serve(name: &str) -> Server {
    let (script, rpc) = (place(&format!("{name}.lua")), place(&format!("{name}.sock")));
    std::fs::write(&script, text(201)).expect("script");
    let mut child = Command::new(env!("CARGO_BIN_EXE_ksr"))
        .args(["run", "--listen", "udp:127.0.0.1:0", "--workers", "2", "--rpc"])
        .arg(&rpc)
        .arg(&script)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("ksr runs");
    let out = BufReader::new(child.stdout.take().expect("output"));
    let mut address = String::new();
    for line in out.lines().map(|line| line.expect("a line")) {
        if let Some(listening) = line.strip_prefix("listening on udp:") {
            address = listening.to_owned();
        }
        if line == "ready" {
            break;
        }
    }
    Server { child, address, script, rpc }
}

impl Server {
    /// The status of the reply to an OPTIONS. Each comes from another port, so that every worker is met.
    fn ask(&self) -> u32 {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("socket");
        socket.set_read_timeout(Some(Duration::from_secs(5))).expect("timeout");
        let from = socket.local_addr().expect("bound");
        let request = format!(
            "OPTIONS sip:{to} SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK{port}\r\nFrom: <sip:a@b>;tag=1\r\n\
             To: <sip:{to}>\r\nCall-ID: {port}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n\r\n",
            to = self.address,
            port = from.port(),
        );
        socket.send_to(request.as_bytes(), &self.address).expect("sent");
        let mut reply = [0; 2_000];
        let len = socket.recv(&mut reply).expect("a reply");
        let status = String::from_utf8_lossy(&reply[8..len.min(11)]).into_owned();
        status.parse().expect("a status")
    }

    fn write(&self, text: &str) {
        std::fs::write(&self.script, text).expect("script");
    }

    fn reload(&self) -> Output {
        Command::new(env!("CARGO_BIN_EXE_ksr"))
            .args(["reload", "--rpc"])
            .arg(&self.rpc)
            .output()
            .expect("runs")
    }

    /// Every one of several workers answers with this.
    fn all_answer(&self, status: u32) -> bool {
        (0..16).all(|_| self.ask() == status)
    }
}

#[test]
fn a_new_text_is_in_force_on_every_worker_and_a_broken_one_is_not() {
    let server = serve("reload_command");
    assert!(server.all_answer(201));
    server.write(&text(202));
    assert!(server.all_answer(201), "not before it is said");
    let output = server.reload();
    assert!(output.status.success(), "{output:?}");
    assert!(server.all_answer(202));

    server.write("function ksr_request_route()\n  KSR.sl.send_reply(203, 'x'\nend\n");
    let output = server.reload();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("reload_command.lua:3: "), "{said}");
    assert!(server.all_answer(202), "the old text stays in force");
}

#[test]
fn hangup_reloads_and_versions_without_end_do_no_harm() {
    let server = serve("reload_hangup");
    let pid = Pid::from_raw(i32::try_from(server.child.id()).expect("a pid"));
    for number in 202..212 {
        server.write(&text(number));
        kill(pid, Signal::SIGHUP).expect("signal");
        let end = Instant::now() + Duration::from_secs(5);
        while server.ask() != number {
            assert!(Instant::now() < end, "text {number} is not in force");
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(server.all_answer(number));
    }
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let output = Command::new(env!("CARGO_BIN_EXE_ksr"))
        .args(["reload", "--rpc"])
        .arg(Path::new("/nonexistent/ksr.sock"))
        .output()
        .expect("runs");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("/nonexistent/ksr.sock"));
}
