//! `{re.subst,/expression/replacement/flags}`

use sip_modules::textops::Subst;

use crate::pv::class::{Transformation, text};
use crate::pv::value::Value;

/// Null where the rule is none; the text as it is where nothing matches.
pub(super) const ALL: &[Transformation] =
    &[text("re.subst", (1, 1), |text, args| match Subst::parse(&args[0].to_text()) {
        Ok(rule) => Value::made(rule.apply(text).unwrap_or_else(|| text.to_vec())),
        Err(_) => Value::Null,
    })];
