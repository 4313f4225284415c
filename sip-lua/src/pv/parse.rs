//! From a text to a variable or a format.
//!
//! ```text
//! $name   $name(inner)   $(name)   $(name(inner)[index]{class.step,arg,arg}{class.step})
//! ```
//!
//! Inner names, indexes and arguments may have variables in them. In a format every other text stands for
//! itself, and `$$` is a `$`.

use std::rc::Rc;

use bstr::ByteSlice as _;

use crate::pv::class::{Class, Format, Index, IndexText, Inner, Piece, Shape, Step, Transformation, Var};
use crate::pv::error::PvError;
use crate::pv::names;
use crate::pv::trans;

/// How deep variables may stand in one another.
const DEEPEST: usize = 8;

/// Reads a text that is one variable and nothing else. Also `$name(inner)[index]`, without the outer brackets.
pub(crate) fn variable(text: &[u8]) -> Result<Var, PvError> {
    variable_at(text, 0)
}

/// Reads a text with variables in it.
pub(crate) fn format(text: &[u8]) -> Result<Format, PvError> {
    format_at(text, 0)
}

fn variable_at(text: &[u8], depth: usize) -> Result<Var, PvError> {
    let mut parser = Parser { text, at: 0, depth };
    let var = parser.var(true)?;
    if parser.at < text.len() { Err(parser.stop()) } else { Ok(var) }
}

fn format_at(text: &[u8], depth: usize) -> Result<Format, PvError> {
    let mut parser = Parser { text, at: 0, depth };
    let (mut pieces, mut plain) = (Vec::new(), Vec::new());
    while let Some(byte) = parser.peek() {
        let next = text.get(parser.at + 1).copied();
        match (byte, next) {
            (b'$', Some(b'$')) => {
                plain.push(b'$');
                parser.at += 2;
            }
            (b'$', Some(next)) if next == b'(' || next == b'?' || is_name(next) => {
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain).into()));
                }
                pieces.push(Piece::Var(Rc::new(parser.var(false)?)));
            }
            _ => {
                plain.push(byte);
                parser.at += 1;
            }
        }
    }
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain.into()));
    }
    Ok(Format(pieces))
}

struct Parser<'t> {
    text: &'t [u8],
    at: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> Result<(), PvError> {
        if self.peek() != Some(byte) {
            return Err(self.stop());
        }
        self.at += 1;
        Ok(())
    }

    fn stop(&self) -> PvError {
        PvError::Syntax { at: self.at }
    }

    fn take_while(&mut self, is: impl Fn(u8) -> bool) -> &'t [u8] {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let len = rest.iter().take_while(|byte| is(**byte)).count();
        self.at += len;
        rest.get(..len).unwrap_or_default()
    }

    /// What stands in brackets, the cursor on the first of them.
    fn bracketed(&mut self, open: u8, close: u8) -> Result<&'t [u8], PvError> {
        self.eat(open)?;
        let start = self.at;
        let mut depth = 1_usize;
        while let Some(byte) = self.peek() {
            depth = match byte {
                byte if byte == open => depth + 1,
                byte if byte == close => depth - 1,
                _ => depth,
            };
            self.at += 1;
            if depth == 0 {
                return Ok(self.text.get(start..self.at - 1).unwrap_or_default());
            }
        }
        Err(self.stop())
    }

    /// A variable, the cursor on its `$`.
    fn var(&mut self, whole: bool) -> Result<Var, PvError> {
        if self.depth >= DEEPEST {
            return Err(PvError::Depth { most: DEEPEST });
        }
        self.eat(b'$')?;
        let enclosed = self.peek() == Some(b'(');
        if enclosed {
            self.at += 1;
        }
        let class = self.class()?;
        let mut index = IndexText::Fixed(Index::None);
        if (enclosed || whole) && self.peek() == Some(b'[') {
            let text = self.bracketed(b'[', b']')?;
            index = self.index(text)?;
        }
        let mut steps = Vec::new();
        if enclosed {
            while self.peek() == Some(b'{') {
                let text = self.bracketed(b'{', b'}')?;
                steps.push(self.step(text)?);
            }
            self.eat(b')')?;
        }
        Ok(Var { class, index, steps })
    }

    /// Name and inner name.
    fn class(&mut self) -> Result<Class, PvError> {
        let mut name = self.take_while(is_name);
        while let Some(rest) = name.strip_suffix(b".") {
            name = rest; // the end of a sentence
            self.at -= 1;
        }
        if name.is_empty() {
            return Err(self.stop());
        }
        let unknown = || PvError::Name { name: name.to_str_lossy().into_owned() };
        if self.peek() != Some(b'(') {
            return names::plain(name).map(Class::Plain).ok_or_else(unknown);
        }
        let Some(named) = names::named(name) else {
            // `$fU(x)` in a format is a variable and a text.
            return names::plain(name).map(Class::Plain).ok_or_else(unknown);
        };
        let text = self.bracketed(b'(', b')')?.to_str_lossy().into_owned();
        let depth = self.depth + 1;
        let format = match named.shape {
            Shape::Text => format_at(text.as_bytes(), depth)?,
            Shape::Arrow => format_at(text.split_once("=>").map_or("", |(_, key)| key).as_bytes(), depth)?,
            Shape::Variable => {
                let text = text.trim().trim_start_matches('$');
                let var = variable_at(format!("${text}").as_bytes(), depth)?;
                Format(vec![Piece::Var(Rc::new(var))])
            }
        };
        let inner = Inner { name: named.name, text, format };
        (named.make)(inner).map(Class::Made)
    }

    fn index(&self, text: &[u8]) -> Result<IndexText, PvError> {
        match text {
            b"*" => Ok(IndexText::Fixed(Index::All)),
            [b'$', ..] => Ok(IndexText::Of(Rc::new(variable_at(text, self.depth + 1)?))),
            _ => {
                let number = text.to_str().ok().and_then(|digits| digits.trim().parse().ok());
                number.map(|at| IndexText::Fixed(Index::At(at))).ok_or_else(|| self.stop())
            }
        }
    }

    fn step(&self, text: &[u8]) -> Result<Step, PvError> {
        let (name, args) = match text.find_byte(b',') {
            Some(comma) => (&text[..comma], Some(&text[comma + 1..])),
            None => (text, None),
        };
        let unknown = || PvError::Transformation { name: name.to_str_lossy().into_owned() };
        let transformation = trans::find(name.trim_ascii()).ok_or_else(unknown)?;
        let texts = args.map(|args| split(args, &transformation)).unwrap_or_default();
        let (least, most) = transformation.args;
        if texts.len() < least || texts.len() > most {
            return Err(unknown());
        }
        let args = texts.into_iter().map(|arg| format_at(arg, self.depth + 1));
        Ok(Step { transformation, args: args.collect::<Result<_, _>>()? })
    }
}

/// Arguments are parted by commas; the last one that a transformation takes may have commas in it.
fn split<'t>(args: &'t [u8], transformation: &Transformation) -> Vec<&'t [u8]> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, byte) in args.iter().enumerate() {
        match byte {
            b'(' | b'{' => depth += 1,
            b')' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 && parts.len() + 1 < transformation.args.1 => {
                parts.push(&args[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&args[start..]);
    parts
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'?')
}
