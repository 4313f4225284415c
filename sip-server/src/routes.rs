//! `trait Routes`: what an application is.

use sip_transaction::RouteId;

use crate::ctx::branch::BranchCtx;
use crate::ctx::failure::FailureCtx;
use crate::ctx::http::HttpCtx;
use crate::ctx::reply::ReplyCtx;
use crate::ctx::send::SendCtx;
use crate::ctx::{Ctx, event::EventCtx};
use crate::event::Event;
use crate::routed::Routed;

/// An application: one method for each kind of route. Only [`Routes::request`] is required.
///
/// ```text
/// request ─> [retransmission? ACK of a negative final?] ─yes─> absorbed
///    │ no                      │ CANCEL that matched
///    v                         v
/// Routes::request        Routes::cancel ── default: 200, 487, CANCEL the branches
///    │ ctx.relay()
///    v
/// Routes::branch (if armed, for each branch) ─> Routes::onsend ─> wire
///
/// response ─> Routes::response ─> tm ─> Routes::reply (if armed)
///                                       ├─ 2xx, 1xx ───────────────────────> upstream
///                                       └─ 3xx-6xx ─> Routes::branch_failure (if armed)
///                                          all branches done ─> Routes::failure (if armed) ─> best upstream
/// ```
///
/// Every worker has its own value, made by the factory given to the server's start; what
/// workers share is behind [`Shared`](crate::Shared). A method may wait anywhere (`await`): its transaction is
/// then parked and the worker serves other messages. The route goes on at the next line, in the
/// same kind of route, unless the caller gave up meanwhile: then it is dropped at the `await`.
///
/// Routes that wait on locks or sleep the thread stop their worker: never do that here.
#[allow(async_fn_in_trait, reason = "a worker is one thread: its futures need not be Send")]
pub trait Routes: 'static {
    /// Every request that starts something: not retransmissions, not the ACK of a negative final,
    /// not a CANCEL that matched. The ACK of a 2xx comes here.
    ///
    /// A route that ends without having replied, relayed or suspended: no transaction, silence
    /// (counted); with a transaction, 500.
    async fn request(&self, ctx: &mut Ctx) -> Routed;

    /// A CANCEL that matched an INVITE. The default answers it with 200, and the INVITE with 487
    /// by cancelling its branches (RFC 3261 9.2, 16.10).
    async fn cancel(&self, ctx: &mut Ctx) -> Routed {
        ctx.cancel()
    }

    /// A branch that is about to be sent, where [`Ctx::on_branch`] armed this route.
    async fn branch(&self, route: RouteId, ctx: &mut BranchCtx) -> Routed {
        let _ = (route, ctx);
        Ok(())
    }

    /// Every response, before tm sees it. [`ReplyCtx::set_drop`] hides it from tm.
    async fn response(&self, ctx: &mut ReplyCtx) -> Routed {
        let _ = ctx;
        Ok(())
    }

    /// A response of a transaction for which [`Ctx::on_reply`] armed this route.
    async fn reply(&self, route: RouteId, ctx: &mut ReplyCtx) -> Routed {
        let _ = (route, ctx);
        Ok(())
    }

    /// Every branch failed, where [`Ctx::on_failure`] armed this route. What it does not answer or
    /// relay anew goes upstream: the best response (RFC 3261 16.7).
    async fn failure(&self, route: RouteId, ctx: &mut FailureCtx) -> Routed {
        let _ = (route, ctx);
        Ok(())
    }

    /// One branch failed, where [`Ctx::on_branch_failure`] armed this route.
    async fn branch_failure(&self, route: RouteId, ctx: &mut FailureCtx) -> Routed {
        let _ = (route, ctx);
        Ok(())
    }

    /// A suspended transaction goes on: [`Resume::run`](crate::Resume::run).
    async fn resumed(&self, route: RouteId, ctx: &mut FailureCtx) -> Routed {
        let _ = (route, ctx);
        Ok(())
    }

    /// The bytes of a relayed request, just before they are sent for the first time. It may look
    /// and it may drop; it may not wait.
    fn onsend(&self, ctx: &mut SendCtx<'_>) -> Routed {
        let _ = ctx;
        Ok(())
    }

    /// An HTTP request on a stream listener; [`HttpCtx::xhttp_reply`] answers it. The default does nothing, and a
    /// request whose route has not replied gets 404.
    async fn http(&self, ctx: &mut HttpCtx) -> Routed {
        let _ = ctx;
        Ok(())
    }

    /// Work that is no message: a worker started, a timer, what [`Shared::post`](crate::Shared::post) brought. All but
    /// the first on a task worker.
    async fn event(&self, event: Event, ctx: &mut EventCtx) -> Routed {
        let _ = (event, ctx);
        Ok(())
    }
}
