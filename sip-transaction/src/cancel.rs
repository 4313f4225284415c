//! CANCEL in both directions: the caller gave up, or a branch is no longer wanted.
//!
//! Towards a branch a CANCEL goes once a provisional response is there, and waits for one until then
//! (RFC 3261 9.1). The branch stays until its final response, or for 64*T1. When no phone can answer
//! any more, the INVITE has its 487 from here.

use bytes::Bytes;
use sip_core::{StatusCode, build};

use crate::branch::{BlindState, Cancel, Outcome};
use crate::input::Wait;
use crate::output::{Gone, Notice};
use crate::step::{Step, reread};
use crate::transaction::{About, Asking, Transaction};
use crate::uac::action::Action;
use crate::uac::other::OtherClient;

impl Transaction {
    /// The caller gave up. After a final reply there is nothing left to cancel.
    pub(crate) fn cancel_call(&mut self, step: &mut Step<'_>, reason: Option<Bytes>) {
        if self.canceled || !self.is_open() {
            return;
        }
        self.canceled = true;
        step.stats.canceled += 1;
        self.reason = reason;
        self.dismiss_waiter(step, Gone::Canceled);
        self.end_suspensions(BlindState::Canceled);
        let ask_gone = self.drop_parked(step, Gone::Canceled);
        if self.rings() {
            self.cancel_branches(step, None);
            if ask_gone {
                self.skip_ask(step);
            }
        } else {
            match &self.asking {
                // A response is owed to the caller, and may be a 2xx.
                Some(Asking { about: About::Reply { .. }, .. }) => self.skip_ask(step),
                // The route finds the call answered.
                _ => self.asking = None,
            }
            if self.is_open() {
                self.reply_locally(step, StatusCode::REQUEST_TERMINATED);
            }
            self.go_on(step);
        }
    }

    /// Cancels what still rings after a final status from one branch, or from the route (`None`).
    pub(crate) fn cancel_losers(&mut self, step: &mut Step<'_>, status: StatusCode, winner: Option<u16>) {
        if !self.is_invite() || !self.branches.iter().any(|b| b.rings() && Some(b.number) != winner) {
            return;
        }
        self.give_reason(step, status);
        self.cancel_branches(step, winner);
    }

    /// What CANCELs of our own say from now on. The caller's own reason stays.
    pub(crate) fn give_reason(&mut self, step: &Step<'_>, status: StatusCode) {
        if step.config.local_cancel_reason && !self.canceled {
            self.reason = Some(reason_of(status));
        }
    }

    /// Cancels every branch without a final response, but one.
    pub(crate) fn cancel_branches(&mut self, step: &mut Step<'_>, but: Option<u16>) {
        for place in 0..self.branches.len() {
            let number = self.branches[place].number;
            if Some(number) != but
                && let Some(sent) = self.branches[place].sent_mut()
                && sent.client.on_cancel(step.now) == Action::Cancel
            {
                self.send_cancel(step, number);
            }
        }
    }

    /// Sends the CANCEL of a branch, as a client transaction of its own.
    pub(crate) fn send_cancel(&mut self, step: &mut Step<'_>, number: u16) {
        let id = self.branch_id(number);
        let reason = self.reason.clone();
        let timing = self.timing;
        let Some(sent) = self.branch_mut(number).and_then(|branch| branch.sent_mut()) else { return };
        let Some(request) = reread(&sent.bytes) else { return };
        let Some(bytes) = step.built(build::cancel(&request, reason.as_deref())) else { return };
        let reliable = sent.target.protocol.is_reliable();
        let client = OtherClient::new(step.now, reliable, timing, timing.long());
        sent.cancel = Some(Box::new(Cancel { client, bytes: bytes.clone() }));
        step.send(sent.target, bytes, Some(id));
    }

    /// Drops the routes that are parked. One that answers for a response goes on: that response is
    /// owed to the caller. `true` when the route of the ask that is out was dropped.
    pub(crate) fn drop_parked(&mut self, step: &mut Step<'_>, why: Gone) -> bool {
        let asking = self.asking.as_ref().map(|asking| {
            (self.ask_id(asking.number), why == Gone::Canceled && matches!(asking.about, About::Reply { .. }))
        });
        let mut ask_gone = false;
        self.parked.retain(|parked| {
            let of_ask = asking.filter(|(ask, _)| parked.wait == Wait::Ask(*ask));
            if let Some((_, true)) = of_ask {
                return true;
            }
            ask_gone |= of_ask.is_some();
            step.out.notices.push(Notice::Gone { ticket: parked.ticket, why });
            false
        });
        ask_gone
    }

    /// Ends what is suspended.
    pub(crate) fn end_suspensions(&mut self, state: BlindState) {
        for branch in &mut self.branches {
            if let Some(blind) = branch.blind_mut()
                && blind.state == BlindState::Waiting
            {
                blind.state = state;
                branch.outcome = Some(Outcome::Done);
            }
        }
    }
}

/// The Reason of a CANCEL of ours (RFC 3326).
fn reason_of(status: StatusCode) -> Bytes {
    if status.is_success() {
        return Bytes::from_static(b"SIP;cause=200;text=\"Call completed elsewhere\"");
    }
    format!("SIP;cause={};text=\"{}\"", status.code(), status.reason()).into()
}
