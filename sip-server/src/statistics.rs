//! Statistics under Kamailio's names.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use sip_core::Method;
use sip_transaction::Stats as Tm;

use crate::counts::{METHODS, OTHER_METHODS};
use crate::memory;
use crate::shared::Shared;

/// What a statistic is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// It only grows.
    Counter,
    /// What there is now.
    Gauge,
}

/// One statistic.
pub(crate) struct Entry {
    pub(crate) group: &'static str,
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) read: fn(&Shared) -> u64,
}

const fn counter(group: &'static str, name: &'static str, read: fn(&Shared) -> u64) -> Entry {
    Entry { group, name, kind: Kind::Counter, read }
}

const fn gauge(group: &'static str, name: &'static str, read: fn(&Shared) -> u64) -> Entry {
    Entry { group, name, kind: Kind::Gauge, read }
}

macro_rules! by_method {
    ($($name:literal $method:ident),* $(,)?) => {
        [$(counter("core", concat!("rcv_requests_", $name), |s| requests(s, Method::$method))),*]
    };
}

macro_rules! by_status {
    ($field:ident, $group:literal, $($name:literal $first:literal $last:literal),* $(,)?) => {
        [$(counter($group, $name, |s| s.sum(|w| w.counts.$field.between($first, $last)))),*]
    };
}

static CORE: [Entry; 14] = [
    counter("core", "rcv_requests", |s| s.sum(|w| w.requests.read())),
    counter("core", "rcv_replies", |s| s.sum(|w| w.replies.read())),
    counter("core", "fwd_requests", |s| s.sum(|w| w.forwarded.read())),
    counter("core", "fwd_replies", |s| s.sum(|w| w.forwarded_replies.read())),
    // Turned away before a route had a say: no room, or a loop.
    counter("core", "drop_requests", |s| s.sum(|w| w.refused.read() + w.looped.read())),
    counter("core", "drop_replies", |s| s.sum(|w| w.dropped_replies.read())),
    counter("core", "err_requests", |s| s.sum(|w| w.failed.read())),
    counter("core", "err_replies", |s| s.sum(|w| w.bad_replies.read())),
    counter("core", "bad_URIs_rcvd", |s| s.sum(|w| w.bad_uris.read())),
    counter("core", "bad_msg_hdr", |s| s.sum(|w| w.malformed.read())),
    counter("core", "unsupported_methods", |s| s.sum(|w| w.counts.requests[OTHER_METHODS].read())),
    counter("core", "rcv_http_requests", |s| s.sum(|w| w.http.read())),
    counter("core", "unsent_messages", |s| s.sum(|w| w.unsent.read())),
    gauge("core", "parked_routes", |s| s.sum(|w| w.parked.read())),
];

static REQUESTS: [Entry; 14] = by_method! {
    "invite" Invite, "ack" Ack, "bye" Bye, "cancel" Cancel, "options" Options, "register" Register, "prack" Prack,
    "update" Update, "subscribe" Subscribe, "notify" Notify, "publish" Publish, "info" Info, "refer" Refer,
    "message" Message,
};

static REPLIES: [Entry; 12] = by_status! {
    received, "core",
    "rcv_replies_1xx" 100 199, "rcv_replies_18x" 180 189, "rcv_replies_2xx" 200 299, "rcv_replies_3xx" 300 399,
    "rcv_replies_4xx" 400 499, "rcv_replies_5xx" 500 599, "rcv_replies_6xx" 600 699, "rcv_replies_401" 401 401,
    "rcv_replies_404" 404 404, "rcv_replies_407" 407 407, "rcv_replies_480" 480 480, "rcv_replies_486" 486 486,
};

static SL: [Entry; 17] = by_status! {
    stateless, "sl",
    "1xx_replies" 100 199, "2xx_replies" 200 299, "3xx_replies" 300 399, "4xx_replies" 400 499, "5xx_replies" 500 599,
    "6xx_replies" 600 699, "200_replies" 200 200, "202_replies" 202 202, "300_replies" 300 300, "301_replies" 301 301,
    "302_replies" 302 302, "400_replies" 400 400, "401_replies" 401 401, "403_replies" 403 403, "404_replies" 404 404,
    "407_replies" 407 407, "408_replies" 408 408,
};

static SL_SUMS: [Entry; 4] = [
    counter("sl", "sent_replies", |s| s.sum(|w| w.counts.stateless.between(100, 699))),
    counter("sl", "received_ACKs", |s| s.sum(|w| w.stateless_acks.read())),
    counter("sl", "483_replies", |s| s.sum(|w| w.counts.stateless.between(483, 483))),
    counter("sl", "500_replies", |s| s.sum(|w| w.counts.stateless.between(500, 500))),
];

static TM: [Entry; 14] = [
    counter("tmx", "UAS_transactions", |s| tm(s, |tm| tm.created - tm.originated)),
    counter("tmx", "UAC_transactions", |s| tm(s, |tm| tm.originated)),
    counter("tmx", "2xx_transactions", |s| tm(s, |tm| tm.completed[2])),
    counter("tmx", "3xx_transactions", |s| tm(s, |tm| tm.completed[3])),
    counter("tmx", "4xx_transactions", |s| tm(s, |tm| tm.completed[4])),
    counter("tmx", "5xx_transactions", |s| tm(s, |tm| tm.completed[5])),
    counter("tmx", "6xx_transactions", |s| tm(s, |tm| tm.completed[6])),
    gauge("tmx", "inuse_transactions", |s| tm(s, |tm| tm.transactions as u64)),
    gauge("tmx", "active_transactions", |s| s.stats().unfinished),
    counter("tmx", "rpl_received", |s| tm(s, |tm| tm.responses)),
    counter("tmx", "rpl_absorbed", |s| tm(s, |tm| tm.absorbed_responses)),
    counter("tmx", "rpl_generated", |s| tm(s, |tm| tm.replies_generated)),
    counter("tmx", "rpl_relayed", |s| tm(s, |tm| tm.replies_sent - tm.replies_generated)),
    counter("tmx", "rpl_sent", |s| tm(s, |tm| tm.replies_sent)),
];

static LOCATION: [Entry; 8] = [
    gauge("usrloc", "registered_users", users),
    gauge("usrloc", "location-users", users),
    gauge("usrloc", "location-contacts", |s| s.registrar().location().bindings() as u64),
    counter("usrloc", "location-expires", |s| s.sum(|w| w.expired.read())),
    counter("registrar", "accepted_regs", |s| s.sum(|w| w.registered.read())),
    counter("registrar", "rejected_regs", |s| s.sum(|w| w.not_registered.read())),
    gauge("registrar", "max_expires", |s| s.registrar().config().max_expires.unwrap_or(0).into()),
    gauge("registrar", "max_contacts", |s| s.registrar().config().max_contacts.unwrap_or(0) as u64),
];

static DEFAULTS: [Entry; 1] =
    [gauge("registrar", "default_expire", |s| s.registrar().config().default_expires.into())];

static TCP: [Entry; 9] = [
    counter("tcp", "established", |s| s.transport_stats().accepted + s.transport_stats().opened),
    counter("tcp", "passive_open", |s| s.transport_stats().accepted),
    counter("tcp", "connect_success", |s| s.transport_stats().opened),
    counter("tcp", "connect_failed", |s| s.transport_stats().connect_failed),
    gauge("tcp", "current_opened_connections", |s| s.transport_stats().connections),
    counter("tcp", "con_timeout", |s| s.transport_stats().idle + s.transport_stats().timed_out),
    counter("tcp", "send_timeout", |s| s.transport_stats().stalled),
    counter("tcp", "sendq_full", |s| s.transport_stats().slow_readers),
    counter("tcp", "local_reject", |s| s.transport_stats().refused + s.transport_stats().refused_source),
];

// There is no shared memory of a fixed size: what counts is what the process has.
static MEMORY: [Entry; 3] = [
    gauge("shmem", "used_size", |_| memory::resident()),
    gauge("shmem", "real_used_size", |_| memory::resident()),
    gauge("shmem", "max_used_size", |_| memory::most_resident()),
];

static ALL: [&[Entry]; 10] =
    [&CORE, &REQUESTS, &REPLIES, &SL, &SL_SUMS, &TM, &LOCATION, &DEFAULTS, &TCP, &MEMORY];

static BY_NAME: LazyLock<FxHashMap<&'static str, &'static Entry>> =
    LazyLock::new(|| all().map(|entry| (entry.name, entry)).collect());

/// Every statistic that there always is, group by group.
pub(crate) fn all() -> impl Iterator<Item = &'static Entry> {
    ALL.into_iter().flatten()
}

fn requests(shared: &Shared, method: Method<'_>) -> u64 {
    let at = METHODS.iter().position(|known| *known == method).unwrap_or(OTHER_METHODS);
    shared.sum(|worker| worker.counts.requests[at].read())
}

fn tm(shared: &Shared, read: fn(&Tm) -> u64) -> u64 {
    read(&shared.tm_counters())
}

fn users(shared: &Shared) -> u64 {
    shared.registrar().location().aors() as u64
}

/// A statistic as it was read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Statistic {
    /// `core`, `sl`, `tmx`, `usrloc`, `registrar`, `tcp`, `shmem`, or that of a counter of the application.
    pub group: String,
    /// The name.
    pub name: String,
    /// The count.
    pub value: i64,
    /// Whether it only grows. What the application counts may do anything.
    pub grows: bool,
}

impl Shared {
    /// A statistic by Kamailio's name (`$stat`): `rcv_requests`, `location-users`, or one of [`Shared::counters`].
    /// `None`: there is none of this name.
    pub fn statistic(&self, name: &str) -> Option<i64> {
        match BY_NAME.get(name) {
            Some(entry) => Some(clamped((entry.read)(self))),
            None => self.counters().count(name),
        }
    }

    /// All statistics, group by group; at the end those of the application.
    pub fn statistics(&self) -> Vec<Statistic> {
        let built_in = all().map(|entry| Statistic {
            group: entry.group.to_owned(),
            name: entry.name.to_owned(),
            value: clamped((entry.read)(self)),
            grows: entry.kind == Kind::Counter,
        });
        let own = self.counters().list().into_iter();
        let own =
            own.map(|(group, name, value)| Statistic { group: group.to_string(), name, value, grows: false });
        built_in.chain(own).collect()
    }
}

fn clamped(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_stands_twice() {
        assert_eq!(BY_NAME.len(), all().count());
        assert!(BY_NAME.contains_key("rcv_requests_invite") && BY_NAME.contains_key("location-contacts"));
    }
}
