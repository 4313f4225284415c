//! One UDP socket of one worker: receive a batch, send a batch, keep what the kernel does not take yet.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::Interest;
use tokio::net::UdpSocket;

use crate::error::SendError;
use crate::inbound::{Inbound, SendTag};
use crate::stats::Counters;
#[cfg(any(target_os = "linux", target_os = "android"))]
use crate::udp::batch::Batch;
use crate::udp::datagram::{BATCH, Datagram, MOST_BYTES};
#[cfg(not(any(target_os = "linux", target_os = "android")))]
use crate::udp::portable::Batch;

/// Errors in a row on receiving before others get their turn.
const ERRORS_IN_A_ROW: usize = 8;

/// Buffers for batches, shared by the UDP sockets of a worker.
pub(crate) type Buffers = Batch;

/// One UDP socket of one worker.
pub(crate) struct UdpPort {
    socket: UdpSocket,
    local: SocketAddr,
    waiting: VecDeque<Datagram>,
    limit: usize,
    counters: Arc<Counters>,
}

impl UdpPort {
    /// `limit` datagrams may wait.
    pub(crate) fn new(socket: UdpSocket, local: SocketAddr, limit: usize, counters: Arc<Counters>) -> Self {
        Self { socket, local, waiting: VecDeque::new(), limit, counters }
    }

    pub(crate) fn local(&self) -> SocketAddr {
        self.local
    }

    /// Receives a batch and hands each datagram to `take`.
    ///
    /// A socket error is counted and not reported: on a UDP socket it is about one peer (an ICMP message),
    /// and the socket goes on.
    pub(crate) fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        buffers: &mut Buffers,
        mut take: impl FnMut(Bytes, SocketAddr),
    ) -> Poll<()> {
        for _ in 0..ERRORS_IN_A_ROW {
            let mut received = 0;
            let ready = ready!(self.socket.poll_recv_ready(cx));
            let result = ready.and_then(|()| {
                self.socket.try_io(Interest::READABLE, || {
                    received = buffers.receive(&self.socket, self.local.is_ipv4(), &mut take)?;
                    // A batch that is not full has emptied the socket: forgetting that it is readable
                    // saves the call that would find out.
                    if received < BATCH { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
                })
            });
            match result {
                _ if received > 0 => return Poll::Ready(()),
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
                    self.counters.receive_errors.inc();
                    tracing::debug!(local = %self.local, %error, "receiving failed");
                }
                _ => {}
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Takes a datagram that leaves at the next flush. Beyond the bound it is dropped and counted, as the
    /// network would.
    pub(crate) fn send(
        &mut self,
        remote: SocketAddr,
        bytes: Bytes,
        tag: Option<SendTag>,
    ) -> Result<(), SendError> {
        if bytes.len() > MOST_BYTES {
            return Err(SendError::TooLarge { bytes: bytes.len() });
        }
        if self.waiting.len() >= self.limit {
            self.counters.dropped.inc();
            return Ok(());
        }
        self.waiting.push_back(Datagram { bytes, remote, tag });
        Ok(())
    }

    /// Hands what waits to the kernel; what failed goes to `failed`.
    pub(crate) fn flush(&mut self, buffers: &mut Buffers, failed: &mut Vec<Inbound>) {
        while !self.waiting.is_empty() {
            let result = buffers.send(&self.socket, self.local.is_ipv4(), self.waiting.iter());
            if !self.settle(result, failed) {
                break;
            }
        }
    }

    /// Goes on with what a flush has left, once the socket is writable. Ready when nothing waits.
    pub(crate) fn poll_flush(
        &mut self,
        cx: &mut Context<'_>,
        buffers: &mut Buffers,
        failed: &mut Vec<Inbound>,
    ) -> Poll<()> {
        while !self.waiting.is_empty() {
            let result = ready!(self.socket.poll_send_ready(cx)).and_then(|()| {
                self.socket.try_io(Interest::WRITABLE, || {
                    buffers.send(&self.socket, self.local.is_ipv4(), self.waiting.iter())
                })
            });
            self.settle(result, failed);
        }
        Poll::Ready(())
    }

    /// Removes what was sent, and the first one if it failed. False: the socket is not writable.
    fn settle(&mut self, result: io::Result<usize>, failed: &mut Vec<Inbound>) -> bool {
        match result {
            Ok(sent) => {
                self.waiting.drain(..sent.min(self.waiting.len()));
                self.counters.sent.add(sent as u64);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                self.counters.send_failed.inc();
                if let Some(Datagram { remote, tag, .. }) = self.waiting.pop_front() {
                    tracing::debug!(local = %self.local, %remote, %error, "sending failed");
                    failed.extend(tag.map(|tag| Inbound::SendFailed { tag, error: error.into() }));
                }
            }
        }
        true
    }
}
