//! The UDP sockets of one worker.

#[cfg(any(target_os = "linux", target_os = "android"))]
mod batch;
pub(crate) mod datagram;
mod pace;
pub(crate) mod port;
#[cfg(any(test, not(any(target_os = "linux", target_os = "android"))))]
mod portable;

use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

use bytes::Bytes;
use sip_core::{Limits, ParseError, Protocol, Source, parse};

use crate::error::SendError;
use crate::inbound::{Inbound, SendTag};
use crate::stats::Counters;
use crate::udp::pace::Pace;
use crate::udp::port::{Buffers, UdpPort};

/// The UDP sockets of one worker: whose turn it is, and what failed.
pub(crate) struct Datagrams {
    ports: Vec<UdpPort>,
    buffers: Buffers,
    limits: Limits,
    /// The socket that is asked first next time.
    turn: usize,
    /// Failures of a flush, until the next receive.
    failed: Vec<Inbound>,
    pace: Pace,
    counters: Arc<Counters>,
}

impl Datagrams {
    /// `gather`: see [`Config::udp_gather`](crate::Config::udp_gather).
    pub(crate) fn new(
        ports: Vec<UdpPort>,
        limits: Limits,
        gather: Duration,
        counters: Arc<Counters>,
    ) -> Self {
        let pace = Pace::new(gather);
        Self { ports, buffers: Buffers::new(), limits, turn: 0, failed: Vec::new(), pace, counters }
    }

    /// Before the first poll for another batch: under load, lets one gather.
    pub(crate) fn gather(&mut self) {
        self.pace.gather();
    }

    /// Appends what has come in, a batch of each socket at most, and what could not be sent; sends what
    /// still waits where that is possible now.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, into: &mut Vec<Inbound>) {
        for port in &mut self.ports {
            // Nothing depends on the end: whoever still waits has left its waker.
            let _ = port.poll_flush(cx, &mut self.buffers, &mut self.failed);
        }
        into.append(&mut self.failed);
        let count = self.ports.len();
        let mut found = 0;
        for i in 0..count {
            let port = &mut self.ports[(self.turn + i) % count];
            let local = port.local();
            let (limits, counters) = (&self.limits, &self.counters);
            let _ = port.poll_receive(cx, &mut self.buffers, |bytes, remote| {
                let source = Source { protocol: Protocol::Udp, remote, local, flow: None };
                found += 1;
                into.push(read(bytes, source, limits, counters));
            });
        }
        self.turn = (self.turn + 1) % count.max(1);
        self.pace.found(found);
    }

    /// Takes a datagram that leaves by the socket bound to `local`.
    pub(crate) fn send(
        &mut self,
        local: SocketAddr,
        remote: SocketAddr,
        bytes: Bytes,
        tag: Option<SendTag>,
    ) -> Result<(), SendError> {
        let port = self.ports.iter_mut().find(|port| port.local() == local);
        port.ok_or(SendError::NoListener { protocol: Protocol::Udp, remote })?.send(remote, bytes, tag)
    }

    /// Hands to the kernel what waits.
    pub(crate) fn flush(&mut self) {
        for port in &mut self.ports {
            port.flush(&mut self.buffers, &mut self.failed);
        }
    }
}

/// What a datagram is.
fn read(bytes: Bytes, source: Source, limits: &Limits, counters: &Counters) -> Inbound {
    let inbound = classify(bytes, source, limits);
    match &inbound {
        Inbound::Message { .. } => counters.received.inc(),
        Inbound::Malformed { .. } => counters.malformed.inc(),
        _ => counters.keep_alives.inc(),
    }
    inbound
}

/// A message, a keep-alive (nothing, empty lines, or the zero bytes that some phones send), or neither.
pub(crate) fn classify(bytes: Bytes, source: Source, limits: &Limits) -> Inbound {
    match parse(bytes.clone(), limits) {
        Ok(msg) => Inbound::Message { msg, source },
        Err(ParseError::Empty) => Inbound::KeepAlive(source),
        Err(_) if bytes.iter().all(|b| *b == 0) => Inbound::KeepAlive(source),
        Err(error) => Inbound::Malformed { error, bytes, source },
    }
}
