//! Walks through the header lines of a message: `hf_iterator_*`.

use bstr::BStr;
use sip_core::Message;

use crate::hdr::lines;
use crate::textops::draft::{Draft, Line};
use crate::textops::error::TextopsError;

/// Where a walk through header lines stands. It may change the message; if others do meanwhile, it goes on at the same
/// number of line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Walk {
    /// The line that it stands on.
    on: Option<usize>,
    /// The line that is next.
    next: usize,
}

impl Walk {
    /// Before the first line.
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes to the next line. `false`: there is none, the walk is over.
    pub fn step(&mut self, msg: &Message) -> bool {
        self.on = Some(self.next).filter(|next| *next < msg.iter().count());
        self.next += usize::from(self.on.is_some());
        self.on.is_some()
    }

    /// Goes to the line before. `false`: there is none.
    pub fn step_back(&mut self, msg: &Message) -> bool {
        let before = self.on.unwrap_or(self.next).checked_sub(1);
        self.on = before.filter(|before| *before < msg.iter().count());
        self.next = self.on.map_or(0, |on| on + 1);
        self.on.is_some()
    }

    /// Name and value of the line that it stands on.
    pub fn line<'m>(&self, msg: &'m Message) -> Option<(&'m BStr, &'m BStr)> {
        msg.iter().nth(self.on?).map(|(_, name, value)| (name, value))
    }

    /// Takes the line away that it stands on; the next one is the one behind it. `false`: it stands on none.
    ///
    /// # Errors
    ///
    /// What is left is no message.
    pub fn remove(&mut self, msg: &mut Message) -> Result<bool, TextopsError> {
        let mut draft = Draft::of(msg);
        let Some(at) = self.on.filter(|at| *at < draft.lines.len()) else { return Ok(false) };
        draft.lines.remove(at);
        draft.write_to(msg)?;
        *self = Self { on: None, next: at };
        Ok(true)
    }

    /// Puts header lines behind the one that it stands on (`behind`), or before it. It stays where it is, and does not
    /// come to them. `false`: it stands on none, or the text is no header line.
    ///
    /// # Errors
    ///
    /// What comes of it is no message.
    pub fn add(&mut self, msg: &mut Message, text: &[u8], behind: bool) -> Result<bool, TextopsError> {
        let mut draft = Draft::of(msg);
        let (Some(at), Ok(lines)) = (self.on.filter(|at| *at < draft.lines.len()), lines(text)) else {
            return Ok(false);
        };
        let (place, count) = (at + usize::from(behind), lines.len());
        let lines =
            lines.into_iter().map(|(name, value)| Line { name: name.to_vec(), value: value.to_vec() });
        draft.lines.splice(place..place, lines);
        draft.write_to(msg)?;
        self.next += count;
        self.on = Some(if behind { at } else { at + count });
        Ok(true)
    }
}
