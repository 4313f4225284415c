//! Settings of a server, and its start and end.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use sip_registrar::Registrar;
use sip_transaction::{Outbox, Secret};
use sip_transport::{Endpoint, Listen, Net};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::{Notify, oneshot, watch};

use crate::clock;
use crate::ctx::branch::BranchCtx;
use crate::ctx::send::SendCtx;
use crate::error::StartError;
use crate::local::{HookFuture, Hooks, Local};
use crate::lot::Lot;
use crate::modules::{ModuleSettings, Modules};
use crate::post::Post;
use crate::routed::Routed;
use crate::routes::Routes;
use crate::rpc;
use crate::shared::{Links, Parts, Shared};
use crate::stats::Stats;
use crate::store::storage::Storing;
use crate::stripes::Stripes;

use super::control::Control;
use super::task_worker::TaskWorker;
use super::worker::{Phase, Worker};

/// Most workers that a server may have.
const MOST_WORKERS: usize = 1024;
/// Most task workers that a server may have.
const MOST_TASK_WORKERS: usize = 64;
/// How often a server that is ending looks whether it has finished.
const LOOK: Duration = Duration::from_millis(20);

/// The settings of a server, with their defaults; [`Server::start`] opens the sockets.
#[derive(Clone, Debug)]
pub struct Server {
    transport: sip_transport::Config,
    tm: sip_transaction::Config,
    pub(super) registrar: sip_registrar::Config,
    pub(super) modules: ModuleSettings,
    domains: Vec<String>,
    workers: usize,
    task_workers: usize,
    task_queue: usize,
    timers: Vec<(Arc<str>, Duration)>,
    max_parked: usize,
    max_delay: Option<Duration>,
    loop_check: bool,
    commands: Option<PathBuf>,
    metrics: bool,
    pub(super) storage: Storing,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            transport: sip_transport::Config::default(),
            tm: sip_transaction::Config::default(),
            registrar: sip_registrar::Config::default(),
            modules: ModuleSettings::default(),
            domains: Vec::new(),
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            task_workers: 1,
            task_queue: 10_000,
            timers: Vec::new(),
            max_parked: 200_000,
            max_delay: Some(Duration::from_millis(200)),
            loop_check: true,
            commands: None,
            metrics: false,
            storage: Storing::default(),
        }
    }
}

impl Server {
    /// A server with the default settings. It listens nowhere yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Listens on this address too. A wildcard becomes one socket for each local address.
    pub fn listen(mut self, listen: Listen) -> Self {
        self.transport.listen.push(listen);
        self
    }

    /// Serves this domain too. Without any, the server serves the addresses that it listens on.
    pub fn domain(mut self, name: impl Into<String>) -> Self {
        self.domains.push(name.into());
        self
    }

    /// How many workers, each a thread of its own. Default: one a core.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// How many task workers, each a thread of its own, for work that is no message. Default: 1.
    pub fn task_workers(mut self, workers: usize) -> Self {
        self.task_workers = workers;
        self
    }

    /// How many tasks may wait for a task worker; beyond it [`Shared::post`] and [`Shared::run`] refuse. Default: 10,000.
    pub fn task_queue(mut self, tasks: usize) -> Self {
        self.task_queue = tasks;
        self
    }

    /// A timer that runs from the start: [`Shared::every`].
    pub fn every(mut self, name: impl Into<Arc<str>>, interval: Duration) -> Self {
        self.timers.push((name.into(), interval));
        self
    }

    /// How many routes may wait at once on each worker; beyond it 503 with Retry-After. Default: 200,000.
    pub fn max_parked(mut self, routes: usize) -> Self {
        self.max_parked = routes;
        self
    }

    /// How long messages may wait for a worker. What has waited longer and starts something (no To tag) is answered 503
    /// with Retry-After, without state and before its route; what belongs to a call is served all the same. Less than
    /// the half second after which phones send again. `None`: never. Default: 200 ms.
    pub fn max_delay(mut self, delay: Option<Duration>) -> Self {
        self.max_delay = delay;
        self
    }

    /// Whether a request that comes back unchanged is answered 482 (RFC 3261 16.3, RFC 5393 4). Default: yes.
    pub fn loop_check(mut self, check: bool) -> Self {
        self.loop_check = check;
        self
    }

    /// Takes commands as JSON-RPC from a unix datagram socket at this path, which its owner and group may use.
    /// Default: none.
    pub fn commands(mut self, path: impl Into<PathBuf>) -> Self {
        self.commands = Some(path.into());
        self
    }

    /// Whether `GET /metrics` on a stream listener is answered with all statistics as Prometheus text, before
    /// [`Routes::http`] has a say. Anybody who reaches the listener may ask. Default: no.
    pub fn metrics(mut self, serve: bool) -> Self {
        self.metrics = serve;
        self
    }

    /// Settings of the sockets: limits and timeouts. Keeps the listen addresses given so far.
    pub fn transport(mut self, mut config: sip_transport::Config) -> Self {
        config.listen.splice(0..0, self.transport.listen);
        self.transport = config;
        self
    }

    /// Settings of tm: timers and limits.
    pub fn tm(mut self, config: sip_transaction::Config) -> Self {
        self.tm = config;
        self
    }

    /// Opens the sockets and starts the workers. `routes` makes each worker's own [`Routes`] value, on
    /// the worker's thread.
    ///
    /// # Errors
    ///
    /// [`StartError`]: no listen address, an address that cannot be opened, an impossible number of workers.
    pub async fn start<R: Routes>(
        self,
        routes: impl Fn(&Shared) -> R + Send + Sync + 'static,
    ) -> Result<Running, StartError> {
        if self.transport.listen.is_empty() {
            return Err(StartError::NothingToListenOn);
        }
        let net = Net::bind(self.transport.clone()).await?;
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(std::io::Error::other)?;
        let (shared, mailboxes) = self.shared(random, links(&net))?;
        let (phase, watch) = watch::channel(Phase::Running);
        let routes = Arc::new(routes);
        let mut threads = Vec::new();
        for (worker, mailbox) in (0_u16..).zip(mailboxes) {
            let (net, shared, watch, routes) = (net.clone(), shared.clone(), watch.clone(), routes.clone());
            let name = match usize::from(worker).checked_sub(self.workers) {
                None => format!("sip-{worker}"),
                Some(task_worker) => format!("task-{task_worker}"),
            };
            let receives = usize::from(worker) < self.workers;
            let (ready, started) = oneshot::channel::<Result<(), StartError>>();
            let size = self.size(worker);
            let work = async move || {
                if receives {
                    let endpoint = match net.endpoint() {
                        Ok(endpoint) => endpoint,
                        Err(error) => return drop(ready.send(Err(error.into()))),
                    };
                    let routes = Rc::new(routes(&shared));
                    let _ = ready.send(Ok(()));
                    make_worker(size, endpoint, mailbox, watch, shared, routes).run().await;
                } else {
                    let routes = Rc::new(routes(&shared));
                    let _ = ready.send(Ok(()));
                    make_task_worker(size, mailbox, watch, shared, routes).run().await;
                }
            };
            threads.push(std::thread::Builder::new().name(name).spawn(move || {
                match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                    Ok(runtime) => tokio::task::LocalSet::new().block_on(&runtime, work()),
                    Err(error) => tracing::error!(%error, "a worker has no runtime"),
                }
            })?);
            started.await.map_err(|_| std::io::Error::other("a worker thread ended at its start"))??;
        }
        let control = match &self.commands {
            Some(path) => Some(Control::start(path, shared.clone()).await?),
            None => None,
        };
        Ok(Running { shared, phase, threads, control })
    }

    /// What the workers share, and their mailboxes. `random` makes tags and branches that nobody can guess.
    pub(crate) fn shared(
        &self,
        random: [u8; 32],
        links: Links,
    ) -> Result<(Shared, Vec<UnboundedReceiver<Post>>), StartError> {
        if self.workers == 0 || self.workers > MOST_WORKERS {
            return Err(StartError::Workers { asked: self.workers });
        }
        if self.task_workers == 0 || self.task_workers > MOST_TASK_WORKERS {
            return Err(StartError::TaskWorkers { asked: self.task_workers });
        }
        let (tm_key, own_key) = random.split_at(16);
        let secret = Secret::new(key(tm_key));
        let stripes = Stripes::new(&Arc::new(self.tm.clone()), &secret, self.workers, clock::now());
        let own_key = key(own_key);
        let modules = Modules::new(self.modules.clone(), &own_key, clock::now(), clock::wall());
        let all = self.workers + self.task_workers;
        let (mailboxes, receivers): (Vec<_>, Vec<_>) = (0..all).map(|_| unbounded_channel()).unzip();
        let registrar = Arc::new(Registrar::new(self.registrar.clone()));
        let storage = self.storage.open(&registrar)?;
        let shared = Shared::new(Parts {
            stripes,
            secret,
            key: own_key,
            links,
            domains: self.domains.clone(),
            loop_check: self.loop_check,
            serves_metrics: self.metrics,
            registrar,
            storage,
            modules,
            mailboxes: mailboxes.into(),
            task_queue: self.task_queue,
        });
        for (name, interval) in &self.timers {
            shared.every(name.clone(), *interval)?;
        }
        rpc::register(&shared);
        Ok((shared, receivers))
    }

    /// The bounds of one worker.
    pub(crate) fn size(&self, worker: u16) -> Size {
        Size { worker, max_parked: self.max_parked, max_delay: self.max_delay }
    }

    /// How many workers receive messages.
    #[cfg(feature = "play")]
    pub(crate) fn receiving(&self) -> usize {
        self.workers
    }
}

fn links(net: &Net) -> Links {
    let (local_for, stats) = (net.clone(), net.clone());
    Links {
        listens: net.locals().to_vec(),
        local_for: Box::new(move |target| local_for.local_for(target)),
        stats: Box::new(move || stats.stats()),
    }
}

fn key(bytes: &[u8]) -> [u8; 16] {
    std::array::from_fn(|i| bytes.get(i).copied().unwrap_or_default())
}

/// Which worker, and its bounds.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    worker: u16,
    max_parked: usize,
    max_delay: Option<Duration>,
}

/// One worker around an endpoint, real or played.
pub(crate) fn make_worker<R: Routes, E: Endpoint>(
    size: Size,
    endpoint: E,
    mailbox: UnboundedReceiver<Post>,
    phase: watch::Receiver<Phase>,
    shared: Shared,
    routes: Rc<R>,
) -> Worker<R, E> {
    Worker::new(endpoint, mailbox, phase, make_local(size, shared, &routes), routes, size.max_delay)
}

/// One task worker.
pub(crate) fn make_task_worker<R: Routes>(
    size: Size,
    mailbox: UnboundedReceiver<Post>,
    phase: watch::Receiver<Phase>,
    shared: Shared,
    routes: Rc<R>,
) -> TaskWorker<R> {
    TaskWorker::new(mailbox, phase, make_local(size, shared, &routes), routes)
}

fn make_local<R: Routes>(size: Size, shared: Shared, routes: &Rc<R>) -> Rc<Local> {
    let Size { worker, max_parked, .. } = size;
    Rc::new(Local {
        worker,
        shared,
        lot: Lot::new(worker, max_parked),
        others_waiting: 0.into(),
        hooks: Box::new(RouteHooks(routes.clone())),
        outbox: Outbox::default().into(),
        dirty: Notify::new(),
    })
}

struct RouteHooks<R>(Rc<R>);

impl<R: Routes> Hooks for RouteHooks<R> {
    fn branch<'a>(&'a self, route: sip_transaction::RouteId, ctx: &'a mut BranchCtx) -> HookFuture<'a> {
        Box::pin(self.0.branch(route, ctx))
    }

    fn onsend(&self, ctx: &mut SendCtx<'_>) -> Routed {
        self.0.onsend(ctx)
    }
}

/// A server that runs. Dropping it stops the workers at once; [`Self::stop`] lets them finish.
#[derive(Debug)]
#[must_use = "a server that is dropped ends"]
pub struct Running {
    shared: Shared,
    phase: watch::Sender<Phase>,
    threads: Vec<JoinHandle<()>>,
    control: Option<Control>,
}

impl Running {
    /// What the workers share.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Where the socket for commands is, if there is one.
    pub fn commands(&self) -> Option<&Path> {
        self.control.as_ref().map(Control::path)
    }

    /// Ends the server: new work is turned away with 503 from now on, what has no final reply yet may
    /// finish for at most `patience`, then the workers end, and what is to be stored is stored. Returns the last
    /// statistics: [`Stats::unfinished`] of them were cut off.
    pub async fn stop(mut self, patience: Duration) -> Stats {
        let _ = self.phase.send(Phase::Draining);
        let until = clock::now() + patience;
        while self.shared.stats().unfinished > 0 && clock::now() < until {
            tokio::time::sleep(LOOK).await;
        }
        let stats = self.shared.stats();
        let _ = self.phase.send(Phase::Stopped);
        for thread in self.threads.drain(..) {
            // A worker that panicked has said so; there is nothing left to stop.
            let _ = tokio::task::spawn_blocking(|| thread.join()).await;
        }
        if let Some(thread) = self.shared.storage().end() {
            let _ = tokio::task::spawn_blocking(|| thread.join()).await;
        }
        stats
    }
}
