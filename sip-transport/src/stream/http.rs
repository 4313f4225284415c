//! HTTP on a connection: one request at a time, its answer, the end of the connection.
//!
//! While a request waits for its answer nothing more is read, so that pipelined requests are answered in their order
//! and a client that does not wait is slowed down by the network.

use std::future::pending;
use std::pin::Pin;

use bytes::BytesMut;
use sip_core::{Message, ParseError, build};
use tokio::io::AsyncRead;
use tokio::time::timeout;

use crate::answer::{Answered, HttpAnswer};
use crate::inbound::Inbound;
use crate::limit::Limit;
use crate::stream::read::{End, LINGER, Reader, Stop, read_some};

impl Reader<'_> {
    /// The body may come.
    pub(crate) fn http_continue(&self) {
        // A full queue ends the connection by itself.
        let _ = self.conn.queue.push(build::HTTP_CONTINUE.into(), None);
    }

    /// Hands a request to the worker and waits for the answer.
    pub(crate) async fn http(&self, msg: Message) -> Result<(), Stop> {
        self.counters.http.inc();
        let (answer, answered) = HttpAnswer::channel();
        self.hand_on(Inbound::Http { msg, source: self.conn.source(), answer }).await?;
        let (bytes, close) = match timeout(self.timeouts.idle, answered).await {
            Ok(Ok(Answered { bytes, close })) => (bytes, close),
            Ok(Err(_)) => (build::http_unavailable(), true),
            Err(_) => return Err(Stop::Now(End::Limit(Limit::IdleTimeout))),
        };
        match self.conn.queue.push(bytes, None) {
            Ok(()) if close => Err(Stop::Answered),
            Ok(()) => Ok(()),
            Err(error) => Err(Stop::Now(End::Error(error))),
        }
    }

    /// Tells the sender what is wrong with its request.
    pub(crate) fn http_refused(&self, error: &ParseError) {
        self.counters.malformed.inc();
        let _ = self.conn.queue.push(build::http_refusal(error), None);
    }

    /// The last answer is on its way: the connection ends once it is written.
    pub(crate) async fn last_answer<R: AsyncRead>(&self, read: Pin<&mut R>, buf: &mut BytesMut) -> End {
        if !buf.is_empty() {
            self.discard(read, buf).await;
            return End::Closed;
        }
        self.drained().await
    }

    /// Nothing more is wanted: what waits is written, then the writer ends the connection.
    pub(crate) async fn drained(&self) -> End {
        self.conn.queue.drain();
        pending().await
    }

    /// Reads and forgets for a moment: closing a connection while bytes come in would take what was written away
    /// from the peer (RFC 9112 9.6).
    pub(crate) async fn discard<R: AsyncRead>(&self, mut read: Pin<&mut R>, buf: &mut BytesMut) {
        let all = async {
            buf.clear();
            while let Ok(1..) = read_some(read.as_mut(), buf).await {
                buf.clear();
            }
        };
        let _ = timeout(LINGER, all).await;
    }
}
