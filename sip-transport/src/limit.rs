//! The limits of connections: what each is called, how often it was reached, and a line in the log.
//!
//! A peer that runs into limits all day must not fill the log: each worker writes at most one line for each limit
//! in [`QUIET`], which says how often it was reached since the line before.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Context;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::{Sleep, sleep};

use crate::config::Config;
use crate::stats::{Counter, Counters};

/// The shortest time between two lines about one limit.
const QUIET: Duration = Duration::from_secs(10);

/// A limit that a peer can run into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Connections,
    ConnectionsPerSource,
    Message,
    MessageTimeout,
    IdleTimeout,
    WriteQueue,
    WriteTimeout,
    Buffered,
}

impl Limit {
    pub(crate) const ALL: [Self; 8] = [
        Self::Connections,
        Self::ConnectionsPerSource,
        Self::Message,
        Self::MessageTimeout,
        Self::IdleTimeout,
        Self::WriteQueue,
        Self::WriteTimeout,
        Self::Buffered,
    ];

    /// The setting in [`Config`].
    pub(crate) const fn setting(self) -> &'static str {
        match self {
            Self::Connections => "max_connections",
            Self::ConnectionsPerSource => "max_connections_per_source",
            Self::Message => "limits",
            Self::MessageTimeout => "message_timeout",
            Self::IdleTimeout => "idle_timeout",
            Self::WriteQueue => "write_queue",
            Self::WriteTimeout => "write_timeout",
            Self::Buffered => "max_buffered",
        }
    }

    fn value(self, config: &Config) -> String {
        match self {
            Self::Connections => config.max_connections.to_string(),
            Self::ConnectionsPerSource => config.max_connections_per_source.to_string(),
            Self::Message => format!("{:?}", config.limits),
            Self::MessageTimeout => format!("{:?}", config.message_timeout),
            Self::IdleTimeout => format!("{:?}", config.idle_timeout),
            Self::WriteQueue => config.write_queue.to_string(),
            Self::WriteTimeout => format!("{:?}", config.write_timeout),
            Self::Buffered => config.max_buffered.to_string(),
        }
    }

    /// Where it is counted.
    pub(crate) fn counter(self, counters: &Counters) -> &Counter {
        match self {
            Self::Connections => &counters.refused,
            Self::ConnectionsPerSource => &counters.refused_source,
            Self::Message => &counters.oversize,
            Self::MessageTimeout => &counters.timed_out,
            Self::IdleTimeout => &counters.idle,
            Self::WriteQueue => &counters.slow_readers,
            Self::WriteTimeout => &counters.stalled,
            Self::Buffered => &counters.overfull,
        }
    }
}

/// What has run into a limit on one worker since the last look.
#[derive(Debug, Default)]
pub(crate) struct Hits {
    any: AtomicBool,
    last: Mutex<[Option<IpAddr>; Limit::ALL.len()]>,
}

impl Hits {
    pub(crate) fn note(&self, limit: Limit, peer: IpAddr, counters: &Counters) {
        limit.counter(counters).inc();
        self.last.lock()[limit as usize] = Some(peer);
        self.any.store(true, Ordering::Release);
    }
}

/// Writes the lines of one worker.
#[derive(Debug)]
pub(crate) struct Reporter {
    config: Config,
    reported: [u64; Limit::ALL.len()],
    quiet: Option<Pin<Box<Sleep>>>,
}

impl Reporter {
    pub(crate) fn new(config: &Config) -> Self {
        Self { config: config.clone(), reported: [0; Limit::ALL.len()], quiet: None }
    }

    /// Reports what is new, unless that was done a moment ago; `cx` is woken when it is time again.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, hits: &Hits, counters: &Counters) {
        if let Some(quiet) = &mut self.quiet {
            if quiet.as_mut().poll(cx).is_pending() {
                return;
            }
            self.quiet = None;
        }
        if !hits.any.load(Ordering::Relaxed) || !hits.any.swap(false, Ordering::Acquire) {
            return;
        }
        for limit in Limit::ALL {
            let count = limit.counter(counters).read();
            let reported = &mut self.reported[limit as usize];
            if count > *reported {
                let peer = hits.last.lock()[limit as usize];
                tracing::warn!(
                    setting = limit.setting(),
                    value = limit.value(&self.config),
                    times = count - *reported,
                    peer = peer.map(tracing::field::display),
                    "peers ran into a limit of connections"
                );
                *reported = count;
            }
        }
        let mut quiet = Box::pin(sleep(QUIET));
        // The first poll registers the timer.
        if quiet.as_mut().poll(cx).is_pending() {
            self.quiet = Some(quiet);
        }
    }
}
