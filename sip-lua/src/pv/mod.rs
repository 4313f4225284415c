//! Pseudo-variables: `$ru`, `$hdr(Subject)`, `$(var(x){s.len})`.
//!
//! A text is parsed once a VM ([`cache`]) to a [`class::Var`] or [`class::Format`], which is evaluated against
//! a [`view::View`] of the current message and the [`store::Store`] of the VM. What there is stands in tables,
//! one a file, in `names/` and `trans/`.

pub(crate) mod cache;
pub(crate) mod class;
mod current;
pub(crate) mod error;
pub(crate) mod made;
pub(crate) mod names;
pub(crate) mod parse;
pub(crate) mod store;
pub(crate) mod trans;
pub(crate) mod uuid;
pub(crate) mod value;
pub(crate) mod view;
