//! What the workers share: the addresses, the connections, the limits.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sip_core::{Protocol, Target};
use tokio::time::timeout;

use crate::config::Config;
use crate::error::{BindError, SendError};
use crate::files::room_for;
use crate::listen::Listen;
use crate::locals::Locals;
use crate::sockets::{Bound, open};
use crate::stats::{Counters, Stats};
use crate::table::{Table, TableLimits};

/// How long [`Net::close`] waits for what is still to be written.
const CLOSING: Duration = Duration::from_secs(2);

/// The network as all workers of a server share it. Cheap to clone.
///
/// [`bind`](Self::bind) opens the addresses, so that a wrong one is noticed before any worker runs; each
/// worker then asks for its own sockets with [`endpoint`](Self::endpoint).
#[derive(Clone)]
pub struct Net {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) locals: Locals,
    pub(crate) bound: Mutex<Vec<Bound>>,
    pub(crate) table: Arc<Table>,
    pub(crate) counters: Mutex<Vec<Arc<Counters>>>,
}

impl Shared {
    /// The listener to send from: its number and address.
    pub(crate) fn listener_for(&self, target: &Target) -> Result<(u16, SocketAddr), SendError> {
        let Target { protocol, remote, local, .. } = *target;
        if !matches!(protocol, Protocol::Udp | Protocol::Tcp) {
            return Err(SendError::Unsupported { protocol });
        }
        self.locals
            .choose(protocol, local, remote)
            .and_then(|listener| Some((listener, self.locals.addr(listener)?)))
            .ok_or(SendError::NoListener { protocol, remote })
    }

    pub(crate) fn local_for(&self, target: &Target) -> Result<SocketAddr, SendError> {
        if let Some(flow) = target.flow {
            let conn = self.table.find(flow).ok_or(SendError::FlowGone(flow))?;
            return self.locals.addr(conn.flow.listener).ok_or(SendError::FlowGone(flow));
        }
        self.listener_for(target).map(|(_, addr)| addr)
    }
}

impl Net {
    /// Opens every listen address of `config`.
    ///
    /// What comes in before an endpoint is made waits in the kernel.
    ///
    /// # Errors
    ///
    /// A [`BindError`] that names the address: taken, not ours, not permitted, a protocol that is not
    /// available yet.
    pub async fn bind(config: Config) -> Result<Self, BindError> {
        let (locals, bound) = open(&config.listen, config.udp_buffer)?;
        let first_generation = getrandom::u32().map_err(|error| BindError::System {
            what: "cannot read random numbers",
            error: io::Error::other(error),
        })?;
        let limits = TableLimits {
            connections: room_for(config.max_connections),
            per_source: config.max_connections_per_source,
            write_queue: config.write_queue,
            buffered: config.max_buffered,
        };
        let shared = Shared {
            config,
            locals: Locals::new(locals),
            bound: Mutex::new(bound),
            table: Arc::new(Table::new(limits, first_generation)),
            counters: Mutex::default(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The real addresses: wildcards expanded, ports chosen by the system filled in. The number of an
    /// address here is the `listener` of the flows that belong to it.
    pub fn locals(&self) -> &[Listen] {
        self.shared.locals.list()
    }

    /// The address of ours that a message to `target` leaves from, as
    /// [`Endpoint::local_for`](crate::Endpoint::local_for) says, without an endpoint at hand.
    ///
    /// # Errors
    ///
    /// [`SendError::FlowGone`], [`SendError::NoListener`], [`SendError::Unsupported`].
    pub fn local_for(&self, target: &Target) -> Result<SocketAddr, SendError> {
        self.shared.local_for(target)
    }

    /// What all workers have counted, and the connections that exist now.
    pub fn stats(&self) -> Stats {
        let mut sum = Stats { connections: self.shared.table.len() as u64, ..Stats::default() };
        for counters in self.shared.counters.lock().iter() {
            sum += counters.read();
        }
        sum
    }

    /// Ends every connection once what waits on it is written, at the latest after two seconds, and lets no
    /// new one in. Datagrams still pass; their sockets close with the endpoints.
    ///
    /// The endpoints have to be polled or dropped meanwhile: dropping one ends its connections at once.
    pub async fn close(&self) {
        let table = &self.shared.table;
        table.drain();
        let all_ended = async {
            loop {
                let ended = table.ended.notified();
                if table.len() == 0 {
                    break;
                }
                ended.await;
            }
        };
        if timeout(CLOSING, all_ended).await.is_err() {
            tracing::debug!(connections = table.len(), "connections were still open at the end");
        }
    }
}

impl fmt::Debug for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Net").field("locals", &self.locals()).field("stats", &self.stats()).finish()
    }
}
