//! What changed: the feed for whoever stores bindings or tells others of them.
//!
//! Nothing is queued here. A change is an output of the call that made it
//! ([`Saved::changes`](crate::Saved::changes), [`Registrar::expire`](crate::Registrar::expire)), or is about
//! to ([`Plan::changes`](crate::Plan::changes)).

use std::sync::Arc;

use crate::aor::Aor;
use crate::binding::Binding;

/// One binding that came, changed or went.
#[derive(Clone, Debug)]
pub struct Change {
    /// Whose binding it is.
    pub aor: Aor,
    /// What happened.
    pub kind: ChangeKind,
    /// The binding: as it is now, or as it was last.
    pub binding: Arc<Binding>,
}

/// What happened to a binding.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ChangeKind {
    /// It is new.
    Inserted,
    /// It took the place of the binding that the same contact had.
    Updated,
    /// A REGISTER or the operator took it away.
    Removed,
    /// Its time ended (event `usrloc:contact-expired`).
    Expired,
}
