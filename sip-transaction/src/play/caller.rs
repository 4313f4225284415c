//! The calling half of a played phone: requests that it sends, and what comes back.

use std::time::{Duration, Instant};

use bytes::Bytes;
use sip_core::{HeaderName, Message, build};

use crate::play::wire::{Packet, T1, T2, WAIT, parsed};

/// A request that a played phone has sent.
#[derive(Debug)]
pub struct Outgoing {
    pub(crate) request: Message,
    bytes: Bytes,
    branch: String,
    reliable: bool,
    gap: Duration,
    resend: Option<Instant>,
    until: Option<Instant>,
    /// The status of every response to it, in order, repetitions included.
    pub statuses: Vec<u16>,
    /// The responses to its CANCEL.
    pub cancel_statuses: Vec<u16>,
    /// What is sent again, when next, after which gap, and until when.
    cancel: Option<(Bytes, Instant, Duration, Instant)>,
    /// The To tags of the 2xx that came, once each.
    pub answers: Vec<String>,
}

impl Outgoing {
    pub(crate) fn new(now: Instant, bytes: Bytes, branch: String, reliable: bool) -> Option<Outgoing> {
        Some(Outgoing {
            request: parsed(&bytes)?,
            bytes,
            branch,
            reliable,
            gap: T1,
            resend: (!reliable).then_some(now + T1),
            until: Some(now + WAIT),
            statuses: Vec::new(),
            cancel_statuses: Vec::new(),
            cancel: None,
            answers: Vec::new(),
        })
    }

    /// The first final status, or 408 of its own when none came in time.
    pub fn outcome(&self) -> Option<u16> {
        let first = self.statuses.iter().copied().find(|&status| status >= 200);
        first.or((self.until.is_none() && self.resend.is_none() && self.statuses.is_empty()).then_some(408))
    }

    /// Whether it is a call.
    pub fn is_invite(&self) -> bool {
        self.request.method() == Some(sip_core::Method::Invite)
    }

    pub(crate) fn is_of(&self, branch: &[u8]) -> bool {
        self.branch.as_bytes() == branch
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        [self.resend, self.until, self.cancel.as_ref().map(|cancel| cancel.1)].into_iter().flatten().min()
    }

    pub(crate) fn on_time(&mut self, now: Instant, packet: impl Fn(Bytes) -> Packet, out: &mut Vec<Packet>) {
        if self.until.is_some_and(|until| until <= now) {
            (self.until, self.resend) = (None, None);
        }
        if self.resend.is_some_and(|resend| resend <= now) {
            self.gap = if self.is_invite() { self.gap * 2 } else { (self.gap * 2).min(T2) };
            self.resend = Some(now + self.gap);
            out.push(packet(self.bytes.clone()));
        }
        self.cancel.take_if(|(_, _, _, end)| *end <= now);
        if let Some((bytes, at, gap, _)) = &mut self.cancel
            && *at <= now
        {
            *gap = (*gap * 2).min(T2);
            *at = now + *gap;
            out.push(packet(bytes.clone()));
        }
    }

    /// The CANCEL of this request, sent again until it is answered.
    pub(crate) fn cancel(&mut self, now: Instant, reason: Option<&str>) -> Option<Bytes> {
        let bytes = build::cancel(&self.request, reason.map(str::as_bytes)).ok()?;
        self.until = Some(now + WAIT);
        if !self.reliable {
            self.cancel = Some((bytes.clone(), now + T1, T1, now + WAIT));
        }
        Some(bytes)
    }

    /// A response; what is to be sent is its ACK.
    pub(crate) fn on_response(
        &mut self,
        now: Instant,
        response: &Message,
        ack_branch: &str,
    ) -> Option<Bytes> {
        let status = response.status()?.code();
        if response.cseq().ok()?.method == sip_core::Method::Cancel && self.is_invite() {
            self.cancel_statuses.push(status);
            if status >= 200 {
                self.cancel = None;
            }
            return None;
        }
        self.statuses.push(status);
        match status {
            ..200 => {
                if self.is_invite() {
                    self.until = Some(now + Duration::from_secs(600));
                    self.resend = None;
                } else {
                    // Timer F runs on, E is T2 from now on (RFC 3261 17.1.2.2).
                    self.gap = T2;
                }
                None
            }
            _ => {
                (self.resend, self.until) = (None, None);
                if !self.is_invite() {
                    None
                } else if status >= 300 {
                    build::ack(&self.request, response).ok()
                } else {
                    let tag = response.to().ok()?.tag()?.to_string();
                    if !self.answers.contains(&tag) {
                        self.answers.push(tag);
                    }
                    self.ack_of_answer(response, ack_branch)
                }
            }
        }
    }

    /// The ACK of a 2xx: a request of its own, to the Contact (RFC 3261 13.2.2.4).
    fn ack_of_answer(&self, response: &Message, branch: &str) -> Option<Bytes> {
        let mut ack = parsed(&build::ack(&self.request, response).ok()?)?;
        let via = ack.header(HeaderName::Via)?.to_string();
        let (before, _) = via.split_once("branch=")?;
        ack.replace(HeaderName::Via, format!("{before}branch={branch}")).ok()?;
        if let Ok(contact) = response.contact() {
            let uri = contact.addr()?.uri_text().to_string();
            ack.set_request_uri(uri).ok()?;
        }
        Some(ack.to_bytes())
    }
}
