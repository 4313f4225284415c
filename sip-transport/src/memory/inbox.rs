//! Datagrams under way to one receiver, by the time of their arrival.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::memory::clock::now;

/// A datagram under way.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) bytes: Bytes,
}

/// What is under way to one endpoint or socket.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    /// By time, then by the order of sending.
    under_way: Mutex<BTreeMap<(Instant, u64), Arrival>>,
    news: Notify,
}

impl Inbox {
    pub(crate) fn put(&self, due: Instant, number: u64, arrival: Arrival) {
        self.under_way.lock().insert((due, number), arrival);
        self.news.notify_one();
    }

    pub(crate) fn len(&self) -> usize {
        self.under_way.lock().len()
    }

    /// The next datagram, if it has arrived.
    pub(crate) fn take(&self) -> Option<Arrival> {
        let mut under_way = self.under_way.lock();
        let first = under_way.first_entry()?;
        (first.key().0 <= now()).then(|| first.remove())
    }

    /// Waits until [`take`](Self::take) has something to give. Cancel-safe.
    pub(crate) async fn arrived(&self) {
        loop {
            let due = self.under_way.lock().first_key_value().map(|((due, _), _)| *due);
            match due {
                Some(due) if due <= now() => return,
                // Something that is put meanwhile may arrive earlier.
                Some(due) => tokio::select! {
                    () = sleep_until(due) => {}
                    () = self.news.notified() => {}
                },
                None => self.news.notified().await,
            }
        }
    }
}
