//! Counters: each worker counts for itself, and a reader sums.

use std::sync::atomic::{AtomicU64, Ordering};

/// One counter of one worker. Only its worker writes it, so it needs no locked instruction.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, more: u64) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(more), Ordering::Relaxed);
    }

    pub(crate) fn one(&self) {
        self.add(1);
    }

    pub(crate) fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// The counters of one worker.
        #[derive(Debug, Default)]
        pub(crate) struct WorkerStats {
            $(pub(crate) $name: Counter,)*
        }

        /// What a server has done and holds: [`Shared::stats`](crate::Shared::stats).
        #[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
        #[non_exhaustive]
        pub struct Stats {
            $($(#[$doc])* pub $name: u64,)*
            /// Tasks that wait for a task worker now.
            pub tasks_waiting: u64,
            /// Tasks that were refused because too many waited.
            pub tasks_refused: u64,
            /// Times of timers that passed because their last run was not over.
            pub timers_skipped: u64,
            /// Transactions that are in memory now, the finished ones that linger included.
            pub transactions: u64,
            /// Transactions that have no final reply yet.
            pub unfinished: u64,
            /// Timers that run in all transactions.
            pub timers: u64,
            /// Bytes that transactions keep: requests, last replies, sent branches.
            pub kept_bytes: u64,
        }

        impl WorkerStats {
            pub(crate) fn add_to(&self, sum: &mut Stats) {
                $(sum.$name = sum.$name.wrapping_add(self.$name.0.load(Ordering::Relaxed));)*
            }
        }
    };
}

counters! {
    /// Requests received (`rcv_requests`).
    requests,
    /// Responses received (`rcv_replies`).
    replies,
    /// What came and could not be parsed (`bad_msg_hdr`), or lacked a header that every message has.
    malformed,
    /// Retransmissions and ACKs of negative finals that tm absorbed.
    absorbed,
    /// Responses that belong to no transaction and were forwarded by their Via or dropped.
    stray,
    /// Requests whose route ended without doing anything.
    silent,
    /// Requests refused with 503: too many transactions, too many parked routes, or the server ends.
    refused,
    /// Requests refused with 503 because the worker was behind.
    shed,
    /// Requests refused with 482: they came back unchanged.
    looped,
    /// Routes that panicked or ended in an error of their own; their callers got 500.
    failed,
    /// Routes that wait now, and requests from here that somebody waits for.
    parked,
    /// Messages handed to the transport.
    sent,
    /// Messages that the transport could not send.
    unsent,
}
