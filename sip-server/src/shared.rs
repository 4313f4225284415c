//! What all workers of a server share.

use std::hash::Hasher;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Instant, SystemTime};

use sip_async::Counters;
use sip_async::jsonrpc::Commands;
use sip_core::text::hex;
use sip_core::{Host, Protocol, Target};
use sip_modules::Myself;
use sip_registrar::Registrar;
use sip_transaction::{RouteId, Secret, Suspension, Transmit};
use sip_transport::{Listen, SendError};
use siphasher::sip::SipHasher13;
use tokio::sync::mpsc::UnboundedSender;

use crate::clock;
use crate::error::RouteError;
use crate::latency::{Latency, RouteKind};
use crate::modules::Modules;
use crate::no_connect::NoConnect;
use crate::post::Post;
use crate::stats::{Stats, WorkerStats};
use crate::store::storage::Storage;
use crate::stripes::Stripes;
use crate::task::Tasks;

/// Messages of task workers that may wait to be sent by the others.
const MOST_LENT: usize = 16_384;

/// What all workers of a server share: transactions, location, addresses, mailboxes.
///
/// Cheap to clone, `Send` and `Sync`: give it to threads and tasks that resume transactions, post
/// events or read statistics.
#[derive(Clone)]
pub struct Shared(Arc<Inner>);

struct Inner {
    stripes: Stripes,
    secret: Secret,
    /// Keyed hashes of this crate: tags and the branches of what is forwarded without state.
    key: [u8; 16],
    listens: Vec<Listen>,
    local_for: LocalFor,
    domains: Vec<String>,
    loop_check: bool,
    serves_metrics: bool,
    registrar: Arc<Registrar>,
    storage: Storage,
    modules: Modules,
    mailboxes: Box<[UnboundedSender<Post>]>,
    stats: Box<[WorkerStats]>,
    tasks: Tasks,
    transport: TransportStats,
    commands: Commands<Shared>,
    counters: Counters,
    started: SystemTime,
    /// Whose turn it is to send for a task worker.
    next: AtomicUsize,
    /// Messages of task workers that wait in mailboxes.
    lent: AtomicUsize,
    tokens: AtomicU64,
    no_connect: NoConnect,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("listens", &self.0.listens).finish_non_exhaustive()
    }
}

/// Tells the address of ours that a message to a target leaves from.
pub(crate) type LocalFor = Box<dyn Fn(&Target) -> Result<SocketAddr, SendError> + Send + Sync>;

/// What the transport has counted.
pub(crate) type TransportStats = Box<dyn Fn() -> sip_transport::Stats + Send + Sync>;

/// What all workers know of the transport.
pub(crate) struct Links {
    pub(crate) listens: Vec<Listen>,
    pub(crate) local_for: LocalFor,
    pub(crate) stats: TransportStats,
}

/// What a [`Shared`] is made of.
pub(crate) struct Parts {
    pub(crate) stripes: Stripes,
    pub(crate) secret: Secret,
    pub(crate) key: [u8; 16],
    pub(crate) links: Links,
    pub(crate) domains: Vec<String>,
    pub(crate) loop_check: bool,
    pub(crate) serves_metrics: bool,
    pub(crate) registrar: Arc<Registrar>,
    pub(crate) storage: Storage,
    pub(crate) modules: Modules,
    /// Those of the task workers last.
    pub(crate) mailboxes: Box<[UnboundedSender<Post>]>,
    pub(crate) task_queue: usize,
}

impl Shared {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts {
            stripes,
            secret,
            key,
            links,
            domains,
            loop_check,
            serves_metrics,
            registrar,
            storage,
            modules,
            mailboxes,
            task_queue,
        } = parts;
        let Links { listens, local_for, stats: transport } = links;
        let stats = mailboxes.iter().map(|_| WorkerStats::default()).collect();
        Self(Arc::new(Inner {
            stripes,
            secret,
            key,
            listens,
            local_for,
            domains,
            loop_check,
            serves_metrics,
            registrar,
            storage,
            modules,
            mailboxes,
            stats,
            tasks: Tasks::new(task_queue),
            transport,
            commands: Commands::new(),
            counters: Counters::new(),
            started: clock::wall(),
            next: AtomicUsize::new(0),
            lent: AtomicUsize::new(0),
            tokens: AtomicU64::new(0),
            no_connect: NoConnect::default(),
        }))
    }

    /// What the clock says that every timer of this server follows. A played network moves it.
    pub fn now(&self) -> Instant {
        clock::now()
    }

    /// What the calendar says.
    pub fn wall(&self) -> SystemTime {
        clock::wall()
    }

    /// The addresses that the server listens on, wildcards expanded.
    pub fn listens(&self) -> &[Listen] {
        &self.0.listens
    }

    /// The domains that the server was told it serves; empty: only its addresses.
    pub fn domains(&self) -> &[String] {
        &self.0.domains
    }

    /// The location: who is registered, and where.
    pub fn registrar(&self) -> &Registrar {
        &self.0.registrar
    }

    /// Where the location is kept, beside memory.
    pub(crate) fn storage(&self) -> &Storage {
        &self.0.storage
    }

    /// What routing modules keep.
    pub(crate) fn modules(&self) -> &Modules {
        &self.0.modules
    }

    /// Goes on with a suspended transaction: `t_continue(index, label, route)`.
    ///
    /// The right to do so is [`Resume::suspension`](crate::Resume::suspension). The route runs on the worker that is
    /// responsible for the transaction, whatever thread this is called from.
    ///
    /// # Errors
    ///
    /// [`TmError`](sip_transaction::TmError), as [`RouteError::Tm`]: the id is unknown, stale, was
    /// resumed already, or is not suspended; [`RouteError::Canceled`] when the caller gave up. Nothing
    /// is changed then.
    pub fn resume(&self, suspension: Suspension, route: RouteId) -> Result<(), RouteError> {
        let id = suspension.id;
        self.0.stripes.of(id).table.resume(clock::now(), suspension)?;
        self.mail(self.0.stripes.owner(id), Post::Resumed { id, route });
        Ok(())
    }

    /// The counters of all workers and the gauges of all tables, summed.
    pub fn stats(&self) -> Stats {
        let mut sum = Stats::default();
        for worker in &self.0.stats {
            worker.add_to(&mut sum);
        }
        (sum.tasks_waiting, sum.tasks_refused, sum.timers_skipped) = self.0.tasks.counts();
        self.0.stripes.sum(sum, |mut sum, stripe| {
            let table = stripe.table.stats();
            sum.transactions += table.transactions as u64;
            sum.unfinished += table.open as u64;
            sum.timers += table.timers as u64;
            sum.kept_bytes += table.kept_bytes as u64;
            sum
        })
    }

    /// What the sockets have counted.
    pub fn transport_stats(&self) -> sip_transport::Stats {
        (self.0.transport)()
    }

    /// What tm has counted, without its gauges.
    pub(crate) fn tm_counters(&self) -> sip_transaction::Stats {
        self.0.stripes.sum(sip_transaction::Stats::default(), |mut sum, stripe| {
            sum += *stripe.table.counters();
            sum.transactions += stripe.table.len();
            sum
        })
    }

    /// How long the routes of this kind took, all workers together.
    pub fn latency(&self, kind: RouteKind) -> Latency {
        let mut sum = Latency::default();
        self.0.stats.iter().for_each(|worker| worker.latencies.of(kind).add_to(&mut sum));
        sum
    }

    /// Sums something over all workers.
    pub(crate) fn sum(&self, read: impl Fn(&WorkerStats) -> u64) -> u64 {
        self.0.stats.iter().map(read).fold(0, u64::wrapping_add)
    }

    /// When the server was made.
    pub fn started(&self) -> SystemTime {
        self.0.started
    }

    /// How many workers receive messages; task workers are not counted.
    pub fn workers(&self) -> usize {
        self.0.stripes.workers()
    }

    /// The commands that operators may give, by name; an application may add its own.
    pub fn commands(&self) -> &Commands<Self> {
        &self.0.commands
    }

    /// Counters that the application names and counts itself; statistics as all others.
    pub fn counters(&self) -> &Counters {
        &self.0.counters
    }

    /// How many requests are kept for the later routes of their transactions.
    #[cfg(feature = "play")]
    pub(crate) fn kept_requests(&self) -> usize {
        self.0.stripes.sum(0, |sum, stripe| sum + stripe.kept.len())
    }

    /// The address of ours that a message to this target leaves from: what stands in our Via.
    pub(crate) fn local_for(&self, target: &Target) -> Result<SocketAddr, SendError> {
        (self.0.local_for)(target)
    }

    /// Sixteen hex digits that nobody outside can guess, other ones each time: for tags, Call-IDs and nonces of requests
    /// that start here.
    pub(crate) fn token(&self) -> String {
        let mut hash = SipHasher13::new_with_key(&self.0.key);
        hash.write(b"token");
        hash.write_u64(self.0.tokens.fetch_add(1, Ordering::Relaxed));
        hex(hash.finish())
    }

    /// The key of hashes that nobody outside should be able to make.
    pub(crate) fn key(&self) -> &[u8; 16] {
        &self.0.key
    }

    /// Connections in whose place replies open no other.
    pub(crate) fn no_connect(&self) -> &NoConnect {
        &self.0.no_connect
    }

    pub(crate) fn stripes(&self) -> &Stripes {
        &self.0.stripes
    }

    pub(crate) fn secret(&self) -> &Secret {
        &self.0.secret
    }

    /// Whether requests that come back unchanged are refused.
    pub(crate) fn checks_loops(&self) -> bool {
        self.0.loop_check
    }

    /// Whether `/metrics` is answered whatever the routes do.
    pub(crate) fn serves_metrics(&self) -> bool {
        self.0.serves_metrics
    }

    pub(crate) fn worker_stats(&self, worker: u16) -> &WorkerStats {
        &self.0.stats[usize::from(worker)]
    }

    /// What waits for the task workers.
    pub(crate) fn tasks(&self) -> &Tasks {
        &self.0.tasks
    }

    /// Has a worker that has sockets send this for one that has none. Gives it back when too much waits already.
    pub(crate) fn lend(&self, transmit: Box<Transmit>) -> Result<(), Box<Transmit>> {
        if self.0.lent.fetch_add(1, Ordering::Relaxed) >= MOST_LENT {
            self.0.lent.fetch_sub(1, Ordering::Relaxed);
            return Err(transmit);
        }
        let worker = match transmit.branch {
            Some(branch) => self.0.stripes.owner(branch.transaction),
            None => self.0.next.fetch_add(1, Ordering::Relaxed) % self.workers(),
        };
        self.mail(worker, Post::Send(transmit));
        Ok(())
    }

    /// A message that was lent is on its way.
    pub(crate) fn lent_is_sent(&self) {
        self.0.lent.fetch_sub(1, Ordering::Relaxed);
    }

    /// Puts mail into the box of a worker. A worker that has ended no longer reads it: its
    /// transactions end by their timers.
    pub(crate) fn mail(&self, worker: usize, post: Post) {
        if let Some(mailbox) = self.0.mailboxes.get(worker) {
            let _ = mailbox.send(post);
        }
    }
}

/// What names this server: one of its domains, with any port; one of its addresses, with the port and the
/// protocol that it listens on where the URI says them.
impl Myself for Shared {
    fn is_myself(&self, host: Host<'_>, port: Option<u16>, protocol: Option<Protocol>) -> bool {
        let ip = match host {
            Host::Name(name) => {
                return self.0.domains.iter().any(|domain| name.eq_ignore_ascii_case(domain.as_bytes()));
            }
            Host::V4(ip) => IpAddr::V4(ip),
            Host::V6(ip) => IpAddr::V6(ip),
        };
        let is_that = |listen: &Listen| {
            listen.addr.ip() == ip
                && port.is_none_or(|port| port == listen.addr.port())
                && protocol.is_none_or(|protocol| protocol == listen.protocol)
        };
        self.listens().iter().any(is_that) || self.0.domains.iter().any(|domain| domain.parse() == Ok(ip))
    }
}
