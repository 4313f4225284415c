//! Why a table did not do it.

/// Why a value was not stored. `sht_sets` and its kin answer -1; the table is as it was.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SetError {
    /// The table has its full number of items or bytes, and none of them has expired.
    #[error("the table is full")]
    Full,
    /// The item alone is more than the table holds.
    #[error("an item of {bytes} bytes is more than the {most} of the table")]
    TooLarge {
        /// What the item counts.
        bytes: usize,
        /// The bound of the table.
        most: usize,
    },
}

/// Why a number was not changed; the table is as it was.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AddError {
    /// There is no such item, and the table has no `initval`.
    #[error("no such item, and the table has no initval")]
    Absent,
    /// The value is a string.
    #[error("the value is a string")]
    NotANumber,
    /// The sum is out of the range of an `i64`.
    #[error("the sum is out of range")]
    Overflow,
    /// The item would be new, and there is no room for it.
    #[error(transparent)]
    Room(#[from] SetError),
}

impl AddError {
    /// What `sht_inc` and `sht_dec` answer: -255 for every one.
    ///
    /// A number that is -255 by itself looks the same there; only the Rust side can tell.
    pub const fn code(self) -> i64 {
        -255
    }
}

/// What stands under a key: `sht_is_null`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Presence {
    /// An item.
    Set,
    /// No item, but the table's `initval` stands for it.
    Initial,
    /// Nothing.
    Absent,
}

impl Presence {
    /// What `sht_is_null` answers: 1 for nothing, -1 for an item, -2 where `initval` stands for it.
    ///
    /// (2, of a table that does not exist, is the caller's.)
    pub const fn code(self) -> i64 {
        match self {
            Self::Set => -1,
            Self::Initial => -2,
            Self::Absent => 1,
        }
    }
}
