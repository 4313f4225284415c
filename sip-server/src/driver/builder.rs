//! Settings of a server, and its start and end.

use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

#[cfg(feature = "sql")]
use sip_async::sql::{Database, DatabaseUrl, Settings};
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
use crate::post::Post;
use crate::routed::Routed;
use crate::routes::Routes;
use crate::shared::{LocalFor, Parts, Shared};
use crate::stats::Stats;
use crate::store::keeper::Keeper;
use crate::store::location::LocationStore;
use crate::store::settings::StoreSettings;
#[cfg(feature = "sql")]
use crate::store::sql::location::SqlLocation;
use crate::stripes::Stripes;

use super::worker::{Phase, Worker};

/// Most workers that a server may have.
const MOST_WORKERS: usize = 1024;
/// How often a server that is ending looks whether it has finished.
const LOOK: Duration = Duration::from_millis(20);

/// The settings of a server, with their defaults; [`Server::start`] opens the sockets.
#[derive(Clone, Debug)]
pub struct Server {
    transport: sip_transport::Config,
    tm: sip_transaction::Config,
    registrar: sip_registrar::Config,
    domains: Vec<String>,
    workers: usize,
    max_parked: usize,
    loop_check: bool,
    location: Option<Arc<dyn LocationStore>>,
    store: StoreSettings,
    #[cfg(feature = "sql")]
    database: Option<DatabaseUrl>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            transport: sip_transport::Config::default(),
            tm: sip_transaction::Config::default(),
            registrar: sip_registrar::Config::default(),
            domains: Vec::new(),
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            max_parked: 200_000,
            loop_check: true,
            location: None,
            store: StoreSettings::default(),
            #[cfg(feature = "sql")]
            database: None,
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

    /// How many routes may wait at once on each worker; beyond it 503 with Retry-After. Default: 200,000.
    pub fn max_parked(mut self, routes: usize) -> Self {
        self.max_parked = routes;
        self
    }

    /// Whether a request that comes back unchanged is answered 482 (RFC 3261 16.3, RFC 5393 4). Default: yes.
    pub fn loop_check(mut self, check: bool) -> Self {
        self.loop_check = check;
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

    /// Settings of the registrar.
    pub fn registrar(mut self, config: sip_registrar::Config) -> Self {
        self.registrar = config;
        self
    }

    /// Keeps the location in this store. Default: in memory alone, and it ends with the process.
    pub fn location_store(mut self, store: impl LocationStore) -> Self {
        self.location = Some(Arc::new(store));
        self
    }

    /// How the location is kept in its store. Default: what was answered 200 is stored.
    pub fn store(mut self, settings: StoreSettings) -> Self {
        self.store = settings;
        self
    }

    /// Keeps the location in this database, unless [`Self::location_store`] says another place, and gives it to the
    /// routes: [`Shared::database`]. Default: none.
    #[cfg(feature = "sql")]
    pub fn database(mut self, url: DatabaseUrl) -> Self {
        self.database = Some(url);
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
        let (shared, mailboxes) = self.shared(random, net.locals().to_vec(), local_for(&net))?;
        let (phase, watch) = watch::channel(Phase::Running);
        let routes = Arc::new(routes);
        let mut threads = Vec::new();
        for (worker, mailbox) in (0_u16..).zip(mailboxes) {
            let (net, shared, watch, routes) = (net.clone(), shared.clone(), watch.clone(), routes.clone());
            let max_parked = self.max_parked;
            let (ready, started) = oneshot::channel();
            threads.push(std::thread::Builder::new().name(format!("sip-{worker}")).spawn(move || {
                let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                    Ok(runtime) => runtime,
                    Err(error) => return drop(ready.send(Err(StartError::System(error)))),
                };
                tokio::task::LocalSet::new().block_on(&runtime, async move {
                    let endpoint = match net.endpoint() {
                        Ok(endpoint) => endpoint,
                        Err(error) => return drop(ready.send(Err(error.into()))),
                    };
                    let routes = Rc::new(routes(&shared));
                    let _ = ready.send(Ok(()));
                    make_worker((worker, max_parked), endpoint, mailbox, watch, shared, routes).run().await;
                });
            })?);
            started.await.map_err(|_| std::io::Error::other("a worker thread ended at its start"))??;
        }
        Ok(Running { shared, phase, threads })
    }

    /// What the workers share, and their mailboxes. `random` makes tags and branches that nobody can guess.
    pub(crate) fn shared(
        &self,
        random: [u8; 32],
        listens: Vec<Listen>,
        local_for: LocalFor,
    ) -> Result<(Shared, Vec<UnboundedReceiver<Post>>), StartError> {
        if self.workers == 0 || self.workers > MOST_WORKERS {
            return Err(StartError::Workers { asked: self.workers });
        }
        let (tm_key, own_key) = random.split_at(16);
        let secret = Secret::new(key(tm_key));
        let stripes = Stripes::new(&Arc::new(self.tm.clone()), &secret, self.workers, clock::now());
        let (mailboxes, receivers): (Vec<_>, Vec<_>) = (0..self.workers).map(|_| unbounded_channel()).unzip();
        let registrar = Arc::new(Registrar::new(self.registrar.clone()));
        #[cfg(feature = "sql")]
        let database = self.open_database()?;
        #[cfg(feature = "sql")]
        let location = self.location.clone().or_else(|| {
            let store = SqlLocation::new(database.clone()?, self.registrar.use_domain);
            Some(Arc::new(store) as Arc<dyn LocationStore>)
        });
        #[cfg(not(feature = "sql"))]
        let location = self.location.clone();
        let start = |store| Keeper::start(registrar.clone(), store, self.store.clone());
        let keeper = location.map(start).transpose()?;
        let shared = Shared::new(Parts {
            stripes,
            secret,
            key: key(own_key),
            listens,
            local_for,
            domains: self.domains.clone(),
            loop_check: self.loop_check,
            registrar,
            keeper,
            #[cfg(feature = "sql")]
            database,
            mailboxes: mailboxes.into(),
        });
        Ok((shared, receivers))
    }

    #[cfg(feature = "sql")]
    fn open_database(&self) -> Result<Option<Database>, StartError> {
        let open = |url| Database::open("db", url, Settings::default());
        Ok(self.database.as_ref().map(open).transpose()?)
    }

    /// How many routes may wait at once on each worker.
    #[cfg(feature = "play")]
    pub(crate) fn max_parked_routes(&self) -> usize {
        self.max_parked
    }
}

fn local_for(net: &Net) -> LocalFor {
    let net = net.clone();
    Box::new(move |target| net.local_for(target))
}

fn key(bytes: &[u8]) -> [u8; 16] {
    std::array::from_fn(|i| bytes.get(i).copied().unwrap_or_default())
}

/// One worker around an endpoint, real or played.
pub(crate) fn make_worker<R: Routes, E: Endpoint>(
    (worker, max_parked): (u16, usize),
    endpoint: E,
    mailbox: UnboundedReceiver<Post>,
    phase: watch::Receiver<Phase>,
    shared: Shared,
    routes: Rc<R>,
) -> Worker<R, E> {
    let local = Local {
        worker,
        shared,
        lot: Lot::new(worker, max_parked),
        others_waiting: 0.into(),
        hooks: Box::new(RouteHooks(routes.clone())),
        outbox: Outbox::default().into(),
        dirty: Notify::new(),
    };
    Worker::new(endpoint, mailbox, phase, Rc::new(local), routes)
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
}

impl Running {
    /// What the workers share.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Ends the server: new work is turned away with 503 from now on, what has no final reply yet may
    /// finish for at most `patience`, then the workers end, and what is to be stored is stored. Returns the last statistics:
    /// [`Stats::unfinished`] of them were cut off.
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
        if let Some(thread) = self.shared.keeper().and_then(Keeper::end) {
            let _ = tokio::task::spawn_blocking(|| thread.join()).await;
        }
        stats
    }
}
