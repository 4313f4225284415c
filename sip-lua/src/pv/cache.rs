//! Each text is parsed once a VM.

use std::cell::RefCell;
use std::rc::Rc;

use bstr::BStr;
use rustc_hash::FxHashMap;

use crate::pv::class::{Format, Var};
use crate::pv::error::PvError;
use crate::pv::parse;

/// Texts that are remembered of each kind. A script that makes them up of what messages say parses them anew
/// beyond that, and eats no memory.
const MOST: usize = 4096;

/// What was parsed in one VM.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    vars: RefCell<FxHashMap<Box<BStr>, Rc<Var>>>,
    formats: RefCell<FxHashMap<Box<BStr>, Rc<Format>>>,
}

impl Cache {
    /// The variable that a text is.
    ///
    /// # Errors
    ///
    /// The text is none.
    pub(crate) fn variable(&self, text: &[u8]) -> Result<Rc<Var>, PvError> {
        remembered(&self.vars, text, parse::variable)
    }

    /// The text with variables in it.
    ///
    /// # Errors
    ///
    /// A variable in it is none.
    pub(crate) fn format(&self, text: &[u8]) -> Result<Rc<Format>, PvError> {
        remembered(&self.formats, text, parse::format)
    }
}

fn remembered<T>(
    known: &RefCell<FxHashMap<Box<BStr>, Rc<T>>>,
    text: &[u8],
    parse: fn(&[u8]) -> Result<T, PvError>,
) -> Result<Rc<T>, PvError> {
    if let Some(parsed) = known.borrow().get(BStr::new(text)) {
        return Ok(Rc::clone(parsed));
    }
    let parsed = Rc::new(parse(text)?);
    let mut known = known.borrow_mut();
    if known.len() < MOST {
        known.insert(Box::<[u8]>::from(text).into(), Rc::clone(&parsed));
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_parsed_once_and_there_is_an_end_to_remembering() {
        let cache = Cache::default();
        let first = cache.variable(b"$ru").expect("known");
        assert!(Rc::ptr_eq(&first, &cache.variable(b"$ru").expect("known")));
        for number in 0..MOST * 2 {
            assert!(cache.variable(format!("$var(v{number})").as_bytes()).is_ok());
        }
        assert_eq!(cache.vars.borrow().len(), MOST);
        assert!(Rc::ptr_eq(&first, &cache.variable(b"$ru").expect("known")));
    }
}
