//! The sockets of one worker.

use std::fmt;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use sip_core::{Protocol, Target};
use socket2::Socket;
use tokio::net::{TcpListener, UdpSocket};

use crate::config::Config;
use crate::endpoint::Endpoint;
use crate::error::{BindError, SendError};
use crate::inbound::{Inbound, SendTag};
use crate::listen::Listen;
use crate::net::{Net, Shared};
use crate::sockets::{Bound, join, start_listening};
use crate::stats::{Counters, Stats};
use crate::stream::{Listener, Streams};
use crate::table::Ends;
use crate::udp::Datagrams;
use crate::udp::port::UdpPort;

/// The real sockets of one worker: its own UDP sockets, its own listeners, and the tasks of the
/// connections that it accepted or opened.
///
/// Belongs to the runtime in which it was made, which must drive I/O and time; it does not leave its
/// thread. Dropping it closes its sockets and ends its connections at once.
pub struct NetEndpoint {
    shared: Arc<Shared>,
    counters: Arc<Counters>,
    datagrams: Datagrams,
    streams: Streams,
}

impl Net {
    /// The sockets of one more worker: to be called once in the runtime of each.
    ///
    /// # Errors
    ///
    /// [`BindError::Socket`]: the system refuses another socket.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn endpoint(&self) -> Result<NetEndpoint, BindError> {
        let shared = Arc::clone(&self.shared);
        let config = &shared.config;
        let counters = Arc::new(Counters::default());
        let (mut ports, mut listeners) = (Vec::new(), Vec::new());
        for bound in shared.bound.lock().iter_mut() {
            let listen = bound.listen;
            let socket = take(bound, config)?;
            let refused = |error| BindError::Socket { listen, error };
            if listen.protocol.is_reliable() {
                start_listening(&socket, listen)?;
                let socket = TcpListener::from_std(socket.into()).map_err(refused)?;
                listeners.push(Listener::new(socket, listen.protocol, bound.listener));
            } else {
                let socket = UdpSocket::from_std(socket.into()).map_err(refused)?;
                ports.push(UdpPort::new(socket, listen.addr, config.udp_backlog, Arc::clone(&counters)));
            }
        }
        let datagrams = Datagrams::new(ports, config.limits, config.udp_gather, Arc::clone(&counters));
        let streams = Streams::new(config, listeners, Arc::clone(&shared.table), Arc::clone(&counters));
        shared.counters.lock().push(Arc::clone(&counters));
        Ok(NetEndpoint { counters, datagrams, streams, shared: Arc::clone(&shared) })
    }
}

/// The first socket of an address, or another one beside it.
fn take(bound: &mut Bound, config: &Config) -> Result<Socket, BindError> {
    match bound.first.take() {
        Some(socket) => Ok(socket),
        None => join(bound.listen, config.udp_buffer),
    }
}

impl NetEndpoint {
    /// What this worker has counted.
    pub fn stats(&self) -> Stats {
        self.counters.read()
    }

    fn poll_recv(&mut self, cx: &mut Context<'_>, into: &mut Vec<Inbound>) -> Poll<()> {
        let before = into.len();
        let locals = &self.shared.locals;
        self.streams.poll(cx, into, |protocol, addr| locals.exact(protocol, addr));
        self.datagrams.poll(cx, into);
        if into.len() > before { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Endpoint for NetEndpoint {
    async fn recv(&mut self, into: &mut Vec<Inbound>) {
        self.datagrams.gather();
        poll_fn(|cx| self.poll_recv(cx, into)).await;
    }

    fn send(&mut self, target: &Target, bytes: Bytes, tag: Option<SendTag>) -> Result<(), SendError> {
        if let Some(flow) = target.flow {
            return self.streams.send_on(flow, bytes, tag);
        }
        let (listener, local) = self.shared.listener_for(target)?;
        let Target { protocol, remote, .. } = *target;
        if protocol == Protocol::Udp {
            return self.datagrams.send(local, remote, bytes, tag);
        }
        let forced = target.local == Some(local);
        self.streams.send_to(Ends { protocol, remote, local, listener }, forced, bytes, tag)
    }

    fn flush(&mut self) {
        self.datagrams.flush();
    }

    fn local_for(&self, target: &Target) -> Result<SocketAddr, SendError> {
        self.shared.local_for(target)
    }

    fn locals(&self) -> &[Listen] {
        self.shared.locals.list()
    }
}

impl fmt::Debug for NetEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetEndpoint").field("locals", &self.locals()).field("stats", &self.stats()).finish()
    }
}
