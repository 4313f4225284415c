//! One datagram a system call, where there is no call for many.

use std::io;
use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use tokio::net::UdpSocket;

use crate::udp::datagram::{BATCH, Datagram};

/// Bytes of a slab.
const SLAB: usize = 64 * 1024;

/// The buffers of a worker.
pub(crate) struct Batch {
    buffer: Vec<u8>,
    slab: BytesMut,
}

impl Batch {
    pub(crate) fn new() -> Self {
        Self { buffer: vec![0; 65_536], slab: BytesMut::new() }
    }

    /// Receives up to [`BATCH`] datagrams and hands each to `take`. Returns how many there were.
    pub(crate) fn receive(
        &mut self,
        socket: &UdpSocket,
        _ipv4: bool,
        mut take: impl FnMut(Bytes, SocketAddr),
    ) -> io::Result<usize> {
        let mut count = 0;
        while count < BATCH {
            match socket.try_recv_from(&mut self.buffer) {
                Ok((len, from)) => {
                    if self.slab.capacity() < len {
                        self.slab.reserve(SLAB.max(len));
                    }
                    self.slab.extend_from_slice(&self.buffer[..len]);
                    take(self.slab.split().freeze(), from);
                    count += 1;
                }
                Err(error) if count == 0 => return Err(error),
                Err(_) => break,
            }
        }
        Ok(count)
    }

    /// Sends the first datagrams of `waiting`. Returns how many the system took: an error is about the
    /// first.
    pub(crate) fn send<'a>(
        &'a mut self,
        socket: &UdpSocket,
        _ipv4: bool,
        waiting: impl Iterator<Item = &'a Datagram>,
    ) -> io::Result<usize> {
        let mut count = 0;
        for datagram in waiting.take(BATCH) {
            match socket.try_send_to(&datagram.bytes, datagram.remote) {
                Ok(_) => count += 1,
                Err(error) if count == 0 => return Err(error),
                Err(_) => break,
            }
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn datagrams_pass_one_by_one_in_order() {
        let here = UdpSocket::bind("127.0.0.1:0").await.expect("socket");
        let there = UdpSocket::bind("127.0.0.1:0").await.expect("socket");
        let (from, remote) = (here.local_addr().expect("bound"), there.local_addr().expect("bound"));
        let waiting: Vec<_> = ["one", "", "three"]
            .map(|text| Datagram { bytes: text.into(), remote, tag: None })
            .into_iter()
            .collect();
        let mut batch = Batch::new();
        here.writable().await.expect("writable");
        assert_eq!(batch.send(&here, true, waiting.iter()).expect("room"), 3);
        let mut seen = Vec::new();
        while seen.len() < 3 {
            there.readable().await.expect("readable");
            let _ = batch.receive(&there, true, |bytes, source| seen.push((bytes, source)));
        }
        assert_eq!(seen, [("one".into(), from), ("".into(), from), ("three".into(), from)]);
        let empty = batch.receive(&there, true, |_, _| ()).expect_err("nothing is left");
        assert_eq!(empty.kind(), io::ErrorKind::WouldBlock);
    }
}
