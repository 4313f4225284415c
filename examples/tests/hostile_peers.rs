//! Two thousand TCP peers that mean no good, and the calls beside them.
//!
//! A registrar and proxy with its usual settings, as a process; SIPp makes calls over UDP and TCP while the peers
//! are there. No call fails, no message is sent twice, and every peer is gone when its time is over.

#![allow(clippy::print_stderr, clippy::panic, reason = "a failed test shows what happened")]

#[path = "sipp/mod.rs"]
#[allow(dead_code, reason = "made for sipp.rs")]
mod harness;
#[path = "hostile/peers.rs"]
mod peers;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use harness::run::{Running, Sipp};
use harness::server::Server;
use harness::{Lab, free_address, in_lab};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use peers::{Kind, Stay};

const PEERS: usize = 2_000;
const DOMAIN: &str = "example.org";
/// Longer than any limit of a connection: 10 s for a message, 10 s for a write.
const BOUND: Duration = Duration::from_secs(60);
/// Calls, and how many a second: they last as long as the slowest peers.
const CALLS: (u32, u32) = (400, 20);

type Failure = Box<dyn std::error::Error>;

/// A process may have this many files open; false where the system does not allow it.
fn may_open(files: u64) -> bool {
    getrlimit(Resource::RLIMIT_NOFILE).is_ok_and(|(soft, hard)| {
        soft >= files || (hard >= files && setrlimit(Resource::RLIMIT_NOFILE, files, hard).is_ok())
    })
}

/// A phone and its caller, over UDP or TCP.
struct Pair {
    caller: Running,
    callee: Running,
}

impl Pair {
    fn start(lab: &Lab, server: SocketAddr, tcp: bool) -> Result<Self, Failure> {
        let (at, name) = (free_address()?, if tcp { "tcp1" } else { "udp1" });
        let over = |run: Sipp, each: bool| if tcp { run.tcp(each) } else { run };
        let contact = if tcp { format!("{at};transport=tcp") } else { at.to_string() };
        let register =
            Sipp::caller(lab, &format!("register_{name}"), "register.xml", server)?.users(&[name])?;
        let register = over(register, false).key("domain", DOMAIN).key("phone_at", contact);
        register.calls(1, 10).run()?.assert_clean(1);

        let (calls, rate) = CALLS;
        let callee = over(Sipp::callee(lab, &format!("callee_{name}"), "callee.xml", at)?, false);
        let callee = callee.calls(calls, rate).within(BOUND).start()?;
        let caller = Sipp::caller(lab, &format!("caller_{name}"), "caller.xml", server)?.users(&[name])?;
        let caller = over(caller, false).key("domain", DOMAIN).calls(calls, rate);
        let caller = caller.talk(Duration::from_millis(500)).within(BOUND).start()?;
        Ok(Self { caller, callee })
    }

    fn assert_clean(self) -> Result<(), Failure> {
        let calls = CALLS.0.into();
        self.caller.finish()?.assert_clean(calls);
        self.callee.finish()?.assert_clean(calls);
        Ok(())
    }
}

/// How often the attack is played at most: a machine that is busy with something else may cost the calls a
/// retransmission once; what the peers cost them, they cost them each time.
const ATTEMPTS: usize = 3;

#[test]
fn two_thousand_bad_peers_are_closed_and_cost_the_calls_beside_them_nothing() {
    let mut attempts = 1..=ATTEMPTS;
    let clean = attempts.any(|attempt| std::panic::catch_unwind(|| attack(attempt)).is_ok());
    assert!(clean, "the calls were never clean");
}

fn attack(attempt: usize) {
    in_lab(&format!("bad_peers_{attempt}"), |lab| {
        assert!(may_open(PEERS as u64 + 200), "2,200 open files are needed (ulimit -n)");
        let listen = ["--listen", "udp:127.0.0.1:0", "--listen", "tcp:127.0.0.1:0"];
        let rest = ["--domain", DOMAIN, "--workers", "2", "--log", "text"];
        let arguments = [&listen[..], &rest[..]].concat();
        let server = Server::start(lab, env!("CARGO_BIN_EXE_registrar-proxy"), &arguments)?;
        let (udp, tcp) = (server.address("udp")?, server.address("tcp")?);

        let pairs = [Pair::start(lab, udp, false)?, Pair::start(lab, tcp, true)?];
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let stays = runtime.block_on(peers::attack(tcp, PEERS, BOUND))?;
        assert_eq!(stays.len(), PEERS);
        assert_gone(&stays);
        for pair in pairs {
            pair.assert_clean()?;
        }
        Ok(server.stop_with_nothing_left()?)
    });
}

/// Each kind of peer was closed by the limit that is there for it.
fn assert_gone(stays: &[Stay]) {
    let mut longest: HashMap<Kind, Duration> = HashMap::new();
    for stay in stays {
        let Some(time) = stay.time else { panic!("{:?} was not closed", stay.kind) };
        let entry = longest.entry(stay.kind).or_default();
        *entry = time.max(*entry);
    }
    assert_eq!(longest.len(), Kind::ALL.len(), "peers of every kind came: {longest:?}");
    // Ten seconds for a message, and none was given twice that, however busy the machine.
    for kind in [Kind::Half, Kind::Slow, Kind::Silent] {
        assert!(longest[&kind] < Duration::from_secs(25), "{kind:?} stayed for {:?}", longest[&kind]);
    }
}
