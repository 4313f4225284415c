//! A store that does what a test wants.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;
use sip_registrar::Aor;
use sip_server::store::{LocationStore, StoreError, StoreFuture, Stored, Write};

/// What the store does with the next commits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Mood {
    /// What it is asked.
    #[default]
    Good,
    /// Nothing: it is down.
    Down,
    /// What it is asked, but says that it does not know.
    DoneAndUnsure,
    /// Nothing, and does not know.
    LostAndUnsure,
    /// Refuses whatever has a contact of this user in it.
    Refuses(&'static str),
}

#[derive(Debug, Default)]
pub(crate) struct Inside {
    pub(crate) mood: Mood,
    /// How long a commit takes.
    pub(crate) delay: Duration,
    /// How long it takes to read a page.
    pub(crate) page_delay: Duration,
    pub(crate) rows: Vec<Stored>,
    pub(crate) commits: Vec<Vec<Write>>,
    next: i64,
}

/// A store in memory; a clone is the same store.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fake(pub(crate) Arc<Mutex<Inside>>);

impl Fake {
    pub(crate) fn set(&self, mood: Mood) {
        self.0.lock().mood = mood;
    }

    /// The contacts that are stored for a user, sorted.
    pub(crate) fn contacts(&self, user: &str) -> Vec<String> {
        let inside = self.0.lock();
        let of_user = inside.rows.iter().filter(|row| row.record.aor.as_bstr() == user);
        let mut uris: Vec<String> = of_user.map(|row| row.record.contact.to_string()).collect();
        uris.sort();
        uris
    }
}

impl Inside {
    fn write(&mut self, write: Write) {
        match write {
            Write::Insert(record) | Write::Update(record) => {
                match self.rows.iter_mut().find(|row| row.record.ruid == record.ruid) {
                    Some(row) => row.record = record,
                    None => {
                        self.next += 1;
                        self.rows.push(Stored::new(self.next, record));
                    }
                }
            }
            Write::Remove { ruid, .. } => self.rows.retain(|row| row.record.ruid != ruid),
            Write::Clear { aor } => self.rows.retain(|row| row.record.aor != aor),
        }
    }
}

fn cause(text: &'static str) -> Arc<dyn std::error::Error + Send + Sync> {
    let boxed: Box<dyn std::error::Error + Send + Sync> = text.into();
    Arc::from(boxed)
}

impl LocationStore for Fake {
    fn prepare(&self) -> StoreFuture<'_, ()> {
        let is_down = self.0.lock().mood == Mood::Down;
        Box::pin(async move { if is_down { Err(StoreError::Down(cause("down"))) } else { Ok(()) } })
    }

    fn page(&self, after: i64, most: usize) -> StoreFuture<'_, (Vec<Stored>, Option<i64>)> {
        let (page, delay) = {
            let inside = self.0.lock();
            let above = inside.rows.iter().filter(|row| row.id > after).take(most);
            (above.cloned().collect::<Vec<_>>(), inside.page_delay)
        };
        Box::pin(async move {
            tokio::time::sleep(delay).await; // what was read may be old when it comes
            let last = page.last().map(|row| row.id);
            Ok((page, last))
        })
    }

    fn find<'a>(&'a self, aor: &'a Aor) -> StoreFuture<'a, Vec<Stored>> {
        let inside = self.0.lock();
        let is_down = inside.mood == Mood::Down;
        let found = inside.rows.iter().filter(|row| row.record.aor == *aor).cloned().collect();
        Box::pin(async move { if is_down { Err(StoreError::Down(cause("down"))) } else { Ok(found) } })
    }

    fn commit(&self, writes: Vec<Write>) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let delay = self.0.lock().delay;
            tokio::time::sleep(delay).await;
            let mut inside = self.0.lock();
            let is_for = |user| {
                writes.iter().any(|write| {
                    matches!(write, Write::Insert(record) | Write::Update(record) if record.aor.as_bstr() == user)
                })
            };
            match inside.mood {
                Mood::Down => return Err(StoreError::Down(cause("down"))),
                Mood::LostAndUnsure => return Err(StoreError::Unsure(cause("lost"))),
                Mood::Refuses(user) if is_for(user) => return Err(StoreError::Refused(cause("too long"))),
                _ => {}
            }
            inside.commits.push(writes.clone());
            writes.into_iter().for_each(|write| inside.write(write));
            if inside.mood == Mood::DoneAndUnsure {
                return Err(StoreError::Unsure(cause("no answer")));
            }
            Ok(())
        })
    }

    fn purge(&self, before: SystemTime, most: usize) -> StoreFuture<'_, usize> {
        let mut inside = self.0.lock();
        let count = inside.rows.iter().filter(|row| row.record.expires < before).count().min(most);
        inside.rows.retain(|row| row.record.expires >= before);
        Box::pin(async move { Ok(count) })
    }
}
