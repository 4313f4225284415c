//! Counters: each worker counts for itself, and a reader sums.

use crate::counter::Counter;
use crate::counts::Counts;
use crate::latency::Latencies;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// The counters of one worker.
        #[derive(Debug, Default)]
        pub(crate) struct WorkerStats {
            $(pub(crate) $name: Counter,)*
            /// By method and status.
            pub(crate) counts: Counts,
            /// How long routes take.
            pub(crate) latencies: Latencies,
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
                $(sum.$name = sum.$name.wrapping_add(self.$name.read());)*
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
    /// HTTP requests received.
    http,
    /// Requests sent on: branches of a relay, and what was forwarded without state (`fwd_requests`).
    forwarded,
    /// Responses passed on upstream (`fwd_replies`).
    forwarded_replies,
    /// Responses that their route dropped (`drop_replies`).
    dropped_replies,
    /// REGISTERs that were saved (`accepted_regs`).
    registered,
    /// REGISTERs that were not (`rejected_regs`).
    not_registered,
    /// Responses that were no response (`err_replies`).
    bad_replies,
    /// Requests whose request URI was too long or none (`bad_URIs_rcvd`).
    bad_uris,
    /// ACKs of negative replies that were sent without state (`received_ACKs`).
    stateless_acks,
    /// Bindings that ended without being renewed (`location-expires`).
    expired,
    /// Messages handed to the transport.
    sent,
    /// Messages that the transport could not send.
    unsent,
}
