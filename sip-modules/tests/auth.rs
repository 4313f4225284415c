//! Digest authentication, wire in and wire out: what a phone is asked, what it answers, and what is not believed.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot be set up fails")]

use std::net::IpAddr;
use std::time::Duration;

use sip_core::digest::{Algorithm, Exchange, HashFunction, Qop, ha1};
use sip_core::{HeaderName, HeaderView, Message, Uri, WwwAuthenticate, parse};
use sip_modules::auth::{
    Ask, Auth, AuthError, Authenticated, ChallengeFlags, Config, Guard, IdentityChecks, Secret, Users,
    check_from, check_to, consume, is_user,
};

const NOW: Duration = Duration::from_secs(1_800_000_000);
const REALM: &str = "example.org";
const URI: &str = "sip:example.org";

fn after(seconds: u64) -> Duration {
    NOW + Duration::from_secs(seconds)
}

fn server(change: impl FnOnce(&mut Config)) -> Auth {
    let mut config = Config::default();
    config.counted_nonces = 64;
    change(&mut config);
    Auth::new(config, [9; 16], NOW)
}

fn ask() -> Ask<'static> {
    Ask { guard: Guard::Server, realm: REALM.as_bytes(), source: "192.0.2.1".parse().expect("an address") }
}

fn algorithm(name: &str) -> Algorithm {
    Algorithm::parse(name.as_bytes()).expect("a known algorithm")
}

fn request(method: &str, headers: &str, body: &str) -> Message {
    let wire = format!(
        "{method} {URI} SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n\
         From: <sip:alice@example.org>;tag=1\r\nTo: <sip:alice@example.org>\r\nCall-ID: 1\r\nCSeq: 1 {method}\r\n\
         {headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    parse(wire.into(), &Default::default()).expect("a message")
}

/// The nonce of the first challenge.
fn nonce(auth: &Auth, now: Duration) -> String {
    let challenge = auth.challenge(now, &ask(), false);
    let value = challenge.values().next().expect("a challenge").to_vec();
    let header = WwwAuthenticate::parse(&value).expect("a header");
    header.digest().expect("a digest").nonce.to_string()
}

/// A phone that answers as it is told.
#[derive(Clone, Copy)]
struct Phone<'a> {
    user: &'a str,
    password: &'a str,
    algorithm: Option<&'a str>,
    qop: Option<Qop>,
    nc: &'a str,
    nonce: &'a str,
    body: &'a str,
}

impl<'a> Phone<'a> {
    fn new(nonce: &'a str) -> Self {
        let qop = Some(Qop::Auth);
        Self { user: "alice", password: "secret", algorithm: None, qop, nc: "00000001", nonce, body: "" }
    }

    fn header(&self, realm: &str) -> String {
        let algorithm = self.algorithm.map_or(Algorithm::DEFAULT, algorithm);
        let exchange = Exchange {
            algorithm,
            method: b"REGISTER",
            uri: URI.as_bytes(),
            nonce: self.nonce.as_bytes(),
            qop: self.qop,
            nc: self.nc.as_bytes(),
            cnonce: b"0a4f113b",
            body: self.body.as_bytes(),
        };
        let user = sip_core::unquote(self.user.as_bytes());
        let plain_realm = sip_core::unquote(realm.as_bytes());
        let secret = ha1(algorithm.hash, &user, &plain_realm, self.password.as_bytes());
        let mut text = format!(
            "Digest username=\"{}\", realm=\"{realm}\", nonce=\"{}\", uri=\"{URI}\", response=\"{}\"",
            self.user,
            self.nonce,
            exchange.response(&secret)
        );
        if let Some(name) = self.algorithm {
            text.push_str(&format!(", algorithm={name}"));
        }
        if let Some(qop) = self.qop {
            text.push_str(&format!(", qop={qop}, nc={}, cnonce=\"0a4f113b\"", self.nc));
        }
        text
    }

    fn register(&self) -> Message {
        request("REGISTER", &format!("Authorization: {}\r\n", self.header(REALM)), self.body)
    }
}

/// What a server that knows alice by this secret says.
fn verdict(
    auth: &Auth,
    now: Duration,
    msg: &Message,
    secret: Option<&Secret>,
) -> Result<Authenticated, AuthError> {
    let claim = auth.examine(now, msg, &ask(), b"REGISTER")?;
    auth.accept(&claim, secret)
}

fn alice() -> Secret {
    Secret::password("secret")
}

fn says(auth: &Auth, now: Duration, msg: &Message) -> Option<AuthError> {
    verdict(auth, now, msg, Some(&alice())).err()
}

#[test]
fn a_phone_that_answers_the_challenge_is_authenticated() {
    let auth = server(|_| ());
    let nonce = nonce(&auth, NOW);
    let msg = Phone::new(&nonce).register();
    let found = verdict(&auth, after(1), &msg, Some(&alice())).expect("authenticated");
    assert_eq!((found.user(), found.realm()), (&b"alice"[..], REALM.as_bytes()));
    assert_eq!(found.guard(), Guard::Server);
}

#[test]
fn a_challenge_is_small_and_names_what_is_offered() {
    let auth = server(|_| ());
    let text = |guard, realm: &'static [u8], qop: &[Qop], stale| {
        let challenge = auth.challenge_with(NOW, &Ask { guard, realm, ..ask() }, qop, stale);
        challenge.values().map(|value| String::from_utf8_lossy(value).into_owned()).collect::<Vec<_>>()
    };
    let lines = text(Guard::Proxy, b"example.org", &[Qop::Auth, Qop::AuthInt], true);
    let [line] = &lines[..] else { panic!("one line: {lines:?}") };
    let (before, behind) = line.split_once("nonce=\"").expect("a nonce");
    assert_eq!(before, "Digest realm=\"example.org\", ");
    assert_eq!(behind.get(22..), Some("\", stale=true, qop=\"auth,auth-int\""));
    assert!(
        text(Guard::Server, b"a\"b\\c", &[], false)[0].starts_with("Digest realm=\"a\\\"b\\\\c\", nonce=")
    );
    assert!(!text(Guard::Server, b"a", &[], false)[0].contains("qop"));
    assert_eq!(text(Guard::Server, b"a\nb", &[], false).len(), 1, "a realm cannot make a line of its own");

    assert_eq!(ChallengeFlags::from_bits(3).qop(), [Qop::Auth, Qop::AuthInt]);
    assert_eq!(ChallengeFlags::from_bits(4).qop(), []);
    assert!(ChallengeFlags::from_bits(17).has(ChallengeFlags::STALE));
}

#[test]
fn algorithms_are_offered_in_their_order_and_each_is_accepted() {
    let names = ["SHA-512-256", "SHA-256", "MD5"];
    let auth = server(|config| config.algorithms = names.map(algorithm).to_vec());
    let challenge = auth.challenge(NOW, &ask(), false);
    let offered: Vec<_> = challenge
        .values()
        .map(|value| {
            let header = WwwAuthenticate::parse(value).expect("a header");
            header.digest().expect("a digest").algorithm().map(|algorithm| algorithm.name())
        })
        .collect();
    assert_eq!(offered, names.map(Some));
    for name in names {
        let nonce = nonce(&auth, NOW);
        let msg = Phone { algorithm: Some(name), ..Phone::new(&nonce) }.register();
        assert_eq!(says(&auth, NOW, &msg), None, "{name}");
    }
    for name in ["MD5-sess", "SHA-256-sess"] {
        let nonce = nonce(&auth, NOW);
        let msg = Phone { algorithm: Some(name), ..Phone::new(&nonce) }.register();
        assert_eq!(says(&auth, NOW, &msg), Some(AuthError::NotOffered), "{name}");
    }
    let sessions = server(|config| config.algorithms = vec![algorithm("SHA-256-sess")]);
    let nonce = nonce(&sessions, NOW);
    let msg = Phone { algorithm: Some("SHA-256-sess"), ..Phone::new(&nonce) }.register();
    assert_eq!(says(&sessions, NOW, &msg), None);
    let msg = Phone::new(&nonce).register();
    assert_eq!(says(&sessions, NOW, &msg), Some(AuthError::NotOffered), "MD5 by default, and not offered");
}

#[test]
fn without_credentials_for_the_realm_there_are_none() {
    let auth = server(|_| ());
    let nonce = nonce(&auth, NOW);
    let other = Phone::new(&nonce).header("example.net");
    let good = Phone::new(&nonce).header(REALM);
    for (headers, wanted) in [
        (String::new(), Some(AuthError::NoCredentials)),
        (format!("Authorization: {other}\r\n"), Some(AuthError::NoCredentials)),
        (format!("Proxy-Authorization: {good}\r\n"), Some(AuthError::NoCredentials)),
        ("Authorization: Basic YTpi\r\n".into(), Some(AuthError::NoCredentials)),
        (format!("Authorization: {other}\r\nAuthorization: Digest\r\nAuthorization: {good}\r\n"), None),
    ] {
        assert_eq!(says(&auth, NOW, &request("REGISTER", &headers, "")), wanted, "{headers}");
    }
}

#[test]
fn fields_that_are_missing_doubled_or_broken_are_malformed() {
    let auth = server(|_| ());
    let nonce = nonce(&auth, NOW);
    let good = Phone::new(&nonce).header(REALM);
    let without = |field: &str| {
        let start = good.find(&format!("{field}=")).expect("the field");
        let end = good[start..].find(", ").map_or(good.len(), |end| start + end + 2);
        format!("{}{}", &good[..start], &good[end..])
    };
    for field in ["username", "realm", "nonce", "uri", "response", "nc", "cnonce"] {
        let msg = request("REGISTER", &format!("Authorization: {}\r\n", without(field)), "");
        let said = says(&auth, NOW, &msg).map(AuthError::code);
        assert_eq!(said, Some(-1), "without {field}");
    }
    for bad in ["nc=1", "nc=0000000g", "nc=-0000001", "nc=000000001", "nc=00000001, nc=00000001"] {
        let text = good.replace("nc=00000001", bad);
        let msg = request("REGISTER", &format!("Authorization: {text}\r\n"), "");
        assert_eq!(says(&auth, NOW, &msg).map(AuthError::code), Some(-1), "{bad}");
    }
    assert_eq!(says(&auth, NOW, &request("REGISTER", &format!("Authorization: {good}\r\n"), "")), None);
}

#[test]
fn a_wrong_password_and_an_unknown_user_are_told_apart_by_code_alone() {
    let auth = server(|_| ());
    let nonce = nonce(&auth, NOW);
    let msg = Phone { password: "guess", ..Phone::new(&nonce) }.register();
    assert_eq!(says(&auth, NOW, &msg), Some(AuthError::WrongPassword));
    assert_eq!(verdict(&auth, NOW, &msg, None), Err(AuthError::UnknownUser));
    // The empty password, which stands for a user that is not there, opens nothing.
    let empty = Phone { password: "", ..Phone::new(&nonce) }.register();
    assert_eq!(verdict(&auth, NOW, &empty, None), Err(AuthError::UnknownUser));
    assert_eq!(says(&auth, NOW, &Phone::new(&nonce).register()), None, "failures used up no count");
    for (error, code) in [
        (AuthError::WrongPassword, -2),
        (AuthError::UnknownUser, -3),
        (AuthError::StaleNonce, -4),
        (AuthError::NoCredentials, -5),
        (AuthError::NonceReused, -6),
        (AuthError::WrongIdentity, -8),
        (AuthError::NotOffered, -1),
    ] {
        assert_eq!(error.code(), code);
    }
}

#[test]
fn the_response_is_for_this_method_and_uri() {
    let auth = server(|_| ());
    let nonce = nonce(&auth, NOW);
    let msg = Phone::new(&nonce).register();
    let claim = auth.examine(NOW, &msg, &ask(), b"INVITE").expect("a claim");
    assert_eq!(auth.accept(&claim, Some(&alice())), Err(AuthError::WrongPassword));
    let text = Phone::new(&nonce).header(REALM).replace(URI, "sip:example.com");
    let msg = request("REGISTER", &format!("Authorization: {text}\r\n"), "");
    assert_eq!(says(&auth, NOW, &msg), Some(AuthError::WrongPassword));
}

#[test]
fn a_nonce_that_is_old_forged_or_of_another_server_is_stale() {
    let auth = server(|_| ());
    let good = nonce(&auth, NOW);
    assert_eq!(says(&auth, after(301), &Phone::new(&good).register()), Some(AuthError::StaleNonce));
    assert_eq!(says(&auth, after(300), &Phone::new(&good).register()), None);
    let mut forged = good.clone();
    let other = if forged.get(10..11) == Some("A") { "B" } else { "A" };
    forged.replace_range(10..11, other);
    for bad in [forged.as_str(), "", "x", "dcd98b7102dd2f0e8b11d0f600bfb0c093", &"A".repeat(5000)] {
        let msg = Phone::new(bad).register();
        let said = says(&auth, NOW, &msg);
        assert_eq!(said, Some(AuthError::StaleNonce), "{bad}");
        assert!(said.is_some_and(AuthError::is_stale));
    }
    let other = Auth::new(Config::default(), [1; 16], NOW);
    assert_eq!(says(&other, NOW, &Phone::new(&good).register()), Some(AuthError::StaleNonce));
}

#[test]
fn servers_with_one_secret_take_each_others_nonces_and_those_from_before_a_start_are_stale() {
    let with_secret = |random: u8, start| {
        let mut config = Config::default();
        config.secret = Some((*b"one for all").into());
        Auth::new(config, [random; 16], start)
    };
    let (first, second, restarted) = (with_secret(1, NOW), with_secret(2, NOW), with_secret(1, after(10)));
    let nonce = nonce(&first, after(5));
    assert_eq!(says(&second, after(5), &Phone::new(&nonce).register()), None);
    assert_eq!(says(&restarted, after(11), &Phone::new(&nonce).register()), Some(AuthError::StaleNonce));
    assert!(!format!("{:?}", first.config()).contains("one for all"));
}

#[test]
fn a_nonce_may_be_bound_to_its_source() {
    let auth = server(|config| config.bind_source = true);
    let nonce = nonce(&auth, NOW);
    let msg = Phone::new(&nonce).register();
    let from = |source: &str| {
        let source: IpAddr = source.parse().expect("an address");
        auth.examine(NOW, &msg, &Ask { source, ..ask() }, b"REGISTER").map(drop)
    };
    assert_eq!(from("192.0.2.2"), Err(AuthError::StaleNonce));
    assert_eq!(from("192.0.2.1"), Ok(()));
    let loose = server(|_| ());
    let nonce = self::nonce(&loose, NOW);
    let msg = Phone::new(&nonce).register();
    let ask = Ask { source: "2001:db8::1".parse().expect("an address"), ..ask() };
    assert!(loose.examine(NOW, &msg, &ask, b"REGISTER").is_ok());
}

#[test]
fn a_count_is_good_for_one_request() {
    let auth = server(|_| ());
    let nonce = nonce(&auth, NOW);
    let with = |nc| Phone { nc, ..Phone::new(&nonce) }.register();
    assert_eq!(says(&auth, NOW, &with("00000001")), None);
    let again = says(&auth, NOW, &with("00000001"));
    assert_eq!(again, Some(AuthError::NonceReused));
    assert!(again.is_some_and(AuthError::is_stale), "the phone need not ask its user");
    assert_eq!(says(&auth, NOW, &with("00000003")), None);
    assert_eq!(says(&auth, NOW, &with("00000002")), None, "it came late");
    assert_eq!(says(&auth, NOW, &with("00000000")), Some(AuthError::NonceReused));
    assert_eq!(says(&auth, NOW, &with("FFFFFFFF")), None);
    assert_eq!(says(&auth, NOW, &with("ffffffff")), Some(AuthError::NonceReused));
    assert_eq!(says(&auth, NOW, &with("00000004")), Some(AuthError::NonceReused), "far behind");
    // Nobody uses up a count without the password.
    let nonce = self::nonce(&auth, NOW);
    let bad = Phone { password: "guess", ..Phone::new(&nonce) }.register();
    assert_eq!(says(&auth, NOW, &bad), Some(AuthError::WrongPassword));
    assert_eq!(says(&auth, NOW, &Phone::new(&nonce).register()), None);
}

#[test]
fn without_counting_a_nonce_is_good_until_it_expires() {
    let auth = server(|config| config.count_nonces = false);
    let nonce = nonce(&auth, NOW);
    for _ in 0..3 {
        assert_eq!(says(&auth, after(300), &Phone::new(&nonce).register()), None);
    }
    assert_eq!(says(&auth, after(301), &Phone::new(&nonce).register()), Some(AuthError::StaleNonce));
}

#[test]
fn more_nonces_than_are_counted_make_the_older_stale_and_never_good_twice() {
    let auth = server(|_| ()); // counts 64
    let first = nonce(&auth, NOW);
    assert_eq!(says(&auth, NOW, &Phone::new(&first).register()), None);
    for _ in 0..64 {
        let nonce = nonce(&auth, NOW);
        assert_eq!(says(&auth, NOW, &Phone::new(&nonce).register()), None);
    }
    for nc in ["00000001", "00000002"] {
        let late = Phone { nc, ..Phone::new(&first) }.register();
        assert_eq!(says(&auth, NOW, &late), Some(AuthError::StaleNonce));
    }
}

#[test]
fn qop_is_what_was_offered_or_more() {
    let auth = server(|_| ());
    let both = server(|config| config.qop = vec![Qop::Auth, Qop::AuthInt]);
    let whole = server(|config| config.qop = vec![Qop::AuthInt]);
    let body = "v=0\r\n";
    for (auth, qop, wanted) in [
        (&auth, Some(Qop::AuthInt), None),
        (&both, Some(Qop::AuthInt), None),
        (&both, Some(Qop::Auth), None),
        (&both, None, None),
        (&auth, None, None),
        (&whole, Some(Qop::AuthInt), None),
        (&whole, Some(Qop::Auth), Some(AuthError::NotOffered)),
        (&whole, None, Some(AuthError::NotOffered)),
    ] {
        let nonce = nonce(auth, NOW);
        let msg = Phone { qop, body, ..Phone::new(&nonce) }.register();
        assert_eq!(says(auth, NOW, &msg), wanted, "{qop:?}");
    }
    let nonce = nonce(&auth, NOW);
    let text = Phone::new(&nonce).header(REALM).replace("qop=auth", "qop=auth-conf");
    let msg = request("REGISTER", &format!("Authorization: {text}\r\n"), "");
    assert_eq!(says(&auth, NOW, &msg), Some(AuthError::NotOffered));
}

#[test]
fn auth_int_sees_a_changed_body_and_a_nonce_without_qop_is_good_once() {
    let auth = server(|config| config.qop = vec![Qop::Auth, Qop::AuthInt]);
    let nonce = nonce(&auth, NOW);
    let header = Phone { qop: Some(Qop::AuthInt), body: "v=0\r\n", ..Phone::new(&nonce) }.header(REALM);
    let msg = request("REGISTER", &format!("Authorization: {header}\r\n"), "v=1\r\n");
    assert_eq!(says(&auth, NOW, &msg), Some(AuthError::WrongPassword));

    let old = Phone { qop: None, ..Phone::new(&nonce) }.register();
    assert_eq!(says(&auth, NOW, &old), None);
    assert_eq!(says(&auth, NOW, &old), Some(AuthError::NonceReused));
}

#[test]
fn quoted_strings_are_read_without_their_escapes() {
    let auth = server(|_| ());
    let realm = "a \\\"b\\\" \\\\c";
    let plain = b"a \"b\" \\c";
    let ask = Ask { realm: plain, ..ask() };
    let challenge = auth.challenge(NOW, &ask, false);
    let value = challenge.values().next().expect("a challenge").to_vec();
    let header = WwwAuthenticate::parse(&value).expect("a header");
    let nonce = header.digest().expect("a digest").nonce.to_string();
    let phone = Phone { user: "al\\\"ice\\\\", ..Phone::new(&nonce) };
    let msg = request("REGISTER", &format!("Authorization: {}\r\n", phone.header(realm)), "");
    let claim = auth.examine(NOW, &msg, &ask, b"REGISTER").expect("a claim");
    assert_eq!((claim.user(), claim.realm()), (&b"al\"ice\\"[..], &plain[..]));
    assert_eq!(claim.hash(), HashFunction::Md5);
    assert!(auth.accept(&claim, Some(&alice())).is_ok());
}

#[test]
fn stored_hashes_are_good_for_their_algorithm() {
    let names = ["MD5", "SHA-256", "SHA-512-256"];
    let auth = server(|config| config.algorithms = names.map(algorithm).to_vec());
    for name in names {
        for stored in names {
            let nonce = nonce(&auth, NOW);
            let msg = Phone { algorithm: Some(name), ..Phone::new(&nonce) }.register();
            let hash = algorithm(stored).hash;
            let digits = ha1(hash, b"alice", REALM.as_bytes(), b"secret");
            let secret = Secret::ha1_of(hash, digits.as_ref()).expect("as many digits as it has");
            let wanted = (name != stored).then_some(AuthError::WrongPassword);
            assert_eq!(verdict(&auth, NOW, &msg, Some(&secret)).err(), wanted, "{name} by {stored}");
        }
    }
    assert!(Secret::ha1(b"939e7578ed9e3c518a452acee763bce9").is_some());
    assert!(Secret::ha1(b"939e").is_none() && Secret::ha1_of(HashFunction::Sha256, &[b'a'; 32]).is_none());
    assert_eq!(format!("{:?}", Secret::password("hidden")), "Password");
}

#[test]
fn users_are_read_from_a_text() {
    let digits = "939e7578ed9e3c518a452acee763bce9";
    let text = format!(
        "# phones\n\nalice:with: colons # and all\r\nbob@a:{digits}\nbob@b:{}\nbob@b:SHA-512-256:{}\nbob:clear\n",
        "a".repeat(64),
        "b".repeat(64)
    );
    let users = Users::parse(text.as_bytes()).expect("a list");
    assert_eq!(users.len(), 2);
    let find = |user: &str, realm: &str, hash| users.secret(user.as_bytes(), realm.as_bytes(), hash).cloned();
    use HashFunction::{Md5, Sha256, Sha512_256};
    assert_eq!(find("alice", "anywhere", Sha256), Some(Secret::password("with: colons # and all")));
    assert_eq!(find("bob", "a", Md5), Secret::ha1(digits.as_bytes()));
    assert_eq!(find("bob", "a", Sha256), Some(Secret::password("clear")), "its hash is of another algorithm");
    assert_eq!(find("bob", "b", Sha256), Secret::ha1(&[b'a'; 64]));
    assert_eq!(find("bob", "b", Sha512_256), Secret::ha1_of(Sha512_256, &[b'b'; 64]));
    assert_eq!(find("bob", "c", Md5), Some(Secret::password("clear")));
    assert_eq!(find("Alice", "a", Md5), None);
    for (bad, line) in [
        ("alice", 1),
        ("a:b\nalice:\n", 2),
        (":secret", 1),
        ("a@b:secret", 1),
        ("a@:939e7578ed9e3c518a452acee763bce9", 1),
        ("@b:939e7578ed9e3c518a452acee763bce9", 1),
        ("a@b:SHA-1:939e7578ed9e3c518a452acee763bce9", 1),
        ("a@b:SHA-256-sess:939e7578ed9e3c518a452acee763bce9", 1),
        ("a:1\n\na:2", 3),
    ] {
        let error = Users::parse(bad.as_bytes()).expect_err(bad);
        assert_eq!(error.line, line, "{bad}");
        assert!(!error.to_string().contains("939e"), "half a password");
    }
    assert!(!format!("{users:?}").contains("clear"));
}

#[test]
fn only_the_credentials_that_were_used_are_taken_off() {
    let header = |realm: &str| Phone::new("n").header(realm);
    let (ours, other, third) = (header(REALM), header("a"), header("b"));
    let text = format!(
        "Proxy-Authorization: {other}\r\nProxy-Authorization: {ours}\r\nAuthorization: {ours}\r\n\
         Proxy-Authorization: {third}\r\n"
    );
    let mut msg = request("INVITE", &text, "");
    assert!(consume(&mut msg, Guard::Proxy, REALM.as_bytes()));
    let left: Vec<_> = msg.headers(HeaderName::ProxyAuthorization).map(ToString::to_string).collect();
    assert_eq!(left, [other, third]);
    assert_eq!(msg.header(HeaderName::Authorization).map(ToString::to_string), Some(ours));
    assert!(!consume(&mut msg, Guard::Proxy, REALM.as_bytes()));
}

#[test]
fn a_user_is_bound_to_the_address_it_may_register() {
    let is = |user: &str, uri: &str| is_user(user.as_bytes(), &Uri::parse(uri.as_bytes()).expect("a URI"));
    assert!(is("alice", "sip:alice@example.org") && is("alice", "sips:%61lice@10.0.0.1:5070;x=y"));
    assert!(
        is("alice@example.org", "sip:alice@EXAMPLE.org") && !is("alice@example.org", "sip:alice@example.net")
    );
    for uri in ["sip:bob@example.org", "sip:Alice@example.org", "sip:example.org", "sip:alice2@example.org"] {
        assert!(!is("alice", uri), "{uri}");
    }
    let msg = request("REGISTER", "", "");
    assert_eq!((check_to(&msg, b"alice"), check_from(&msg, b"alice")), (Ok(()), Ok(())));
    assert_eq!(check_to(&msg, b"bob"), Err(AuthError::WrongIdentity));
    assert_eq!(check_from(&msg, b"bob").map_err(AuthError::code), Err(-8));
}

#[test]
fn identity_is_compared_as_the_flags_of_auth_check_say() {
    let check = |method: &str, bits, user: &str| {
        IdentityChecks::from_bits(bits)
            .check(&request(method, "", ""), user.as_bytes())
            .map_err(AuthError::code)
    };
    assert_eq!(check("INVITE", 0, "mallory"), Ok(()));
    assert_eq!(check("INVITE", 1, "mallory"), Err(-8));
    assert_eq!(check("INVITE", 1, "alice"), Ok(()));
    for method in ["INVITE", "BYE", "PRACK", "UPDATE", "MESSAGE"] {
        assert_eq!(check(method, 3, "mallory"), Ok(()), "{method}");
    }
    assert_eq!(check("SUBSCRIBE", 3, "mallory"), Err(-8));
    assert_eq!(check("REGISTER", 1, "alice"), Ok(()));
    assert_eq!(check("PUBLISH", 1, "alice"), Err(-8), "the request URI has no user");
    let text = request("REGISTER", "", "").to_bytes();
    let text = String::from_utf8_lossy(&text).replace("To: <sip:alice@", "To: <sip:bob@");
    let msg = parse(text.into_bytes().into(), &Default::default()).expect("a message");
    assert_eq!(IdentityChecks::SAME_USER.check(&msg, b"alice"), Err(AuthError::WrongIdentity));
    assert_eq!(IdentityChecks::SAME_USER.check(&msg, b"bob"), Err(AuthError::WrongIdentity));
}
