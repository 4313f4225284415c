//! What is played with a registrar and proxy that knows [`users`]: everybody is asked who he is.

use std::fs;
use std::io;

use super::run::Sipp;
use super::scenarios::DOMAIN;
use super::server::Server;
use super::{Lab, Outcome, free_address};

/// Each scenario as a test of the server that `$start` starts with a list of users.
macro_rules! with_passwords {
    ($name:literal, $start:path) => {
        with_passwords! { $name, $start,
            phones_with_their_passwords_register_and_call
            a_wrong_password_is_asked_for_again
            a_user_who_registers_somebody_else_gets_403
        }
    };
    ($name:literal, $start:path, $($scenario:ident)*) => {$(
        #[test]
        fn $scenario() {
            let run = |lab: &$crate::harness::Lab| {
                let users = harness::passwords::users(lab)?;
                harness::passwords::$scenario(lab, $start(lab, &users)?)
            };
            $crate::harness::in_lab(concat!($name, "/", stringify!($scenario)), run);
        }
    )*};
}
pub(crate) use with_passwords;

/// A file with phone0 to phone19: the first half by password, the others by HA1.
pub(crate) fn users(lab: &Lab) -> io::Result<String> {
    let path = lab.dir().join("users");
    let line = |n| match n {
        0..10 => format!("phone{n}:pass word {n}\n"),
        _ => format!("phone{n}@{DOMAIN}:{}\n", ha1(n)),
    };
    fs::write(&path, (0..20).map(line).collect::<String>())?;
    Ok(path.display().to_string())
}

/// MD5 of `phoneN:example.org:pass word N`.
fn ha1(n: u32) -> sip_core::digest::Hex {
    let (user, password) = (format!("phone{n}"), format!("pass word {n}"));
    let md5 = sip_core::digest::HashFunction::Md5;
    sip_core::digest::ha1(md5, user.as_bytes(), DOMAIN.as_bytes(), password.as_bytes())
}

/// SIPp's field for the credentials of a phone.
fn credentials(n: u32) -> String {
    format!("[authentication username=phone{n} password=\"pass word {n}\"]")
}

/// How challenges end.
#[derive(Clone, Copy)]
pub(crate) enum Qop {
    Auth,
    /// As RFC 2069 has them: without qop.
    Absent,
}

fn register(
    lab: &Lab,
    name: &str,
    (server, qop): (&Server, Qop),
    users: &[String],
    at: &str,
    status: u16,
) -> Outcome {
    let qop = match qop {
        Qop::Auth => ", qop=.auth.",
        Qop::Absent => "",
    };
    let run = Sipp::caller(lab, name, "register_auth.xml", server.address("udp")?)?.fill("STATUS", status);
    let run = run.fill("QOP", qop).users(users)?.key("domain", DOMAIN).key("phone_at", at);
    run.calls(users.len() as u32, 50).run()?.assert_clean(users.len() as u64);
    Ok(())
}

pub(crate) fn phones_with_their_passwords_register_and_call(lab: &Lab, server: Server) -> Outcome {
    register_and_call(lab, server, Qop::Auth)
}

pub(crate) fn register_and_call(lab: &Lab, server: Server, qop: Qop) -> Outcome {
    let at = free_address()?;
    let users: Vec<_> = (0..20).map(|n| format!("phone{n};{}", credentials(n))).collect();
    register(lab, "register", (&server, qop), &users, &at.to_string(), 200)?;

    let callee = Sipp::callee(lab, "callee", "callee.xml", at)?.calls(40, 20).start()?;
    let calls: Vec<_> =
        (0..20).map(|n| format!("phone{n};phone{};{}", 19 - n, credentials(19 - n))).collect();
    let caller = Sipp::caller(lab, "caller", "caller_auth.xml", server.address("udp")?)?;
    caller.users(&calls)?.key("domain", DOMAIN).calls(40, 20).run()?.assert_clean(40);
    callee.finish()?.assert_clean(40);
    Ok(server.stop_with_nothing_left()?)
}

pub(crate) fn a_wrong_password_is_asked_for_again(lab: &Lab, server: Server) -> Outcome {
    are_asked_again(lab, server, Qop::Auth)
}

pub(crate) fn are_asked_again(lab: &Lab, server: Server, qop: Qop) -> Outcome {
    let users: Vec<_> = [(1, 2), (11, 12)]
        .map(|(n, other)| {
            format!("phone{n};[authentication username=phone{n} password=\"pass word {other}\"]")
        })
        .to_vec();
    register(lab, "wrong", (&server, qop), &users, "127.0.0.1:9", 401)?;
    let nobody = ["nobody;[authentication username=nobody password=secret]".to_owned()];
    register(lab, "nobody", (&server, qop), &nobody, "127.0.0.1:9", 401)?;
    Ok(server.stop_with_nothing_left()?)
}

pub(crate) fn a_user_who_registers_somebody_else_gets_403(lab: &Lab, server: Server) -> Outcome {
    let users: Vec<_> = (0..10).map(|n| format!("phone{n};{}", credentials(n + 10))).collect();
    register(lab, "foreign", (&server, Qop::Auth), &users, "127.0.0.1:9", 403)?;
    Ok(server.stop_with_nothing_left()?)
}
