//! Responses from branches: relayed, collected, and the best one sent (RFC 3261 16.7).

use bytes::Bytes;
use sip_core::{HeaderName, Message, Method, StatusCode};

use crate::best::{is_challenge, merge_challenges, rank};
use crate::branch::{BlindState, Outcome};
use crate::handle::Asker;
use crate::input::Matched;
use crate::output::{AskKind, Notice};
use crate::step::{Step, reread};
use crate::transaction::{About, News, Transaction};
use crate::uac::action::Action;

impl Transaction {
    /// A response to what branch `number` sent.
    pub(crate) fn on_response(&mut self, step: &mut Step<'_>, number: u16, response: Message) -> Matched {
        let Some(status) = response.status() else { return Matched::Stray };
        let full = self.asking.is_some() && self.pending.len() >= step.config.max_pending;
        let fr_inv = self.fr_inv.unwrap_or(step.config.fr_inv);
        let local = self.is_local();
        let method = response.cseq().map(|cseq| cseq.method);
        let fits = method.as_ref().is_ok_and(|&method| method == self.request.method());
        let Some(sent) = self.branch_mut(number).and_then(|branch| branch.sent_mut()) else {
            return Matched::Stray;
        };
        if matches!(method, Ok(Method::Cancel)) && !fits {
            if let Some(cancel) = &mut sent.cancel {
                if status.is_final() {
                    cancel.client.on_final(step.now);
                    cancel.bytes = Bytes::new();
                } else {
                    cancel.client.on_provisional();
                }
            }
            return Matched::Taken;
        }
        if !fits || response.values(HeaderName::Via).nth(1).is_none() != local {
            // Not for what we sent, or with nobody to go on to, or (RFC 3261 8.1.3.3) not for us.
            step.stats.absorbed_responses += 1;
            return Matched::Absorbed;
        }
        if full && (status.class() == 1 || status.is_success() && !sent.client.is_open()) {
            // As if the network had lost it: no machine has seen it, so its sender sends it again.
            step.stats.pending_dropped += 1;
            return Matched::Absorbed;
        }
        let action = match status.class() {
            1 => sent.client.on_provisional(step.now, sent.fr_inv.unwrap_or(fr_inv)),
            2 => sent.client.on_success(step.now),
            _ => sent.client.on_failure(step.now),
        };
        if action != Action::Nothing && action != Action::Ack {
            sent.last_status = Some(status);
        }
        match action {
            Action::AckAndPassUp => self.acknowledge(step, number, &response),
            Action::CancelAndPassUp => self.send_cancel(step, number),
            Action::PassUp => {}
            other => {
                match other {
                    Action::Ack => self.acknowledge(step, number, &response),
                    Action::Cancel => {
                        self.give_reason(step, StatusCode::REQUEST_TIMEOUT);
                        self.send_cancel(step, number);
                    }
                    _ => {}
                }
                step.stats.absorbed_responses += 1;
                return Matched::Absorbed;
            }
        }
        self.take(step, News::Response { branch: number, response });
        Matched::Taken
    }

    /// Deals with news of a branch, while no ask is out.
    pub(crate) fn handle(&mut self, step: &mut Step<'_>, news: News) {
        match news {
            News::Response { branch, response } => match self.branch(branch).and_then(|b| b.on_reply) {
                Some(route) => {
                    let kind = AskKind::Reply { branch: self.branch_id(branch), response: response.clone() };
                    let about = About::Reply { branch, response: Box::new(response) };
                    self.ask_route(step, route, about, kind);
                }
                None => self.on_news(step, branch, response),
            },
            News::Failed { branch, status } => self.failed(step, branch, Outcome::Local(status)),
        }
    }

    /// A response that no reply route has to see any more.
    pub(crate) fn on_news(&mut self, step: &mut Step<'_>, number: u16, response: Message) {
        let Some(status) = response.status() else { return };
        match status.class() {
            // 100 is hop by hop; no other provisional goes to anything but an INVITE (RFC 4320 4.1).
            1 if status == StatusCode::TRYING || !self.is_invite() => {}
            1 => {
                if let Some(bytes) = relayed(response) {
                    self.send_reply(step, status, bytes, false);
                }
            }
            2 => self.answered(step, number, status, response),
            _ => {
                let response = Box::new(response.compact());
                self.failed(step, number, Outcome::Response(response));
            }
        }
    }

    /// A 2xx: relayed at once, whatever was sent before; the others are cancelled.
    fn answered(&mut self, step: &mut Step<'_>, number: u16, status: StatusCode, response: Message) {
        let invite = self.is_invite();
        if let Some(branch) = self.branch_mut(number) {
            branch.outcome = Some(Outcome::Done);
            if let Some(sent) = branch.sent_mut().filter(|sent| !sent.acked) {
                sent.bytes = Bytes::new();
            }
        }
        let open = self.is_open();
        if !open && !invite {
            return;
        }
        if open {
            if let Some(Asker::Waiter(ticket)) = self.armed.on_failure.take() {
                step.out.notices.push(Notice::Answered { ticket, transaction: self.id, status });
            }
            self.end_suspensions(BlindState::Answered);
        }
        if self.is_local() {
            self.deliver_answer(step, number, response);
        } else if let Some(bytes) = relayed(response) {
            self.send_reply(step, status, bytes, false);
        } else if open {
            // A reply route has taken its Via: there is no way to tell the caller.
            self.reply_locally(step, StatusCode::SERVER_INTERNAL_ERROR);
        }
        if open {
            self.cancel_losers(step, status, Some(number));
        }
    }

    /// A branch ended negatively.
    pub(crate) fn failed(&mut self, step: &mut Step<'_>, number: u16, outcome: Outcome) {
        let open = self.is_open();
        let Some(branch) = self.branch_mut(number) else { return };
        if branch.outcome.is_some() {
            return;
        }
        let is_sent = branch.sent().is_some();
        let route = branch.on_branch_failure.take().filter(|_| is_sent);
        if !open {
            branch.outcome = Some(Outcome::Done);
            return;
        }
        let status = match &outcome {
            Outcome::Response(response) => response.status(),
            Outcome::Local(status) => Some(*status),
            Outcome::Done => None,
        };
        branch.outcome = Some(outcome);
        if let Some(status) = status
            && status.class() == 6
            && self.block_6xx
        {
            self.declined = true;
            self.cancel_losers(step, status, Some(number));
        }
        if let Some(route) = route
            && let Some((response, _)) = self.response_of(step, number)
        {
            self.armed.on_branch_failure = None;
            let kind = AskKind::BranchFailure { branch: self.branch_id(number), response };
            self.ask_route(step, route, About::BranchFailure, kind);
            return;
        }
        self.conclude(step);
    }

    /// When all branches are done without a 2xx: asks the failure route, or sends the best response.
    pub(crate) fn conclude(&mut self, step: &mut Step<'_>) {
        if !self.is_open() || self.asking.is_some() || self.waits() || self.branches.is_empty() {
            return;
        }
        self.declined = false;
        let best = self.best(step);
        if let Some(number) = best
            && let Some(asker) = self.armed.on_failure
            && let Some((response, local)) = self.response_of(step, number)
        {
            self.armed.on_failure = None;
            let kind = AskKind::Failure { branch: self.branch_id(number), response, local };
            self.ask(step, asker, About::Failure, kind);
            return;
        }
        self.forward_best(step);
    }

    /// Sends the best response there is, or one of our own making.
    pub(crate) fn forward_best(&mut self, step: &mut Step<'_>) {
        if !self.is_open() {
            return;
        }
        let best = self.best(step).and_then(|number| self.branch(number));
        let (status, received) = match best.and_then(|branch| branch.outcome.as_ref()) {
            Some(Outcome::Response(response)) => (response.status(), Some((**response).clone())),
            Some(Outcome::Local(status)) => (Some(*status), None),
            _ => (None, None),
        };
        let status = status.unwrap_or(StatusCode::SERVER_INTERNAL_ERROR);
        if status == StatusCode::REQUEST_TIMEOUT && !self.is_invite() {
            self.stay_silent(step);
            return;
        }
        let Some(mut response) = received else {
            let status = if self.canceled { StatusCode::REQUEST_TERMINATED } else { remapped(step, status) };
            return self.reply_locally(step, status);
        };
        if is_challenge(status) && step.config.merge_challenges {
            self.merge_into(step, &mut response);
        }
        if self.is_local() {
            let number = best.map_or(0, |branch| branch.number);
            return self.deliver(step, number, response, false);
        }
        let status = remapped(step, status);
        if response.status() != Some(status) {
            // Made anew: what a 503 says, such as when to come again, is about that server and not about us.
            return self.reply_locally(step, status);
        }
        match relayed(response) {
            Some(bytes) => {
                self.send_reply(step, status, bytes, false);
            }
            None => self.reply_locally(step, status),
        }
    }

    /// The number of the branch with the best outcome.
    fn best(&self, step: &Step<'_>) -> Option<u16> {
        let invite = self.is_invite();
        let ranked = self.branches.iter().filter_map(|branch| match branch.outcome.as_ref()? {
            Outcome::Response(response) => Some((rank(response.status()?, invite), branch.number)),
            Outcome::Local(status) => {
                let rank = rank(*status, invite).saturating_add(step.config.faked_reply_prio);
                Some((rank, branch.number))
            }
            Outcome::Done => None,
        });
        ranked.min_by_key(|(rank, _)| *rank).map(|(_, number)| number)
    }

    /// The response of a branch that failed, and whether it is of our own making.
    fn response_of(&self, step: &mut Step<'_>, number: u16) -> Option<(Message, bool)> {
        match self.branch(number)?.outcome.as_ref()? {
            Outcome::Response(response) => Some(((**response).clone(), false)),
            Outcome::Local(status) => Some((reread(&self.own_response(step, *status)?)?, true)),
            Outcome::Done => None,
        }
    }

    fn merge_into(&self, step: &Step<'_>, picked: &mut Message) {
        let best = self.best(step);
        for branch in self.branches.iter().filter(|branch| Some(branch.number) != best) {
            if let Some(Outcome::Response(other)) = &branch.outcome
                && other.status().is_some_and(is_challenge)
            {
                merge_challenges(picked, other);
            }
        }
    }
}

/// The status as it goes upstream (RFC 3261 16.7 step 6).
fn remapped(step: &Step<'_>, status: StatusCode) -> StatusCode {
    match status {
        StatusCode::SERVICE_UNAVAILABLE if step.config.remap_503_500 => StatusCode::SERVER_INTERNAL_ERROR,
        status => status,
    }
}

/// A response on its way upstream: without our Via. `None` when a reply route left it none.
fn relayed(mut response: Message) -> Option<Bytes> {
    response.pop_value(HeaderName::Via)?;
    response.header(HeaderName::Via)?;
    Some(response.to_bytes())
}
