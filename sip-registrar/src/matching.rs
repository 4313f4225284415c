//! Which stored binding a contact means.
//!
//! Source: RFC 3261 10.3, step 7; RFC 5626 6 for instance and reg-id; usrloc `matching_mode`.

use std::time::{Duration, Instant};

use sip_core::Uri;

use crate::binding::Binding;
use crate::config::Matching;
use crate::request::{Register, Wanted};

/// Whether `wanted` means `binding`.
///
/// A contact with an instance means the binding of that instance and reg-id and no other.
pub(crate) fn is_same(
    binding: &Binding,
    wanted: &Wanted<'_>,
    register: &Register<'_>,
    matching: Matching,
) -> bool {
    if !wanted.instance.is_empty() {
        return binding.instance().is_some_and(|instance| *instance == *wanted.instance)
            && binding.reg_id().unwrap_or(0) == wanted.reg_id;
    }
    match matching {
        Matching::Contact => same_uri(binding, &wanted.uri),
        Matching::ContactAndCallId => binding.call_id() == register.call_id && same_uri(binding, &wanted.uri),
        Matching::ContactAndPath => {
            same_uri(binding, &wanted.uri) && binding.path().eq(register.path.iter().copied())
        }
        Matching::CallId => binding.call_id() == register.call_id,
    }
}

fn same_uri(binding: &Binding, uri: &Uri<'_>) -> bool {
    binding.uri() == uri.as_bstr() || Uri::parse(binding.uri()).is_ok_and(|stored| stored.equivalent(uri))
}

/// How a request stands to the one that a binding was made by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Order {
    /// Later, or of another Call-ID: it counts.
    Later,
    /// The same once more: answered, and changes nothing.
    Repeated,
    /// Earlier, or the same number too late.
    Stale,
}

/// Compares Call-ID and CSeq with those of `binding`.
pub(crate) fn order(binding: &Binding, register: &Register<'_>, now: Instant, delay: Duration) -> Order {
    if binding.call_id() != register.call_id || register.cseq > binding.cseq() {
        Order::Later
    } else if register.cseq == binding.cseq() && now < binding.updated_at() + delay {
        Order::Repeated
    } else {
        Order::Stale
    }
}
