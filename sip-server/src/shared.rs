//! What all workers of a server share.

use std::any::Any;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Instant, SystemTime};

#[cfg(feature = "sql")]
use sip_async::sql::Database;
use sip_core::{Host, Protocol, Target};
use sip_modules::Myself;
use sip_registrar::{Aor, Registrar};
use sip_transaction::{RouteId, Secret, Suspension};
use sip_transport::{Listen, SendError};
use tokio::sync::mpsc::UnboundedSender;

use crate::clock;
use crate::error::RouteError;
use crate::event::Event;
use crate::post::Post;
use crate::stats::{Stats, WorkerStats};
use crate::store::keeper::Keeper;
use crate::stripes::Stripes;

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
    registrar: Arc<Registrar>,
    keeper: Option<Keeper>,
    #[cfg(feature = "sql")]
    database: Option<Database>,
    mailboxes: Box<[UnboundedSender<Post>]>,
    stats: Box<[WorkerStats]>,
    next: AtomicUsize,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("listens", &self.0.listens).finish_non_exhaustive()
    }
}

/// Tells the address of ours that a message to a target leaves from.
pub(crate) type LocalFor = Box<dyn Fn(&Target) -> Result<SocketAddr, SendError> + Send + Sync>;

/// What a [`Shared`] is made of.
pub(crate) struct Parts {
    pub(crate) stripes: Stripes,
    pub(crate) secret: Secret,
    pub(crate) key: [u8; 16],
    pub(crate) listens: Vec<Listen>,
    pub(crate) local_for: LocalFor,
    pub(crate) domains: Vec<String>,
    pub(crate) loop_check: bool,
    pub(crate) registrar: Arc<Registrar>,
    pub(crate) keeper: Option<Keeper>,
    #[cfg(feature = "sql")]
    pub(crate) database: Option<Database>,
    pub(crate) mailboxes: Box<[UnboundedSender<Post>]>,
}

impl Shared {
    pub(crate) fn new(parts: Parts) -> Self {
        let stats = parts.mailboxes.iter().map(|_| WorkerStats::default()).collect();
        Self(Arc::new(Inner {
            stripes: parts.stripes,
            secret: parts.secret,
            key: parts.key,
            listens: parts.listens,
            local_for: parts.local_for,
            domains: parts.domains,
            loop_check: parts.loop_check,
            registrar: parts.registrar,
            keeper: parts.keeper,
            #[cfg(feature = "sql")]
            database: parts.database,
            mailboxes: parts.mailboxes,
            stats,
            next: AtomicUsize::new(0),
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

    /// Whether the location has all that its store has. True where it has no store; false while it is loaded, and
    /// always in [`StoreMode::StoreOnly`](crate::store::StoreMode::StoreOnly).
    pub fn is_loaded(&self) -> bool {
        self.0.keeper.as_ref().is_none_or(Keeper::is_complete)
    }

    /// Takes all contacts of an address of record away (`unregister`), in its store as well. How many there were.
    ///
    /// # Errors
    ///
    /// [`RouteError::Store`] and [`RouteError::Busy`]: the location has a store that cannot take it now; nothing was
    /// changed.
    pub async fn unregister(&self, aor: &Aor) -> Result<usize, RouteError> {
        match self.keeper() {
            Some(keeper) => keeper.unregister(aor).await,
            None => Ok(self.registrar().remove(aor).len()),
        }
    }

    /// The database that the server was given, for whatever else is in it: users, addresses.
    #[cfg(feature = "sql")]
    pub fn database(&self) -> Option<&Database> {
        self.0.database.as_ref()
    }

    /// Who keeps the location in a store.
    pub(crate) fn keeper(&self) -> Option<&Keeper> {
        self.0.keeper.as_ref()
    }

    /// Runs [`Routes::event`](crate::Routes::event) with this on one of the workers, each in turn.
    pub fn post(&self, name: &'static str, data: Box<dyn Any + Send>) {
        let worker = self.0.next.fetch_add(1, Ordering::Relaxed) % self.0.mailboxes.len();
        self.mail(worker, Post::Event(Event::Posted { name, data }));
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
        self.0.stripes.sum(sum, |mut sum, stripe| {
            let table = stripe.table.stats();
            sum.transactions += table.transactions as u64;
            sum.unfinished += table.open as u64;
            sum.timers += table.timers as u64;
            sum.kept_bytes += table.kept_bytes as u64;
            sum
        })
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

    /// The key of hashes that nobody outside should be able to make.
    pub(crate) fn key(&self) -> &[u8; 16] {
        &self.0.key
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

    pub(crate) fn worker_stats(&self, worker: u16) -> &WorkerStats {
        &self.0.stats[usize::from(worker)]
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
