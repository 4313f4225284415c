//! The called half of a played phone: requests that it received, and its replies by script.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;
use sip_core::{Message, Method, StatusCode, build};

use crate::play::wire::{T1, T2, WAIT};

/// A request that a played phone has received.
#[derive(Debug)]
pub struct Incoming {
    /// The request as it came the first time.
    pub request: Message,
    branch: Vec<u8>,
    tag: String,
    contact: String,
    reliable: bool,
    plan: VecDeque<(Instant, u16)>,
    last: Bytes,
    gap: Duration,
    resend: Option<Instant>,
    until: Option<Instant>,
    /// The last status it replied with.
    pub status: Option<u16>,
    /// How often the request came.
    pub times: usize,
    /// How many ACKs came.
    pub acks: usize,
    /// How many CANCELs came.
    pub cancels: usize,
    /// The Reason of the first CANCEL.
    pub reason: Option<String>,
    /// Whether its final reply to an INVITE was never acknowledged.
    pub given_up: bool,
}

impl Incoming {
    pub(crate) fn new(
        now: Instant,
        request: Message,
        answers: &[(Duration, u16)],
        reliable: bool,
        (tag, contact): (String, String),
    ) -> Option<Incoming> {
        let branch = request.top_via().ok()?.branch()?.to_vec();
        Some(Incoming {
            branch,
            request,
            tag,
            contact,
            reliable,
            plan: answers.iter().map(|&(after, status)| (now + after, status)).collect(),
            last: Bytes::new(),
            gap: T1,
            resend: None,
            until: None,
            status: None,
            times: 0,
            acks: 0,
            cancels: 0,
            reason: None,
            given_up: false,
        })
    }

    /// Whether `request` is this one again, its ACK or its CANCEL.
    pub(crate) fn is_of(&self, request: &Message) -> bool {
        let same_branch = request
            .top_via()
            .ok()
            .and_then(|via| via.branch().map(|branch| branch == self.branch.as_slice()))
            .unwrap_or(false);
        let invite = self.request.method() == Some(Method::Invite);
        match request.method() {
            Some(Method::Cancel) => invite && same_branch,
            Some(Method::Ack) => invite && (same_branch || self.is_answer_ack(request)),
            method => same_branch && method == self.request.method(),
        }
    }

    fn is_answer_ack(&self, ack: &Message) -> bool {
        let tag = ack.to().ok().and_then(|to| to.tag().map(|tag| tag == self.tag.as_str()));
        tag == Some(true) && ack.call_id().ok() == self.request.call_id().ok()
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        [self.plan.front().map(|step| step.0), self.resend, self.until].into_iter().flatten().min()
    }

    pub(crate) fn on_time(&mut self, now: Instant, out: &mut Vec<Bytes>) {
        while let Some((_, status)) = self.plan.pop_front_if(|(at, _)| *at <= now) {
            self.reply(now, status, out);
        }
        if self.until.is_some_and(|until| until <= now) {
            (self.until, self.resend, self.given_up) = (None, None, true);
        }
        if self.resend.is_some_and(|resend| resend <= now) {
            self.gap = (self.gap * 2).min(T2);
            self.resend = Some(now + self.gap);
            out.push(self.last.clone());
        }
    }

    /// The request, for the first time or again.
    pub(crate) fn on_request(&mut self, now: Instant, out: &mut Vec<Bytes>) {
        self.times += 1;
        if self.times > 1 && !self.last.is_empty() && self.acks == 0 {
            out.push(self.last.clone());
        }
        self.on_time(now, out);
    }

    pub(crate) fn on_ack(&mut self) {
        self.acks += 1;
        (self.until, self.resend) = (None, None);
    }

    /// A CANCEL: answered itself, and the INVITE with 487 if it has no final reply yet.
    pub(crate) fn on_cancel(&mut self, now: Instant, cancel: &Message, out: &mut Vec<Bytes>) {
        self.cancels += 1;
        if self.reason.is_none() {
            self.reason = cancel.header("Reason").map(ToString::to_string);
        }
        if let Ok(reply) = build::response(cancel, StatusCode::OK).to_tag(&self.tag).finish() {
            out.push(reply);
        }
        if self.status.is_none_or(|status| status < 200) {
            self.plan.clear();
            self.reply(now, 487, out);
        }
    }

    /// Replies now, beside the script.
    pub(crate) fn reply(&mut self, now: Instant, status: u16, out: &mut Vec<Bytes>) {
        let Some(code) = StatusCode::new(status) else { return };
        if self.status.is_some_and(|status| status >= 200) {
            return;
        }
        let mut reply = build::response(&self.request, code);
        if status > 100 {
            reply = reply.to_tag(&self.tag);
        }
        if status > 100 && status < 300 {
            reply = reply.header("Contact", &self.contact);
        }
        let Ok(bytes) = reply.finish() else { return };
        self.status = Some(status);
        self.last = bytes.clone();
        if status >= 200 && self.request.method() == Some(Method::Invite) {
            self.until = Some(now + WAIT);
            if !self.reliable || status < 300 {
                self.resend = Some(now + T1);
            }
        }
        out.push(bytes);
    }
}
