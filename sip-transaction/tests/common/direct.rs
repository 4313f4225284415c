//! A table driven by hand, for what phones cannot be made to do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use sip_core::{Message, Protocol, Source, StatusCode, Target, build, parse};
use sip_transaction::{
    Armed, Ask, AskKind, BranchId, Config, Matched, NewBranch, Notice, Outbox, Round, Secret, Table, Ticket,
    TmError, TransactionId,
};

pub const TICKET: Ticket = Ticket { worker: 1, slot: 2, generation: 3 };

pub struct Direct {
    pub table: Table,
    pub start: Instant,
    pub now: Instant,
    pub out: Outbox,
    pub secret: Secret,
}

impl Direct {
    pub fn new(config: Config) -> Direct {
        let secret = Secret::new([9; 16]);
        let start = super::start();
        Direct {
            table: Table::new(Arc::new(config), 0, 0, secret),
            start,
            now: start,
            out: Outbox::default(),
            secret,
        }
    }

    pub fn source() -> Source {
        Source {
            protocol: Protocol::Udp,
            remote: "192.0.2.1:5001".parse().expect("an address"),
            local: "192.0.2.9:5009".parse().expect("an address"),
            flow: None,
        }
    }

    pub fn request(method: &str, call: &str) -> Message {
        Self::request_in(method, call, "")
    }

    /// `to_tag` is `;tag=...` for a request within a dialog.
    pub fn request_in(method: &str, call: &str, to_tag: &str) -> Message {
        let cseq = if method == "CANCEL" { "CANCEL" } else { method };
        let text = format!(
            "{method} sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5001;branch=z9hG4bK{call}\r\n\
             From: <sip:alice@example.com>;tag=a\r\nTo: <sip:bob@example.com>{to_tag}\r\nCall-ID: {call}\r\n\
             CSeq: 1 {cseq}\r\nContent-Length: 0\r\n\r\n"
        );
        parse(text.into(), &Default::default()).expect("a request")
    }

    /// A 200 to a CANCEL, as the application makes it.
    pub fn accept_cancel(&mut self, cancel: &Message) -> Result<(), TmError> {
        let tag = self.secret.to_tag(cancel);
        let ok = build::response(cancel, StatusCode::OK).to_tag(&tag).finish()?;
        self.table.cancel_reply(self.now, cancel, StatusCode::OK, ok, &mut self.out)
    }

    pub fn receive(&mut self, request: &Message) -> Matched {
        self.table.handle_request(self.now, request, &Self::source(), &mut self.out)
    }

    pub fn create(&mut self, method: &str, call: &str) -> TransactionId {
        let request = Self::request(method, call);
        assert_eq!(self.receive(&request), Matched::New);
        self.table.create(self.now, &request, &Self::source(), &mut self.out).expect("a new request")
    }

    pub fn relay(&mut self, id: TransactionId, count: u16, armed: Armed) -> Result<Vec<BranchId>, TmError> {
        let branches = self.table.reserve(id, count)?;
        let request = self.table.request(id).expect("it is there");
        let mut round = Round { armed, ..Round::default() };
        for &branch in &branches {
            let mut copy = request.clone();
            let via = format!("SIP/2.0/UDP 192.0.2.9:5009;branch={}", branch.to_via(0, &self.secret));
            copy.prepend("Via", via).expect("a good value");
            let target = Target::new(Protocol::Udp, "192.0.2.2:5002".parse().expect("an address"));
            round.branches.push(NewBranch {
                id: branch,
                target,
                bytes: copy.to_bytes(),
                fr: None,
                fr_inv: None,
                user: 0,
            });
        }
        self.table.commit(self.now, id, round, &mut self.out)?;
        Ok(branches.to_vec())
    }

    /// A response of a branch, as a phone with that To tag makes it.
    pub fn response(&self, branch: BranchId, method: &str, status: u16, tag: &str) -> Option<Message> {
        let via = format!("SIP/2.0/UDP 192.0.2.9:5009;branch={}", branch.to_via(0, &self.secret));
        let text = format!(
            "{method} sip:bob@example.com SIP/2.0\r\nVia: {via}\r\nVia: SIP/2.0/UDP 192.0.2.1:5001;branch=z9hG4bKx\r\n\
             From: <sip:alice@example.com>;tag=a\r\nTo: <sip:bob@example.com>\r\nCall-ID: x\r\n\
             CSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n"
        );
        let request = parse(text.into(), &Default::default()).ok()?;
        let bytes = build::response(&request, StatusCode::new(status)?).to_tag(tag).finish().ok()?;
        parse(bytes, &Default::default()).ok()
    }

    pub fn answer_from(&mut self, branch: BranchId, status: u16) -> Matched {
        self.answer_with_tag(branch, status, &format!("t{}", branch.branch))
    }

    pub fn answer_with_tag(&mut self, branch: BranchId, status: u16, tag: &str) -> Matched {
        let response = self.response(branch, "INVITE", status, tag).expect("a response");
        self.table.handle_response(self.now, branch, response, &mut self.out)
    }

    /// Lets time pass, timer by timer.
    pub fn run_for(&mut self, secs: u64) {
        let until = self.now + Duration::from_secs(secs);
        while let Some(next) = self.table.poll_timeout().filter(|&next| next <= until) {
            self.now = self.now.max(next);
            self.table.handle_timeout(self.now, &mut self.out);
        }
        self.now = until;
    }

    /// What was sent since the last look: `100`, `INVITE`, ...
    pub fn sent(&mut self) -> Vec<String> {
        self.out.transmits.drain(..).map(|transmit| kind(&transmit.bytes)).collect()
    }

    /// The replies that went upstream since the last look.
    pub fn replied(&mut self) -> Vec<Bytes> {
        self.out.transmits.drain(..).filter(|t| t.branch.is_none()).map(|transmit| transmit.bytes).collect()
    }

    pub fn ask(&mut self) -> Ask {
        assert_eq!(self.out.asks.len(), 1, "one ask: {:?}", self.out.asks);
        self.out.asks.remove(0)
    }

    pub fn notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.out.notices)
    }

    pub fn elapsed(&self) -> u64 {
        (self.now - self.start).as_secs()
    }
}

pub fn kind(bytes: &[u8]) -> String {
    let line =
        String::from_utf8_lossy(bytes.split(|&byte| byte == b'\r').next().expect("a line")).into_owned();
    line.trim_start_matches("SIP/2.0 ").split(' ').next().unwrap_or_default().to_owned()
}

pub fn status_of(ask: &Ask) -> u16 {
    ask.kind.response().status().expect("a response").code()
}

pub fn kind_of(ask: &Ask) -> &'static str {
    match ask.kind {
        AskKind::Reply { .. } => "reply",
        AskKind::BranchFailure { .. } => "branch failure",
        AskKind::Failure { .. } => "failure",
        AskKind::Outcome { .. } => "outcome",
    }
}
