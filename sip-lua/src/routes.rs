//! Which function of the script runs when: the script as a [`Routes`].

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use serde_json::json;
use sip_async::jsonrpc::RpcError;
use sip_core::StatusCode;
use sip_server::{
    BranchCtx, Ctx, FailureCtx, HttpCtx, ReplyCtx, RouteError, RouteId, Routed, Routes, Shared,
};

use crate::current::{Current, Route};
use crate::engine::Vm;
use crate::error::ScriptError;
use crate::names::RouteName;
use crate::script::Script;

const REQUEST_ROUTE: &str = "ksr_request_route";
const REPLY_ROUTE: &str = "ksr_reply_route";

/// Versions of the script that live at a time.
const MOST_VERSIONS: usize = 4;

/// A script as the routes of one worker.
///
/// | when | function of the script |
/// |---|---|
/// | a request, a CANCEL that matched too | `ksr_request_route` |
/// | a response, before tm has it | `ksr_reply_route`, if there is one |
/// | an HTTP request | the one that `xhttp.event_callback` names, `ksr_xhttp_event` without it |
/// | armed by `t_on_branch`, `t_on_reply`, `t_on_failure`, `t_on_branch_failure`, or named in `t_continue` | that name |
///
/// What the functions return is ignored. An error in one is logged with file and line; a request that has no reply then
/// gets 500.
pub struct LuaRoutes {
    /// The version that this worker has seen last.
    script: RefCell<Script>,
    shared: Shared,
    /// A VM a version of the script, the newest last. None: it could not be loaded here, each request gets 500.
    vms: RefCell<VecDeque<Rc<Vm>>>,
}

impl std::fmt::Debug for LuaRoutes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LuaRoutes").field("script", &self.script.borrow()).finish_non_exhaustive()
    }
}

impl LuaRoutes {
    /// What [`Server::start`](sip_server::Server::start) makes each worker's routes with. The script is loaded once now:
    /// what is wrong with it shows before a socket is opened.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the script.
    pub fn factory(script: Script) -> Result<impl Fn(&Shared) -> Self + Send + Sync + Clone, ScriptError> {
        Vm::new(&script, None)?;
        if script.env().settings.jit {
            tracing::warn!("the JIT is on: the limit on instructions is not enforced");
        }
        Ok(move |shared: &Shared| Self::new(script.clone(), shared))
    }

    fn new(script: Script, shared: &Shared) -> Self {
        // Once a worker, and the same each time.
        script.env().settings.offer(shared);
        commands(shared, &script);
        let routes = Self { script: RefCell::new(script), shared: shared.clone(), vms: RefCell::default() };
        routes.load();
        routes
    }

    /// A new VM for what begins from now on. Where it cannot be made, the older one goes on.
    fn load(&self) {
        let vm = Vm::new(&self.script.borrow(), Some(&self.shared));
        match vm {
            Ok(vm) => {
                let mut vms = self.vms.borrow_mut();
                vms.retain(|other| other.version() != vm.version());
                vms.push_back(Rc::new(vm));
                if vms.len() > MOST_VERSIONS {
                    vms.pop_front();
                }
            }
            Err(error) => tracing::error!(%error, "the script could not be loaded"),
        }
    }

    /// The VM for what begins now.
    fn vm(&self) -> Option<Rc<Vm>> {
        let newer = self.script.borrow().newer();
        if let Some(newer) = newer {
            self.script.replace(newer);
            self.load();
        }
        self.vms.borrow().back().cloned()
    }

    /// The VM in which a route was armed; the newest, where that is gone.
    fn vm_of(&self, route: &RouteName) -> Option<Rc<Vm>> {
        let armed_by = self.vms.borrow().iter().find(|vm| route.is_of(vm.version())).cloned();
        armed_by.or_else(|| self.vm())
    }

    /// Runs a function of the script in a VM. Returns whether it ended in an error.
    async fn run(&self, vm: Option<Rc<Vm>>, name: &str, place: &mut Option<Box<Current>>) -> bool {
        self.run_with(vm, name, None, place).await
    }

    /// The same with an argument.
    async fn run_with(
        &self,
        vm: Option<Rc<Vm>>,
        name: &str,
        argument: Option<&str>,
        place: &mut Option<Box<Current>>,
    ) -> bool {
        let Some(vm) = vm else { return true };
        match vm.run(name, argument, place).await {
            Ok(true) => false,
            Ok(false) if name == REQUEST_ROUTE => {
                tracing::error!("the script has no function {name} any more");
                true
            }
            Ok(false) => false,
            Err(error) => {
                tracing::error!(route = name, "{error}");
                if matches!(error, ScriptError::Memory { .. }) {
                    self.relieve(&vm);
                }
                true
            }
        }
    }

    /// A VM whose memory is full of what it cannot let go of is replaced: its globals are lost, calls work.
    fn relieve(&self, vm: &Rc<Vm>) {
        let is_ours = self.vms.borrow().back().is_some_and(|ours| Rc::ptr_eq(ours, vm));
        if is_ours && vm.is_full() {
            let (used, version) = (vm.used_memory(), vm.version());
            tracing::error!(
                used,
                version,
                "the script keeps its memory full: it is loaded anew, its globals are lost"
            );
            self.load();
        }
    }

    /// An armed route.
    fn route(&self, route: RouteId) -> Option<RouteName> {
        self.script.borrow().env().names.name(route)
    }

    /// The request route, for both kinds of requests.
    async fn request_route(&self, ctx: &mut Ctx, kind: fn(Ctx) -> Route) -> Routed {
        let mut place = Some(Current::new(kind(ctx.take())));
        let failed = self.run(self.vm(), REQUEST_ROUTE, &mut place).await;
        match place.map(|current| *current) {
            Some(Current { route: Route::Request(taken) | Route::Cancel(taken), queued, .. }) => {
                *ctx = taken;
                verdict(ctx, queued, failed)
            }
            _ => Err(StatusCode::SERVER_INTERNAL_ERROR.into()),
        }
    }

    /// A failure, branch-failure or resumed route.
    async fn later(&self, route: RouteId, ctx: &mut FailureCtx, kind: fn(FailureCtx) -> Route) -> Routed {
        let Some(route) = self.route(route) else { return Ok(()) };
        let mut place = Some(Current::new(kind(ctx.take())));
        let failed = self.run(self.vm_of(&route), &route.name, &mut place).await;
        match place.map(|current| *current) {
            Some(Current { route: Route::Resumed(taken), queued, .. }) => {
                *ctx = taken;
                verdict(ctx, queued, failed)
            }
            Some(Current { route: Route::Failure(taken) | Route::BranchFailure(taken), .. }) => {
                *ctx = taken; // whatever went wrong here, there is a response to go upstream
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A route of a response.
    async fn reply_route(
        &self,
        vm: Option<Rc<Vm>>,
        name: &str,
        ctx: &mut ReplyCtx,
        kind: fn(ReplyCtx) -> Route,
    ) -> Routed {
        let mut place = Some(Current::new(kind(ctx.take())));
        self.run(vm, name, &mut place).await;
        match place.map(|current| *current) {
            Some(Current { route: Route::Response(taken) | Route::Reply(taken), .. }) => *ctx = taken,
            _ => ctx.set_drop(),
        }
        Ok(())
    }
}

/// What operators may do with a script (Kamailio's `app_lua`).
fn commands(shared: &Shared, script: &Script) {
    let of_reload = script.clone();
    shared.commands().add("app_lua.reload", "loads the script anew", move |_, _| match of_reload.reload() {
        Ok(version) => {
            tracing::info!(version, "script reloaded");
            Ok(json!({ "version": version }))
        }
        Err(error) => Err(RpcError::new(500, error.to_string())),
    });
    let of_list = script.clone();
    shared.commands().add("app_lua.list", "says which script is in force", move |_, _| {
        let version = of_list.newer().map_or(of_list.version(), |newer| newer.version());
        Ok(json!([{ "script": of_list.name(), "version": version }]))
    });
}

/// What the caller of a request gets that the route has left without an answer.
fn verdict(ctx: &Ctx, queued: Option<RouteError>, failed: bool) -> Routed {
    if queued.is_none() && !failed || ctx.is_served() {
        return Ok(());
    }
    Err(queued.unwrap_or(StatusCode::SERVER_INTERNAL_ERROR.into()))
}

impl Routes for LuaRoutes {
    async fn request(&self, ctx: &mut Ctx) -> Routed {
        self.request_route(ctx, Route::Request).await
    }

    async fn cancel(&self, ctx: &mut Ctx) -> Routed {
        self.request_route(ctx, Route::Cancel).await
    }

    async fn branch(&self, route: RouteId, ctx: &mut BranchCtx) -> Routed {
        let Some(route) = self.route(route) else { return Ok(()) };
        let mut place = Some(Current::new(Route::Branch(ctx.take())));
        self.run(self.vm_of(&route), &route.name, &mut place).await;
        match place.map(|current| *current) {
            Some(Current { route: Route::Branch(taken), .. }) => {
                *ctx = taken;
                Ok(())
            }
            _ => Err(StatusCode::SERVER_INTERNAL_ERROR.into()),
        }
    }

    async fn response(&self, ctx: &mut ReplyCtx) -> Routed {
        if let Some(vm) = self.vm().filter(|vm| vm.has(REPLY_ROUTE)) {
            self.reply_route(Some(vm), REPLY_ROUTE, ctx, Route::Response).await?;
        }
        Ok(())
    }

    async fn reply(&self, route: RouteId, ctx: &mut ReplyCtx) -> Routed {
        match self.route(route) {
            Some(route) => self.reply_route(self.vm_of(&route), &route.name, ctx, Route::Reply).await,
            None => Ok(()),
        }
    }

    async fn failure(&self, route: RouteId, ctx: &mut FailureCtx) -> Routed {
        self.later(route, ctx, Route::Failure).await
    }

    async fn branch_failure(&self, route: RouteId, ctx: &mut FailureCtx) -> Routed {
        self.later(route, ctx, Route::BranchFailure).await
    }

    async fn http(&self, ctx: &mut HttpCtx) -> Routed {
        let env = self.script.borrow().env().clone();
        let Some(name) = env.settings.xhttp.callback(ctx.url()) else { return Ok(()) };
        let Some(vm) = self.vm().filter(|vm| vm.has(name)) else { return Ok(()) };
        let mut place = Some(Current::new(Route::Http(ctx.take())));
        let failed = self.run_with(Some(vm), name, Some("xhttp:request"), &mut place).await;
        if let Some(Current { route: Route::Http(taken), .. }) = place.map(|current| *current) {
            *ctx = taken;
        }
        if failed && !ctx.is_replied() { Err(StatusCode::SERVER_INTERNAL_ERROR.into()) } else { Ok(()) }
    }

    async fn resumed(&self, route: RouteId, ctx: &mut FailureCtx) -> Routed {
        self.later(route, ctx, Route::Resumed).await
    }
}
