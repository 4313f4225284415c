//! What a parsed variable is: its kind, its index, its transformations; and a text with variables in it.

use std::fmt;
use std::rc::Rc;

use bstr::BStr;

use crate::pv::error::PvError;
use crate::pv::store::Store;
use crate::pv::value::Value;
use crate::pv::view::View;

/// One kind of variable, ready to be read: `$fu`, or `$hdr(Subject)` with its inner name.
pub(crate) trait PvClass: fmt::Debug {
    /// Its value.
    fn get<'v>(&'v self, view: &'v dyn View, store: &'v Store, index: Index) -> Value<'v>;

    /// Gives it a value, null to clear it. `false`: it is read-only here, or refuses the kind of value.
    fn set(&self, view: &mut dyn View, store: &Store, index: Index, value: &Value<'_>) -> bool {
        let _ = (view, store, index, value);
        false
    }

    /// How many values there are (`$cnt`).
    fn count(&self, view: &dyn View, store: &Store) -> usize {
        usize::from(!self.get(view, store, Index::None).is_null())
    }
}

/// Reads a variable without inner name.
type Get = for<'v> fn(&'v dyn View, &'v Store) -> Value<'v>;

/// Writes it. `false`: it refuses the value.
type Set = fn(&mut dyn View, &Value<'_>) -> bool;

/// A variable without inner name: one line of a table.
pub(crate) struct Plain {
    /// Without the `$`.
    pub(crate) name: &'static str,
    get: Get,
    set: Option<Set>,
}

/// A read-only line of a table.
pub(crate) const fn read(name: &'static str, get: Get) -> Plain {
    Plain { name, get, set: None }
}

/// A line of a table that can be written, too.
pub(crate) const fn write(name: &'static str, get: Get, set: Set) -> Plain {
    Plain { name, get, set: Some(set) }
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PvClass for Plain {
    fn get<'v>(&'v self, view: &'v dyn View, store: &'v Store, _: Index) -> Value<'v> {
        (self.get)(view, store)
    }

    fn set(&self, view: &mut dyn View, _: &Store, _: Index, value: &Value<'_>) -> bool {
        self.set.is_some_and(|set| set(view, value))
    }
}

/// A variable with an inner name: one line of a table.
#[derive(Clone, Copy)]
pub(crate) struct Named {
    /// Without the `$`.
    pub(crate) name: &'static str,
    /// Reads the inner name.
    pub(crate) make: Make,
    /// What the inner name is.
    pub(crate) shape: Shape,
}

/// What stands in the brackets of a variable.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Shape {
    /// A text: `$hdr(Subject)`.
    Text,
    /// Two, with `=>` between: `$sht(table=>key)`. Only the second may have variables in it.
    Arrow,
    /// A variable: `$cnt($avp(x))`.
    Variable,
}

/// Reads the inner name of a variable.
type Make = fn(Inner) -> Result<Box<dyn PvClass>, PvError>;

/// A line of a table: `$name(inner)`.
pub(crate) const fn named(name: &'static str, make: Make) -> Named {
    Named { name, make, shape: Shape::Text }
}

/// A line of a table: `$name(before=>inner)`.
pub(crate) const fn arrow(name: &'static str, make: Make) -> Named {
    Named { name, make, shape: Shape::Arrow }
}

/// A line of a table: `$name($other)`.
pub(crate) const fn around(name: &'static str, make: Make) -> Named {
    Named { name, make, shape: Shape::Variable }
}

/// What stands in the brackets behind a name.
#[derive(Debug)]
pub(crate) struct Inner {
    /// The name before the brackets.
    pub(crate) name: &'static str,
    /// As written.
    pub(crate) text: String,
    /// The same, with the variables in it; of [`Shape::Arrow`] what stands behind `=>`.
    pub(crate) format: Format,
}

impl Inner {
    /// The error of a variable that cannot do anything with it.
    pub(crate) fn expected(&self, expected: &'static str) -> PvError {
        PvError::Inner { name: self.name, inner: self.text.clone(), expected }
    }

    /// The variable that stands in the brackets, of [`Shape::Variable`].
    pub(crate) fn variable(&self) -> Result<Rc<Var>, PvError> {
        match self.format.0.as_slice() {
            [Piece::Var(var)] => Ok(Rc::clone(var)),
            _ => Err(self.expected("a variable")),
        }
    }
}

/// Which of several values is meant.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Index {
    /// No index was written.
    #[default]
    None,
    /// `[n]`: from 0; negative from the end.
    At(i64),
    /// `[*]`
    All,
}

impl Index {
    /// The place that is meant among `count`; without an index, the first.
    pub(crate) fn of(self, count: usize) -> Option<usize> {
        let at = match self {
            Self::None | Self::All => 0,
            Self::At(at) if at < 0 => i64::try_from(count).ok()?.checked_add(at)?,
            Self::At(at) => at,
        };
        usize::try_from(at).ok().filter(|&at| at < count)
    }
}

/// The index of a variable, as written.
#[derive(Debug)]
pub(crate) enum IndexText {
    /// Written out.
    Fixed(Index),
    /// Another variable says it.
    Of(Rc<Var>),
}

/// A transformation: one line of a table.
#[derive(Clone, Copy)]
pub(crate) struct Transformation {
    /// As written: `s.len`.
    pub(crate) name: &'static str,
    /// How many arguments it takes, from and to.
    pub(crate) args: (usize, usize),
    /// What it does with a value, given its arguments.
    pub(crate) run: Run,
}

/// What a transformation does.
#[derive(Clone, Copy)]
pub(crate) enum Run {
    /// Nothing stays nothing; a number is its digits.
    Text(fn(&BStr, &[Value<'_>]) -> Value<'static>),
    /// Takes nothing, too.
    Any(fn(&Value<'_>) -> Value<'static>),
}

/// A line of a table: a transformation of texts, with so many arguments, from and to.
pub(crate) const fn text(
    name: &'static str,
    args: (usize, usize),
    run: fn(&BStr, &[Value<'_>]) -> Value<'static>,
) -> Transformation {
    Transformation { name, args, run: Run::Text(run) }
}

impl Transformation {
    fn run(&self, value: &Value<'_>, args: &[Value<'_>]) -> Value<'static> {
        match self.run {
            Run::Text(_) if value.is_null() => Value::Null,
            Run::Text(run) => run(&value.to_text(), args),
            Run::Any(run) => run(value),
        }
    }
}

impl fmt::Debug for Transformation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// A transformation with its arguments: texts that may have variables in them.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) transformation: Transformation,
    pub(crate) args: Vec<Format>,
}

/// A variable, parsed.
#[derive(Debug)]
pub(crate) struct Var {
    pub(crate) class: Class,
    pub(crate) index: IndexText,
    pub(crate) steps: Vec<Step>,
}

/// A class that stands in a table, or one that was made for its inner name.
#[derive(Debug)]
pub(crate) enum Class {
    /// Stands in a table.
    Plain(&'static Plain),
    /// Made of an inner name.
    Made(Box<dyn PvClass>),
}

impl Var {
    pub(crate) fn class(&self) -> &dyn PvClass {
        match &self.class {
            Class::Plain(plain) => *plain,
            Class::Made(made) => &**made,
        }
    }

    fn index(&self, view: &dyn View, store: &Store) -> Index {
        match &self.index {
            IndexText::Fixed(index) => *index,
            IndexText::Of(var) => Index::At(var.get(view, store).to_int()),
        }
    }

    /// Its value, transformed.
    pub(crate) fn get<'v>(&'v self, view: &'v dyn View, store: &'v Store) -> Value<'v> {
        let value = self.class().get(view, store, self.index(view, store));
        self.steps.iter().fold(value, |value, step| {
            let args: Vec<_> = step.args.iter().map(|arg| arg.get(view, store)).collect();
            step.transformation.run(&value, &args)
        })
    }

    /// Gives it a value. `false`: it is read-only, or refuses the value.
    pub(crate) fn set(&self, view: &mut dyn View, store: &Store, value: &Value<'_>) -> bool {
        let index = self.index(view, store);
        self.steps.is_empty() && self.class().set(view, store, index, value)
    }
}

/// A text with variables in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Format(pub(crate) Vec<Piece>);

/// One piece of a [`Format`].
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    /// Text that stands for itself.
    Text(Box<[u8]>),
    /// A variable.
    Var(Rc<Var>),
}

impl Format {
    /// Appends the text, with the values of the variables in it.
    pub(crate) fn write_to(&self, view: &dyn View, store: &Store, out: &mut Vec<u8>) {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text),
                Piece::Var(var) => var.get(view, store).write_to(out),
            }
        }
    }

    /// The value of a lone variable, else the text.
    pub(crate) fn get<'v>(&'v self, view: &'v dyn View, store: &'v Store) -> Value<'v> {
        match self.0.as_slice() {
            [] => Value::text(""),
            [Piece::Text(text)] => Value::text(text),
            [Piece::Var(var)] => var.get(view, store),
            _ => {
                let mut out = Vec::new();
                self.write_to(view, store, &mut out);
                Value::made(out)
            }
        }
    }
}
