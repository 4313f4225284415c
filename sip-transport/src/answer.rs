//! The way of an HTTP answer back to its connection.

use bytes::Bytes;
use tokio::sync::oneshot::{self, Receiver, Sender};

use crate::error::SendError;

/// What the connection of an HTTP request waits for. May be sent from any thread.
///
/// Dropped without an answer, the connection gets 503 and ends.
#[derive(Debug)]
pub struct HttpAnswer(Sender<Answered>);

/// An answer.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) bytes: Bytes,
    pub(crate) close: bool,
}

impl HttpAnswer {
    pub(crate) fn channel() -> (Self, Receiver<Answered>) {
        let (send, receive) = oneshot::channel();
        (Self(send), receive)
    }

    /// Sends the whole reply, as [`http_reply`](sip_core::build::http_reply) makes it. `close`: the connection ends with it.
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`]: the connection has ended meanwhile.
    pub fn send(self, bytes: Bytes, close: bool) -> Result<(), SendError> {
        self.0.send(Answered { bytes, close }).map_err(|_| SendError::Closed)
    }

    /// Whether nobody waits for the answer any more.
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}
