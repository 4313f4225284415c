//! What can go wrong with opening sockets and with sending.

use std::io;
use std::net::SocketAddr;

use sip_core::{FlowId, Protocol};

use crate::listen::Listen;

/// Why a [`Net`](crate::Net) or one of its endpoints did not open: the settings or the machine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Nothing to listen on.
    #[error("no listen address is configured")]
    NoListener,
    /// More addresses than a flow can number: 65,536.
    #[error("too many listen addresses")]
    TooManyAddresses,
    /// The protocol is known but not served yet.
    #[error("cannot listen on {listen}: {} is not available yet, only udp and tcp are", .listen.protocol)]
    Unsupported {
        /// The listener that asks for it.
        listen: Listen,
    },
    /// A wildcard address for which the machine has no address.
    #[error("cannot listen on {listen}: this machine has no address of that family")]
    NoAddress {
        /// The listener that asks for it.
        listen: Listen,
    },
    /// The system refused.
    #[error("cannot listen on {listen}: {error}")]
    Socket {
        /// The listener that was refused, with its real address.
        listen: Listen,
        /// What the system said.
        error: io::Error,
    },
    /// The local addresses or random numbers could not be read.
    #[error("{what}: {error}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        error: io::Error,
    },
}

/// Why a message was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The protocol is known but not served yet.
    #[error("{protocol} is not available yet, only udp and tcp are")]
    Unsupported {
        /// Protocol of the target.
        protocol: Protocol,
    },
    /// No listener of ours speaks this protocol and address family, so there is no address to send from
    /// and none to write into a Via.
    #[error("no {protocol} listener of the address family of {remote}")]
    NoListener {
        /// Protocol of the target.
        protocol: Protocol,
        /// Address of the target.
        remote: SocketAddr,
    },
    /// The connection that the target names has ended. Another way to the same peer may work.
    #[error("connection {0} has ended")]
    FlowGone(FlowId),
    /// More than fits in a datagram.
    #[error("{bytes} bytes do not fit in a datagram")]
    TooLarge {
        /// Size of the message.
        bytes: usize,
    },
    /// The peer reads too slowly: its connection has been closed.
    #[error("the peer does not read: its connection was closed (write_queue, write_timeout)")]
    SlowReader,
    /// No further connection is allowed.
    #[error("the limit of connections is reached (max_connections)")]
    TooManyConnections,
    /// No further connection with this address is allowed.
    #[error("the limit of connections with one address is reached (max_connections_per_source)")]
    TooManyWithAddress,
    /// All connections together hold as much as they may, and a message waits on this one already.
    #[error("too much waits to be written on all connections (max_buffered)")]
    TooMuchBuffered,
    /// The connection did not open in time, or took no data in time.
    #[error("the peer did not take the connection or the data in time")]
    TimedOut,
    /// The connection ended before the message was written.
    #[error("the connection ended before the message was written")]
    Closed,
    /// The system refused to send or to connect.
    #[error("the system refused: {0}")]
    Io(io::ErrorKind),
    /// This side is shutting down.
    #[error("the transport is shutting down")]
    ShuttingDown,
}

impl SendError {
    /// Whether the fault lies with this target, so that another one may be tried
    /// (RFC 3261 8.1.3.1: treated as a 503 of that target).
    pub const fn is_about_target(&self) -> bool {
        !matches!(self, Self::ShuttingDown | Self::TooManyConnections | Self::TooMuchBuffered)
    }
}

impl From<io::Error> for SendError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut => Self::TimedOut,
            kind => Self::Io(kind),
        }
    }
}
