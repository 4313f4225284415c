//! The played network: phones, proxies and links with a clock that jumps. For tests.
//!
//! Everything happens in one thread in a fixed order: the same seed gives the same run, and a
//! timeout of three minutes takes microseconds.
//!
//! ```
//! use sip_core::{Protocol, Target};
//! use sip_transaction::{Config, play::{Link, Network}};
//!
//! # fn start() -> std::time::Instant { std::time::Instant::now() }
//! let mut net = Network::new(start(), 1, Link::losing(50));
//! let [alice, bob, proxy] = [1, 2, 9].map(|host| Network::udp(host));
//! net.agent(alice);
//! net.agent(bob).answers(&[(0, 180), (2_000, 200)]);
//! net.proxy(proxy, Config::default(), move |turn| turn.relay(&[bob]).expect("a new call"));
//!
//! net.send(alice, proxy, "INVITE");
//! net.run();
//! assert_eq!(net.agent(alice).call().outcome(), Some(200));
//! assert_eq!(net.proxied(proxy).stats().transactions, 0);
//! ```

mod agent;
mod callee;
mod caller;
mod clock;
mod link;
mod proxy;
mod turn;
mod wire;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use sip_core::{Message, Protocol, Target};

use crate::config::Config;
use crate::error::TmError;
use crate::id::TransactionId;

pub use self::agent::Agent;
pub use self::callee::Incoming;
pub use self::caller::Outgoing;
pub use self::clock::Clock;
pub use self::link::{Dice, Link};
pub use self::proxy::{Proxy, nothing_done};
pub use self::turn::Turn;
pub use self::wire::Packet;

/// The whole played network.
#[derive(Debug)]
pub struct Network {
    clock: Clock,
    dice: Dice,
    link: Link,
    links: BTreeMap<(SocketAddr, SocketAddr), Link>,
    agents: BTreeMap<SocketAddr, Agent>,
    proxies: BTreeMap<SocketAddr, Proxy>,
    /// What is on its way, by arrival; the second number keeps the order among equals.
    wire: BTreeMap<(Instant, u64), Packet>,
    sent: u64,
    /// Every message that was sent and when, lost ones included.
    pub trace: Vec<(Duration, Packet)>,
    /// Every message that arrived and when, each copy of a doubled one.
    pub arrived: Vec<(Duration, Packet)>,
}

impl Network {
    /// An empty network with this link between any two.
    pub fn new(start: Instant, seed: u64, link: Link) -> Network {
        Network {
            clock: Clock::new(start),
            dice: Dice::new(seed),
            link,
            links: BTreeMap::new(),
            agents: BTreeMap::new(),
            proxies: BTreeMap::new(),
            wire: BTreeMap::new(),
            sent: 0,
            trace: Vec::new(),
            arrived: Vec::new(),
        }
    }

    /// The UDP address of a host: `192.0.2.HOST:50HOST`.
    pub fn udp(host: u8) -> Target {
        Target::new(
            Protocol::Udp,
            SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, host)), 5_000 + u16::from(host)),
        )
    }

    /// The TCP address of a host, likewise.
    pub fn tcp(host: u8) -> Target {
        Target { protocol: Protocol::Tcp, ..Network::udp(host) }
    }

    /// The phone at that address; put there if there is none.
    pub fn agent(&mut self, at: Target) -> &mut Agent {
        self.agents.entry(at.remote).or_insert_with(|| Agent::new(at))
    }

    /// Puts a proxy at that address. `route` runs for each new request but ACK and CANCEL; when it
    /// returns the transaction is finished.
    pub fn proxy(
        &mut self,
        at: Target,
        config: Config,
        route: impl FnMut(&mut Turn<'_>) + 'static,
    ) -> &mut Proxy {
        let proxy = Proxy::new(at.remote, config, Box::new(route));
        self.proxies.entry(at.remote).insert_entry(proxy).into_mut()
    }

    /// The proxy at that address; one that answers everything 500 is put there if there is none.
    pub fn proxied(&mut self, at: Target) -> &mut Proxy {
        self.proxies
            .entry(at.remote)
            .or_insert_with(|| Proxy::new(at.remote, Config::default(), Box::new(|_| ())))
    }

    /// Another link from one address to another, in this direction.
    pub fn link(&mut self, from: Target, to: Target, link: Link) {
        self.links.insert((from.remote, to.remote), link);
    }

    /// From now on a connection from `proxy` to `to` is refused.
    pub fn refuse(&mut self, proxy: Target, to: Target) {
        self.proxied(proxy).refused.insert(to.remote);
    }

    /// A phone sends a new request.
    pub fn send(&mut self, from: Target, to: Target, method: &str) {
        let now = self.clock.now();
        self.agent(from).send(now, to.remote, method, "");
        self.collect();
    }

    /// A phone cancels its last call.
    pub fn cancel(&mut self, from: Target, reason: Option<&str>) {
        let now = self.clock.now();
        self.agent(from).cancel(now, reason);
        self.collect();
    }

    /// A phone replies to its last request, beside its script.
    pub fn reply(&mut self, from: Target, status: u16) {
        let now = self.clock.now();
        self.agent(from).reply(now, status);
        self.collect();
    }

    /// Puts a message on the wire, whoever it pretends to come from.
    pub fn inject(&mut self, packet: Packet) {
        self.put(packet);
    }

    /// A proxy starts a request of its own; [`Network::with`] sends it.
    ///
    /// # Errors
    ///
    /// As [`Table::originate`](crate::Table::originate).
    pub fn originate(&mut self, proxy: Target, request: &Message) -> Result<TransactionId, TmError> {
        let now = self.clock.now();
        self.proxied(proxy).originate(now, request)
    }

    /// Does something with a transaction of a proxy.
    pub fn with<R>(
        &mut self,
        proxy: Target,
        transaction: TransactionId,
        act: impl FnOnce(&mut Turn<'_>) -> R,
    ) -> R {
        let now = self.clock.now();
        let result = self.proxied(proxy).with(now, transaction, act);
        self.collect();
        result
    }

    /// How much time has passed.
    pub fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }

    /// The moment it is.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Lets `ms` milliseconds pass.
    pub fn run_for(&mut self, ms: u64) {
        let until = self.clock.now() + Duration::from_millis(ms);
        while self.next().is_some_and(|next| next <= until) {
            self.happen();
        }
        self.clock.jump(until);
    }

    /// The next thing happens, if there is any.
    pub fn step(&mut self) -> bool {
        let more = self.next().is_some();
        self.happen();
        more
    }

    /// Runs until nothing happens any more.
    pub fn run(&mut self) {
        while self.next().is_some() {
            self.happen();
        }
    }

    /// The milliseconds at which messages went from one address to another: `INVITE`, `486`.
    pub fn times(&self, from: Target, to: Target, kind: &str) -> Vec<u64> {
        let of =
            |packet: &Packet| packet.from == from.remote && packet.to == to.remote && packet.kind() == kind;
        self.trace.iter().filter(|(_, packet)| of(packet)).map(|(at, _)| at.as_millis() as u64).collect()
    }

    fn next(&self) -> Option<Instant> {
        let wire = self.wire.keys().next().map(|key| key.0);
        let agents = self.agents.values().filter_map(Agent::next).min();
        let proxies = self.proxies.values().filter_map(Proxy::next).min();
        [wire, agents, proxies].into_iter().flatten().min()
    }

    /// The next thing happens: arrivals first, then timers.
    fn happen(&mut self) {
        let Some(next) = self.next() else { return };
        self.clock.jump(next);
        let now = self.clock.now();
        if let Some(entry) = self.wire.first_entry()
            && entry.key().0 <= now
        {
            let packet = entry.remove();
            self.arrived.push((self.clock.elapsed(), packet.clone()));
            if let Some(proxy) = self.proxies.get_mut(&packet.to) {
                proxy.receive(now, &packet);
            } else if let Some(agent) = self.agents.get_mut(&packet.to) {
                agent.receive(now, &packet);
            }
        } else {
            self.proxies.values_mut().for_each(|proxy| proxy.on_time(now));
            self.agents.values_mut().for_each(|agent| agent.on_time(now));
        }
        self.collect();
    }

    /// Puts on the wire what everybody wants to send.
    fn collect(&mut self) {
        let agents = self.agents.values_mut().flat_map(Agent::take_out);
        let packets: Vec<Packet> =
            agents.chain(self.proxies.values_mut().flat_map(Proxy::take_out)).collect();
        packets.into_iter().for_each(|packet| self.put(packet));
    }

    fn put(&mut self, packet: Packet) {
        let now = self.clock.now();
        self.trace.push((self.clock.elapsed(), packet.clone()));
        let link = self.links.get(&(packet.from, packet.to)).copied().unwrap_or(self.link);
        if packet.protocol != Protocol::Udp {
            self.sent += 1;
            self.wire.insert((now + link.delay, self.sent), packet);
            return;
        }
        for takes in link.carry(&mut self.dice) {
            self.sent += 1;
            self.wire.insert((now + takes, self.sent), packet.clone());
        }
    }
}
