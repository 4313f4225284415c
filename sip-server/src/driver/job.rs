//! One run of a route: what is run, and what is left to do when it has ended.

use std::rc::Rc;

use sip_transaction::{Answer, AskId, RouteId};

use crate::clock;
use crate::ctx::Ctx;
use crate::ctx::event::EventCtx;
use crate::ctx::failure::FailureCtx;
use crate::ctx::http::HttpCtx;
use crate::ctx::reply::ReplyCtx;
use crate::event::Event;
use crate::latency::RouteKind;
use crate::local::Local;
use crate::routes::Routes;
use crate::task::{Running, TimerTurn};
use crate::turn::Turn;

/// A route to run. Its context is large, and in a box: made in its place once and never moved.
pub(super) enum Job {
    Request(Box<Ctx>),
    Cancel(Box<Ctx>),
    Response(Box<ReplyCtx>),
    Reply(RouteId, Box<ReplyCtx>, AskId),
    Failure(RouteId, Box<FailureCtx>),
    BranchFailure(RouteId, Box<FailureCtx>),
    Resumed(RouteId, Box<FailureCtx>),
    /// The last is held while it runs.
    Event(Event, EventCtx, Option<TimerTurn>),
    Task(Running),
    Http(Box<HttpCtx>),
}

/// On whose behalf a route runs: who is to be told when it waits, breaks down or may not go on.
#[derive(Clone)]
pub(super) enum Behalf {
    /// A request's.
    Turn(Rc<Turn>),
    /// A transaction's that asks a reply route.
    Reply(AskId),
    /// Nobody's: a response that tm has not seen.
    Response,
    /// Nobody's, and it may take as long as it likes.
    Task,
}

impl Job {
    pub(super) fn behalf(&self) -> Behalf {
        match self {
            Self::Request(ctx) | Self::Cancel(ctx) => Behalf::Turn(ctx.turn.clone()),
            Self::Failure(_, ctx) | Self::BranchFailure(_, ctx) | Self::Resumed(_, ctx) => {
                Behalf::Turn(ctx.ctx.turn.clone())
            }
            Self::Reply(.., ask) => Behalf::Reply(*ask),
            Self::Response(_) => Behalf::Response,
            Self::Http(_) | Self::Event(..) | Self::Task(_) => Behalf::Task,
        }
    }

    fn kind(&self) -> RouteKind {
        match self {
            Self::Request(_) => RouteKind::Request,
            Self::Cancel(_) => RouteKind::Cancel,
            Self::Response(_) => RouteKind::Response,
            Self::Reply(..) => RouteKind::Reply,
            Self::Failure(..) => RouteKind::Failure,
            Self::BranchFailure(..) => RouteKind::BranchFailure,
            Self::Resumed(..) => RouteKind::Resumed,
            Self::Http(_) => RouteKind::Http,
            Self::Event(..) | Self::Task(_) => RouteKind::Event,
        }
    }
}

/// Runs the route, then does what its end asks for.
pub(super) async fn run<R: Routes>(routes: &R, local: &Rc<Local>, job: Job) {
    let (kind, start) = (job.kind(), clock::now());
    route(routes, local, job).await;
    local.stats().latencies.of(kind).record(clock::now().saturating_duration_since(start));
}

async fn route<R: Routes>(routes: &R, local: &Rc<Local>, job: Job) {
    match job {
        Job::Request(mut ctx) => {
            let result = routes.request(&mut ctx).await;
            ctx.turn.conclude(result);
        }
        Job::Cancel(mut ctx) => {
            let result = routes.cancel(&mut ctx).await;
            ctx.turn.conclude(result);
        }
        Job::Failure(route, mut ctx) => {
            let result = routes.failure(route, &mut ctx).await;
            ctx.ctx.turn.conclude(result);
        }
        Job::BranchFailure(route, mut ctx) => {
            let result = routes.branch_failure(route, &mut ctx).await;
            ctx.ctx.turn.conclude(result);
        }
        Job::Resumed(route, mut ctx) => {
            let result = routes.resumed(route, &mut ctx).await;
            ctx.ctx.turn.conclude(result);
        }
        Job::Response(mut ctx) => {
            report(local, routes.response(&mut ctx).await);
            super::response::enter_tm(local, *ctx);
        }
        Job::Reply(route, mut ctx, ask) => {
            report(local, routes.reply(route, &mut ctx).await);
            let answer = Answer::Reply { message: ctx.msg, drop: ctx.dropped };
            // Stale: the transaction has ended by its timer, the response has nowhere to go.
            let _ = local.step(ask.transaction, |stripe, now, out| {
                let before = out.transmits.len();
                let answered = stripe.table.answer(now, ask, answer, out);
                super::response::count_passed_on(local, out, before);
                answered
            });
        }
        Job::Http(mut ctx) => {
            let result = match local.shared.serves_metrics() && ctx.path() == "/metrics" {
                true => ctx.reply_metrics("sip_"),
                false => routes.http(&mut ctx).await,
            };
            ctx.conclude(result);
        }
        Job::Event(event, mut ctx, _turn) => report(local, routes.event(event, &mut ctx).await),
        Job::Task(task) => report(local, task.await),
    }
}

/// A route without a caller ended in an error: nobody can be answered.
fn report(local: &Local, result: crate::routed::Routed) {
    if let Err(error) = result {
        local.stats().failed.one();
        tracing::error!(%error, "route ended in an error");
    }
}
