//! `KSR.auth`, `KSR.auth_db` and the variables of credentials, on a played network.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use sip_core::digest::{Algorithm, Exchange, Qop, ha1};
use sip_core::{HeaderName, HeaderView, Message, ProxyAuthenticate, WwwAuthenticate};
use sip_lua::{LuaRoutes, Script, Settings};
use sip_modules::auth::Users;
use sip_server::Server;
use sip_server::play::{self, Agent, World};

const HERE: &str = "sip:10.0.0.1";

/// A server with this request route and the users alice and bob.
fn story(settings: Settings, body: &str, story: impl AsyncFnOnce(&World)) {
    let text = format!("function ksr_request_route()\n{body}\nend\n");
    let script = Script::new("test.lua", text, settings);
    let users = Users::parse(b"alice:secret\nbob:other\n").expect("a list");
    let server = script.configure(Server::new().workers(1).users(Arc::new(users)));
    play::run(1, server, LuaRoutes::factory(script).expect("the script loads"), story);
}

/// How a phone answers.
#[derive(Clone, Copy)]
struct Answer<'a> {
    user: &'a str,
    password: &'a str,
    method: &'a str,
    nc: &'a str,
}

const ALICE: Answer<'static> =
    Answer { user: "alice", password: "secret", method: "REGISTER", nc: "00000001" };

impl Answer<'_> {
    /// The credentials that answer a challenge, with `qop` if that was offered.
    fn to(&self, challenge: &Message) -> String {
        let proxy = challenge.header(HeaderName::ProxyAuthenticate);
        let value = proxy.or(challenge.header(HeaderName::WwwAuthenticate)).expect("a challenge");
        let digest = match proxy {
            Some(_) => ProxyAuthenticate::parse(value).and_then(|header| header.digest()),
            None => WwwAuthenticate::parse(value).and_then(|header| header.digest()),
        };
        let digest = digest.expect("Digest");
        let algorithm = digest.algorithm().unwrap_or(Algorithm::DEFAULT);
        let qop = [Qop::Auth, Qop::AuthInt].into_iter().find(|qop| digest.offers(*qop));
        let exchange = Exchange {
            algorithm,
            method: self.method.as_bytes(),
            uri: HERE.as_bytes(),
            nonce: digest.nonce,
            qop,
            nc: self.nc.as_bytes(),
            cnonce: b"c0",
            body: b"",
        };
        let secret = ha1(algorithm.hash, self.user.as_bytes(), digest.realm, self.password.as_bytes());
        let qop = qop.map(|qop| format!(", qop={qop}, nc={}, cnonce=\"c0\"", self.nc)).unwrap_or_default();
        format!(
            "{}: Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{HERE}\", response=\"{}\", \
             algorithm={algorithm}{qop}\n",
            if proxy.is_some() { "Proxy-Authorization" } else { "Authorization" },
            self.user,
            digest.realm,
            digest.nonce,
            exchange.response(&secret)
        )
    }
}

/// Sends a request with these credentials and returns status and reason of the answer.
async fn sent(phone: &Agent, method: &str, line: &str) -> (u16, String, Message) {
    phone.send(&phone.request(method, HERE, 1, line));
    let answer = phone.recv_within(Duration::from_secs(10)).await.expect("an answer");
    let status = answer.status().map_or(0, |status| status.code());
    (status, answer.reason().unwrap_or_default().to_string(), answer)
}

/// Checks, says what came of it as reason phrase of a 480, and challenges where that is not 1.
fn check(call: &str, flags: u32) -> String {
    format!(
        "local code = {call}
         if code == -5 or code == -4 or code == -6 then
             if KSR.auth.auth_challenge('here', {flags}) ~= 1 then error('not challenged') end
             return
         end
         KSR.sl.send_reply(480, tostring(code))"
    )
}

#[test]
fn auth_check_knows_users_and_compares_them_with_from_and_to() {
    story(Settings::new(), &check("KSR.auth_db.auth_check('here', 'subscriber', 1)", 1), async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        let (status, _, challenge) = sent(&alice, "REGISTER", "").await;
        assert_eq!(status, 401);
        assert_eq!(sent(&alice, "REGISTER", &ALICE.to(&challenge)).await.1, "1");
        let wrong = Answer { password: "guess", ..ALICE };
        assert_eq!(sent(&alice, "REGISTER", &wrong.to(&challenge)).await.1, "-2");
        let nobody = Answer { user: "nobody", ..ALICE };
        assert_eq!(sent(&alice, "REGISTER", &nobody.to(&challenge)).await.1, "-3");
        assert_eq!(sent(&bob, "REGISTER", &ALICE.to(&challenge)).await.1, "-8", "somebody else");

        let (status, _, challenge) = sent(&alice, "MESSAGE", "").await;
        assert_eq!(status, 407);
        let message = Answer { method: "MESSAGE", ..ALICE };
        assert_eq!(sent(&alice, "MESSAGE", &message.to(&challenge)).await.1, "1");
        assert_eq!(sent(&bob, "MESSAGE", &message.to(&challenge)).await.1, "-8");
    });
    story(Settings::new(), &check("KSR.auth_db.auth_check('here', 'subscriber', 3)", 1), async |world| {
        let bob = world.agent("bob");
        let (_, _, challenge) = sent(&bob, "MESSAGE", "").await;
        let message = Answer { method: "MESSAGE", ..ALICE };
        assert_eq!(sent(&bob, "MESSAGE", &message.to(&challenge)).await.1, "1", "not for MESSAGE");
    });
}

#[test]
fn auth_check_wants_a_realm_and_a_table_and_lets_ack_and_cancel_pass() {
    let body = "KSR.sl.send_reply(480, tostring(KSR.auth_db.auth_check('', 'subscriber', 0)) ..
        tostring(KSR.auth_db.auth_check('here', '', 0)) .. tostring(KSR.auth_db.www_authenticate('here', 'x')))";
    story(Settings::new(), body, async |world| {
        assert_eq!(sent(&world.agent("alice"), "MESSAGE", "").await.1, "-1-1-5");
    });
    let body = "if KSR.is_CANCEL() then
            KSR.sl.send_reply(480, tostring(KSR.auth_db.auth_check('here', 'subscriber', 1)))
        end";
    story(Settings::new(), body, async |world| {
        assert_eq!(sent(&world.agent("alice"), "CANCEL", "").await.1, "1");
    });
}

#[test]
fn a_subscriber_is_known_by_the_user_of_a_uri() {
    let body = "local is = function(uri) return KSR.auth_db.is_subscriber(uri, 'subscriber', 1) end
        KSR.sl.send_reply(480, table.concat({is('sip:alice@here'), is('sip:%61lice@there;x=y'), is('sip:carol@here'),
            is('sip:here'), is('no URI'), KSR.auth_db.is_subscriber('sip:alice@here', '', 1)}, ' '))";
    story(Settings::new(), body, async |world| {
        assert_eq!(sent(&world.agent("alice"), "MESSAGE", "").await.1, "1 1 -1 -1 -1 -1");
    });
}

#[test]
fn a_password_or_its_hash_may_come_from_the_script() {
    // HA1 is MD5 of alice:here:secret.
    let md5 = ha1(sip_core::digest::HashFunction::Md5, b"alice", b"here", b"secret");
    let call = format!(
        "(function()
            local a = KSR.auth.pv_auth_check('here', 'secret', 0, 1)
            local b = KSR.auth.pv_auth_check('here', '{md5}', 1, 1)
            local c = KSR.auth.pv_www_authenticate('here', '{md5}', 1)
            local d = KSR.auth.pv_proxy_authenticate('here', 'secret', 0)
            local e = KSR.auth.pv_www_authenticate_method('here', 'secret', 0, 'INVITE')
            local f = KSR.auth.pv_auth_check('here', 'short', 1, 1)
            if a ~= 1 then return a end
            return table.concat({{a, b, c, d, e, f}}, ' ')
        end)()"
    );
    story(Settings::new(), &check(&call, 3), async |world| {
        let alice = world.agent("alice");
        let (_, _, challenge) = sent(&alice, "REGISTER", "").await;
        let offered = challenge.header("WWW-Authenticate").map(ToString::to_string).unwrap_or_default();
        assert!(offered.ends_with("qop=\"auth,auth-int\""), "{offered}");
        assert_eq!(sent(&alice, "REGISTER", &ALICE.to(&challenge)).await.1, "1 1 1 -5 -2 -1");
    });
}

#[test]
fn a_script_may_choose_who_asks_and_without_flags_there_is_no_qop() {
    for (call, status, header) in [
        ("www_challenge", 401, "WWW-Authenticate"),
        ("proxy_challenge", 407, "Proxy-Authenticate"),
        ("auth_challenge", 407, "Proxy-Authenticate"),
    ] {
        let body = format!("if KSR.auth.{call}('a \"b\"', 0) ~= 1 then KSR.sl.send_reply(480, 'no') end");
        story(Settings::new(), &body, async |world| {
            let (found, _, challenge) = sent(&world.agent("alice"), "MESSAGE", "").await;
            let value = challenge.header(header).map(ToString::to_string).unwrap_or_default();
            assert_eq!(found, status);
            assert!(
                value.starts_with("Digest realm=\"a \\\"b\\\"\", nonce=\"") && !value.contains("qop"),
                "{value}"
            );
        });
    }
    let body = "local a = KSR.auth.www_challenge('', 0)
        local b = KSR.auth.www_challenge('a\\r\\nX: y', 0)
        KSR.sl.send_reply(480, a .. ' ' .. b)";
    story(Settings::new(), body, async |world| {
        assert_eq!(sent(&world.agent("alice"), "MESSAGE", "").await.1, "-1 -1");
    });
}

#[test]
fn nonces_are_counted_where_the_parameter_says_so() {
    let call = "KSR.auth_db.auth_check('here', 'subscriber', 1)";
    story(Settings::new(), &check(call, 1), async |world| {
        let alice = world.agent("alice");
        let (_, _, challenge) = sent(&alice, "REGISTER", "").await;
        for _ in 0..2 {
            assert_eq!(sent(&alice, "REGISTER", &ALICE.to(&challenge)).await.1, "1", "as in Kamailio");
        }
    });
    let settings = Settings::new();
    let settings = settings.modparam("auth", "nonce_count", "1").expect("a parameter");
    let settings = settings.modparam("auth", "nonce_expire", "20").expect("a parameter");
    story(settings, &check(call, 1), async |world| {
        let alice = world.agent("alice");
        let (_, _, challenge) = sent(&alice, "REGISTER", "").await;
        assert_eq!(sent(&alice, "REGISTER", &ALICE.to(&challenge)).await.1, "1");
        let (status, _, again) = sent(&alice, "REGISTER", &ALICE.to(&challenge)).await;
        assert_eq!(status, 401);
        assert!(
            again.header("WWW-Authenticate").is_some_and(|value| value.to_string().contains("stale=true"))
        );
        let next = Answer { nc: "00000002", ..ALICE };
        assert_eq!(sent(&alice, "REGISTER", &next.to(&challenge)).await.1, "1");
        world.pass(Duration::from_secs(22)).await;
        assert_eq!(sent(&alice, "REGISTER", &ALICE.to(&again)).await.0, 401, "expired");
    });
}

#[test]
fn algorithms_are_those_of_the_parameter() {
    let settings = Settings::new().modparam("auth", "algorithm", "SHA-256, MD5").expect("a parameter");
    story(settings, &check("KSR.auth_db.auth_check('here', 'subscriber', 1)", 1), async |world| {
        let alice = world.agent("alice");
        let (_, _, challenge) = sent(&alice, "REGISTER", "").await;
        assert_eq!(challenge.headers("WWW-Authenticate").count(), 2);
        let line = ALICE.to(&challenge);
        assert!(line.contains("algorithm=SHA-256"), "{line}");
        assert_eq!(sent(&alice, "REGISTER", &line).await.1, "1");
    });
    for (module, name, value) in [
        ("auth", "algorithm", "SHA-1"),
        ("auth", "qop", "auth-conf"),
        ("auth", "nonce_expire", "soon"),
        ("auth", "no_such", "1"),
        ("pike", "reqs_density_per_unit", "-1"),
        ("permissions", "address_file", "/nowhere/at/all"),
    ] {
        assert!(Settings::new().modparam(module, name, value).is_err(), "{module}.{name}");
    }
}

#[test]
fn credentials_are_read_by_variables_and_taken_off() {
    let body = "local names = {'$au', '$aU', '$ad', '$ar', '$adn', '$adu', '$adr', '$adc', '$ado', '$aa'}
        local all = {}
        for _, name in ipairs(names) do all[#all + 1] = KSR.pv.getw(name) end
        all[#all + 1] = KSR.kx.gete_au()
        all[#all + 1] = KSR.auth.has_credentials('here') .. KSR.auth.has_credentials('there')
        all[#all + 1] = KSR.auth.consume_credentials()
        if KSR.auth.pv_auth_check('here', 'secret', 0, 0) < 0 then KSR.auth.auth_challenge('here', 1) return end
        all[#all + 1] = KSR.auth.consume_credentials()
        all[#all + 1] = KSR.auth.has_credentials('here')
        all[#all + 1] = KSR.pv.getw('$au')
        KSR.sl.send_reply(480, table.concat(all, ' '))";
    story(Settings::new(), body, async |world| {
        let alice = world.agent("alice");
        let (_, _, challenge) = sent(&alice, "MESSAGE", "").await;
        let user = Answer { user: "alice@example.org", method: "MESSAGE", ..ALICE };
        let line = user.to(&challenge);
        let value = |name: &str| {
            let from = line.find(&format!("{name}=\"")).expect("there") + name.len() + 2;
            line[from..].split('"').next().unwrap_or_default().to_owned()
        };
        let (nonce, response) = (value("nonce"), value("response"));
        let wanted = format!(
            "alice@example.org alice example.org here {nonce} {HERE} {response} c0 <null> MD5 alice@example.org \
             1-1 -1 1 -1 <null>"
        );
        assert_eq!(sent(&alice, "MESSAGE", &line).await.1, wanted);
    });
}
