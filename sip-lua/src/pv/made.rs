//! Classes that are made of an inner name.

use std::fmt;

use bstr::BStr;

use crate::pv::class::{Format, Index, Inner, PvClass};
use crate::pv::error::PvError;
use crate::pv::store::Store;
use crate::pv::value::Value;
use crate::pv::view::View;

/// What stands in the brackets, its variables evaluated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    /// What stands before `=>`; empty where there is none.
    pub(crate) before: &'a str,
    /// What stands behind it, or all.
    pub(crate) name: &'a BStr,
    /// Which of several values.
    pub(crate) index: Index,
}

/// Reads a variable by its inner name.
pub(crate) type GetBy = for<'v> fn(&'v dyn View, &'v Store, Asked<'_>) -> Value<'v>;
/// Writes it.
pub(crate) type SetBy = fn(&mut dyn View, &Store, Asked<'_>, &Value<'_>) -> bool;
/// Counts its values.
pub(crate) type CountBy = fn(&dyn View, &Store, Asked<'_>) -> usize;

/// What is done with an inner name.
#[derive(Clone, Copy)]
pub(crate) struct By {
    pub(crate) get: GetBy,
    pub(crate) set: Option<SetBy>,
    pub(crate) count: Option<CountBy>,
}

/// Only reads.
pub(crate) const fn reads(get: GetBy) -> By {
    By { get, set: None, count: None }
}

/// Reads and writes.
pub(crate) const fn writes(get: GetBy, set: SetBy) -> By {
    By { get, set: Some(set), count: None }
}

struct Made {
    variable: &'static str,
    before: String,
    name: Format,
    by: By,
}

/// A variable with an inner name that is not empty.
pub(crate) fn by_name(inner: Inner, by: By) -> Result<Box<dyn PvClass>, PvError> {
    if inner.text.is_empty() {
        return Err(inner.expected("a name"));
    }
    Ok(Box::new(Made { variable: inner.name, before: String::new(), name: inner.format, by }))
}

/// The same, where the inner name is `before=>name`.
pub(crate) fn by_arrow(inner: Inner, expected: &'static str, by: By) -> Result<Box<dyn PvClass>, PvError> {
    let before = inner.text.split_once("=>").map(|(before, _)| before.trim()).unwrap_or_default();
    if before.is_empty() {
        return Err(inner.expected(expected));
    }
    Ok(Box::new(Made { variable: inner.name, before: before.to_owned(), name: inner.format, by }))
}

impl Made {
    fn asked<R>(&self, view: &dyn View, store: &Store, index: Index, work: impl FnOnce(Asked<'_>) -> R) -> R {
        let name = self.name.get(view, store);
        work(Asked { before: &self.before, name: &name.to_text(), index })
    }
}

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({}=>{:?})", self.variable, self.before, self.name)
    }
}

impl PvClass for Made {
    fn get<'v>(&'v self, view: &'v dyn View, store: &'v Store, index: Index) -> Value<'v> {
        self.asked(view, store, index, |asked| (self.by.get)(view, store, asked))
    }

    fn set(&self, view: &mut dyn View, store: &Store, index: Index, value: &Value<'_>) -> bool {
        let Some(set) = self.by.set else { return false };
        let name = self.name.get(view, store).into_owned();
        set(view, store, Asked { before: &self.before, name: &name.to_text(), index }, value)
    }

    fn count(&self, view: &dyn View, store: &Store) -> usize {
        self.asked(view, store, Index::None, |asked| match self.by.count {
            Some(count) => count(view, store, asked),
            None => usize::from(!(self.by.get)(view, store, asked).is_null()),
        })
    }
}

/// A word of a fixed list, and what it reads.
pub(crate) type Word = (&'static str, for<'v> fn(&'v dyn View, &'v Store) -> Value<'v>);

struct Chosen {
    variable: &'static str,
    word: &'static Word,
}

/// A variable whose inner name is one of these words.
pub(crate) fn by_word(
    inner: Inner,
    words: &'static [Word],
    expected: &'static str,
) -> Result<Box<dyn PvClass>, PvError> {
    match words.iter().find(|(word, _)| *word == inner.text) {
        Some(word) => Ok(Box::new(Chosen { variable: inner.name, word })),
        None => Err(inner.expected(expected)),
    }
}

impl fmt::Debug for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.variable, self.word.0)
    }
}

impl PvClass for Chosen {
    fn get<'v>(&'v self, view: &'v dyn View, store: &'v Store, _: Index) -> Value<'v> {
        (self.word.1)(view, store)
    }
}
