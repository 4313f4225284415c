//! What a VM works on now: the context of the route that runs, and what belongs to this run alone.
//!
//! The context is moved in when a route begins and out when it ends or waits: a VM runs many routes, one at a
//! time. A route that runs inside another (a branch route inside of `t_relay`) finds the place empty, since
//! the outer one waits.

use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sip_core::{Message, Source};
use sip_server::{
    BranchCtx, Ctx, Destination, FailureCtx, HttpCtx, ReplyCtx, RouteError, RouteId, Shared, TransactionId,
};
use smallvec::SmallVec;

use crate::settings::Env;
use crate::value::Kemi;

/// The next message's number.
static NUMBER: AtomicU64 = AtomicU64::new(1);

/// What kind of route runs, with its context.
pub(crate) enum Route {
    /// `ksr_request_route`, for a request that is no matched CANCEL.
    Request(Ctx),
    /// `ksr_request_route`, for a CANCEL that matched an INVITE.
    Cancel(Ctx),
    /// Armed by `t_on_failure`.
    Failure(FailureCtx),
    /// Armed by `t_on_branch_failure`.
    BranchFailure(FailureCtx),
    /// After `t_continue`.
    Resumed(FailureCtx),
    /// Armed by `t_on_branch`.
    Branch(BranchCtx),
    /// `ksr_reply_route`: a response before tm has it.
    Response(ReplyCtx),
    /// Armed by `t_on_reply`.
    Reply(ReplyCtx),
    /// An HTTP request: the function that `xhttp.event_callback` names.
    Http(HttpCtx),
}

/// The context of the route that runs now.
pub(crate) struct Current {
    pub(crate) route: Route,
    /// Why the last `t_relay` failed: tm answers with it when the route ends, unless the script has answered.
    pub(crate) queued: Option<RouteError>,
    /// Branch flags of the request URI's branch (`setbflag`).
    pub(crate) branch_flags: u32,
    /// Script flags (`setsflag`): of this run alone.
    pub(crate) script_flags: u32,
    /// The number of this message among those that this process has run routes for.
    pub(crate) number: u64,
    scratch: SmallVec<[(TypeId, Box<dyn Any>); 1]>,
}

impl Current {
    /// In a box: it is moved into the VM and out whenever a function may wait.
    pub(crate) fn new(route: Route) -> Box<Self> {
        Box::new(Self {
            route,
            queued: None,
            branch_flags: 0,
            script_flags: 0,
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
            scratch: SmallVec::new(),
        })
    }

    /// The message that the route is about, as edited so far: a request, or in reply routes a response.
    pub(crate) fn msg(&self) -> &Message {
        match &self.route {
            Route::Request(ctx) | Route::Cancel(ctx) => &ctx.msg,
            Route::Failure(ctx) | Route::BranchFailure(ctx) | Route::Resumed(ctx) => &ctx.msg,
            Route::Branch(ctx) => &ctx.msg,
            Route::Response(ctx) | Route::Reply(ctx) => &ctx.msg,
            Route::Http(ctx) => &ctx.msg,
        }
    }

    /// The same, to change it.
    pub(crate) fn msg_mut(&mut self) -> &mut Message {
        match &mut self.route {
            Route::Request(ctx) | Route::Cancel(ctx) => &mut ctx.msg,
            Route::Failure(ctx) | Route::BranchFailure(ctx) | Route::Resumed(ctx) => &mut ctx.msg,
            Route::Branch(ctx) => &mut ctx.msg,
            Route::Response(ctx) | Route::Reply(ctx) => &mut ctx.msg,
            Route::Http(ctx) => &mut ctx.msg,
        }
    }

    /// The request's context, in the routes that have one: request, CANCEL, failure, branch failure, resumed.
    pub(crate) fn ctx(&self) -> Option<&Ctx> {
        match &self.route {
            Route::Request(ctx) | Route::Cancel(ctx) => Some(ctx),
            Route::Failure(ctx) | Route::BranchFailure(ctx) | Route::Resumed(ctx) => Some(ctx),
            Route::Branch(_) | Route::Response(_) | Route::Reply(_) | Route::Http(_) => None,
        }
    }

    /// The same, to change it.
    pub(crate) fn ctx_mut(&mut self) -> Option<&mut Ctx> {
        match &mut self.route {
            Route::Request(ctx) | Route::Cancel(ctx) => Some(ctx),
            Route::Failure(ctx) | Route::BranchFailure(ctx) | Route::Resumed(ctx) => Some(ctx),
            Route::Branch(_) | Route::Response(_) | Route::Reply(_) | Route::Http(_) => None,
        }
    }

    /// The context of a failure, branch-failure or resumed route.
    pub(crate) fn failure(&self) -> Option<&FailureCtx> {
        match &self.route {
            Route::Failure(ctx) | Route::BranchFailure(ctx) | Route::Resumed(ctx) => Some(ctx),
            _ => None,
        }
    }

    /// The context of an HTTP request.
    pub(crate) fn http_mut(&mut self) -> Option<&mut HttpCtx> {
        match &mut self.route {
            Route::Http(ctx) => Some(ctx),
            _ => None,
        }
    }

    /// The request as it was received; `None` for responses.
    pub(crate) fn received(&self) -> Option<&Message> {
        match &self.route {
            Route::Branch(ctx) => Some(ctx.received()),
            _ => self.ctx().map(Ctx::received),
        }
    }

    /// Where the message came from. `None` for responses that were made here.
    pub(crate) fn source(&self) -> Option<&Source> {
        match &self.route {
            Route::Branch(ctx) => Some(ctx.source()),
            Route::Response(ctx) | Route::Reply(ctx) => ctx.source(),
            Route::Http(ctx) => Some(ctx.source()),
            _ => self.ctx().map(Ctx::source),
        }
    }

    /// What all workers share.
    pub(crate) fn shared(&self) -> &Shared {
        match &self.route {
            Route::Request(ctx) | Route::Cancel(ctx) => ctx.shared(),
            Route::Failure(ctx) | Route::BranchFailure(ctx) | Route::Resumed(ctx) => ctx.shared(),
            Route::Branch(ctx) => ctx.shared(),
            Route::Response(ctx) | Route::Reply(ctx) => ctx.shared(),
            Route::Http(ctx) => ctx.shared(),
        }
    }

    /// The transaction, if there is one.
    pub(crate) fn transaction(&self) -> Option<TransactionId> {
        match &self.route {
            Route::Branch(ctx) => Some(ctx.transaction()),
            Route::Response(ctx) | Route::Reply(ctx) => ctx.branch().map(|branch| branch.transaction),
            _ => self.ctx().and_then(Ctx::transaction),
        }
    }

    /// Where the request URI's branch goes (`$du`); `None` for responses.
    pub(crate) fn destination(&self) -> Option<&Destination> {
        match &self.route {
            Route::Branch(ctx) => Some(&ctx.destination),
            _ => self.ctx().map(|ctx| &ctx.destination),
        }
    }

    /// The same, to change it.
    pub(crate) fn destination_mut(&mut self) -> Option<&mut Destination> {
        match &mut self.route {
            Route::Request(ctx) | Route::Cancel(ctx) => Some(&mut ctx.destination),
            Route::Failure(ctx) | Route::BranchFailure(ctx) | Route::Resumed(ctx) => {
                Some(&mut ctx.destination)
            }
            Route::Branch(ctx) => Some(&mut ctx.destination),
            Route::Response(_) | Route::Reply(_) | Route::Http(_) => None,
        }
    }

    /// Message flags. Responses have none.
    pub(crate) fn flags(&self) -> u32 {
        match &self.route {
            Route::Branch(ctx) => ctx.flags,
            _ => self.ctx().map_or(0, Ctx::flags),
        }
    }

    /// Changes the message flags.
    pub(crate) fn set_flags(&mut self, flags: u32) {
        match &mut self.route {
            Route::Branch(ctx) => ctx.flags = flags,
            _ => self.ctx_mut().into_iter().for_each(|ctx| ctx.set_flags(flags)),
        }
    }

    /// Drops the message where that has a meaning (`KSR.set_drop`): a branch, a response.
    pub(crate) fn set_drop(&mut self) {
        match &mut self.route {
            Route::Branch(ctx) => ctx.set_drop(),
            Route::Response(ctx) | Route::Reply(ctx) => ctx.set_drop(),
            _ => {}
        }
    }

    /// What a module remembers for this run of the route, made when it is first asked for.
    pub(crate) fn scratch<T: Default + 'static>(&mut self) -> &mut T {
        let id = TypeId::of::<T>();
        let place = self.scratch.iter().position(|(of, _)| *of == id).unwrap_or_else(|| {
            self.scratch.push((id, Box::new(T::default())));
            self.scratch.len() - 1
        });
        let (_, value) = &mut self.scratch[place];
        #[expect(clippy::expect_used, reason = "found by its type id")]
        value.downcast_mut().expect("of this type")
    }
}

/// A function that waits: it has the context, and gives it back with the answer.
pub(crate) type Waiting = Pin<Box<dyn Future<Output = (Box<Current>, Kemi)>>>;

/// What a VM and the functions registered in it share.
pub(crate) struct Hub {
    pub(crate) env: Arc<Env>,
    /// The version of the script in this VM.
    pub(crate) version: u32,
    /// What all workers share; none where a script is only checked.
    pub(crate) shared: Option<Shared>,
    current: RefCell<Option<Box<Current>>>,
    waiting: Cell<Option<Waiting>>,
    signatures: RefCell<Vec<Signature>>,
}

/// What a function takes and returns, as editors call that.
#[derive(Clone, Debug)]
pub(crate) struct Signature {
    /// With its module: `KSR.hdr.append`.
    pub(crate) name: String,
    pub(crate) parameters: &'static [&'static str],
    pub(crate) answer: String,
}

impl Hub {
    pub(crate) fn new(env: Arc<Env>, version: u32, shared: Option<Shared>) -> Self {
        Self {
            env,
            version,
            shared,
            current: RefCell::new(None),
            waiting: Cell::new(None),
            signatures: RefCell::default(),
        }
    }

    /// Notes what a function is like, where a script is only looked at.
    pub(crate) fn note(&self, signature: impl FnOnce() -> Signature) {
        if self.shared.is_none() {
            self.signatures.borrow_mut().push(signature());
        }
    }

    /// What was noted.
    pub(crate) fn signatures(&self) -> Vec<Signature> {
        self.signatures.borrow().clone()
    }

    /// Puts a context into its place; returns what stood there.
    pub(crate) fn put(&self, current: Option<Box<Current>>) -> Option<Box<Current>> {
        self.current.replace(current)
    }

    /// Takes the context out.
    pub(crate) fn take(&self) -> Option<Box<Current>> {
        self.current.take()
    }

    /// Works with the context, if a route runs.
    ///
    /// The place is borrowed meanwhile: `work` calls no Lua.
    pub(crate) fn with<T>(&self, work: impl FnOnce(Option<&mut Current>) -> T) -> T {
        work(self.current.borrow_mut().as_deref_mut())
    }

    /// Leaves what the route waits for to the driver.
    pub(crate) fn wait(&self, waiting: Waiting) {
        self.waiting.set(Some(waiting));
    }

    /// What the route waits for.
    pub(crate) fn waiting(&self) -> Option<Waiting> {
        self.waiting.take()
    }

    /// The number of a route of this version of the script; `None` when there are too many names.
    pub(crate) fn route(&self, name: &str) -> Option<RouteId> {
        self.env.names.intern(self.version, name)
    }
}
