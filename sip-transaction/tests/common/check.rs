//! What has to hold in every network, checked after each thing that happens and at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use sip_core::{Message, Method, Target, parse};
use sip_transaction::play::{Network, Packet};
use sip_transaction::{BranchId, Stats};

/// A request of somebody: its sender, its branch and its method.
type Request = (SocketAddr, Vec<u8>, String);

/// What is known of one branch that a proxy has sent.
#[derive(Debug, Default)]
struct Sent {
    to: Option<SocketAddr>,
    /// How often each method was sent.
    methods: BTreeMap<String, u64>,
    /// The statuses that came for an INVITE while its transaction was there.
    heard: Vec<u16>,
}

/// Watches one proxy.
#[derive(Debug)]
pub struct Check {
    proxy: Target,
    seen: (usize, usize),
    /// The final statuses that went upstream, each once, by request.
    finals: BTreeMap<Request, Vec<u16>>,
    branches: BTreeMap<BranchId, Sent>,
    before: Stats,
    /// When anything last happened to it: a message, or a call that was decided.
    last: Duration,
    /// Branches whose connection the test has ended.
    pub closed: BTreeSet<BranchId>,
}

impl Check {
    pub fn new(proxy: Target) -> Check {
        Check {
            proxy,
            seen: (0, 0),
            finals: BTreeMap::new(),
            branches: BTreeMap::new(),
            before: Stats::default(),
            last: Duration::ZERO,
            closed: BTreeSet::new(),
        }
    }

    /// After each thing that happens.
    pub fn step(&mut self, net: &mut Network, what: &str) {
        for at in self.seen.1..net.arrived.len() {
            let (when, packet) = net.arrived[at].clone();
            if packet.to == self.proxy.remote {
                self.last = when;
                self.came(net, &packet);
            }
        }
        for at in self.seen.0..net.trace.len() {
            let (when, packet) = net.trace[at].clone();
            if packet.from == self.proxy.remote {
                self.last = when;
                self.went(net, &packet, what);
            }
        }
        self.seen = (net.trace.len(), net.arrived.len());
        let stats = net.proxied(self.proxy).stats();
        if stats.open != self.before.open {
            self.last = net.elapsed();
        }
        let ended = net.proxied(self.proxy).ended.len() as u64;
        assert_eq!(stats.created, ended + stats.transactions as u64, "{what}: made, and ended or there");
        assert!(stats.open <= stats.transactions && stats.asks <= stats.transactions, "{what}");
        assert!(stats.timers <= stats.transactions, "{what}: one deadline each");
        assert!(stats.canceled + stats.originated <= stats.created, "{what}");
        assert_eq!((stats.build_failures, stats.refused), (0, 0), "{what}");
        self.before = stats;
    }

    /// When nothing happens any more.
    pub fn end(&self, net: &mut Network, what: &str) {
        let stats = net.proxied(self.proxy).stats();
        let left = (stats.transactions, stats.open, stats.timers, stats.keys, stats.kept_bytes, stats.asks);
        assert_eq!(left, (0, 0, 0, 0, 0, 0), "{what}: nothing is left");
        let start = net.now() - net.elapsed();
        let end = net.proxied(self.proxy).ended.iter().map(|&(at, _)| at - start).max().unwrap_or_default();
        assert!(end <= self.last + Duration::from_secs(32), "{what}: {end:?} is long after {:?}", self.last);

        let again = |sent: &Sent| {
            sent.methods.iter().filter(|(method, _)| *method != "ACK").map(|(_, n)| n - 1).sum::<u64>()
        };
        let resent: u64 = self.branches.values().map(again).sum();
        assert_eq!(stats.requests_resent, resent, "{what}: the counter and the wire agree");
        for (id, sent) in self.branches.iter().filter(|(id, _)| !self.closed.contains(id)) {
            self.invite_ends(sent, &format!("{what}: {id} to {:?}: {sent:?}", sent.to));
        }
    }

    /// Every INVITE branch ends in ACK or CANCEL, or in silence.
    fn invite_ends(&self, sent: &Sent, what: &str) {
        if !sent.methods.contains_key("INVITE") {
            return;
        }
        let first_final = sent.heard.iter().copied().find(|&status| status >= 200);
        match first_final {
            Some(300..) => assert!(sent.methods.contains_key("ACK"), "{what}: an ACK"),
            Some(_) => assert!(!sent.methods.contains_key("ACK"), "{what}: its ACK is the caller's"),
            None if !sent.heard.is_empty() => {
                assert!(sent.methods.contains_key("CANCEL"), "{what}: a CANCEL")
            }
            None => assert!(!sent.methods.contains_key("CANCEL"), "{what}: nobody rang"),
        }
    }

    fn came(&mut self, net: &mut Network, packet: &Packet) {
        let message = read(packet);
        let proxied = net.proxied(self.proxy);
        if let (Some(status), Some(id)) = (message.status(), proxied.branch_of(&message))
            && message.cseq().expect("CSeq").method == Method::Invite
            && let Some(sent) = self.branches.get_mut(&id)
            // The moment it ends it may still have heard this one.
            && !proxied.ended.iter().any(|&(_, ended)| ended == id.transaction)
        {
            sent.heard.push(status.code());
        }
    }

    fn went(&mut self, net: &mut Network, packet: &Packet, what: &str) {
        let message = read(packet);
        let via = message.top_via().expect("Via");
        let branch = via.branch().map(|branch| branch.to_vec()).unwrap_or_default();
        if let Some(status) = message.status().map(|status| status.code()) {
            if status >= 200 {
                let method = message.cseq().expect("CSeq").method.to_string();
                let statuses = self.finals.entry((packet.to, branch, method.clone())).or_default();
                if statuses.last() != Some(&status) {
                    statuses.push(status);
                }
                // A 2xx to an INVITE that comes late goes up; nothing else does.
                let mut distinct = statuses.clone();
                distinct.sort_unstable();
                distinct.dedup();
                let negative = distinct.iter().filter(|&&status| status >= 300).count();
                let fine = negative <= 1 && (method == "INVITE" || distinct.len() == 1);
                assert!(fine, "{what}: one final response a request: {method} {statuses:?}");
            }
        } else if let Some(id) = net.proxied(self.proxy).branch_of(&message) {
            let sent = self.branches.entry(id).or_default();
            sent.to = Some(packet.to);
            *sent.methods.entry(packet.kind()).or_default() += 1;
        }
    }
}

fn read(packet: &Packet) -> Message {
    parse(packet.bytes.clone(), &Default::default()).expect("what is sent is a message")
}
