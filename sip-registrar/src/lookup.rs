//! Lookup: the bindings of an address of record, as branches to call.

use std::cmp::Reverse;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Instant;

use sip_core::Uri;

use crate::aor::Aor;
use crate::binding::{Binding, Bindings};
use crate::error::AorError;
use crate::registrar::Registrar;

/// Where a user can be reached, best first.
///
/// Ordered by q, highest first; a contact without q comes behind all that have one; equals stand in the
/// order of registration. May be empty.
#[derive(Clone, Debug, Default)]
pub struct Lookup {
    contacts: Bindings,
}

impl Lookup {
    /// The contacts in groups of equal q, best first: what serial forking tries one after the other.
    pub fn groups(&self) -> impl Iterator<Item = &[Arc<Binding>]> {
        self.contacts.chunk_by(|a, b| a.q() == b.q())
    }

    /// The value that KEMI's `lookup()` returns: 1, or -1 when there is none.
    pub fn code(&self) -> i32 {
        if self.contacts.is_empty() { -1 } else { 1 }
    }
}

impl Deref for Lookup {
    type Target = [Arc<Binding>];

    fn deref(&self) -> &[Arc<Binding>] {
        &self.contacts
    }
}

impl IntoIterator for Lookup {
    type Item = Arc<Binding>;
    type IntoIter = <Bindings as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        self.contacts.into_iter()
    }
}

impl<'a> IntoIterator for &'a Lookup {
    type Item = &'a Arc<Binding>;
    type IntoIter = std::slice::Iter<'a, Arc<Binding>>;

    fn into_iter(self) -> Self::IntoIter {
        self.contacts.iter()
    }
}

impl Registrar {
    /// Where `aor` can be reached at `now`.
    pub fn lookup(&self, now: Instant, aor: &Aor) -> Lookup {
        let mut contacts = self.location().snapshot(aor).bindings;
        contacts.retain(|binding| binding.is_live(now));
        contacts.sort_by_key(|binding| Reverse(binding.q())); // stable; no q is below any
        Lookup { contacts }
    }

    /// Where the user of `uri` can be reached at `now`: mostly the Request-URI.
    ///
    /// # Errors
    ///
    /// The URI is no address of record; a route answers 404 then, as for a user without contacts.
    pub fn lookup_uri(&self, now: Instant, uri: &Uri<'_>) -> Result<Lookup, AorError> {
        self.aor(uri).map(|aor| self.lookup(now, &aor))
    }

    /// Whether `aor` can be reached at `now`.
    pub fn is_registered(&self, now: Instant, aor: &Aor) -> bool {
        self.location().snapshot(aor).bindings.iter().any(|binding| binding.is_live(now))
    }
}
