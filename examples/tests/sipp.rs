//! The starter servers against SIPp, an independent SIP implementation, over real sockets.
//!
//! Each test starts a server of its own as a process, on free ports of the loopback, and ends it with Ctrl-C:
//! it must end with success and without a transaction. The scenario files are in `sipp/`. On a machine
//! without SIPp every test says that it is skipped.

#![expect(clippy::print_stderr, reason = "a failed test shows the logs of its programs")]

#[path = "sipp/mod.rs"]
mod harness;

use std::net::SocketAddr;
use std::time::Duration;

use harness::lookup::{Answer, Service};
use harness::run::{Report, Sipp};
use harness::server::Server;
use harness::{Lab, free_address, in_lab};

const DOMAIN: &str = "example.org";
/// After this long without an answer from the HTTP service a call gets 503.
const PATIENCE: Duration = Duration::from_millis(800);

/// A registrar and proxy for [`DOMAIN`].
fn registrar_proxy(lab: &Lab) -> std::io::Result<Server> {
    let listen = ["--listen", "udp:127.0.0.1:0", "--listen", "tcp:127.0.0.1:0"];
    let rest = ["--domain", DOMAIN, "--workers", "2", "--log", "text"];
    Server::start(lab, env!("CARGO_BIN_EXE_registrar-proxy"), &[&listen[..], &rest[..]].concat())
}

/// A lookup server that asks `service`. One worker, so that a call that waits and one that does not share it.
fn async_lookup(lab: &Lab, service: &Service) -> std::io::Result<Server> {
    let arguments = ["--listen", "udp:127.0.0.1:0", "--lookup", &service.url(), "--workers", "1"];
    Server::start(lab, env!("CARGO_BIN_EXE_async-lookup"), &arguments)
}

fn phones(count: u32) -> Vec<String> {
    (0..count).map(|n| format!("phone{n}")).collect()
}

/// Registers phones that are all reached at one address.
fn register(
    lab: &Lab,
    server: SocketAddr,
    phones: &[String],
    at: SocketAddr,
    tcp: bool,
) -> std::io::Result<Report> {
    let contact = if tcp { format!("{at};transport=tcp") } else { at.to_string() };
    let run = Sipp::caller(lab, "register", "register.xml", server)?.users(phones)?;
    let run = if tcp { run.tcp(false) } else { run };
    run.key("domain", DOMAIN).key("phone_at", contact).calls(phones.len() as u32, 100).run()
}

#[test]
fn hundred_phones_register_and_take_a_thousand_calls_over_udp() {
    in_lab("calls_udp", |lab| {
        let server = registrar_proxy(lab)?;
        let (at, udp, phones) = (free_address()?, server.address("udp")?, phones(100));
        register(lab, udp, &phones, at, false)?.assert_clean(100);

        let long = Duration::from_secs(90);
        let callee = Sipp::callee(lab, "callee", "callee.xml", at)?.calls(1_000, 50).within(long).start()?;
        let caller = Sipp::caller(lab, "caller", "caller.xml", udp)?.users(&phones)?.key("domain", DOMAIN);
        caller.calls(1_000, 50).talk(Duration::from_millis(500)).within(long).run()?.assert_clean(1_000);
        callee.finish()?.assert_clean(1_000);
        Ok(server.stop_with_nothing_left()?)
    });
}

#[test]
fn hundred_phones_register_and_take_two_hundred_calls_over_tcp() {
    in_lab("calls_tcp", |lab| {
        let server = registrar_proxy(lab)?;
        let (at, tcp, phones) = (free_address()?, server.address("tcp")?, phones(100));
        register(lab, tcp, &phones, at, true)?.assert_clean(100);

        let callee = Sipp::callee(lab, "callee", "callee.xml", at)?.tcp(false);
        let callee = callee.calls(200, 50).within(Duration::from_secs(40)).start()?;
        let caller =
            Sipp::caller(lab, "caller", "caller.xml", tcp)?.tcp(true).users(&phones)?.key("domain", DOMAIN);
        caller.calls(200, 50).talk(Duration::from_millis(500)).run()?.assert_clean(200);
        callee.finish()?.assert_clean(200);
        Ok(server.stop_with_nothing_left()?)
    });
}

#[test]
fn caller_on_udp_reaches_a_phone_on_tcp() {
    in_lab("calls_mixed", |lab| {
        let server = registrar_proxy(lab)?;
        let (at, phones) = (free_address()?, phones(1));
        register(lab, server.address("tcp")?, &phones, at, true)?.assert_clean(1);

        let callee = Sipp::callee(lab, "callee", "callee.xml", at)?.tcp(false).calls(20, 20).start()?;
        let caller = Sipp::caller(lab, "caller", "caller.xml", server.address("udp")?)?;
        caller.users(&phones)?.key("domain", DOMAIN).calls(20, 20).run()?.assert_clean(20);
        callee.finish()?.assert_clean(20);
        Ok(server.stop_with_nothing_left()?)
    });
}

#[test]
fn caller_who_cancels_while_it_rings_gets_487() {
    in_lab("cancel", |lab| {
        let server = registrar_proxy(lab)?;
        let (at, udp, phones) = (free_address()?, server.address("udp")?, phones(5));
        register(lab, udp, &phones, at, false)?.assert_clean(5);

        let callee = Sipp::callee(lab, "callee", "callee_rings.xml", at)?.calls(20, 20).start()?;
        let caller =
            Sipp::caller(lab, "caller", "caller_cancels.xml", udp)?.fill("OTHER", 100).fill("AFTER", 180);
        caller.users(&phones)?.key("domain", DOMAIN).calls(20, 20).run()?.assert_clean(20);
        callee.finish()?.assert_clean(20);
        Ok(server.stop_with_nothing_left()?)
    });
}

#[test]
fn busy_phone_gives_486() {
    in_lab("busy", |lab| {
        let server = registrar_proxy(lab)?;
        let (at, udp, phones) = (free_address()?, server.address("udp")?, phones(5));
        register(lab, udp, &phones, at, false)?.assert_clean(5);

        let callee = Sipp::callee(lab, "callee", "callee_busy.xml", at)?.calls(20, 20).start()?;
        refused(lab, udp, DOMAIN, &phones, 486, 20)?.assert_clean(20);
        callee.finish()?.assert_clean(20);
        Ok(server.stop_with_nothing_left()?)
    });
}

#[test]
fn unknown_user_gives_404() {
    in_lab("unknown_user", |lab| {
        let server = registrar_proxy(lab)?;
        refused(lab, server.address("udp")?, DOMAIN, &["nobody"], 404, 5)?.assert_clean(5);
        Ok(server.stop_with_nothing_left()?)
    });
}

#[test]
fn foreign_domain_gives_403() {
    in_lab("foreign_domain", |lab| {
        let server = registrar_proxy(lab)?;
        refused(lab, server.address("udp")?, "elsewhere.example.net", &["phone0"], 403, 5)?.assert_clean(5);
        Ok(server.stop_with_nothing_left()?)
    });
}

/// Calls that end with `status`.
fn refused<T: AsRef<str>>(
    lab: &Lab,
    server: SocketAddr,
    domain: &str,
    users: &[T],
    status: u16,
    calls: u32,
) -> std::io::Result<Report> {
    let run =
        Sipp::caller(lab, &format!("refused_{status}"), "caller_refused.xml", server)?.fill("STATUS", status);
    run.users(users)?.key("domain", domain).calls(calls, 20).run()
}

/// A service that knows one phone, does not know `nobody`, and never answers for `silent`.
fn service(phone: SocketAddr) -> std::io::Result<Service> {
    Service::start(move |user| match user {
        "phone" => Answer::Uri(format!("sip:phone@{phone}")),
        "silent" => Answer::Silence,
        _ => Answer::Unknown,
    })
}

#[test]
fn call_is_answered_while_others_wait_for_their_lookup() {
    in_lab("lookup_meanwhile", |lab| {
        let at = free_address()?;
        let service = service(at)?;
        let server = async_lookup(lab, &service)?;
        let udp = server.address("udp")?;

        // A call every 50 ms that nobody routes: about sixteen wait at any time.
        let waiting = Sipp::caller(lab, "waiting", "caller_refused.xml", udp)?.fill("STATUS", 503);
        let waiting = waiting.users(&["silent"])?.key("domain", DOMAIN).calls(60, 20).start()?;
        while service.asked_for("silent").is_empty() {
            std::thread::sleep(Duration::from_millis(5));
        }
        let callee = Sipp::callee(lab, "callee", "callee.xml", at)?.calls(5, 10).start()?;
        let caller = Sipp::caller(lab, "caller", "caller.xml", udp)?.users(&["phone"])?.key("domain", DOMAIN);
        let served = caller.calls(5, 10).run()?;
        served.assert_clean(5);
        callee.finish()?.assert_clean(5);
        let refused = waiting.finish()?;
        refused.assert_clean(60);

        let (silent, phone) = (service.asked_for("silent"), service.asked_for("phone"));
        assert_eq!((silent.len(), phone.len()), (60, 5), "one question a call");
        for asked in phone {
            let parked = silent.iter().filter(|s| **s < asked && asked - **s < PATIENCE).count();
            assert!(parked > 0, "a call waited while this one was routed");
        }
        assert!(
            served.response_time() < PATIENCE / 2,
            "not held up by the others: {:?}",
            served.response_time()
        );
        Ok(server.stop_with_nothing_left()?)
    });
}

#[test]
fn slow_lookup_gives_503_after_800_ms() {
    in_lab("lookup_slow", |lab| {
        let server = async_lookup(lab, &service(free_address()?)?)?;
        let report = refused(lab, server.address("udp")?, DOMAIN, &["silent"], 503, 10)?;
        report.assert_clean(10);
        let time = report.response_time();
        assert!(time > PATIENCE - Duration::from_millis(20) && time < PATIENCE * 3 / 2, "{time:?}");
        Ok(server.stop_with_nothing_left()?)
    });
}

#[test]
fn user_the_lookup_does_not_know_gives_404() {
    in_lab("lookup_unknown", |lab| {
        let server = async_lookup(lab, &service(free_address()?)?)?;
        refused(lab, server.address("udp")?, DOMAIN, &["nobody"], 404, 5)?.assert_clean(5);
        Ok(server.stop_with_nothing_left()?)
    });
}

#[test]
fn caller_who_cancels_during_the_lookup_gets_487_at_once() {
    in_lab("lookup_cancel", |lab| {
        let server = async_lookup(lab, &service(free_address()?)?)?;
        let caller = Sipp::caller(lab, "caller", "caller_cancels.xml", server.address("udp")?)?;
        let caller = caller.fill("OTHER", 180).fill("AFTER", 100).users(&["silent"])?.key("domain", DOMAIN);
        let report = caller.calls(10, 20).run()?;
        report.assert_clean(10);
        assert!(report.response_time() < PATIENCE / 2, "{:?}", report.response_time());
        Ok(server.stop_with_nothing_left()?)
    });
}
