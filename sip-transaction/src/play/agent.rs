//! A played phone: calls by hand, answers by script, and retransmits as RFC 3261 has it.
//!
//! It shares no code with the transactions that it plays against: what it does is written down
//! here a second time, plainly.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use sip_core::{Message, Method, Protocol, Target};

use crate::play::callee::Incoming;
use crate::play::caller::Outgoing;
use crate::play::wire::{Packet, parsed};

/// One phone.
#[derive(Debug)]
pub struct Agent {
    address: Target,
    answers: Vec<(Duration, u16)>,
    serial: u32,
    out: Vec<Packet>,
    /// What it called.
    pub calls: Vec<(SocketAddr, Outgoing)>,
    /// What it was called with, each branch once.
    pub called: Vec<(SocketAddr, Incoming)>,
}

impl Agent {
    pub(crate) fn new(address: Target) -> Agent {
        Agent {
            address,
            answers: Vec::new(),
            serial: 0,
            out: Vec::new(),
            calls: Vec::new(),
            called: Vec::new(),
        }
    }

    /// What it replies to each request but ACK and CANCEL: after so many milliseconds that status.
    /// A phone without a script is silent.
    pub fn answers(&mut self, script: &[(u64, u16)]) {
        self.answers = script.iter().map(|&(ms, status)| (Duration::from_millis(ms), status)).collect();
    }

    /// The first call that it made.
    ///
    /// # Panics
    ///
    /// If it made none.
    pub fn call(&self) -> &Outgoing {
        &self.calls[0].1
    }

    /// The first request that it received.
    ///
    /// # Panics
    ///
    /// If it received none.
    pub fn asked(&self) -> &Incoming {
        &self.called[0].1
    }

    /// How many requests it received, each branch counted once.
    pub fn times_called(&self) -> usize {
        self.called.len()
    }

    pub(crate) fn send(&mut self, now: Instant, to: SocketAddr, method: &str, body: &str) {
        self.serial += 1;
        let here = self.address.remote;
        let branch = format!("z9hG4bK{}x{}", self.serial, here.port());
        let via = format!("SIP/2.0/{} {here};branch={branch}", self.address.protocol.via_token());
        let text = format!(
            "{method} sip:callee@{to} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\n\
             From: <sip:caller@{here}>;tag=f{}\r\nTo: <sip:callee@{to}>\r\nCall-ID: {}-{here}\r\n\
             CSeq: 1 {method}\r\nContact: <sip:caller@{here}>\r\nContent-Length: {}\r\n\r\n{body}",
            self.serial,
            self.serial,
            body.len()
        );
        let bytes = Bytes::from(text);
        if let Some(call) = Outgoing::new(now, bytes.clone(), branch, self.is_reliable()) {
            self.calls.push((to, call));
            self.out.push(self.packet(to, bytes));
        }
    }

    pub(crate) fn cancel(&mut self, now: Instant, reason: Option<&str>) {
        let here = self.address;
        if let Some((to, call)) = self.calls.last_mut()
            && let Some(bytes) = call.cancel(now, reason)
        {
            self.out.push(packet(here, *to, bytes));
        }
    }

    /// Replies to the last request beside its script.
    pub(crate) fn reply(&mut self, now: Instant, status: u16) {
        let here = self.address;
        let mut replies = Vec::new();
        if let Some((to, call)) = self.called.last_mut() {
            call.reply(now, status, &mut replies);
            self.out.extend(replies.into_iter().map(|bytes| packet(here, *to, bytes)));
        }
    }

    pub(crate) fn receive(&mut self, now: Instant, incoming: &Packet) {
        let Some(message) = parsed(&incoming.bytes) else { return };
        if message.is_response() {
            self.response(now, &message);
        } else {
            self.request(now, incoming.from, message);
        }
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        let calls = self.calls.iter().filter_map(|(_, call)| call.next());
        calls.chain(self.called.iter().filter_map(|(_, call)| call.next())).min()
    }

    pub(crate) fn on_time(&mut self, now: Instant) {
        let here = self.address;
        for (to, call) in &mut self.calls {
            call.on_time(now, |bytes| packet(here, *to, bytes), &mut self.out);
        }
        for (to, call) in &mut self.called {
            let mut replies = Vec::new();
            call.on_time(now, &mut replies);
            self.out.extend(replies.into_iter().map(|bytes| packet(here, *to, bytes)));
        }
    }

    /// What it wants to send.
    pub(crate) fn take_out(&mut self) -> Vec<Packet> {
        std::mem::take(&mut self.out)
    }

    fn response(&mut self, now: Instant, response: &Message) {
        let Some(branch) = response.top_via().ok().and_then(|via| via.branch()) else { return };
        self.serial += 1;
        let ack_branch = format!("z9hG4bKa{}x{}", self.serial, self.address.remote.port());
        let Some((to, call)) = self.calls.iter_mut().find(|(_, call)| call.is_of(branch)) else { return };
        let to = *to;
        if let Some(ack) = call.on_response(now, response, &ack_branch) {
            self.out.push(self.packet(to, ack));
        }
    }

    fn request(&mut self, now: Instant, from: SocketAddr, request: Message) {
        let here = self.address;
        let mut replies = Vec::new();
        let known = self.called.iter_mut().find(|(_, call)| call.is_of(&request));
        match (known, request.method()) {
            (Some((_, call)), Some(Method::Ack)) => call.on_ack(),
            (Some((_, call)), Some(Method::Cancel)) => call.on_cancel(now, &request, &mut replies),
            (Some((_, call)), _) => call.on_request(now, &mut replies),
            (None, Some(Method::Ack | Method::Cancel)) => {}
            (None, _) => {
                let number = self.called.len();
                let tag = format!("t{}n{number}", here.remote.port());
                let contact = format!("<sip:callee@{}>", here.remote);
                let call = Incoming::new(now, request, &self.answers, self.is_reliable(), (tag, contact));
                if let Some(mut call) = call {
                    call.on_request(now, &mut replies);
                    self.called.push((from, call));
                }
            }
        }
        self.out.extend(replies.into_iter().map(|bytes| packet(here, from, bytes)));
    }

    fn is_reliable(&self) -> bool {
        self.address.protocol != Protocol::Udp
    }

    fn packet(&self, to: SocketAddr, bytes: Bytes) -> Packet {
        packet(self.address, to, bytes)
    }
}

fn packet(here: Target, to: SocketAddr, bytes: Bytes) -> Packet {
    Packet { from: here.remote, to, protocol: here.protocol, bytes }
}
