//! Plan and Saved: what a REGISTER will do, and what it did.

use bstr::BString;
use sip_core::Target;

use crate::aor::Aor;
use crate::binding::Bindings;
use crate::location::changes::Change;
use crate::location::shard::Version;

/// What a caller may add to a REGISTER.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SaveOptions {
    /// The address of record, instead of that in To (KEMI `save_uri`).
    pub aor: Option<Aor>,
    /// Remove all other contacts (KEMI flag 4).
    pub replace_others: bool,
    /// Where to send calls, instead of what [`Config::received`](crate::Config::received) would choose.
    pub received: Option<Target>,
}

/// What a REGISTER will do: made by [`Registrar::plan`](crate::Registrar::plan), done by [`Registrar::apply`](crate::Registrar::apply).
#[derive(Clone, Debug)]
#[must_use = "a plan does nothing until it is applied"]
pub struct Plan {
    pub(crate) aor: Aor,
    pub(crate) version: Version,
    pub(crate) before: Bindings,
    pub(crate) after: Bindings,
    pub(crate) changes: Vec<Change>,
    pub(crate) outcome: Outcome,
    pub(crate) path: Vec<BString>,
}

/// What a REGISTER did.
#[derive(Clone, Debug)]
pub struct Saved {
    /// Whose bindings they are.
    pub aor: Aor,
    /// What happened, in a word.
    pub outcome: Outcome,
    /// The bindings that the address of record has now, in the order of registration.
    pub bindings: Bindings,
    /// What changed: for stores and events.
    pub changes: Vec<Change>,
    /// The Path values that the reply repeats (RFC 3327 5.3).
    pub(crate) path: Vec<BString>,
}

/// What a REGISTER did, in a word. The number is what KEMI's `save()` returns.
///
/// Where several things happened, the first of this list counts.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Outcome {
    /// A contact was inserted; or all are as they were (a repeated request).
    Inserted = 1,
    /// A contact was updated.
    Updated = 2,
    /// A contact was removed, or all (`Contact: *`).
    Removed = 3,
    /// Nothing was asked but which contacts there are.
    Query = 4,
}

impl Outcome {
    /// The value that KEMI's `save()` returns.
    pub fn code(self) -> i32 {
        self as i32
    }
}

impl Plan {
    /// Whose bindings are to be changed.
    pub fn aor(&self) -> &Aor {
        &self.aor
    }

    /// The bindings that the plan was made on, without those that had ended.
    pub fn before(&self) -> &Bindings {
        &self.before
    }

    /// The bindings that there will be.
    pub fn after(&self) -> &Bindings {
        &self.after
    }

    /// What a store has to write. Empty: nothing, there is no need to commit.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// What it will have done.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }
}
