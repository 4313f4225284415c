//! One connection: reading, framing, writing, time limits.
//!
//! Written for any byte stream, so that TLS and WebSocket need an acceptor and a connector only.
//! One task a connection; both directions run in it side by side, so that a worker which takes no more
//! messages stops the reading of a connection and not its writing.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, WriteHalf};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::budget::Budget;
use crate::error::SendError;
use crate::inbound::Inbound;
use crate::limit::{Hits, Limit};
use crate::stats::Counters;
use crate::stream::queue::Next;
use crate::stream::read::{End, Reader, Timeouts};
use crate::table::{Conn, Registration};

/// Messages in one write.
const WRITES: usize = 16;

/// What the connections of one worker share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) limits: sip_core::Limits,
    pub(crate) timeouts: Timeouts,
    pub(crate) connect_timeout: Duration,
    pub(crate) write_timeout: Duration,
    pub(crate) counters: Arc<Counters>,
    pub(crate) hits: Hits,
    pub(crate) budget: Arc<Budget>,
    pub(crate) to_worker: mpsc::Sender<Inbound>,
}

/// Serves an accepted connection until it ends.
pub(crate) async fn accepted<S: AsyncRead + AsyncWrite>(stream: S, guard: Guard) {
    guard.shared.counters.accepted.inc();
    let end = serve(stream, &guard, true).await;
    guard.finish(end).await;
}

/// Opens a connection and serves it until it ends.
pub(crate) async fn opened<S: AsyncRead + AsyncWrite>(
    connect: impl Future<Output = io::Result<S>>,
    guard: Guard,
) {
    let counters = &guard.shared.counters;
    let end = match timeout(guard.shared.connect_timeout, connect).await {
        Ok(Ok(stream)) => {
            counters.opened.inc();
            serve(stream, &guard, false).await
        }
        Ok(Err(error)) => {
            counters.connect_failed.inc();
            End::Error(error.into())
        }
        Err(_) => {
            counters.connect_failed.inc();
            End::Error(SendError::TimedOut)
        }
    };
    guard.finish(end).await;
}

async fn serve<S: AsyncRead + AsyncWrite>(stream: S, guard: &Guard, first_in_time: bool) -> End {
    let Shared { limits, timeouts, counters, budget, to_worker, write_timeout, .. } = &*guard.shared;
    let conn = guard.conn();
    let (read, write) = tokio::io::split(stream);
    let reader = Reader { conn, limits, timeouts, counters, budget, to_worker };
    tokio::select! {
        end = reader.run(read, first_in_time) => end,
        end = write_all(write, conn, *write_timeout, counters) => end,
        () = conn.queue.kill.notified() => End::Limit(Limit::WriteQueue),
    }
}

/// Writes what waits, several messages at once, until the queue is done.
async fn write_all<W: AsyncWrite>(
    mut write: WriteHalf<W>,
    conn: &Conn,
    patience: Duration,
    counters: &Counters,
) -> End {
    loop {
        let batch = match conn.queue.next(WRITES) {
            Next::Write(batch) => batch,
            Next::Wait => {
                // What a layer below (TLS) holds back goes out before the wait.
                match timeout(patience, write.flush()).await {
                    Ok(Ok(())) => conn.queue.wake.notified().await,
                    Ok(Err(error)) => return End::Error(error.into()),
                    Err(_) => return End::Limit(Limit::WriteTimeout),
                }
                continue;
            }
            Next::Done => {
                let _ = timeout(patience, write.shutdown()).await;
                return End::Drained;
            }
        };
        let slices: Vec<IoSlice<'_>> = batch.iter().map(|bytes| IoSlice::new(bytes)).collect();
        match timeout(patience, write.write_vectored(&slices)).await {
            Ok(Ok(0)) => return End::Error(SendError::Io(io::ErrorKind::WriteZero)),
            Ok(Ok(count)) => counters.sent.add(conn.queue.advance(count)),
            Ok(Err(error)) => return End::Error(error.into()),
            Err(_) => return End::Limit(Limit::WriteTimeout),
        }
    }
}

/// A connection's place in the table, held by its task.
///
/// Whatever ends the task, its connection leaves the table and its queue takes nothing more.
#[derive(Debug)]
pub(crate) struct Guard {
    registration: Option<Registration>,
    pub(crate) shared: Arc<Shared>,
    conn: Arc<Conn>,
}

impl Guard {
    pub(crate) fn new(registration: Registration, shared: Arc<Shared>) -> Self {
        let conn = Arc::clone(&registration.conn);
        Self { registration: Some(registration), shared, conn }
    }

    pub(crate) fn conn(&self) -> &Conn {
        &self.conn
    }

    /// Takes the connection out, then tells the worker what was not written, and of the end.
    async fn finish(mut self, end: End) {
        let counters = &self.shared.counters;
        if let End::Limit(limit) = end {
            self.shared.hits.note(limit, self.conn.remote.ip(), counters);
        }
        tracing::debug!(flow = %self.conn.flow, remote = %self.conn.remote, ?end, "connection ended");
        drop(self.registration.take());
        let (unsent, error) = self.conn.queue.close(end.as_send_error());
        for tag in unsent {
            counters.send_failed.inc();
            let _ = self.shared.to_worker.send(Inbound::SendFailed { tag, error }).await;
        }
        let _ = self.shared.to_worker.send(Inbound::Closed(self.conn.flow)).await;
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.registration.take());
        let _ = self.conn.queue.close(SendError::ShuttingDown);
    }
}
