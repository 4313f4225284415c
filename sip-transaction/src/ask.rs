//! Ask and answer: a transaction that waits for a reply, branch-failure or failure route.
//!
//! ```text
//! response ── on_reply armed? ──> Ask Reply ──> relayed, or kept as the outcome of its branch
//! outcome ─── on_branch_failure armed? ──> Ask BranchFailure ──> are all branches done?
//! all done ── on_failure armed? ──> Ask Failure ──> new branches, or a reply, or the best response
//! ```
//!
//! One ask is out at a time. What the machines have to do (ACK, retransmission, timers) is done
//! meanwhile; what is news for the caller waits in `pending`, in order. An answer counts once.

use crate::branch::Outcome;
use crate::error::TmError;
use crate::handle::{Asker, RouteId};
use crate::input::{Answer, DropReplies, Wait};
use crate::output::{Ask, AskKind};
use crate::step::Step;
use crate::transaction::{About, Asking, News, Transaction};

impl Transaction {
    /// Puts a question to a route. The transaction waits for the answer from now on.
    pub(crate) fn ask(&mut self, step: &mut Step<'_>, asker: Asker, about: About, kind: AskKind) {
        self.asks = self.asks.wrapping_add(1);
        let number = self.asks;
        self.asking = Some(Asking { number, about });
        step.out.asks.push(Ask { id: self.ask_id(number), asker, kind });
    }

    /// Puts a question to a route that is named.
    pub(crate) fn ask_route(&mut self, step: &mut Step<'_>, route: RouteId, about: About, kind: AskKind) {
        self.ask(step, Asker::Route(route), about, kind);
    }

    /// Something happened to a branch: dealt with, or kept until the ask that is out is answered.
    pub(crate) fn take(&mut self, step: &mut Step<'_>, news: News) {
        if self.asking.is_none() || self.may_pass(&news) {
            self.handle(step, news);
        } else if self.pending.iter().any(|waits| waits.is_same_answer(&news)) {
            // Its sender sends it until the ACK, which has to wait as well.
            step.stats.absorbed_responses += 1;
        } else {
            self.pending.push_back(news.compact());
        }
    }

    /// A 2xx to an INVITE does not wait for a failure route: nothing that it decides can change it.
    fn may_pass(&self, news: &News) -> bool {
        let failing = |asking: &Asking| !matches!(asking.about, About::Reply { .. });
        match news {
            News::Response { branch, response } => {
                self.is_invite()
                    && self.pending.is_empty()
                    && self.asking.as_ref().is_some_and(failing)
                    && response.status().is_some_and(|status| status.is_success())
                    && self.branch(*branch).is_some_and(|branch| branch.on_reply.is_none())
            }
            News::Failed { .. } => false,
        }
    }

    /// Deals with what waited.
    pub(crate) fn go_on(&mut self, step: &mut Step<'_>) {
        while self.asking.is_none()
            && let Some(news) = self.pending.pop_front()
        {
            self.handle(step, news);
        }
        if self.pending.is_empty() {
            self.pending.shrink_to_fit();
        }
    }

    /// The answer to the ask of that number.
    pub(crate) fn answer(&mut self, step: &mut Step<'_>, number: u32, answer: Answer) -> Result<(), TmError> {
        let Some(asking) = self.asking.take_if(|asking| asking.number == number) else {
            return Err(TmError::Stale);
        };
        self.unpark_ask(number);
        match (asking.about, answer) {
            (About::Reply { branch, response }, Answer::Reply { message, drop }) => {
                let class = |status: Option<sip_core::StatusCode>| status.map(|status| status.class());
                let fits = class(message.status()) == class(response.status());
                let response = if fits { message } else { *response };
                if !(drop && class(response.status()) == Some(1)) {
                    self.on_news(step, branch, response);
                }
            }
            (About::BranchFailure, Answer::BranchFailure) => self.conclude(step),
            (About::Failure, Answer::Failure { drop_replies }) => self.after_failure(step, drop_replies),
            (about, _) => {
                self.asking = Some(Asking { number, about });
                return Err(TmError::WrongAnswer);
            }
        }
        self.go_on(step);
        Ok(())
    }

    /// Goes on as if the route that is asked had done nothing.
    pub(crate) fn skip_ask(&mut self, step: &mut Step<'_>) {
        let Some(asking) = self.asking.take() else { return };
        self.unpark_ask(asking.number);
        match asking.about {
            About::Reply { branch, response } => self.on_news(step, branch, *response),
            About::BranchFailure => self.conclude(step),
            About::Failure => self.after_failure(step, DropReplies::IfRelayed),
        }
        self.go_on(step);
    }

    /// The failure route has ended: its branches decide, or its reply has, or the best response does.
    fn after_failure(&mut self, step: &mut Step<'_>, drop_replies: DropReplies) {
        let relayed = self.waits();
        let last = self.branches.iter().filter(|b| b.outcome.is_some()).map(|b| b.round).max();
        for branch in self.branches.iter_mut().filter(|branch| branch.outcome.is_some()) {
            let drop = match drop_replies {
                DropReplies::IfRelayed => relayed,
                DropReplies::None => false,
                DropReplies::Last => Some(branch.round) == last,
                DropReplies::All => true,
            };
            if drop {
                branch.outcome = Some(Outcome::Done);
            }
        }
        if !relayed {
            // Whatever the route armed, it has added nothing that could fail.
            self.forward_best(step);
        }
    }

    fn unpark_ask(&mut self, number: u32) {
        let ask = self.ask_id(number);
        self.parked.retain(|parked| parked.wait != Wait::Ask(ask));
    }
}
