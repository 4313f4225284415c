//! The network: who has which address, and what happens to a datagram between two of them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use rustc_hash::FxHasher;
use sip_core::Protocol;
use tokio::time::Instant;

use crate::error::{BindError, SendError};
use crate::listen::Listen;
use crate::memory::clock::now;
use crate::memory::inbox::{Arrival, Inbox};
use crate::memory::link::{Dice, Link};
use crate::memory::packet::{Outcome, Packet, Verdict};

/// Packets that the log keeps; the oldest make room.
const LOGGED: usize = 100_000;

type Filter = Box<dyn FnMut(&Packet) -> Verdict + Send>;
type Steering = Box<dyn FnMut(&Packet) -> Option<usize> + Send>;

/// A network in memory. Cheap to clone; all clones are the same network.
#[derive(Clone)]
pub struct Network {
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    seed: u64,
    start: Instant,
    sent: u64,
    default_link: Link,
    links: BTreeMap<(IpAddr, IpAddr), Link>,
    dice: BTreeMap<(IpAddr, IpAddr), Dice>,
    /// Who has an address: a place for each worker, empty where one has gone.
    receivers: BTreeMap<SocketAddr, Vec<Option<Arc<Inbox>>>>,
    refusing: BTreeSet<SocketAddr>,
    filter: Option<Filter>,
    steering: Option<Steering>,
    log: VecDeque<Packet>,
}

impl Network {
    /// A network without hosts, whose links roll their dice by `seed`. Its time begins now.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with time.
    pub fn new(seed: u64) -> Self {
        let inner = Inner {
            seed,
            start: now(),
            sent: 0,
            default_link: Link::default(),
            links: BTreeMap::new(),
            dice: BTreeMap::new(),
            receivers: BTreeMap::new(),
            refusing: BTreeSet::new(),
            filter: None,
            steering: None,
            log: VecDeque::new(),
        };
        Self { inner: Arc::new(Mutex::new(inner)) }
    }

    /// How datagrams travel where no other link is set.
    pub fn set_default_link(&self, link: Link) {
        self.inner.lock().default_link = link;
    }

    /// How datagrams travel from one host to another. The way back is another link.
    pub fn set_link(&self, from: IpAddr, to: IpAddr, link: Link) {
        self.inner.lock().links.insert((from, to), link);
    }

    /// Shows each datagram to `filter` before its link sees it, so that a test can drop or delay exactly the
    /// one it means. The filter does not call back into the network.
    pub fn set_filter(&self, filter: impl FnMut(&Packet) -> Verdict + Send + 'static) {
        self.inner.lock().filter = Some(Box::new(filter));
    }

    /// Lets `steering` choose the worker that gets a datagram, where several share its address. `None`, or a
    /// worker that is not there: by a hash of the sender, as without steering. It does not call back
    /// into the network.
    pub fn set_steering(&self, steering: impl FnMut(&Packet) -> Option<usize> + Send + 'static) {
        self.inner.lock().steering = Some(Box::new(steering));
    }

    /// Whether `addr` refuses datagrams, as a host without the service does. Endpoints that send there are
    /// told with [`Inbound::SendFailed`](crate::Inbound::SendFailed); to an address that nobody has,
    /// datagrams vanish in silence.
    pub fn set_refusing(&self, addr: SocketAddr, refusing: bool) {
        let mut inner = self.inner.lock();
        if refusing {
            inner.refusing.insert(addr)
        } else {
            inner.refusing.remove(&addr)
        };
    }

    /// Datagrams that have been sent and not yet been received.
    pub fn in_flight(&self) -> usize {
        // An endpoint with several addresses has one inbox.
        let inner = self.inner.lock();
        let inboxes: BTreeMap<_, _> =
            inner.receivers.values().flatten().flatten().map(|inbox| (Arc::as_ptr(inbox), inbox)).collect();
        inboxes.values().map(|inbox| inbox.len()).sum()
    }

    /// Everything that was sent, in order: the last 100,000 datagrams.
    pub fn packets(&self) -> Vec<Packet> {
        self.inner.lock().log.iter().cloned().collect()
    }

    /// Forgets what was sent so far.
    pub fn clear_packets(&self) {
        self.inner.lock().log.clear();
    }

    /// Time since the network began.
    pub fn elapsed(&self) -> Duration {
        now() - self.inner.lock().start
    }

    /// Gives a receiver its addresses, all of the same protocol; where `shared`, others may have them, too.
    /// Returns its number among those.
    pub(crate) fn join(
        &self,
        addrs: &[SocketAddr],
        inbox: &Arc<Inbox>,
        shared: bool,
    ) -> Result<usize, BindError> {
        let mut inner = self.inner.lock();
        let places = |addr| inner.receivers.get(addr).map_or(&[][..], |p: &Vec<_>| p.as_slice());
        if let Some(&addr) = addrs.iter().find(|addr| !shared && places(addr).iter().any(Option::is_some)) {
            let listen = Listen::new(Protocol::Udp, addr);
            return Err(BindError::Socket { listen, error: io::ErrorKind::AddrInUse.into() });
        }
        // The same number at each address.
        let is_free =
            |number: usize| addrs.iter().all(|addr| !places(addr).get(number).is_some_and(Option::is_some));
        let number = (0..).find(|&number| is_free(number)).unwrap_or_default();
        for &addr in addrs {
            let places = inner.receivers.entry(addr).or_default();
            places.resize(places.len().max(number + 1), None);
            places[number] = Some(Arc::clone(inbox));
        }
        Ok(number)
    }

    /// Takes the addresses of a receiver away; what was under way to it is gone.
    pub(crate) fn leave(&self, inbox: &Arc<Inbox>) {
        self.inner.lock().receivers.retain(|_, places| {
            places.iter_mut().for_each(|place| {
                place.take_if(|other| Arc::ptr_eq(other, inbox));
            });
            places.iter().any(Option::is_some)
        });
    }

    /// Sends a datagram: into the inbox of whoever has the address, at the time that the link takes.
    pub(crate) fn send(&self, from: SocketAddr, to: SocketAddr, bytes: Bytes) -> Result<(), SendError> {
        let mut inner = self.inner.lock();
        let now = now();
        let sent = now - inner.start;
        let mut packet = Packet { sent, from, to, bytes, outcome: Outcome::Sent };
        if inner.refusing.contains(&to) {
            packet.outcome = Outcome::Refused;
            inner.note(packet);
            return Err(SendError::Io(io::ErrorKind::ConnectionRefused));
        }
        let Some((worker, inbox)) = inner.receiver(&packet) else {
            packet.outcome = Outcome::Unreachable;
            inner.note(packet);
            return Ok(());
        };
        let delays = inner.delays(&packet);
        if delays.is_empty() {
            packet.outcome = Outcome::Lost;
            inner.note(packet);
            return Ok(());
        }
        for after in delays {
            inner.sent += 1;
            let arrival = Arrival { from, to, bytes: packet.bytes.clone() };
            inbox.put(now + after, inner.sent, arrival);
            inner.note(Packet { outcome: Outcome::Arrives { after, worker }, ..packet.clone() });
        }
        Ok(())
    }
}

impl Inner {
    /// Who gets a datagram, of those that share its address.
    fn receiver(&mut self, packet: &Packet) -> Option<(usize, Arc<Inbox>)> {
        let places = self.receivers.get(&packet.to)?;
        let at = |number: usize| places.get(number)?.as_ref().map(|inbox| (number, Arc::clone(inbox)));
        let steered = self.steering.as_mut().and_then(|steering| steering(packet)).and_then(at);
        steered.or_else(|| {
            let present: Vec<usize> = (0..places.len()).filter(|&n| places[n].is_some()).collect();
            let number = present.get(hash(packet.from) as usize % present.len().max(1))?;
            at(*number)
        })
    }

    /// How long the copies of a datagram take; none if it is lost.
    fn delays(&mut self, packet: &Packet) -> Vec<Duration> {
        let verdict = self.filter.as_mut().map_or(Verdict::Pass, |filter| filter(packet));
        let ends = (packet.from.ip(), packet.to.ip());
        let link = self.links.get(&ends).copied().unwrap_or(self.default_link);
        let seed = self.seed ^ hash(ends);
        let mut delays = self.dice.entry(ends).or_insert_with(|| Dice::new(seed)).roll(&link);
        match verdict {
            Verdict::Pass => {}
            Verdict::Drop => delays.clear(),
            Verdict::Delay(longer) => delays.iter_mut().for_each(|delay| *delay += longer),
        }
        delays
    }

    fn note(&mut self, packet: Packet) {
        if self.log.len() >= LOGGED {
            self.log.pop_front();
        }
        self.log.push_back(packet);
    }
}

/// The same in every run.
fn hash(value: impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    value.hash(&mut hasher);
    // Fx leaves little of what differs in the low bits.
    hasher.finish() ^ (hasher.finish() >> 32)
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let addrs: Vec<_> = self.inner.lock().receivers.keys().copied().collect();
        f.debug_struct("Network").field("addrs", &addrs).field("in_flight", &self.in_flight()).finish()
    }
}
