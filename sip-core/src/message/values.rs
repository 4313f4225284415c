//! Looking headers up: the first, all of a name, comma-separated values, everything in order.
//!
//! Values come as they stand in the message, without white space at both ends. A folded value
//! still has its line ends inside: views skip them as the white space that they are, and
//! [`unfold`](crate::unfold) makes one line of it.

use std::slice;

use bstr::BStr;

use crate::ascii::{decimal, is_lws, trim_end};
use crate::message::Message;
use crate::message::slots::Slot;
use crate::name::{HeaderName, NameId};
use crate::scan::quoted::{self, CommaList};
use crate::span::Span;

impl Message {
    /// The value of the first header with this name, as it stands.
    #[inline(always)]
    pub fn header<'n>(&self, name: impl Into<HeaderName<'n>>) -> Option<&BStr> {
        let wanted = Wanted::new(name);
        match wanted.id {
            NameId::OTHER => self.headers(wanted.name).next(),
            id => self.known_header(id),
        }
    }

    /// The value of the first header with this id, which is that of a known name.
    fn known_header(&self, id: NameId) -> Option<&BStr> {
        let slot = self.slots.iter().find(|slot| slot.id == id)?;
        Some(BStr::new(self.slot_value(slot)))
    }

    /// The values of all header lines with this name, in order, each as it stands.
    ///
    /// A line with several comma-separated values is one item: see [`Self::values`].
    pub fn headers<'n>(&self, name: impl Into<HeaderName<'n>>) -> Headers<'_, 'n> {
        Headers { message: self, slots: self.slots.iter(), wanted: Wanted::new(name) }
    }

    /// The comma-separated values of all header lines with this name, in order.
    ///
    /// For headers whose grammar is a list (Via, Route, Contact, Supported ...). Commas in quoted
    /// strings and in angle brackets do not separate; empty elements are left out.
    pub fn values<'n>(&self, name: impl Into<HeaderName<'n>>) -> Values<'_, 'n> {
        Values { lines: self.headers(name), list: CommaList::new(&[]) }
    }

    /// Whether there is a header with this name.
    pub fn has_header<'n>(&self, name: impl Into<HeaderName<'n>>) -> bool {
        self.header(name).is_some()
    }

    /// All header lines in order: the name, the name as written, the value as it stands.
    pub fn iter(&self) -> Iter<'_> {
        Iter { message: self, slots: self.slots.iter() }
    }

    /// What Content-Length says; `None` if the header is missing or is no number.
    pub fn content_length(&self) -> Option<usize> {
        decimal(self.header(HeaderName::ContentLength)?)?.try_into().ok()
    }

    /// The name of a line, as written.
    #[inline]
    pub(crate) fn slot_name(&self, slot: &Slot) -> &[u8] {
        self.text(slot.origin, Span { start: slot.start, end: slot.start + u32::from(slot.name_len) })
    }

    /// The value of a line, without white space at both ends.
    #[inline(always)]
    pub(crate) fn slot_value(&self, slot: &Slot) -> &[u8] {
        match self.text(slot.origin, Span { start: slot.value, end: slot.end }) {
            // Mostly the line end is all the white space there is.
            [value @ .., b'\r', b'\n'] if value.last().is_some_and(|&last| !is_lws(last)) => value,
            text => trim_end(text),
        }
    }
}

/// A name to look for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'n> {
    id: NameId,
    name: HeaderName<'n>,
}

impl<'n> Wanted<'n> {
    #[inline(always)]
    pub(crate) fn new(name: impl Into<HeaderName<'n>>) -> Self {
        let name = name.into();
        Self { id: name.id(), name }
    }

    pub(crate) fn id(&self) -> NameId {
        self.id
    }

    #[inline]
    pub(crate) fn is(&self, message: &Message, slot: &Slot) -> bool {
        slot.id == self.id
            && (self.id != NameId::OTHER
                || message.slot_name(slot).eq_ignore_ascii_case(self.name.canonical()))
    }
}

/// The values of the header lines with one name: [`Message::headers`].
#[derive(Clone, Debug)]
pub struct Headers<'m, 'n> {
    message: &'m Message,
    slots: slice::Iter<'m, Slot>,
    wanted: Wanted<'n>,
}

impl<'m> Iterator for Headers<'m, '_> {
    type Item = &'m BStr;

    fn next(&mut self) -> Option<&'m BStr> {
        let (message, wanted) = (self.message, self.wanted);
        let slot = match wanted.id {
            NameId::OTHER => self.slots.find(|slot| wanted.is(message, slot))?,
            id => self.slots.find(|slot| slot.id == id)?,
        };
        Some(BStr::new(message.slot_value(slot)))
    }
}

/// The comma-separated values of one name: [`Message::values`].
#[derive(Clone, Debug)]
pub struct Values<'m, 'n> {
    lines: Headers<'m, 'n>,
    list: CommaList<'m>,
}

impl<'m> Iterator for Values<'m, '_> {
    type Item = &'m BStr;

    fn next(&mut self) -> Option<&'m BStr> {
        loop {
            if let Some(value) = self.list.next() {
                return Some(value);
            }
            self.list = quoted::comma_list(self.lines.next()?);
        }
    }
}

/// All header lines: [`Message::iter`].
#[derive(Clone, Debug)]
pub struct Iter<'m> {
    message: &'m Message,
    slots: slice::Iter<'m, Slot>,
}

impl<'m> Iterator for Iter<'m> {
    type Item = (HeaderName<'m>, &'m BStr, &'m BStr);

    fn next(&mut self) -> Option<Self::Item> {
        let slot = self.slots.next()?;
        let name = self.message.slot_name(slot);
        Some((HeaderName::from_id(slot.id, name), BStr::new(name), BStr::new(self.message.slot_value(slot))))
    }
}

impl<'m> IntoIterator for &'m Message {
    type Item = (HeaderName<'m>, &'m BStr, &'m BStr);
    type IntoIter = Iter<'m>;

    fn into_iter(self) -> Iter<'m> {
        self.iter()
    }
}
