//! `LocationStore`: what a store of bindings does.

use std::fmt::Debug;
use std::pin::Pin;
use std::time::SystemTime;

use sip_registrar::Aor;

use crate::store::error::StoreError;
use crate::store::record::Record;

/// What a store will have done.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// One change of what is stored.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// A binding that is new; one of the same name may be there all the same, and is replaced.
    Insert(Record),
    /// A binding that is there and changes; if it is not there, it is inserted.
    Update(Record),
    /// The binding of this name goes.
    Remove {
        /// Whose it is.
        aor: Aor,
        /// Its name.
        ruid: String,
    },
    /// Everything that is stored of an address of record goes, whoever wrote it.
    Clear {
        /// Whose.
        aor: Aor,
    },
}

/// A binding that was stored.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Stored {
    /// Its place: grows with every insertion, and never changes.
    pub id: i64,
    /// The binding.
    pub record: Record,
}

impl Stored {
    /// A binding with its place.
    pub fn new(id: i64, record: Record) -> Self {
        Self { id, record }
    }
}

/// Where bindings outlive the process.
///
/// Every call has a time limit of its own: none waits for ever. What a future does goes on when it is dropped, or it
/// does nothing: it never stops half-way.
pub trait LocationStore: Debug + Send + Sync + 'static {
    /// Makes what is missing and checks what is there. Called until it succeeds.
    fn prepare(&self) -> StoreFuture<'_, ()>;

    /// The bindings whose place is above `after`, at most `most`, in the order of their places. What cannot be
    /// understood is left out and logged; the place of the last row comes with it, `None` at the end.
    fn page(&self, after: i64, most: usize) -> StoreFuture<'_, (Vec<Stored>, Option<i64>)>;

    /// The bindings of one address of record, in the order of their places.
    fn find<'a>(&'a self, aor: &'a Aor) -> StoreFuture<'a, Vec<Stored>>;

    /// Makes all these changes, in this order, or none; and not only in a buffer of somebody.
    fn commit(&self, writes: Vec<Write>) -> StoreFuture<'_, ()>;

    /// Takes bindings out that ended before `before`, at most `most`. How many they were.
    fn purge(&self, before: SystemTime, most: usize) -> StoreFuture<'_, usize>;
}
