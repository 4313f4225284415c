//! A hard outside: what nobody should send, over UDP and TCP, to the registrar and proxy of the starter servers.
//!
//! None of it ends a worker, none leaves a transaction behind, and the next call works. The messages of RFC 4475,
//! RFC 5118 and PROTOS are other people's data and stand beside the project; where they are absent, those tests say
//! that they are skipped, and messages of our own (`hostile/own.rs`) make the same points.

#![allow(clippy::panic, reason = "a test fails loudly")]

#[path = "hostile/mod.rs"]
mod harness;
#[path = "../src/bin/registrar-proxy.rs"]
#[expect(dead_code, reason = "its routes are run here, not its command line")]
mod registrar_proxy;

use std::io::Write;

use harness::exchange::{Datagrams, check, connection};
use harness::stand::Stand;
use harness::{Asked, Case, Outcome, corpus, own, own_address};
use tokio::task::JoinSet;

/// Cases of PROTOS, each of two messages.
const PROTOS: usize = 2_000;
/// Connections at once.
const AT_ONCE: usize = 100;

/// Says why a test does nothing. Not `eprintln`: what a test prints is shown only when it fails.
fn skip(test: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "{test}: skipped, {why}");
}

/// Sends every case as a datagram. Returns what was answered otherwise than expected.
async fn over_udp(stand: &Stand, ip: std::net::IpAddr, cases: &[Case]) -> std::io::Result<Vec<String>> {
    let mut wire = Datagrams::new(stand.udp, ip).await?;
    let mut wrong = Vec::new();
    for case in cases {
        let got = wire.send(case).await?;
        wrong.extend(check(case, got, "UDP"));
    }
    Ok(wrong)
}

/// Sends every case on a connection of its own.
async fn over_tcp(stand: &Stand, cases: &[Case]) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let (mut wrong, mut tasks) = (Vec::new(), JoinSet::new());
    for (serial, case) in (0..).zip(cases.iter().cloned()) {
        if tasks.len() >= AT_ONCE
            && let Some(ended) = tasks.join_next().await
        {
            wrong.extend::<Option<String>>(ended??);
        }
        let server = stand.tcp;
        tasks.spawn(async move {
            let got = connection(server, &case, serial).await;
            // A body that never comes whole ends the connection, without an answer.
            let got = got.map(|got| check(&case, got, "TCP"));
            if case.name == "clerr.dat" { got.map(|_| None) } else { got }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        wrong.extend::<Option<String>>(ended??);
    }
    Ok(wrong)
}

#[tokio::test]
async fn messages_of_our_own_do_no_harm_and_get_the_answer_they_deserve() -> Outcome {
    let ip = own_address();
    let stand = Stand::start(&Asked::default()).await?;
    let cases = own::cases(&ip.to_string());
    let mut wrong = over_udp(&stand, ip, &cases).await?;
    wrong.extend(over_tcp(&stand, &cases).await?);
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    Ok(stand.assert_unharmed().await?)
}

async fn torture(test: &str, name: &str) -> Outcome {
    let Some(folder) = corpus::folder(name) else {
        skip(test, "there is no shared/corpora beside the project");
        return Ok(());
    };
    let cases = corpus::torture(&folder)?;
    assert!(cases.len() > 20, "the messages are there: {}", cases.len());
    let stand = Stand::start(&Asked::by(&cases)).await?;
    let mut wrong = over_udp(&stand, own_address(), &cases).await?;
    wrong.extend(over_tcp(&stand, &cases).await?);
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    Ok(stand.assert_unharmed().await?)
}

#[tokio::test]
async fn torture_messages_of_rfc_4475_do_no_harm() -> Outcome {
    torture("torture_messages_of_rfc_4475_do_no_harm", "rfc4475").await
}

#[tokio::test]
async fn torture_messages_of_rfc_5118_do_no_harm() -> Outcome {
    torture("torture_messages_of_rfc_5118_do_no_harm", "rfc5118").await
}

#[tokio::test]
async fn two_thousand_cases_of_protos_do_no_harm() -> Outcome {
    let test = "two_thousand_cases_of_protos_do_no_harm";
    let Some(folder) = corpus::folder("protos") else {
        skip(test, "there is no shared/corpora beside the project");
        return Ok(());
    };
    let ip = own_address();
    let cases = match corpus::protos(&folder, &ip.to_string(), PROTOS) {
        Ok(cases) => cases,
        Err(error) => {
            skip(test, &error.to_string());
            return Ok(());
        }
    };
    assert!(cases.len() >= 2 * PROTOS - 50, "the cases are there: {}", cases.len());
    let stand = Stand::start(&Asked { domains: Vec::new(), users: vec!["user".into()] }).await?;
    over_udp(&stand, ip, &cases).await?;
    let relayed = stand.stats();
    assert!(relayed.sent > relayed.requests, "many were relayed: {relayed:?}");
    over_tcp(&stand, &cases).await?;
    Ok(stand.assert_unharmed().await?)
}
