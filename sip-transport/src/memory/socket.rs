//! The socket of a played user agent.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;

use crate::error::BindError;
use crate::memory::inbox::Inbox;
use crate::memory::network::Network;

/// One UDP address of a played user agent. Dropping it frees the address.
#[derive(Debug)]
pub struct MemorySocket {
    network: Network,
    addr: SocketAddr,
    inbox: Arc<Inbox>,
}

impl Network {
    /// A socket with this address, for a played user agent.
    ///
    /// # Errors
    ///
    /// [`BindError::Socket`]: somebody has the address.
    pub fn socket(&self, addr: SocketAddr) -> Result<MemorySocket, BindError> {
        let inbox = Arc::new(Inbox::default());
        self.join(&[addr], &inbox, false)?;
        Ok(MemorySocket { network: self.clone(), addr, inbox })
    }
}

impl MemorySocket {
    /// Its address.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Sends one datagram. Whether it arrives is the network's business.
    pub fn send_to(&self, bytes: impl Into<Bytes>, to: SocketAddr) {
        // A refusal is something that a played agent does not notice.
        let _ = self.network.send(self.addr, to, bytes.into());
    }

    /// Waits for a datagram: its bytes and its sender. Cancel-safe.
    pub async fn recv_from(&self) -> (Bytes, SocketAddr) {
        loop {
            if let Some(received) = self.try_recv_from() {
                return received;
            }
            self.inbox.arrived().await;
        }
    }

    /// A datagram that has arrived already.
    pub fn try_recv_from(&self) -> Option<(Bytes, SocketAddr)> {
        self.inbox.take().map(|arrival| (arrival.bytes, arrival.from))
    }
}

impl Drop for MemorySocket {
    fn drop(&mut self) {
        self.network.leave(&self.inbox);
    }
}
