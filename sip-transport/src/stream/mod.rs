//! The connections of one worker: accepting, opening, and the way from their tasks to the worker.

pub(crate) mod connection;
mod http;
pub(crate) mod queue;
pub(crate) mod read;
pub(crate) mod tcp;

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use sip_core::{FlowId, Protocol};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Sleep, sleep};

use crate::config::Config;
use crate::error::SendError;
use crate::inbound::{Inbound, SendTag};
use crate::limit::{Hits, Limit, Reporter};
use crate::stats::Counters;
use crate::stream::connection::{Guard, Shared};
use crate::stream::read::Timeouts;
use crate::table::{Ends, Registration, Table};

/// Connections accepted, and messages taken over from connections, in one go.
const BATCH: usize = 32;

/// A pause after a failure to accept: out of file descriptors, most likely.
const PAUSE: Duration = Duration::from_millis(200);

/// A listening socket of one worker.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: TcpListener,
    protocol: Protocol,
    /// Its number among the locals; the first where it stands for several.
    listener: u16,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Listener {
    pub(crate) const fn new(socket: TcpListener, protocol: Protocol, listener: u16) -> Self {
        Self { socket, protocol, listener, pause: None }
    }
}

/// The connections of one worker.
#[derive(Debug)]
pub(crate) struct Streams {
    listeners: Vec<Listener>,
    table: Arc<Table>,
    shared: Arc<Shared>,
    inbound: mpsc::Receiver<Inbound>,
    reporter: Reporter,
    /// Dropped with the worker: then every connection ends.
    tasks: JoinSet<()>,
}

impl Streams {
    pub(crate) fn new(
        config: &Config,
        listeners: Vec<Listener>,
        table: Arc<Table>,
        counters: Arc<Counters>,
    ) -> Self {
        let (to_worker, inbound) = mpsc::channel(config.inbound_queue.max(1));
        let shared = Arc::new(Shared {
            limits: config.limits,
            timeouts: Timeouts { idle: config.idle_timeout, message: config.message_timeout },
            connect_timeout: config.connect_timeout,
            write_timeout: config.write_timeout,
            counters,
            hits: Hits::default(),
            budget: Arc::clone(&table.budget),
            to_worker,
        });
        let reporter = Reporter::new(config);
        Self { listeners, table, shared, inbound, reporter, tasks: JoinSet::new() }
    }

    /// Accepts what has come, and appends what connections have received. `listener` finds the number of a
    /// real local address.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut Vec<Inbound>,
        listener: impl Fn(Protocol, SocketAddr) -> Option<u16>,
    ) {
        for one in 0..self.listeners.len() {
            self.poll_accept(cx, one, &listener);
        }
        while let Poll::Ready(Some(ended)) = self.tasks.poll_join_next(cx) {
            if let Err(error) = ended {
                tracing::error!(%error, "a connection's task has failed");
            }
        }
        self.reporter.poll(cx, &self.shared.hits, &self.shared.counters);
        let _ = self.inbound.poll_recv_many(cx, into, BATCH);
    }

    /// A message on a connection that is named.
    pub(crate) fn send_on(&self, flow: FlowId, bytes: Bytes, tag: Option<SendTag>) -> Result<(), SendError> {
        let conn = self.table.find(flow).ok_or(SendError::FlowGone(flow))?;
        match conn.queue.push(bytes, tag) {
            Err(SendError::Closed) => Err(SendError::FlowGone(flow)),
            Err(error) => Err(note(&self.shared, error, conn.remote)),
            Ok(()) => Ok(()),
        }
    }

    /// A message to a peer, on the connection there is or on a new one.
    pub(crate) fn send_to(
        &mut self,
        ends: Ends,
        forced: bool,
        bytes: Bytes,
        tag: Option<SendTag>,
    ) -> Result<(), SendError> {
        let mut pushed = self.push(ends, forced, bytes.clone(), tag);
        if pushed == Err(SendError::Closed) {
            // The connection ended between being found and being used, and has left the table by now.
            pushed = self.push(ends, forced, bytes, tag);
        }
        pushed.map_err(|error| note(&self.shared, error, ends.remote))
    }

    fn push(
        &mut self,
        ends: Ends,
        forced: bool,
        bytes: Bytes,
        tag: Option<SendTag>,
    ) -> Result<(), SendError> {
        let (conn, to_open) = self.table.reuse_or_open(ends, forced)?;
        let pushed = conn.queue.push(bytes, tag);
        if let Some(registration) = to_open {
            self.open(registration, ends);
        }
        pushed
    }

    /// Starts the task of a connection that is to be opened.
    fn open(&mut self, registration: Registration, ends: Ends) {
        let guard = Guard::new(registration, Arc::clone(&self.shared));
        self.tasks.spawn(connection::opened(tcp::connect(ends.local.ip(), ends.remote), guard));
    }

    fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
        number: usize,
        listener: &impl Fn(Protocol, SocketAddr) -> Option<u16>,
    ) {
        let one = &mut self.listeners[number];
        for _ in 0..BATCH {
            if let Some(pause) = &mut one.pause {
                if pause.as_mut().poll(cx).is_pending() {
                    return;
                }
                one.pause = None;
            }
            let Poll::Ready(accepted) = one.socket.poll_accept(cx) else { return };
            let ends = accepted.and_then(|(stream, remote)| Ok((stream.local_addr()?, stream, remote)));
            let (local, stream, remote) = match ends {
                Ok(ends) => ends,
                Err(error) => {
                    self.shared.counters.receive_errors.inc();
                    tracing::warn!(%error, "accepting a connection failed");
                    one.pause = Some(Box::pin(sleep(PAUSE)));
                    continue;
                }
            };
            let listener = listener(one.protocol, local).unwrap_or(one.listener);
            match self.table.accept(Ends { protocol: one.protocol, remote, local, listener }) {
                Ok(registration) => {
                    tcp::prepare(&stream);
                    let guard = Guard::new(registration, Arc::clone(&self.shared));
                    self.tasks.spawn(connection::accepted(stream, guard));
                }
                Err(error) => {
                    tracing::debug!(%remote, %error, "connection refused");
                    note(&self.shared, error, remote);
                }
            }
        }
        // There may be more: others get their turn first.
        cx.waker().wake_by_ref();
    }
}

/// Counts a refusal that is about a limit. A queue that is full is counted when its connection ends.
fn note(shared: &Shared, error: SendError, remote: SocketAddr) -> SendError {
    let limit = match error {
        SendError::TooManyConnections => Limit::Connections,
        SendError::TooManyWithAddress => Limit::ConnectionsPerSource,
        SendError::TooMuchBuffered => Limit::Buffered,
        _ => return error,
    };
    shared.hits.note(limit, remote.ip(), &shared.counters);
    error
}
