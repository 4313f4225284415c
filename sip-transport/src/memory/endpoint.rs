//! A worker's place in a network in memory.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use sip_core::{Limits, Protocol, Source, Target};

use crate::endpoint::Endpoint;
use crate::error::{BindError, SendError};
use crate::inbound::{Inbound, SendTag};
use crate::listen::Listen;
use crate::memory::inbox::{Arrival, Inbox};
use crate::memory::network::Network;
use crate::udp::classify;
use crate::udp::datagram::MOST_BYTES;

/// Datagrams received in one go, as from a real socket.
const BATCH: usize = 32;

/// A datagram that waits for the flush.
#[derive(Debug)]
struct Waiting {
    from: SocketAddr,
    to: SocketAddr,
    bytes: Bytes,
    tag: Option<SendTag>,
}

/// The sockets of one worker in a network in memory. Dropping it frees its place.
#[derive(Debug)]
pub struct MemoryEndpoint {
    network: Network,
    listen: Vec<Listen>,
    worker: usize,
    limits: Limits,
    inbox: Arc<Inbox>,
    waiting: VecDeque<Waiting>,
    failed: Vec<Inbound>,
}

impl Network {
    /// An endpoint that listens on `listen`: UDP, real addresses, no wildcard.
    ///
    /// Several endpoints may have the same addresses: they are the workers of one server, numbered from 0,
    /// and each datagram goes to one of them.
    ///
    /// # Errors
    ///
    /// [`BindError::NoListener`] without addresses, [`BindError::Unsupported`] for another protocol,
    /// [`BindError::NoAddress`] for a wildcard.
    pub fn endpoint(&self, listen: &[Listen]) -> Result<MemoryEndpoint, BindError> {
        if listen.is_empty() {
            return Err(BindError::NoListener);
        }
        for &listen in listen {
            if listen.protocol != Protocol::Udp {
                return Err(BindError::Unsupported { listen });
            }
            if listen.addr.ip().is_unspecified() {
                return Err(BindError::NoAddress { listen });
            }
        }
        let addrs: Vec<SocketAddr> = listen.iter().map(|listen| listen.addr).collect();
        let inbox = Arc::new(Inbox::default());
        let worker = self.join(&addrs, &inbox, true)?;
        Ok(MemoryEndpoint {
            network: self.clone(),
            listen: listen.to_vec(),
            worker,
            limits: Limits::default(),
            inbox,
            waiting: VecDeque::new(),
            failed: Vec::new(),
        })
    }
}

impl MemoryEndpoint {
    /// Its number among the endpoints that share its addresses: what steering names.
    pub fn worker(&self) -> usize {
        self.worker
    }

    fn take(&mut self, into: &mut Vec<Inbound>) {
        into.append(&mut self.failed);
        for _ in 0..BATCH {
            let Some(Arrival { from, to, bytes }) = self.inbox.take() else { return };
            let source = Source { protocol: Protocol::Udp, remote: from, local: to, flow: None };
            into.push(classify(bytes, source, &self.limits));
        }
    }
}

impl Endpoint for MemoryEndpoint {
    async fn recv(&mut self, into: &mut Vec<Inbound>) {
        self.flush();
        let before = into.len();
        loop {
            self.take(into);
            if into.len() > before {
                return;
            }
            self.inbox.arrived().await;
        }
    }

    fn send(&mut self, target: &Target, bytes: Bytes, tag: Option<SendTag>) -> Result<(), SendError> {
        let from = self.local_for(target)?;
        if bytes.len() > MOST_BYTES {
            return Err(SendError::TooLarge { bytes: bytes.len() });
        }
        self.waiting.push_back(Waiting { from, to: target.remote, bytes, tag });
        Ok(())
    }

    fn flush(&mut self) {
        for Waiting { from, to, bytes, tag } in self.waiting.drain(..) {
            if let Err(error) = self.network.send(from, to, bytes) {
                self.failed.extend(tag.map(|tag| Inbound::SendFailed { tag, error }));
            }
        }
    }

    fn local_for(&self, target: &Target) -> Result<SocketAddr, SendError> {
        local_for(&self.listen, target)
    }

    fn locals(&self) -> &[Listen] {
        &self.listen
    }
}

/// The address of `listen` that a datagram to `target` leaves from.
///
/// # Errors
///
/// As [`Endpoint::local_for`].
pub fn local_for(listen: &[Listen], target: &Target) -> Result<SocketAddr, SendError> {
    let Target { protocol, remote, local, flow } = *target;
    if let Some(flow) = flow {
        return Err(SendError::FlowGone(flow));
    }
    if protocol != Protocol::Udp {
        return Err(SendError::Unsupported { protocol });
    }
    let mut fit = listen.iter().filter(|l| l.addr.is_ipv4() == remote.is_ipv4());
    fit.clone()
        .find(|l| Some(l.addr) == local)
        .or_else(|| fit.next())
        .map(|l| l.addr)
        .ok_or(SendError::NoListener { protocol, remote })
}

impl Drop for MemoryEndpoint {
    fn drop(&mut self) {
        self.network.leave(&self.inbox);
    }
}
