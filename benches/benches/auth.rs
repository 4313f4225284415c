//! Asking for a password and judging the answer, without sockets and routes.

#![allow(missing_docs, reason = "criterion_group writes a public function")]
#![allow(clippy::expect_used, reason = "a measurement that fails has nothing to say")]

use std::hint::black_box;
use std::net::Ipv4Addr;
use std::time::Duration;

use benches::messages;
use criterion::{Criterion, criterion_group, criterion_main};
use sip_core::digest::{Algorithm, Exchange, Qop};
use sip_core::{HeaderView, Message, WwwAuthenticate, parse};
use sip_modules::auth::{Ask, Auth, Config, Guard, Secret};

const NOW: Duration = Duration::from_secs(1_800_000_000);
const ASK: Ask<'static> =
    Ask { guard: Guard::Server, realm: b"example.com", source: std::net::IpAddr::V4(Ipv4Addr::LOCALHOST) };

/// A REGISTER that answers a challenge with this algorithm.
fn answer(auth: &Auth, algorithm: Algorithm) -> Message {
    let challenge = auth.challenge(NOW, &ASK, false);
    let value = challenge.values().next().expect("a challenge");
    let header = WwwAuthenticate::parse(value).expect("a header");
    let digest = header.digest().expect("Digest");
    let exchange = Exchange {
        algorithm,
        method: b"REGISTER",
        uri: b"sip:example.com",
        nonce: digest.nonce,
        qop: Some(Qop::Auth),
        nc: b"00000001",
        cnonce: b"0a4f113b",
        body: b"",
    };
    let ha1 = sip_core::digest::ha1(algorithm.hash, b"carol", ASK.realm, b"secret");
    let line = format!(
        "Authorization: Digest username=\"carol\", realm=\"example.com\", nonce=\"{}\", uri=\"sip:example.com\", \
         response=\"{}\", algorithm={algorithm}, qop=auth, nc=00000001, cnonce=\"0a4f113b\"\r\n",
        digest.nonce,
        exchange.response(&ha1)
    );
    let wire = messages::REGISTER.replace("Content-Length", &format!("{line}Content-Length"));
    parse(wire.into(), &Default::default()).expect("a message")
}

fn auth(c: &mut Criterion) {
    let mut group = c.benchmark_group("auth");
    for name in ["MD5", "SHA-256"] {
        let algorithm = Algorithm::parse(name.as_bytes()).expect("a known algorithm");
        let mut config = Config::default();
        config.algorithms = vec![algorithm];
        config.count_nonces = false; // one answer is judged again and again
        let auth = Auth::new(config, [7; 16], NOW);
        let msg = answer(&auth, algorithm);
        let ha1 = sip_core::digest::ha1(algorithm.hash, b"carol", ASK.realm, b"secret");
        group.bench_function(format!("challenge/{name}"), |b| {
            b.iter(|| auth.challenge(black_box(NOW), &ASK, false));
        });
        for (kind, secret) in
            [("ha1", Secret::Ha1(algorithm.hash, ha1)), ("password", Secret::password("secret"))]
        {
            group.bench_function(format!("verify/{name}/{kind}"), |b| {
                b.iter(|| {
                    let claim = auth.examine(NOW, black_box(&msg), &ASK, b"REGISTER").expect("a claim");
                    auth.accept(&claim, Some(&secret)).expect("the password")
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, auth);
criterion_main!(benches);
