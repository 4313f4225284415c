//! Many datagrams a system call: recvmmsg and sendmmsg, by nix's safe calls.
//!
//! The system writes into kept buffers and each datagram is copied once, packed tightly, into a slab that
//! its message then shares. Receiving into the slab itself would need every byte of it zeroed first
//! (without unsafe code there is no other way to lend it), which costs more than the copy of a few
//! hundred bytes that are in the cache already, and would let a message hold several kilobytes.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::AsRawFd;

use bytes::{Bytes, BytesMut};
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, SockaddrIn6, SockaddrLike, recvmmsg, sendmmsg};
use tokio::net::UdpSocket;

use crate::udp::datagram::{BATCH, Datagram};

/// Room for the largest datagram, and an odd number of cache lines more, so that the first lines of all
/// buffers do not fall on the same place of the cache.
const STRIDE: usize = 65_536 + 33 * 64;

/// Bytes of a slab.
const SLAB: usize = 64 * 1024;

/// Buffers and headers of both calls, for all sockets of a worker.
pub(crate) struct Batch {
    buffers: Vec<u8>,
    slab: BytesMut,
    // The system writes the length of an address back into its header: families must not share headers,
    // nor receiving and sending.
    receive4: MultiHeaders<SockaddrIn>,
    receive6: MultiHeaders<SockaddrIn6>,
    send4: MultiHeaders<SockaddrIn>,
    send6: MultiHeaders<SockaddrIn6>,
}

impl Batch {
    pub(crate) fn new() -> Self {
        Self {
            // Zeroed memory comes from the system by the page when it is first touched.
            buffers: vec![0; BATCH * STRIDE],
            slab: BytesMut::new(),
            receive4: MultiHeaders::preallocate(BATCH, None),
            receive6: MultiHeaders::preallocate(BATCH, None),
            send4: MultiHeaders::preallocate(BATCH, None),
            send6: MultiHeaders::preallocate(BATCH, None),
        }
    }

    /// Receives up to [`BATCH`] datagrams and hands each to `take`. Returns how many there were.
    pub(crate) fn receive(
        &mut self,
        socket: &UdpSocket,
        ipv4: bool,
        take: impl FnMut(Bytes, SocketAddr),
    ) -> io::Result<usize> {
        let Self { buffers, slab, .. } = self;
        if ipv4 {
            let from = |a: &SockaddrIn| SocketAddr::V4(SocketAddrV4::from(*a));
            receive(socket, &mut self.receive4, buffers, slab, from, take)
        } else {
            let from = |a: &SockaddrIn6| SocketAddr::V6(SocketAddrV6::from(*a));
            receive(socket, &mut self.receive6, buffers, slab, from, take)
        }
    }

    /// Sends the first datagrams of `waiting`, all of one family. Returns how many the system took: an
    /// error is about the first.
    pub(crate) fn send<'a>(
        &'a mut self,
        socket: &UdpSocket,
        ipv4: bool,
        waiting: impl Iterator<Item = &'a Datagram>,
    ) -> io::Result<usize> {
        if ipv4 {
            send(socket, &mut self.send4, waiting, |addr| match addr {
                SocketAddr::V4(addr) => Some(SockaddrIn::from(addr)),
                SocketAddr::V6(_) => None,
            })
        } else {
            send(socket, &mut self.send6, waiting, |addr| match addr {
                SocketAddr::V4(_) => None,
                SocketAddr::V6(addr) => Some(SockaddrIn6::from(addr)),
            })
        }
    }
}

fn receive<S: Copy + SockaddrLike>(
    socket: &UdpSocket,
    headers: &mut MultiHeaders<S>,
    buffers: &mut [u8],
    slab: &mut BytesMut,
    address: impl Fn(&S) -> SocketAddr,
    mut take: impl FnMut(Bytes, SocketAddr),
) -> io::Result<usize> {
    let mut chunks = buffers.chunks_exact_mut(STRIDE);
    let mut slices: [[IoSliceMut<'_>; 1]; BATCH] =
        std::array::from_fn(|_| [IoSliceMut::new(chunks.next().unwrap_or_default())]);
    let received = recvmmsg(socket.as_raw_fd(), headers, slices.iter_mut(), MsgFlags::MSG_DONTWAIT, None)?;
    let mut count = 0;
    for datagram in received {
        count += 1;
        let Some(from) = &datagram.address else { continue };
        let bytes = datagram.iovs().next().unwrap_or_default();
        if slab.capacity() < bytes.len() {
            slab.reserve(SLAB.max(bytes.len()));
        }
        slab.extend_from_slice(bytes);
        take(slab.split().freeze(), address(from));
    }
    Ok(count)
}

fn send<'a, S: Copy + SockaddrLike + 'a>(
    socket: &UdpSocket,
    headers: &'a mut MultiHeaders<S>,
    mut waiting: impl Iterator<Item = &'a Datagram>,
    address: impl Fn(SocketAddr) -> Option<S>,
) -> io::Result<usize> {
    let mut addresses = [None; BATCH];
    let mut count = 0;
    let slices: [[IoSlice<'a>; 1]; BATCH] = std::array::from_fn(|i| match waiting.next() {
        Some(datagram) => {
            addresses[i] = address(datagram.remote);
            count = i + 1;
            [IoSlice::new(&datagram.bytes)]
        }
        None => [IoSlice::new(&[])],
    });
    let fd = socket.as_raw_fd();
    let sent = sendmmsg(fd, headers, &slices, &addresses[..count], [], MsgFlags::MSG_DONTWAIT)?;
    Ok(sent.count())
}
