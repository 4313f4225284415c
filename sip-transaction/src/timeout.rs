//! Timers of one transaction that are due, and transports that failed.

use sip_core::StatusCode;

use crate::branch::{BlindState, Sent};
use crate::output::Gone;
use crate::step::Step;
use crate::transaction::{News, Transaction};
use crate::uac;
use crate::uas;

impl Transaction {
    /// Does whatever is due.
    pub(crate) fn on_timeout(&mut self, step: &mut Step<'_>) {
        self.server_timeouts(step);
        for place in 0..self.branches.len() {
            self.client_timeouts(step, place);
        }
        self.expire_suspensions(step);
        self.expire_parked(step);
        if self.until.is_some_and(|until| until <= step.now) {
            self.expire(step);
        }
    }

    /// The transport of a branch failed: as a 503 (RFC 3261 8.1.3.1).
    pub(crate) fn on_closed(&mut self, step: &mut Step<'_>, number: u16) {
        let Some(sent) = self.branch_mut(number).and_then(|branch| branch.sent_mut()) else { return };
        if let Some(cancel) = &mut sent.cancel {
            cancel.client.on_closed();
        }
        if sent.client.on_closed() {
            step.stats.branches_closed += 1;
            self.take(step, News::Failed { branch: number, status: StatusCode::SERVICE_UNAVAILABLE });
        }
    }

    fn server_timeouts(&mut self, step: &mut Step<'_>) {
        while let Some(action) = self.server.on_timeout(step.now) {
            match action {
                uas::action::Action::Resend => {
                    step.stats.replies_resent += 1;
                    self.send_last_reply(step);
                }
                uas::action::Action::Trying => self.reply_locally(step, StatusCode::TRYING),
                uas::action::Action::GiveUp => step.stats.unacknowledged += 1,
                _ => {}
            }
        }
    }

    fn client_timeouts(&mut self, step: &mut Step<'_>, place: usize) {
        let number = self.branches[place].number;
        let id = self.branch_id(number);
        let Some(sent) = self.branches[place].sent_mut() else { return };
        if let Some(cancel) = &mut sent.cancel {
            while let Some(action) = cancel.client.on_timeout(step.now) {
                if action == uac::action::Action::Resend {
                    step.stats.requests_resent += 1;
                    step.send(sent.target, cancel.bytes.clone(), Some(id));
                }
            }
        }
        while let Some(sent) = self.branches[place].sent_mut()
            && let Some(action) = sent.client.on_timeout(step.now)
        {
            match action {
                uac::action::Action::Resend => {
                    step.stats.requests_resent += 1;
                    step.send(sent.target, sent.bytes.clone(), Some(id));
                }
                uac::action::Action::TimedOut => {
                    step.stats.branch_timeouts += 1;
                    self.timed_out(step, number);
                }
                _ => {}
            }
        }
    }

    /// No response in time: a 408, and a CANCEL if the branch rings (RFC 3261 16.8).
    fn timed_out(&mut self, step: &mut Step<'_>, number: u16) {
        let now = step.now;
        let rings = |sent: &mut Sent| {
            !sent.client.is_terminated() && sent.client.on_cancel(now) == uac::action::Action::Cancel
        };
        if self.branch_mut(number).and_then(|branch| branch.sent_mut()).is_some_and(rings) {
            self.give_reason(step, StatusCode::REQUEST_TIMEOUT);
            self.send_cancel(step, number);
        }
        self.take(step, News::Failed { branch: number, status: StatusCode::REQUEST_TIMEOUT });
    }

    /// It is too old: everything that could still decide it is ended, and it is answered here.
    fn expire(&mut self, step: &mut Step<'_>) {
        self.until = None;
        self.dismiss_waiter(step, Gone::TimedOut);
        self.armed = Default::default();
        for branch in &mut self.branches {
            branch.on_reply = None;
            branch.on_branch_failure = None;
        }
        self.drop_parked(step, Gone::TimedOut);
        self.end_suspensions(BlindState::TimedOut);
        // What came while an ask was out counts: a 2xx may be among it.
        let asked = self.asking.is_some();
        if asked {
            self.skip_ask(step);
        }
        if !self.is_open() {
            return;
        }
        let status = if self.canceled { StatusCode::REQUEST_TERMINATED } else { StatusCode::REQUEST_TIMEOUT };
        if self.is_invite() {
            self.reply_locally(step, status);
            self.cancel_losers(step, StatusCode::REQUEST_TIMEOUT, None);
        } else {
            self.stay_silent(step);
        }
    }
}
