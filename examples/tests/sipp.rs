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
use harness::run::Sipp;
use harness::scenarios::{DOMAIN, OPTIONS, refused, registrar_and_proxy};
use harness::server::Server;
use harness::{Lab, free_address, in_lab};

/// After this long without an answer from the HTTP service a call gets 503.
const PATIENCE: Duration = Duration::from_millis(800);

fn registrar_proxy(lab: &Lab) -> std::io::Result<Server> {
    Server::start(lab, env!("CARGO_BIN_EXE_registrar-proxy"), &OPTIONS)
}

registrar_and_proxy!("registrar_proxy", registrar_proxy);

/// A lookup server that asks `service`. One worker, so that a call that waits and one that does not share it.
fn async_lookup(lab: &Lab, service: &Service) -> std::io::Result<Server> {
    let arguments = ["--listen", "udp:127.0.0.1:0", "--lookup", &service.url(), "--workers", "1"];
    Server::start(lab, env!("CARGO_BIN_EXE_async-lookup"), &arguments)
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
