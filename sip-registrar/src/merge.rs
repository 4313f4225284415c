//! Merge: what is stored and what a REGISTER asks for, brought together.
//!
//! Source: RFC 3261 10.3, steps 6 and 7.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sip_core::{Message, Source};
use smallvec::SmallVec;

use crate::binding::{Binding, Bindings, Parts};
use crate::config::Config;
use crate::error::SaveError;
use crate::matching::{Order, is_same, order};
use crate::plan::SaveOptions;
use crate::request::{Asked, Register, Wanted, received};

/// A binding before and after.
pub(crate) struct Entry {
    pub(crate) old: Option<Arc<Binding>>,
    pub(crate) new: Option<Arc<Binding>>,
    /// This request named it.
    named: bool,
}

/// All of an address of record, in the order of registration.
pub(crate) type Entries = SmallVec<[Entry; 4]>;

/// Brings what is stored and what is asked for together.
pub(crate) struct Merge<'a, 'r> {
    pub(crate) now: Instant,
    pub(crate) request: &'a Message,
    pub(crate) source: &'a Source,
    pub(crate) options: &'a SaveOptions,
    pub(crate) register: &'a Register<'r>,
    pub(crate) config: &'a Config,
}

impl Merge<'_, '_> {
    /// The bindings before and after, or why nothing is to change.
    pub(crate) fn run(&self, before: &Bindings) -> Result<Entries, SaveError> {
        let entry = |old: &Arc<Binding>| Entry {
            old: Some(Arc::clone(old)),
            new: Some(Arc::clone(old)),
            named: false,
        };
        let mut entries: Entries = before.iter().map(entry).collect();
        match &self.register.asked {
            Asked::Query => {}
            Asked::Star => {
                for entry in &mut entries {
                    if let Some(old) = entry.new.take() {
                        self.in_order(&old, Order::Later)?;
                    }
                }
            }
            Asked::Contacts(contacts) => {
                for wanted in contacts {
                    self.contact(wanted, &mut entries)?;
                }
                if self.options.replace_others {
                    entries.iter_mut().filter(|entry| !entry.named).for_each(|entry| entry.new = None);
                }
            }
        }
        Ok(entries)
    }

    /// Stores, refreshes or removes one contact. The last word on a contact that the request names twice counts.
    fn contact(&self, wanted: &Wanted<'_>, entries: &mut Entries) -> Result<(), SaveError> {
        let matching = self.config.matching;
        let found = entries.iter_mut().find(|entry| {
            let binding = entry.new.as_ref().or(entry.old.as_ref());
            binding.is_some_and(|binding| is_same(binding, wanted, self.register, matching))
        });
        let Some(entry) = found else {
            if wanted.expires > 0 {
                entries.push(Entry { old: None, new: Some(self.binding(wanted)), named: true });
            }
            return Ok(());
        };
        let by_instance = !wanted.instance.is_empty();
        if let (Some(old), false, false) = (&entry.old, entry.named, by_instance)
            && self.in_order(old, Order::Repeated)? == Order::Repeated
        {
            entry.named = true;
            return Ok(());
        }
        entry.named = true;
        entry.new = (wanted.expires > 0).then(|| self.binding(wanted));
        Ok(())
    }

    /// How the request stands to the last one of `old`, which may be at worst `allowed`.
    fn in_order(&self, old: &Binding, allowed: Order) -> Result<Order, SaveError> {
        match order(old, self.register, self.now, self.config.cseq_delay) {
            Order::Later => Ok(Order::Later),
            Order::Repeated if allowed == Order::Repeated => Ok(Order::Repeated),
            _ => Err(SaveError::OutOfOrder { got: self.register.cseq, stored: old.cseq() }),
        }
    }

    fn binding(&self, wanted: &Wanted<'_>) -> Arc<Binding> {
        let received_at = || received(self.request, self.register, &wanted.uri, self.source, self.config);
        let lifetime = Duration::from_secs(wanted.expires.into());
        let flow = self.source.flow.filter(|_| self.register.is_direct);
        Arc::new(Binding::new(&Parts {
            uri: wanted.uri.as_bstr(),
            call_id: self.register.call_id,
            cseq: self.register.cseq,
            path: &self.register.path,
            instance: wanted.instance,
            reg_id: wanted.reg_id,
            user_agent: self.register.user_agent,
            q: wanted.q,
            expires: self.now.checked_add(lifetime).unwrap_or(self.now),
            updated: self.now,
            source: Source { flow, ..*self.source },
            received: self.options.received.or_else(received_at),
        }))
    }
}
