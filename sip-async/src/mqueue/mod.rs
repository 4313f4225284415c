//! One queue: the items under a lock, those who wait for them, and what was counted.

pub(crate) mod line;
pub(crate) mod queues;
pub(crate) mod settings;

use std::fmt;
use std::pin::pin;

use bstr::BStr;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::mqueue::line::{Added, Line, QueueError, QueueItem};
use crate::mqueue::settings::QueueSettings;

/// A first-in, first-out queue between any threads, bounded in items and bytes.
///
/// ```text
///  add ──> [ newest ...... oldest ] ──> try_fetch, or fetch().await in any number of tasks
///            full: refuse the new one, or drop the oldest
/// ```
///
/// Source: Kamailio's `mqueue`; the bound on bytes, the rule to refuse and the waiting are of this crate.
pub struct Queue {
    rules: QueueSettings,
    held: Mutex<Held>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Held {
    line: Line,
    counted: Counted,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    added: u64,
    fetched: u64,
    dropped: u64,
    refused: u64,
    ignored: u64,
    replaced: u64,
}

/// What a queue holds and what it has seen since it was made.
///
/// At any moment `added == fetched + dropped + replaced + items`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct QueueStats {
    /// Items in the queue.
    pub items: usize,
    /// What they count, see [`QueueSettings::max_bytes`].
    pub bytes: usize,
    /// Items that were queued.
    pub added: u64,
    /// Items that a consumer took.
    pub fetched: u64,
    /// Items that were dropped as the oldest of a full queue.
    pub dropped: u64,
    /// Items that were not added: the queue was full, or the item too large.
    pub refused: u64,
    /// Items that were left out because of their key (`addmode=1`).
    pub ignored: u64,
    /// Items that gave way to a newer one of their key (`addmode=2`).
    pub replaced: u64,
}

impl Queue {
    /// An empty queue.
    pub fn new(rules: QueueSettings) -> Self {
        Self { rules, held: Mutex::default(), news: Notify::new() }
    }

    /// What the queue was declared with.
    pub fn settings(&self) -> &QueueSettings {
        &self.rules
    }

    /// Adds an item and wakes one consumer that waits. `mq_add` answers 1 for every [`Added`].
    ///
    /// # Errors
    ///
    /// [`QueueError`], -1 of `mq_add`; the queue is as it was.
    pub fn add(&self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<Added, QueueError> {
        let boxed = |bytes: &[u8]| Box::<BStr>::from(Box::<[u8]>::from(bytes));
        let item = QueueItem { key: boxed(key.as_ref()), value: boxed(value.as_ref()) };
        let added = self.held.lock().add(&self.rules, item);
        if matches!(added, Ok(Added::Queued | Added::Replaced | Added::DroppedOldest(_))) {
            self.news.notify_one();
        }
        added
    }

    /// Takes the oldest item; `None` (-2 of `mq_fetch`) when there is none now.
    pub fn try_fetch(&self) -> Option<QueueItem> {
        let mut held = self.held.lock();
        let item = held.line.fetch(&self.rules)?;
        held.counted.fetched += 1;
        Some(item)
    }

    /// Takes the oldest item, and waits for one where there is none.
    ///
    /// Any number of tasks may wait, in any runtime and on any thread; each item goes to one of them.
    /// Dropping the future takes nothing: an item it was woken for goes to the next that waits.
    pub async fn fetch(&self) -> QueueItem {
        loop {
            let mut news = pin!(self.news.notified());
            // Listen first, look then: what is added between the two has woken this one or another.
            news.as_mut().enable();
            if let Some(item) = self.try_fetch() {
                return item;
            }
            news.await;
        }
    }

    /// The number of items: `mq_size`.
    pub fn len(&self) -> usize {
        self.held.lock().line.len()
    }

    /// Whether there is no item now.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the queue holds and has seen, of one moment.
    pub fn stats(&self) -> QueueStats {
        let held = self.held.lock();
        let Counted { added, fetched, dropped, refused, ignored, replaced } = held.counted;
        let (items, bytes) = (held.line.len(), held.line.bytes());
        QueueStats { items, bytes, added, fetched, dropped, refused, ignored, replaced }
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("rules", &self.rules).field("stats", &self.stats()).finish()
    }
}

impl Held {
    fn add(&mut self, rules: &QueueSettings, item: QueueItem) -> Result<Added, QueueError> {
        let before = self.line.len();
        let added = self.line.add(rules, item);
        match added {
            Ok(Added::Ignored) => self.counted.ignored += 1,
            Err(_) => self.counted.refused += 1,
            Ok(result) => {
                self.counted.added += 1;
                let gone = before + 1 - self.line.len();
                let dropped = if let Added::DroppedOldest(count) = result { count } else { 0 };
                self.counted.dropped += dropped as u64;
                self.counted.replaced += (gone - dropped) as u64;
            }
        }
        added
    }
}
