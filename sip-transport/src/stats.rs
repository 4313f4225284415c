//! Counters: one set a worker, summed when read.

use std::ops::AddAssign;
use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// What a worker, or all of them, have counted since the start.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Stats {
            $($(#[$doc])* pub $name: u64,)*
            /// Connections that exist now (only in [`Net::stats`](crate::Net::stats)).
            pub connections: u64,
        }

        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: Counter,)*
        }

        impl Counters {
            pub(crate) fn read(&self) -> Stats {
                Stats { $($name: self.$name.read(),)* connections: 0 }
            }
        }

        impl AddAssign for Stats {
            fn add_assign(&mut self, other: Self) {
                $(self.$name += other.$name;)*
                self.connections += other.connections;
            }
        }
    };
}

counters! {
    /// SIP messages received.
    received,
    /// HTTP requests received.
    http,
    /// Messages handed to the kernel or written to a connection.
    sent,
    /// Datagrams and stream contents that were no SIP message.
    malformed,
    /// Keep-alives received.
    keep_alives,
    /// Datagrams dropped because the backlog was full.
    dropped,
    /// Messages that failed after they had been taken.
    send_failed,
    /// Errors on receiving from UDP sockets and on accepting connections.
    receive_errors,
    /// Connections accepted.
    accepted,
    /// Connections that we opened.
    opened,
    /// Attempts to open a connection that failed.
    connect_failed,
    /// Connections refused because there were too many in all (`max_connections`).
    refused,
    /// Connections refused because there were too many with one address (`max_connections_per_source`).
    refused_source,
    /// Messages on connections beyond one of the `limits`; each ended its connection.
    oversize,
    /// Connections closed because a message did not come, or not to its end, in time (`message_timeout`).
    timed_out,
    /// Connections closed because nothing came or went for too long (`idle_timeout`).
    idle,
    /// Connections closed because the peer left too much unread (`write_queue`).
    slow_readers,
    /// Connections closed because the peer took nothing for too long (`write_timeout`).
    stalled,
    /// Connections closed, and messages refused, because all together held too much (`max_buffered`).
    overfull,
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    pub(crate) fn inc(&self) {
        self.add(1);
    }

    pub(crate) fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
