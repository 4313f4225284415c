//! tm's table, without sockets, locks and routes: a whole call, and a retransmission.
//!
//! Each call has a Call-ID and a branch of its own and starts a moment after the one before, and what is due
//! is done, so that the table holds as many finished calls as it would at that rate.

#![allow(missing_docs, reason = "criterion_group writes a public function")]
#![allow(clippy::expect_used, reason = "a measurement that fails has nothing to say")]

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use sip_core::{HeaderName, Message, Protocol, Source, StatusCode, Target, build, parse};
use sip_transaction::{Armed, Config, Matched, NewBranch, Outbox, Round, Secret, Table};

/// Time between two calls: 64 a second for each of 256 tables are 16,384.
const PACE: Duration = Duration::from_micros(15_625);

/// One table, and a proxy that relays everything to one phone.
struct Proxy {
    table: Table,
    secret: Secret,
    out: Outbox,
    now: Instant,
    number: u64,
    source: Source,
    target: Target,
}

impl Proxy {
    fn new() -> Self {
        let secret = Secret::new([7; 16]);
        let address = |text: &str| text.parse().expect("an address");
        Self {
            table: Table::new(Arc::new(Config::default()), 0, 8, secret),
            secret,
            out: Outbox::default(),
            now: Instant::now(),
            number: 0,
            source: Source {
                protocol: Protocol::Udp,
                remote: address("192.0.2.44:5060"),
                local: address("192.0.2.1:5060"),
                flow: None,
            },
            target: Target::new(Protocol::Udp, address("203.0.113.200:5060")),
        }
    }

    /// A new request; time goes on.
    fn next(&mut self, method: &str) -> Message {
        self.number += 1;
        self.now += PACE;
        self.table.handle_timeout(self.now, &mut self.out);
        self.out.clear();
        let number = self.number;
        let text = format!(
            "{method} sip:dave@203.0.113.200:5060 SIP/2.0\r\n\
             Via: SIP/2.0/UDP 192.0.2.44:5060;branch=z9hG4bK-{number:08x};rport=5060;received=192.0.2.44\r\n\
             Max-Forwards: 69\r\nFrom: <sip:carol@example.org>;tag=f{number:08x}\r\nTo: <sip:dave@example.com>\r\n\
             Call-ID: {number:08x}@192.0.2.44\r\nCSeq: 1 {method}\r\nContact: <sip:carol@192.0.2.44:5060>\r\n\
             Allow: INVITE, ACK, CANCEL, OPTIONS, BYE\r\nUser-Agent: Deskphone 300/2.11.4\r\n\
             Content-Length: 0\r\n\r\n"
        );
        parse(text.into(), &Default::default()).expect("a request")
    }

    /// The request goes in and out again. Returns it as it was sent.
    fn relay(&mut self, request: &Message) -> (sip_transaction::BranchId, Message) {
        let Self { table, secret, out, now, source, target, .. } = self;
        assert_eq!(table.handle_request(*now, request, source, out), Matched::New);
        let id = table.create(*now, request, source, out).expect("room");
        let branch = table.reserve(id, 1).expect("a first branch")[0];
        let mut copy = request.clone();
        let via = format!("SIP/2.0/UDP 192.0.2.1:5060;branch={}", branch.to_via(0, secret));
        copy.prepend(HeaderName::Via, via).expect("a sound value");
        let bytes = copy.to_bytes();
        let sent = NewBranch { id: branch, target: *target, bytes, fr: None, fr_inv: None, user: 0 };
        let round = Round { branches: [sent].into(), armed: Armed::default() };
        table.commit(*now, id, round, out).expect("nothing came between");
        table.finish(*now, id, out);
        (branch, copy)
    }

    /// The phone answers; the response is parsed as if it came from the wire.
    fn answer(&mut self, branch: sip_transaction::BranchId, sent: &Message, status: StatusCode) {
        let response = build::response(sent, status).to_tag("314159").finish().expect("a response");
        let response = parse(response, &Default::default()).expect("a response");
        let taken = self.table.handle_response(self.now, branch, response, &mut self.out);
        assert_eq!(taken, Matched::Taken);
    }
}

fn transactions(c: &mut Criterion) {
    // Setup and what is measured both need the table, one after the other.
    let proxy = RefCell::new(Proxy::new());
    c.bench_function("table/bye_answered_200", |b| {
        b.iter_batched(
            || proxy.borrow_mut().next("BYE"),
            |request| {
                let mut proxy = proxy.borrow_mut();
                let (branch, sent) = proxy.relay(&request);
                proxy.answer(branch, &sent, StatusCode::OK);
            },
            BatchSize::PerIteration,
        );
    });
    let proxy = RefCell::new(Proxy::new());
    c.bench_function("table/invite_180_200", |b| {
        b.iter_batched(
            || proxy.borrow_mut().next("INVITE"),
            |request| {
                let mut proxy = proxy.borrow_mut();
                let (branch, sent) = proxy.relay(&request);
                proxy.answer(branch, &sent, StatusCode::RINGING);
                proxy.answer(branch, &sent, StatusCode::OK);
            },
            BatchSize::PerIteration,
        );
    });
    let mut proxy = Proxy::new();
    let requests: Vec<Message> = (0..1000)
        .map(|_| {
            let request = proxy.next("INVITE");
            proxy.relay(&request);
            request
        })
        .collect();
    let mut each = requests.iter().cycle();
    c.bench_function("table/retransmission", |b| {
        b.iter(|| {
            let request = each.next().expect("a cycle has no end");
            let Proxy { table, out, now, source, .. } = &mut proxy;
            assert_eq!(table.handle_request(*now, request, source, out), Matched::Absorbed);
            out.clear();
        });
    });
}

criterion_group!(benches, transactions);
criterion_main!(benches);
