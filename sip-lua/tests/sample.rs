//! `ksr run` of Kamailio's own sample, `kamailio-basic-kemi-lua.lua`, unchanged, against SIPp. The sample is not part of
//! this project: the variable `SIP_TEST_KEMI_SAMPLE` names it (Debian's package kamailio has it under
//! `usr/share/doc/kamailio/examples/kemi`); without it, or without SIPp, every test says that it is skipped.

#![expect(clippy::print_stderr, reason = "a failed test shows the logs of its programs")]

#[path = "../../examples/tests/sipp/mod.rs"]
#[allow(dead_code, unused_imports, unused_macros, reason = "some of it is for another server")]
mod harness;

use std::io::Write;

use harness::passwords::Qop;
use harness::scenarios::OPTIONS;
use harness::server::Server;
use harness::{Lab, Outcome, in_lab, passwords, scenarios};

/// The script as it is, but for floods: a whole test comes from one address.
const BARE: &[&str] = &["--modparam", "pike.reqs_density_per_unit=100000"];

/// With the table of addresses that are banned.
const WITH_EVERYTHING: &[&str] = &[
    "--modparam",
    "htable.htable=ipban=>size=8;autoexpire=300",
    "--modparam",
    "pike.reqs_density_per_unit=100000",
];

/// Plays a scenario with the sample, if it is there.
fn play(test: &str, options: &[&str], scenario: impl FnOnce(&Lab, Server) -> Outcome) {
    let Some(script) = std::env::var_os("SIP_TEST_KEMI_SAMPLE") else {
        let _ = writeln!(std::io::stderr(), "{test}: skipped, SIP_TEST_KEMI_SAMPLE does not name the script");
        return;
    };
    let script = script.to_string_lossy().into_owned();
    in_lab(&format!("sample/{test}"), |lab| {
        let options = [&["run", &script][..], &OPTIONS, options].concat();
        scenario(lab, Server::start(lab, env!("CARGO_BIN_EXE_ksr"), &options)?)
    });
}

macro_rules! plays {
    ($($scenario:ident)*) => {$(
        #[test]
        fn $scenario() {
            play(stringify!($scenario), BARE, scenarios::$scenario);
            play(concat!(stringify!($scenario), "_with_everything"), WITH_EVERYTHING, scenarios::$scenario);
        }
    )*};
}

plays! {
    hundred_phones_register_and_take_a_thousand_calls_over_udp
    caller_on_udp_reaches_a_phone_on_tcp
    caller_who_cancels_while_it_rings_gets_487
    busy_phone_gives_486
    unknown_user_gives_404
}

fn play_with_users(test: &str, scenario: fn(&Lab, Server, Qop) -> Outcome) {
    in_lab(&format!("sample/users/{test}"), |lab| {
        let users = passwords::users(lab)?;
        let options = [&["--users", &users][..], WITH_EVERYTHING].concat();
        // The sample challenges with flags 0, which means without qop.
        play(test, &options, |lab, server| scenario(lab, server, Qop::Absent));
        Ok(())
    });
}

#[test]
fn phones_with_their_passwords_register_and_call() {
    play_with_users("register_and_call", passwords::register_and_call);
}

#[test]
fn a_wrong_password_is_asked_for_again() {
    play_with_users("are_asked_again", passwords::are_asked_again);
}
