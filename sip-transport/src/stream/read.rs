//! The reading half of a connection: bytes, frames, the worker.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use sip_core::frame::{Framed, Framer};
use sip_core::{Limits, ParseError};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::budget::{Budget, Held};
use crate::error::SendError;
use crate::inbound::Inbound;
use crate::limit::Limit;
use crate::stats::Counters;
use crate::table::Conn;

/// Bytes read at once.
const READ: usize = 16 * 1024;

/// How long a connection stays for replies after it has said something that is no SIP.
pub(crate) const LINGER: Duration = Duration::from_secs(1);

thread_local! {
    /// Where a read lands first, so that a connection that says nothing holds no buffer.
    static LANDING: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
}

/// Why a connection has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The peer closed it.
    Closed,
    /// What the peer sent is no SIP.
    Malformed,
    /// The peer ran into this limit.
    Limit(Limit),
    /// This side is shutting down, and everything is written.
    Drained,
    /// The worker is gone.
    NoWorker,
    /// The system or the peer broke it.
    Error(SendError),
}

impl End {
    /// What this means for a message that was still waiting.
    pub(crate) const fn as_send_error(self) -> SendError {
        match self {
            Self::Limit(Limit::WriteQueue | Limit::WriteTimeout) => SendError::SlowReader,
            Self::Closed | Self::Malformed | Self::Limit(_) => SendError::Closed,
            Self::Drained | Self::NoWorker => SendError::ShuttingDown,
            Self::Error(error) => error,
        }
    }
}

/// Why the reading of frames has stopped.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The connection ends now.
    Now(End),
    /// It ends once the answer to an HTTP request is written.
    Answered,
    /// It ends soon: an HTTP request was refused.
    Refused(End),
}

impl From<End> for Stop {
    fn from(end: End) -> Self {
        Self::Now(end)
    }
}

/// Time limits of the reading half.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    pub(crate) idle: Duration,
    pub(crate) message: Duration,
}

/// The reading half.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) conn: &'a Conn,
    pub(crate) limits: &'a Limits,
    pub(crate) timeouts: &'a Timeouts,
    pub(crate) counters: &'a Counters,
    pub(crate) budget: &'a Budget,
    pub(crate) to_worker: &'a mpsc::Sender<Inbound>,
}

/// What the timer of a connection is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expecting {
    /// The first message, or the rest of one.
    Message,
    /// Anything at all; `activity` is what it was when the timer was set.
    Anything { activity: u64 },
}

/// What a read has completed.
#[derive(Clone, Copy, Debug, Default)]
struct Complete {
    messages: usize,
    keep_alives: usize,
    http: bool,
}

impl Reader<'_> {
    /// Reads until the connection ends. `first_in_time`: the first message has the time of a message.
    pub(crate) async fn run<R: AsyncRead>(self, read: R, first_in_time: bool) -> End {
        let mut waits_for_first = first_in_time;
        let mut held = Held::new(self.budget);
        let mut read = pin!(read);
        // Nobody asks us where we opened the connection.
        let new = if first_in_time { Framer::with_http } else { Framer::new };
        let mut framer = new(*self.limits);
        let mut speaks_http = false;
        let mut buf = BytesMut::new();
        let mut expecting = if first_in_time { Expecting::Message } else { self.anything() };
        let mut timer = pin!(sleep(self.patience(expecting)));
        loop {
            tokio::select! {
                biased;
                count = read_some(read.as_mut(), &mut buf) => match count {
                    // The other direction is open: what was asked is answered.
                    Ok(0) if speaks_http => return self.drained().await,
                    Ok(0) => return End::Closed,
                    Ok(_) => self.conn.queue.touch(),
                    Err(error) => return End::Error(error.into()),
                },
                () = timer.as_mut() => match expecting {
                    Expecting::Anything { activity } if activity != self.conn.queue.activity() => {
                        expecting = self.anything();
                        timer.set(sleep(self.patience(expecting)));
                        continue;
                    }
                    Expecting::Anything { .. } => return End::Limit(Limit::IdleTimeout),
                    Expecting::Message => return End::Limit(Limit::MessageTimeout),
                },
            }
            let Complete { messages, keep_alives, http } = match self.frames(&mut framer, &mut buf).await {
                Ok(complete) => complete,
                Err(Stop::Now(end)) => return end,
                Err(Stop::Answered) => return self.last_answer(read, &mut buf).await,
                Err(Stop::Refused(end)) => {
                    self.discard(read, &mut buf).await;
                    return end;
                }
            };
            speaks_http |= http;
            if buf.is_empty() {
                buf = BytesMut::new();
            }
            if !held.set((buf.len() + framer.held()).saturating_sub(READ)) {
                return End::Limit(Limit::Buffered);
            }
            waits_for_first &= messages == 0;
            // The time of a message runs from its first byte and is not extended by more of them.
            let next = match expecting {
                Expecting::Message if waits_for_first || messages + keep_alives == 0 => continue,
                Expecting::Anything { .. } if framer.is_idle(&buf) => continue,
                _ if framer.is_idle(&buf) => self.anything(),
                _ => Expecting::Message,
            };
            expecting = next;
            timer.set(sleep(self.patience(expecting)));
        }
    }

    fn anything(&self) -> Expecting {
        Expecting::Anything { activity: self.conn.queue.activity() }
    }

    const fn patience(&self, expecting: Expecting) -> Duration {
        match expecting {
            Expecting::Message => self.timeouts.message,
            Expecting::Anything { .. } => self.timeouts.idle,
        }
    }

    /// Hands on every complete frame of `buf`. Returns how many there were.
    async fn frames(&self, framer: &mut Framer, buf: &mut BytesMut) -> Result<Complete, Stop> {
        let source = self.conn.source();
        let mut complete = Complete::default();
        // Many empty lines in one read are one keep-alive to the worker, and their answers one write.
        let (mut alive, mut pongs) = (false, 0);
        loop {
            let framed = framer.next(buf);
            if let Ok(Some(Framed::Ping | Framed::Pong)) = framed {
                complete.keep_alives += 1;
                pongs += usize::from(matches!(framed, Ok(Some(Framed::Ping))));
                alive = true;
                continue;
            }
            if std::mem::take(&mut alive) {
                self.counters.keep_alives.inc();
                if pongs > 0 {
                    // A full queue ends the connection by itself.
                    let _ = self.conn.queue.push(b"\r\n".repeat(std::mem::take(&mut pongs)).into(), None);
                }
                self.hand_on(Inbound::KeepAlive(source)).await?;
            }
            match framed {
                Ok(Some(Framed::Message(msg))) => {
                    self.counters.received.inc();
                    complete.messages += 1;
                    self.hand_on(Inbound::Message { msg, source }).await?;
                }
                Ok(Some(Framed::Http(msg))) => {
                    complete.messages += 1;
                    complete.http = true;
                    self.http(msg).await?;
                }
                Ok(Some(Framed::Continue)) => self.http_continue(),
                Ok(_) => return Ok(complete),
                Err(error) if framer.is_http(buf) => {
                    self.http_refused(&error);
                    return Err(Stop::Refused(end_by(&error)));
                }
                Err(error) => return Err(self.malformed(error, buf).await.into()),
            }
        }
    }

    /// What came is no SIP: the worker may answer it, then the connection ends.
    async fn malformed(&self, error: ParseError, buf: &mut BytesMut) -> End {
        self.counters.malformed.inc();
        buf.truncate(self.limits.head_bytes);
        let bytes = buf.split().freeze();
        if let Err(end) = self.hand_on(Inbound::Malformed { error, bytes, source: self.conn.source() }).await
        {
            return end;
        }
        // Nothing is read any more; a reply may still leave.
        sleep(LINGER).await;
        end_by(&error)
    }

    /// Waits while the worker has no room.
    pub(crate) async fn hand_on(&self, inbound: Inbound) -> Result<(), End> {
        self.to_worker.send(inbound).await.map_err(|_| End::NoWorker)
    }
}

/// How a connection ends on which this came.
const fn end_by(error: &ParseError) -> End {
    match error {
        ParseError::HeadTooLarge { .. }
        | ParseError::TooManyHeaders { .. }
        | ParseError::UriTooLong { .. }
        | ParseError::BodyTooLarge { .. } => End::Limit(Limit::Message),
        _ => End::Malformed,
    }
}

/// Appends what there is to read; 0 at the end of the stream.
pub(crate) async fn read_some<R: AsyncRead>(mut read: Pin<&mut R>, buf: &mut BytesMut) -> io::Result<usize> {
    poll_fn(|cx| {
        LANDING.with_borrow_mut(|landing| {
            let mut landed = ReadBuf::new(landing);
            ready!(read.as_mut().poll_read(cx, &mut landed))?;
            buf.extend_from_slice(landed.filled());
            Poll::Ready(Ok(landed.filled().len()))
        })
    })
    .await
}
