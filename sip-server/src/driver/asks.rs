//! What tm wants to know, and what it has to tell: runs the route that an ask names.

use std::rc::Rc;

use sip_core::StatusCode;
use sip_transaction::{Ask, AskKind, Asker, Notice, Ticket};

use crate::ctx::failure::FailureCtx;
use crate::ctx::reply::ReplyCtx;
use crate::local::{Asked, Local};
use crate::lot::Delivery;
use crate::post::Post;
use crate::uac::send::abandoned;

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
        AskKind::BranchFailure { branch, response } => {
            let ctx = FailureCtx::later(
                local,
                id.transaction,
                Some(Asked::branch_failure(id)),
                Some((branch, response)),
            )?;
            Some(Job::BranchFailure(route, ctx))
        }
        AskKind::Failure { branch, response, .. } => {
            let ctx =
                FailureCtx::later(local, id.transaction, Some(Asked::failure(id)), Some((branch, response)))?;
            Some(Job::Failure(route, ctx))
        }
        // A request that starts here is waited for, never given to a route directly.
        AskKind::Outcome { .. } => None,
    }
}

/// Gives the failure of every branch, or the outcome of a request that started here, to the route that waits for it
/// here. If nobody waits any more, tm goes on without.
pub(super) fn deliver_failed(local: &Rc<Local>, ticket: Ticket, ask: Ask) {
    if let Err(Delivery::Failed(ask)) = local.lot.deliver(ticket, Delivery::Failed(Box::new(ask))) {
        match ask.kind {
            AskKind::Outcome { .. } => abandoned(local, &ask),
            _ => local.answer(Asked::failure(ask.id)),
        }
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
