//! A datagram that waits to be sent.

use std::net::SocketAddr;

use bytes::Bytes;

use crate::inbound::SendTag;

/// Datagrams in one system call, or in one go where there is no call for many.
pub(crate) const BATCH: usize = 32;

/// The most that one datagram carries: over IPv4 the IP and UDP headers count as well.
pub(crate) const MOST_BYTES: usize = 65_507;

/// A datagram that waits to be sent.
#[derive(Debug)]
pub(crate) struct Datagram {
    pub(crate) bytes: Bytes,
    pub(crate) remote: SocketAddr,
    pub(crate) tag: Option<SendTag>,
}
