//! What the modules of one VM share: parsed variables and what they hold, regular expressions.

use std::cell::RefCell;
use std::rc::Rc;

use bstr::BStr;
use regex::bytes::Regex;
use rustc_hash::FxHashMap;
use sip_modules::textops::{self, Rule, Subst};

use crate::current::Current;
use crate::ksr::call::Module;
use crate::pv::cache::Cache;
use crate::pv::class::{Format, Piece};
use crate::pv::error::PvError;
use crate::pv::store::Store;
use crate::pv::value::Value;
use crate::pv::view::{NoMessage, View};
use crate::value::Kemi;

/// Expressions that are remembered.
const MOST: usize = 1024;

/// One a VM.
pub(crate) struct State {
    pub(crate) cache: Cache,
    pub(crate) store: Store,
    regexes: RefCell<FxHashMap<Box<BStr>, Regex>>,
    rules: RefCell<FxHashMap<Box<BStr>, Rc<Substitution>>>,
}

/// A substitution; what it puts in may have variables in it.
struct Substitution {
    subst: Subst,
    /// The rule, where its replacement has variables.
    rule: Option<(Rule, Rc<Format>)>,
}

impl State {
    /// The one of this VM.
    pub(crate) fn of(m: &Module<'_>) -> Rc<Self> {
        if let Some(state) = m.lua.app_data_ref::<Rc<Self>>() {
            return Rc::clone(&state);
        }
        let hub = m.hub();
        let store = Store::new(hub.env.clone(), hub.shared.clone());
        let state = Rc::new(Self {
            cache: Cache::default(),
            store,
            regexes: RefCell::default(),
            rules: RefCell::default(),
        });
        m.lua.set_app_data(Rc::clone(&state));
        state
    }

    /// The value of the variable that a text is.
    pub(crate) fn get(&self, current: Option<&mut Current>, text: &[u8]) -> Result<Kemi, PvError> {
        let var = self.cache.variable(text)?;
        Ok(var.get(view(&current), &self.store).into())
    }

    /// What `read` makes of it.
    pub(crate) fn read<R>(
        &self,
        current: Option<&mut Current>,
        text: &[u8],
        read: impl FnOnce(&Value<'_>) -> R,
    ) -> Result<R, PvError> {
        let var = self.cache.variable(text)?;
        let value = read(&var.get(view(&current), &self.store));
        Ok(value)
    }

    /// Gives the variable that a text is a value. `false`: it is read-only or refuses it.
    pub(crate) fn set(
        &self,
        current: Option<&mut Current>,
        text: &[u8],
        value: &Value<'_>,
    ) -> Result<bool, PvError> {
        let var = self.cache.variable(text)?;
        Ok(match current {
            Some(current) => var.set(current, &self.store, value),
            None => var.set(&mut NoMessage, &self.store, value),
        })
    }

    /// A text with the values of the variables in it.
    pub(crate) fn expand(&self, current: Option<&mut Current>, text: &[u8]) -> Result<Vec<u8>, PvError> {
        let format = self.cache.format(text)?;
        let mut out = Vec::with_capacity(text.len() + 32);
        format.write_to(view(&current), &self.store, &mut out);
        Ok(out)
    }

    /// A regular expression as Kamailio has it: without regard to case, `^` and `$` are ends of lines.
    pub(crate) fn regex(&self, text: &BStr) -> Option<Regex> {
        if let Some(regex) = self.regexes.borrow().get(text) {
            return Some(regex.clone());
        }
        let regex = textops::expression(text, true);
        let regex = regex.inspect_err(|error| tracing::error!(%error, "KSR")).ok()?;
        let mut known = self.regexes.borrow_mut();
        if known.len() < MOST {
            known.insert(Box::<[u8]>::from(&**text).into(), regex.clone());
        }
        Some(regex)
    }
}

impl State {
    /// A substitution, `/expression/replacement/flags`, with the values of the variables in its replacement.
    pub(crate) fn subst(&self, current: &mut Current, text: &BStr) -> Option<Subst> {
        let substitution = self.substitution(text)?;
        let Some((rule, format)) = &substitution.rule else { return Some(substitution.subst.clone()) };
        let mut rule = rule.clone();
        rule.replacement.clear();
        for piece in &format.0 {
            match piece {
                Piece::Text(text) => rule.replacement.extend_from_slice(text),
                Piece::Var(var) => {
                    let value = var.get(current, &self.store);
                    rule.replacement.extend_from_slice(&textops::literal(&value.to_text()));
                }
            }
        }
        Some(substitution.subst.with_replacement(&rule))
    }

    fn substitution(&self, text: &BStr) -> Option<Rc<Substitution>> {
        if let Some(known) = self.rules.borrow().get(text) {
            return Some(Rc::clone(known));
        }
        let made = Rule::parse(text).and_then(|rule| Ok((rule.compile()?, rule)));
        let (subst, rule) = made.inspect_err(|error| tracing::error!(%error, "KSR")).ok()?;
        // A `$` that begins no variable is one.
        let format = self.cache.format(&rule.replacement).ok().filter(|_| rule.replacement.contains(&b'$'));
        let made = Rc::new(Substitution { subst, rule: format.map(|format| (rule, format)) });
        let mut known = self.rules.borrow_mut();
        if known.len() < MOST {
            known.insert(Box::<[u8]>::from(&**text).into(), Rc::clone(&made));
        }
        Some(made)
    }
}

fn view<'a>(current: &'a Option<&mut Current>) -> &'a dyn View {
    match current {
        Some(current) => &**current,
        None => &NoMessage,
    }
}

/// Null is nil.
impl From<Value<'_>> for Kemi {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Int(number) => Self::Int(number),
            Value::Text(text) => Self::Text(text.into_owned()),
        }
    }
}
