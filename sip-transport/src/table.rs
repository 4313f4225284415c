//! Connections by id and by remote address, in shards.
//!
//! A connection lives in the shard of its remote address, and the low bits of its slot number name the
//! shard, so that either way of finding it takes one lock. Ids start at a random generation, so that one
//! written down before a restart does not hit a connection of today.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use parking_lot::Mutex;
use sip_core::{FlowId, Protocol, Source};
use tokio::sync::Notify;

use crate::budget::Budget;
use crate::error::SendError;
use crate::stream::queue::WriteQueue;

const SHARD_BITS: u32 = 6;
const SHARDS: usize = 1 << SHARD_BITS;

/// A connection, as every worker sees it.
#[derive(Debug)]
pub(crate) struct Conn {
    pub(crate) flow: FlowId,
    pub(crate) protocol: Protocol,
    pub(crate) remote: SocketAddr,
    /// The listening address it belongs to, also where we opened it from another port.
    pub(crate) local: SocketAddr,
    pub(crate) queue: WriteQueue,
}

impl Conn {
    pub(crate) fn source(&self) -> Source {
        Source { protocol: self.protocol, remote: self.remote, local: self.local, flow: Some(self.flow) }
    }
}

/// Between whom a connection is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    pub(crate) protocol: Protocol,
    pub(crate) remote: SocketAddr,
    pub(crate) local: SocketAddr,
    pub(crate) listener: u16,
}

#[derive(Debug)]
struct Slot {
    generation: u32,
    conn: Option<Arc<Conn>>,
}

#[derive(Debug, Default)]
struct Shard {
    slots: Vec<Slot>,
    free: Vec<u32>,
    by_remote: HashMap<(Protocol, SocketAddr), u32>,
}

/// Bounds of a [`Table`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct TableLimits {
    pub(crate) connections: usize,
    pub(crate) per_source: usize,
    pub(crate) write_queue: usize,
    /// Bytes that all of them hold.
    pub(crate) buffered: usize,
}

/// Every connection of a `Net`.
#[derive(Debug)]
pub(crate) struct Table {
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
    first_generation: u32,
    limits: TableLimits,
    total: AtomicUsize,
    per_peer: Mutex<HashMap<Peer, usize>>,
    pub(crate) budget: Arc<Budget>,
    closing: AtomicBool,
    /// A connection has ended.
    pub(crate) ended: Notify,
}

/// What the connections with one address are counted by: those it opened, and those that were opened to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Peer {
    net: IpAddr,
    accepted: bool,
}

impl Peer {
    /// Of an IPv6 address the /64 counts: whoever has one address there has them all.
    fn new(ip: IpAddr, accepted: bool) -> Self {
        let net = match ip.to_canonical() {
            IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).into(),
            ip => ip,
        };
        Self { net, accepted }
    }
}

/// Keeps a connection in the table; dropping it takes it out.
#[derive(Debug)]
pub(crate) struct Registration {
    table: Arc<Table>,
    pub(crate) conn: Arc<Conn>,
    peer: Peer,
}

/// A connection to send on, and its registration where it still has to be opened.
pub(crate) type ToSendOn = (Arc<Conn>, Option<Registration>);

impl Table {
    pub(crate) fn new(limits: TableLimits, first_generation: u32) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            first_generation,
            limits,
            total: AtomicUsize::new(0),
            per_peer: Mutex::default(),
            budget: Arc::new(Budget::new(limits.buffered)),
            closing: AtomicBool::new(false),
            ended: Notify::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.total.load(Ordering::Relaxed)
    }

    /// The connection with this id, if it lives.
    pub(crate) fn find(&self, flow: FlowId) -> Option<Arc<Conn>> {
        let shard = self.shards[flow.slot as usize % SHARDS].lock();
        let slot = shard.slots.get((flow.slot >> SHARD_BITS) as usize)?;
        slot.conn.as_ref().filter(|conn| conn.flow == flow).cloned()
    }

    /// Registers an accepted connection.
    pub(crate) fn accept(self: &Arc<Self>, ends: Ends) -> Result<Registration, SendError> {
        let peer = Peer::new(ends.remote.ip(), true);
        self.count(peer)?;
        let number = self.shard_of(ends.protocol, ends.remote);
        let conn = self.insert(&mut self.shards[number].lock(), number, ends);
        Ok(Registration { table: Arc::clone(self), conn, peer })
    }

    /// A connection with `ends.remote`, or a new one that the caller is to open. The check and the
    /// registration are one step, so that two workers never open one each.
    pub(crate) fn reuse_or_open(self: &Arc<Self>, ends: Ends, forced: bool) -> Result<ToSendOn, SendError> {
        let number = self.shard_of(ends.protocol, ends.remote);
        let mut shard = self.shards[number].lock();
        let known = shard.by_remote.get(&(ends.protocol, ends.remote));
        let known = known.and_then(|&index| shard.slots.get(index as usize)?.conn.as_ref());
        // Where the sending address is forced, a connection from another one does not do.
        if let Some(conn) = known.filter(|conn| !forced || conn.local.ip() == ends.local.ip()) {
            return Ok((Arc::clone(conn), None));
        }
        let peer = Peer::new(ends.remote.ip(), false);
        self.count(peer)?;
        let conn = self.insert(&mut shard, number, ends);
        drop(shard);
        let registration = Registration { table: Arc::clone(self), conn: Arc::clone(&conn), peer };
        Ok((conn, Some(registration)))
    }

    /// Lets nothing new in and asks every connection to write what waits and end.
    pub(crate) fn drain(&self) {
        self.closing.store(true, Ordering::SeqCst);
        for shard in &self.shards {
            let conns: Vec<_> = shard.lock().slots.iter().filter_map(|s| s.conn.clone()).collect();
            conns.iter().for_each(|conn| conn.queue.drain());
        }
    }

    fn shard_of(&self, protocol: Protocol, remote: SocketAddr) -> usize {
        self.hasher.hash_one((protocol, remote)) as usize % SHARDS
    }

    fn count(&self, peer: Peer) -> Result<(), SendError> {
        if self.closing.load(Ordering::SeqCst) {
            return Err(SendError::ShuttingDown);
        }
        if self.total.fetch_add(1, Ordering::SeqCst) >= self.limits.connections {
            self.total.fetch_sub(1, Ordering::SeqCst);
            return Err(SendError::TooManyConnections);
        }
        let mut peers = self.per_peer.lock();
        let count = peers.entry(peer).or_default();
        if *count >= self.limits.per_source {
            self.total.fetch_sub(1, Ordering::SeqCst);
            return Err(SendError::TooManyWithAddress);
        }
        *count += 1;
        Ok(())
    }

    fn uncount(&self, peer: Peer) {
        if let Entry::Occupied(mut entry) = self.per_peer.lock().entry(peer) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
        self.total.fetch_sub(1, Ordering::SeqCst);
    }

    fn insert(&self, shard: &mut Shard, number: usize, ends: Ends) -> Arc<Conn> {
        let index = shard.free.pop().unwrap_or_else(|| {
            shard.slots.push(Slot { generation: self.first_generation, conn: None });
            shard.slots.len() as u32 - 1
        });
        let slot = &mut shard.slots[index as usize];
        let flow = FlowId {
            listener: ends.listener,
            slot: index << SHARD_BITS | number as u32,
            generation: slot.generation,
        };
        let conn = Arc::new(Conn {
            flow,
            protocol: ends.protocol,
            remote: ends.remote,
            local: ends.local,
            queue: WriteQueue::new(self.limits.write_queue, Arc::clone(&self.budget)),
        });
        slot.conn = Some(Arc::clone(&conn));
        shard.by_remote.insert((ends.protocol, ends.remote), index);
        conn
    }

    fn remove(&self, conn: &Conn, peer: Peer) {
        let number = conn.flow.slot as usize % SHARDS;
        let index = conn.flow.slot >> SHARD_BITS;
        let mut shard = self.shards[number].lock();
        if let Some(slot) = shard.slots.get_mut(index as usize) {
            slot.conn = None;
            slot.generation = slot.generation.wrapping_add(1);
            shard.free.push(index);
        }
        if let Entry::Occupied(entry) = shard.by_remote.entry((conn.protocol, conn.remote))
            && *entry.get() == index
        {
            entry.remove();
        }
        drop(shard);
        self.uncount(peer);
        self.ended.notify_waiters();
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.table.remove(&self.conn, self.peer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(connections: usize, per_source: usize) -> Arc<Table> {
        let limits = TableLimits { connections, per_source, write_queue: 1_000, buffered: 10_000 };
        Arc::new(Table::new(limits, u32::MAX))
    }

    fn ends(remote: &str) -> Ends {
        Ends {
            protocol: Protocol::Tcp,
            remote: remote.parse().expect("address"),
            local: "192.0.2.9:5060".parse().expect("address"),
            listener: 3,
        }
    }

    #[test]
    fn stale_flow_never_finds_the_next_tenant_of_its_slot() {
        let table = table(10, 10);
        let first = table.accept(ends("192.0.2.1:1000")).expect("room");
        let stale = first.conn.flow;
        assert!(table.find(stale).is_some());
        drop(first);
        let second = table.accept(ends("192.0.2.1:1000")).expect("room");
        assert_eq!((second.conn.flow.slot, second.conn.flow.generation), (stale.slot, 0));
        assert!(table.find(stale).is_none());
        assert!(table.find(FlowId { listener: 0, ..second.conn.flow }).is_none());
    }

    #[test]
    fn second_sender_gets_the_connection_that_the_first_one_opens() {
        let table = table(10, 10);
        let (conn, open) = table.reuse_or_open(ends("192.0.2.1:5060"), false).expect("room");
        let open = open.expect("the first is to open it");
        let (same, none) = table.reuse_or_open(ends("192.0.2.1:5060"), false).expect("room");
        assert!(none.is_none() && same.flow == conn.flow);
        drop(open);
        assert_eq!(table.len(), 0);
        assert!(table.reuse_or_open(ends("192.0.2.1:5060"), false).expect("room").1.is_some());
    }

    #[test]
    fn forced_address_is_not_served_by_a_connection_from_another() {
        let table = table(10, 10);
        let kept = table.accept(ends("192.0.2.1:5060")).expect("room");
        let other = Ends { local: "192.0.2.8:5060".parse().expect("address"), ..ends("192.0.2.1:5060") };
        assert_eq!(table.reuse_or_open(other, false).expect("room").0.flow, kept.conn.flow);
        assert_ne!(table.reuse_or_open(other, true).expect("room").0.flow, kept.conn.flow);
    }

    #[test]
    fn limits_hold_in_all_and_for_each_source_and_are_given_back() {
        let table = table(3, 2);
        let mut kept = vec![
            table.accept(ends("192.0.2.1:1")).expect("room"),
            table.accept(ends("192.0.2.1:2")).expect("room"),
        ];
        assert!(matches!(table.accept(ends("192.0.2.1:3")), Err(SendError::TooManyWithAddress)));
        kept.push(table.accept(ends("192.0.2.2:1")).expect("room"));
        assert!(matches!(table.accept(ends("192.0.2.3:1")), Err(SendError::TooManyConnections)));
        kept.remove(0);
        kept.push(table.accept(ends("192.0.2.1:3")).expect("room"));
        kept.clear();
        assert_eq!(table.len(), 0);
        assert!(table.per_peer.lock().is_empty());
    }

    #[test]
    fn neighbours_in_ipv6_share_one_limit() {
        let table = table(10, 2);
        let _kept = ["[2001:db8:0:1::1]:1", "[2001:db8:0:1:ffff::2]:1"]
            .map(|at| table.accept(ends(at)).expect("room"));
        assert!(matches!(table.accept(ends("[2001:db8:0:1::3]:1")), Err(SendError::TooManyWithAddress)));
        assert!(table.accept(ends("[2001:db8:0:2::1]:1")).is_ok());
        assert_eq!(
            Peer::new("::ffff:192.0.2.1".parse().expect("address"), true).net.to_string(),
            "192.0.2.1"
        );
    }

    #[test]
    fn connections_opened_to_one_address_have_a_limit_of_their_own() {
        let table = table(10, 2);
        let _phone = table.accept(ends("192.0.2.1:1")).expect("room");
        let open = |at: &str| table.reuse_or_open(ends(at), false);
        let _kept = [open("192.0.2.1:2").expect("room"), open("192.0.2.1:3").expect("room")];
        assert!(matches!(open("192.0.2.1:4"), Err(SendError::TooManyWithAddress)));
        assert!(open("192.0.2.1:3").is_ok(), "what is there is used");
        assert!(open("192.0.2.2:4").is_ok());
        assert!(table.accept(ends("192.0.2.1:5")).is_ok());
    }

    #[test]
    fn draining_table_takes_nothing_new() {
        let table = table(3, 3);
        let kept = table.accept(ends("192.0.2.1:1")).expect("room");
        table.drain();
        assert!(matches!(table.accept(ends("192.0.2.1:2")), Err(SendError::ShuttingDown)));
        assert_eq!(kept.conn.queue.push(bytes::Bytes::new(), None), Err(SendError::ShuttingDown));
    }
}
