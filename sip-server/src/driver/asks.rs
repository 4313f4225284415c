//! What tm wants to know, and what it has to tell: runs the route that an ask names.

use std::rc::Rc;

use sip_core::{Message, StatusCode};
use sip_transaction::{Ask, AskKind, Asker, Notice, Ticket, TransactionId};

use crate::ctx::Ctx;
use crate::ctx::failure::FailureCtx;
use crate::ctx::reply::ReplyCtx;
use crate::local::{Asked, Local};
use crate::lot::Delivery;
use crate::post::Post;
use crate::turn::{Kind, Turn};

use super::job::Job;

/// What is to be run for an ask; `None` when it is somebody else's, or nobody's any more.
pub(super) fn job(local: &Rc<Local>, ask: Ask) -> Option<Job> {
    let route = match ask.asker {
        Asker::Route(route) => route,
        Asker::Waiter(ticket) if ticket.worker == local.worker => {
            deliver_failed(local, ticket, ask);
            return None;
        }
        Asker::Waiter(ticket) => {
            local.shared.mail(usize::from(ticket.worker), Post::Failed(ticket, Box::new(ask)));
            return None;
        }
    };
    let id = ask.id;
    match ask.kind {
        AskKind::Reply { branch, response } => {
            let ctx = ReplyCtx {
                msg: response,
                local: local.clone(),
                source: None,
                branch: Some(branch),
                dropped: false,
            };
            Some(Job::Reply(route, Box::new(ctx), id))
        }
        AskKind::BranchFailure { response, .. } => {
            let ctx = later(local, id.transaction, Some(Asked::branch_failure(id)), Some(response))?;
            Some(Job::BranchFailure(route, ctx))
        }
        AskKind::Failure { response, .. } => {
            let ctx = later(local, id.transaction, Some(Asked::failure(id)), Some(response))?;
            Some(Job::Failure(route, ctx))
        }
        // Nothing here starts a request.
        AskKind::Outcome { .. } => None,
    }
}

/// The context of a later route of a transaction; `None` when the transaction is gone.
pub(super) fn later(
    local: &Rc<Local>,
    id: TransactionId,
    ask: Option<Asked>,
    response: Option<Message>,
) -> Option<Box<FailureCtx>> {
    let (received, source, kept) = local.step(id, |stripe, _, _| {
        let source = *stripe.table.source(id)?;
        let received = stripe.table.request(id)?;
        Some((received, source, stripe.kept.get(&id).cloned()))
    })?;
    let msg = kept.as_ref().map_or_else(|| received.clone(), |kept| kept.msg.clone());
    let turn = Turn::later(local.clone(), Kind::Failure, (id, ask), (received, source), &msg, kept);
    Some(Box::new(FailureCtx { ctx: Ctx::new(msg, Rc::new(turn)), response }))
}

/// Gives the failure of every branch to the route that waits for it here. If nobody waits any more,
/// tm goes on without.
pub(super) fn deliver_failed(local: &Rc<Local>, ticket: Ticket, ask: Ask) {
    if let Err(Delivery::Failed(ask)) = local.lot.deliver(ticket, Delivery::Failed(Box::new(ask))) {
        local.answer(Asked::failure(ask.id));
    }
}

/// Tells the route that waits here that its call was answered.
pub(super) fn deliver_answered(local: &Local, ticket: Ticket, status: StatusCode) {
    // Nobody waits there any more: nobody needs to know.
    let _ = local.lot.deliver(ticket, Delivery::Answered(status));
}

/// What tm has to tell.
pub(super) fn notice(local: &Rc<Local>, notice: Notice) {
    match notice {
        Notice::Ended { transaction } => {
            local.step(transaction, |stripe, _, _| stripe.kept.remove(&transaction));
        }
        Notice::Gone { ticket, .. } if ticket.worker == local.worker => {
            local.lot.tow(ticket);
        }
        Notice::Gone { ticket, .. } => local.shared.mail(usize::from(ticket.worker), Post::Gone(ticket)),
        Notice::Answered { ticket, status, .. } if ticket.worker == local.worker => {
            deliver_answered(local, ticket, status);
        }
        Notice::Answered { ticket, status, .. } => {
            local.shared.mail(usize::from(ticket.worker), Post::Answered(ticket, status));
        }
    }
}
