//! `Store`: what variables of one VM have beside the message: script variables, what was fetched, the tables.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use bstr::{BStr, BString};
use rustc_hash::FxHashMap;
use sip_async::{Cursor, QueueItem, Record, Table};
use sip_registrar::Binding;
use sip_server::Shared;

use crate::pv::value::Value;
use crate::settings::Env;

/// Names that each of the collections below may have. Names are the script's; one that makes them of what
/// messages say must not eat the memory.
pub(crate) const MOST_NAMES: usize = 16_384;

/// Named values of one VM. They outlive messages, as in a Kamailio process; a route that waits shares them with
/// the routes that run meanwhile.
pub(crate) struct Store {
    /// What all VMs share: defines, queues, tables.
    pub(crate) env: Arc<Env>,
    /// What all workers share; none where a script is only checked.
    pub(crate) shared: Option<Shared>,
    /// `$var` and `$vz`.
    pub(crate) vars: Names<Value<'static>>,
    /// `$vn`.
    pub(crate) vn: Names<Value<'static>>,
    /// `$uac_req`.
    pub(crate) uac: Names<Value<'static>>,
    /// What `mq_fetch` took, by queue.
    pub(crate) fetched: Names<QueueItem>,
    /// What `reg_fetch_contacts` found, by profile.
    pub(crate) profiles: Names<Profile>,
    /// The response to the last `jsonrpcs.exec`.
    pub(crate) jsonrpl: RefCell<Option<Vec<u8>>>,
    /// Walks through htables, by iterator.
    pub(crate) walks: Names<Walk>,
}

/// Contacts that were fetched.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    /// Whose they are.
    pub(crate) aor: BString,
    /// Best first.
    pub(crate) contacts: Vec<Arc<Binding>>,
}

/// A walk through a table.
#[derive(Debug)]
pub(crate) struct Walk {
    /// The table.
    pub(crate) table: Arc<Table>,
    /// Where the walk is.
    pub(crate) cursor: Cursor,
    /// The item it stands at.
    pub(crate) at: Option<Record>,
}

impl Store {
    /// Nothing yet.
    pub(crate) fn new(env: Arc<Env>, shared: Option<Shared>) -> Self {
        if let Some(shared) = &shared {
            env.started.get_or_init(|| shared.wall());
        }
        Self {
            env,
            shared,
            vars: Names::default(),
            vn: Names::default(),
            uac: Names::default(),
            fetched: Names::default(),
            profiles: Names::default(),
            jsonrpl: RefCell::default(),
            walks: Names::default(),
        }
    }

    /// The clock of timers; `None` where no server runs.
    pub(crate) fn now(&self) -> Option<Instant> {
        self.shared.as_ref().map(Shared::now)
    }

    /// The clock of calendars.
    pub(crate) fn wall(&self) -> Option<SystemTime> {
        self.shared.as_ref().map(Shared::wall)
    }

    /// The table of this name.
    pub(crate) fn table(&self, name: &[u8]) -> Option<&Arc<Table>> {
        self.env.settings.tables.table(std::str::from_utf8(name).ok()?)
    }

    /// The value of a define (`--define NAME=VALUE`): empty where it has none.
    pub(crate) fn define(&self, name: &[u8]) -> Option<&str> {
        self.env.settings.defines.iter().find_map(|define| match define.split_once('=') {
            Some((known, value)) => (known.as_bytes() == name).then_some(value),
            None => (define.as_bytes() == name).then_some(""),
        })
    }
}

/// Things by name, at most [`MOST_NAMES`].
#[derive(Debug)]
pub(crate) struct Names<T>(RefCell<FxHashMap<Box<BStr>, T>>);

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<T> Names<T> {
    /// What `read` makes of the one of this name.
    pub(crate) fn with<R>(&self, name: &[u8], read: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.0.borrow_mut().get_mut(BStr::new(name)).map(read)
    }

    /// Sets one; `false` when there are too many.
    pub(crate) fn set(&self, name: &[u8], value: T) -> bool {
        let mut names = self.0.borrow_mut();
        if let Some(old) = names.get_mut(BStr::new(name)) {
            *old = value;
            return true;
        }
        let fits = names.len() < MOST_NAMES;
        if fits {
            names.insert(Box::<[u8]>::from(name).into(), value);
        }
        fits
    }

    /// Takes one away.
    pub(crate) fn remove(&self, name: &[u8]) -> Option<T> {
        self.0.borrow_mut().remove(BStr::new(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_a_bound_and_old_ones_can_still_be_set() {
        let names = Names::default();
        for number in 0..MOST_NAMES {
            assert!(names.set(number.to_string().as_bytes(), number));
        }
        assert!(!names.set(b"one more", 0));
        assert!(names.set(b"7", 70));
        assert_eq!(names.with(b"7", |value| *value), Some(70));
        assert_eq!(names.remove(b"7"), Some(70));
        assert!(names.set(b"one more", 0));
    }
}
