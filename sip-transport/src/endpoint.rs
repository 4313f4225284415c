//! The seam between a worker and its sockets.

use std::net::SocketAddr;

use bytes::Bytes;
use sip_core::Target;

use crate::error::SendError;
use crate::inbound::{Inbound, SendTag};
use crate::listen::Listen;

/// The sockets of one worker: real ones ([`NetEndpoint`](crate::NetEndpoint)) or those of a network in
/// memory ([`memory::MemoryEndpoint`](crate::memory::MemoryEndpoint)).
///
/// The worker's loop is `recv`, handle the batch (which calls `send`), `flush`, and again.
pub trait Endpoint {
    /// Waits until something has come in and appends it to `into`: at least one item, at most a batch.
    ///
    /// Cancel-safe: dropping the future before it ends loses nothing. It also drives what waits inside
    /// (unsent datagrams, new connections), so it is to be polled whenever the worker has nothing else
    /// to do. Never ends because of an error on a socket.
    fn recv(&mut self, into: &mut Vec<Inbound>) -> impl Future<Output = ()>;

    /// Takes a message to send.
    ///
    /// A datagram leaves at [`flush`](Self::flush). On a stream the message goes to the connection that
    /// `target.flow` names, or without one to a connection with `target.remote`, which is opened if there
    /// is none. If it fails later, `tag` comes back in [`Inbound::SendFailed`]; without a tag the failure
    /// is only counted. Success promises nothing about the peer.
    ///
    /// # Errors
    ///
    /// What is known at once: [`SendError::FlowGone`] (a flow is never replaced by another connection),
    /// [`SendError::NoListener`], [`SendError::TooLarge`], [`SendError::SlowReader`],
    /// [`SendError::TooManyConnections`], [`SendError::Unsupported`], [`SendError::ShuttingDown`]. The tag of
    /// a message refused here does not come back.
    fn send(&mut self, target: &Target, bytes: Bytes, tag: Option<SendTag>) -> Result<(), SendError>;

    /// Hands waiting datagrams to the kernel. What it does not take stays, within a bound, and goes out
    /// from within [`recv`](Self::recv).
    fn flush(&mut self);

    /// The address of ours to write into Via and Record-Route for `target`: always one of
    /// [`locals`](Self::locals), of the target's protocol and address family.
    ///
    /// In this order: the listener that the connection `target.flow` belongs to; `target.local` if we
    /// listen there; the only listener that fits; the one whose IP address the system would send from;
    /// the first that is loopback as the target is; the first.
    ///
    /// # Errors
    ///
    /// [`SendError::FlowGone`], [`SendError::NoListener`], [`SendError::Unsupported`].
    fn local_for(&self, target: &Target) -> Result<SocketAddr, SendError>;

    /// Where we listen, wildcards expanded.
    fn locals(&self) -> &[Listen];
}
