//! The registrar against a naive twin: one list, one rule after the other, no shards, no plan, no queue.

mod common;

use std::time::{Duration, Instant};

use common::*;
use proptest::prelude::*;
use sip_core::Q;
use sip_registrar::Registrar;

const MAX_CONTACTS: usize = 3;

/// What happens next.
#[derive(Clone, Debug)]
enum Step {
    Register(Request),
    /// Seconds go by.
    Wait(u64),
    /// The sweep runs.
    Expire,
}

#[derive(Clone, Debug)]
struct Request {
    call_id: u8,
    cseq: u32,
    expires: Option<u32>,
    star: bool,
    contacts: Vec<Contact>,
}

#[derive(Clone, Debug)]
struct Contact {
    uri: u8,
    expires: Option<u32>,
    q: Option<u16>,
}

/// A binding of the twin.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    uri: u8,
    call_id: u8,
    cseq: u32,
    q: Option<u16>,
    end: Instant,
    updated: Instant,
}

/// The twin: bob's bindings, in the order of registration.
#[derive(Default)]
struct Twin {
    rows: Vec<Row>,
}

impl Twin {
    /// The status of the reply.
    fn register(&mut self, now: Instant, request: &Request) -> u16 {
        let mut rows: Vec<Row> = self.rows.iter().filter(|row| row.end > now).cloned().collect();
        let before = rows.len();
        if request.star {
            if !request.contacts.is_empty() || request.expires != Some(0) {
                return 400;
            }
            if rows.iter().any(|row| row.call_id == request.call_id && row.cseq >= request.cseq) {
                return 400;
            }
            rows.clear();
        }
        let lifetime = |contact: &Contact| contact.expires.or(request.expires).unwrap_or(3600);
        if request.contacts.iter().any(|contact| (1..60).contains(&lifetime(contact))) {
            return 423;
        }
        let mut named: Vec<u8> = Vec::new();
        // Where a row stood that this request took away: it comes back to its place.
        let mut places: Vec<u8> = rows.iter().map(|row| row.uri).collect();
        for contact in &request.contacts {
            let old = rows.iter().position(|row| row.uri == contact.uri);
            if let Some(old) = old.and_then(|at| rows.get(at))
                && !named.contains(&contact.uri)
                && old.call_id == request.call_id
                && request.cseq <= old.cseq
            {
                if request.cseq == old.cseq && now < old.updated + Duration::from_secs(20) {
                    named.push(contact.uri);
                    continue;
                }
                return 400;
            }
            if old.is_some() {
                named.push(contact.uri);
            }
            rows.retain(|row| row.uri != contact.uri);
            if lifetime(contact) > 0 {
                named.push(contact.uri);
                if !places.contains(&contact.uri) {
                    places.push(contact.uri);
                }
                rows.push(Row {
                    uri: contact.uri,
                    call_id: request.call_id,
                    cseq: request.cseq,
                    q: contact.q,
                    end: now + Duration::from_secs(lifetime(contact).into()),
                    updated: now,
                });
            }
        }
        rows.sort_by_key(|row| places.iter().position(|uri| *uri == row.uri));
        if rows.len() > MAX_CONTACTS && rows.len() > before {
            return 503;
        }
        self.rows = rows;
        200
    }

    fn lookup(&self, now: Instant) -> Vec<String> {
        let mut rows: Vec<&Row> = self.rows.iter().filter(|row| row.end > now).collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.q));
        rows.iter().map(|row| format!("sip:{}@h until {:?} q {:?}", row.uri, row.end, row.q)).collect()
    }
}

fn lookup(registrar: &Registrar, now: Instant) -> Vec<String> {
    let found = registrar.lookup(now, &bob());
    let text = |binding: &sip_registrar::Binding| {
        let q = binding.q().map(Q::thousandths);
        format!("{} until {:?} q {q:?}", binding.uri(), binding.expires_at())
    };
    found.iter().map(|binding| text(binding)).collect()
}

fn message(request: &Request) -> sip_core::Message {
    let mut lines: Vec<String> = Vec::new();
    if let Some(expires) = request.expires {
        lines.push(format!("Expires: {expires}"));
    }
    if request.star {
        lines.push("Contact: *".into());
    }
    for contact in &request.contacts {
        let q = contact.q.map(|q| format!(";q={}", Q::from_thousandths(q).unwrap_or(Q::MAX)));
        let expires = contact.expires.map(|expires| format!(";expires={expires}"));
        lines.push(format!(
            "m: <sip:{}@h>{}{}",
            contact.uri,
            q.unwrap_or_default(),
            expires.unwrap_or_default()
        ));
    }
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    register(&format!("call-{}", request.call_id), request.cseq, &lines)
}

fn any_expires() -> impl Strategy<Value = Option<u32>> {
    prop_oneof![4 => Just(None), 3 => Just(Some(60)), 2 => Just(Some(0)), 2 => Just(Some(100)), 1 => Just(Some(59))]
}

fn any_contact() -> impl Strategy<Value = Contact> {
    let q = prop_oneof![Just(None), Just(Some(500)), Just(Some(1000))];
    (0..5u8, any_expires(), q).prop_map(|(uri, expires, q)| Contact { uri, expires, q })
}

fn any_request() -> impl Strategy<Value = Request> {
    let star = prop::bool::weighted(0.1);
    (0..3u8, 1..6u32, any_expires(), star, prop::collection::vec(any_contact(), 0..4)).prop_map(
        |(call_id, cseq, expires, star, contacts)| {
            let contacts = if star && cseq > 1 { Vec::new() } else { contacts };
            Request { call_id, cseq, expires, star, contacts }
        },
    )
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => any_request().prop_map(Step::Register),
        3 => (1..50u64).prop_map(Step::Wait),
        1 => Just(Step::Expire),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever phones send and whenever the sweep runs, the contacts of a user are those of the twin.
    #[test]
    fn registrar_does_what_its_twin_does(steps in prop::collection::vec(any_step(), 1..40)) {
        let registrar = with(|config| config.max_contacts = Some(MAX_CONTACTS));
        let mut twin = Twin::default();
        let mut now = start();
        let mut told = 0;
        for step in steps {
            match &step {
                Step::Wait(by) => now += seconds(*by),
                Step::Expire => {
                    let mut out = Vec::new();
                    registrar.expire(now, &mut out);
                    told -= out.len() as isize;
                    prop_assert!(registrar.poll_timeout().is_none_or(|due| due > now));
                }
                Step::Register(request) => {
                    let status = match save(&registrar, now, &message(request)) {
                        Ok(saved) => {
                            for change in &saved.changes {
                                told += match change.kind {
                                    sip_registrar::ChangeKind::Inserted => 1,
                                    sip_registrar::ChangeKind::Updated => 0,
                                    _ => -1,
                                };
                            }
                            200
                        }
                        Err(error) => error.status().code(),
                    };
                    prop_assert_eq!(status, twin.register(now, request), "{:?}", request);
                }
            }
            prop_assert_eq!(lookup(&registrar, now), twin.lookup(now), "after {:?}", step);
            prop_assert_eq!(told, registrar.location().bindings() as isize, "the feed tells them all");
        }
    }
}
