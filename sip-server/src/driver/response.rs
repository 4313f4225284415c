//! Responses: into tm, or on their way by their Via.

use std::rc::Rc;

use sip_core::{HeaderName, HeaderView, Message, Source, Target, Via};
use sip_transaction::{BranchId, Matched, Outbox};

use crate::clock;
use crate::counts;
use crate::ctx::reply::ReplyCtx;
use crate::ctx::via;
use crate::local::Local;

/// The branch of ours that a response answers; `None` for a response of no transaction of ours.
pub(super) fn branch_of(local: &Local, msg: &Message) -> Option<BranchId> {
    let via = msg.top_via().ok()?;
    BranchId::from_via(via.branch()?, local.shared.secret()).map(|(branch, _)| branch)
}

/// After the response route: tm has it, unless the route dropped it.
pub(super) fn enter_tm(local: &Local, ctx: ReplyCtx) {
    let ReplyCtx { msg, branch, dropped, .. } = ctx;
    if dropped {
        local.stats().dropped_replies.one();
        return;
    }
    let Some(branch) = branch else { return forward(local, msg) };
    let mut outbox = local.outbox.borrow_mut();
    let before = outbox.transmits.len();
    let mut stripe = local.shared.stripes().of_branch(branch);
    let matched = stripe.table.handle_response(clock::now(), branch, msg, &mut outbox);
    drop(stripe);
    count_passed_on(local, &outbox, before);
    if matches!(matched, Matched::Stray) {
        // A branch of ours that has ended: a stateful proxy does not pass it on (RFC 6026 8.6).
        local.stats().stray.one();
    }
}

/// Counts the responses that a step has passed on upstream: what it sent behind `before` that is a response.
pub(super) fn count_passed_on(local: &Local, outbox: &Outbox, before: usize) {
    let sent = outbox.transmits.get(before..).unwrap_or_default();
    let passed = sent.iter().filter(|sent| counts::status_of(&sent.bytes).is_some()).count();
    local.stats().forwarded_replies.add(passed as u64);
}

/// A response of no transaction: if it answers what we forwarded without state, it goes where the next Via says
/// (RFC 3261 16.11), else it is dropped (18.1.2, RFC 6026 8.6).
fn forward(local: &Local, mut msg: Message) {
    local.stats().stray.one();
    let Some(ours) = msg.pop_value(HeaderName::Via) else { return };
    let branch = Via::parse(&ours).ok().and_then(|via| via.branch());
    let made = via::stateless_branch(&msg, local.shared.key());
    if !made.is_ok_and(|made| branch.is_some_and(|branch| *branch == *made.as_bytes())) {
        return;
    }
    if let Some(target) = msg.top_via().ok().and_then(|via| Target::from_via(&via)) {
        local.stats().forwarded_replies.one();
        local.send(target, msg.to_bytes(), None);
    }
}

/// Keeps the source beside the response for its route.
pub(super) fn context(local: &Rc<Local>, msg: Message, source: Source) -> Box<ReplyCtx> {
    let branch = branch_of(local, &msg);
    Box::new(ReplyCtx { msg, local: local.clone(), source: Some(source), branch, dropped: false })
}
