//! What is played with a registrar and proxy for [`DOMAIN`], whatever program that is. The server must end with
//! success and without a transaction.

use std::net::SocketAddr;
use std::time::Duration;

use super::run::{Report, Sipp};
use super::server::Server;
use super::{Lab, Outcome, free_address};

/// The domain that the server serves.
pub(crate) const DOMAIN: &str = "example.org";

/// How such a server is told to listen on free ports of the loopback, over UDP and TCP.
pub(crate) const OPTIONS: [&str; 10] = [
    "--listen",
    "udp:127.0.0.1:0",
    "--listen",
    "tcp:127.0.0.1:0",
    "--domain",
    DOMAIN,
    "--workers",
    "2",
    "--log",
    "text",
];

/// Each scenario as a test of the server that `$start` starts; `$name` tells the directories of its tests from others'.
#[allow(unused_macros, reason = "not every file that runs SIPp tests a registrar and proxy")]
macro_rules! registrar_and_proxy {
    ($name:literal, $start:path) => {
        registrar_and_proxy! { $name, $start,
            hundred_phones_register_and_take_a_thousand_calls_over_udp
            hundred_phones_register_and_take_two_hundred_calls_over_tcp
            caller_on_udp_reaches_a_phone_on_tcp
            caller_who_cancels_while_it_rings_gets_487
            busy_phone_gives_486
            unknown_user_gives_404
            foreign_domain_gives_403
        }
    };
    ($name:literal, $start:path, $($scenario:ident)*) => {$(
        #[test]
        fn $scenario() {
            let run = |lab: &$crate::harness::Lab| harness::scenarios::$scenario(lab, $start(lab)?);
            $crate::harness::in_lab(concat!($name, "/", stringify!($scenario)), run);
        }
    )*};
}
#[allow(unused_imports, reason = "as above")]
pub(crate) use registrar_and_proxy;

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

pub(crate) fn hundred_phones_register_and_take_a_thousand_calls_over_udp(
    lab: &Lab,
    server: Server,
) -> Outcome {
    let (at, udp, phones) = (free_address()?, server.address("udp")?, phones(100));
    register(lab, udp, &phones, at, false)?.assert_clean(100);

    let long = Duration::from_secs(90);
    let callee = Sipp::callee(lab, "callee", "callee.xml", at)?.calls(1_000, 50).within(long).start()?;
    let caller = Sipp::caller(lab, "caller", "caller.xml", udp)?.users(&phones)?.key("domain", DOMAIN);
    caller.calls(1_000, 50).talk(Duration::from_millis(500)).within(long).run()?.assert_clean(1_000);
    callee.finish()?.assert_clean(1_000);
    Ok(server.stop_with_nothing_left()?)
}

pub(crate) fn hundred_phones_register_and_take_two_hundred_calls_over_tcp(
    lab: &Lab,
    server: Server,
) -> Outcome {
    let (at, tcp, phones) = (free_address()?, server.address("tcp")?, phones(100));
    register(lab, tcp, &phones, at, true)?.assert_clean(100);

    let callee = Sipp::callee(lab, "callee", "callee.xml", at)?.tcp(false);
    let callee = callee.calls(200, 50).within(Duration::from_secs(40)).start()?;
    let caller =
        Sipp::caller(lab, "caller", "caller.xml", tcp)?.tcp(true).users(&phones)?.key("domain", DOMAIN);
    caller.calls(200, 50).talk(Duration::from_millis(500)).run()?.assert_clean(200);
    callee.finish()?.assert_clean(200);
    Ok(server.stop_with_nothing_left()?)
}

pub(crate) fn caller_on_udp_reaches_a_phone_on_tcp(lab: &Lab, server: Server) -> Outcome {
    let (at, phones) = (free_address()?, phones(1));
    register(lab, server.address("tcp")?, &phones, at, true)?.assert_clean(1);

    let callee = Sipp::callee(lab, "callee", "callee.xml", at)?.tcp(false).calls(20, 20).start()?;
    let caller = Sipp::caller(lab, "caller", "caller.xml", server.address("udp")?)?;
    caller.users(&phones)?.key("domain", DOMAIN).calls(20, 20).run()?.assert_clean(20);
    callee.finish()?.assert_clean(20);
    Ok(server.stop_with_nothing_left()?)
}

pub(crate) fn caller_who_cancels_while_it_rings_gets_487(lab: &Lab, server: Server) -> Outcome {
    let (at, udp, phones) = (free_address()?, server.address("udp")?, phones(5));
    register(lab, udp, &phones, at, false)?.assert_clean(5);

    let callee = Sipp::callee(lab, "callee", "callee_rings.xml", at)?.calls(20, 20).start()?;
    let caller =
        Sipp::caller(lab, "caller", "caller_cancels.xml", udp)?.fill("OTHER", 100).fill("AFTER", 180);
    caller.users(&phones)?.key("domain", DOMAIN).calls(20, 20).run()?.assert_clean(20);
    callee.finish()?.assert_clean(20);
    Ok(server.stop_with_nothing_left()?)
}

pub(crate) fn busy_phone_gives_486(lab: &Lab, server: Server) -> Outcome {
    let (at, udp, phones) = (free_address()?, server.address("udp")?, phones(5));
    register(lab, udp, &phones, at, false)?.assert_clean(5);

    let callee = Sipp::callee(lab, "callee", "callee_busy.xml", at)?.calls(20, 20).start()?;
    refused(lab, udp, DOMAIN, &phones, 486, 20)?.assert_clean(20);
    callee.finish()?.assert_clean(20);
    Ok(server.stop_with_nothing_left()?)
}

pub(crate) fn unknown_user_gives_404(lab: &Lab, server: Server) -> Outcome {
    refused(lab, server.address("udp")?, DOMAIN, &["nobody"], 404, 5)?.assert_clean(5);
    Ok(server.stop_with_nothing_left()?)
}

pub(crate) fn foreign_domain_gives_403(lab: &Lab, server: Server) -> Outcome {
    refused(lab, server.address("udp")?, "elsewhere.example.net", &["phone0"], 403, 5)?.assert_clean(5);
    Ok(server.stop_with_nothing_left()?)
}

/// Calls that end with `status`.
pub(crate) fn refused<T: AsRef<str>>(
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
