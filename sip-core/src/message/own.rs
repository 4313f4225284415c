//! The text of the edits: lines are added at the end, and cleared out when most are garbage.

use std::mem;

use crate::ascii::is_lws;
use crate::error::EditError;
use crate::message::Message;
use crate::message::slots::{Origin, Slot};
use crate::message::start::StartLine;
use crate::message::text::Text;
use crate::name::NameId;

/// Below this many bytes garbage is not worth a thought.
const GARBAGE_FROM: usize = 4096;

impl Message {
    /// Writes the line `name: parts` and returns its slot. Checks nothing but the length.
    pub(crate) fn push_line(&mut self, id: NameId, name: &[u8], parts: &[&[u8]]) -> Result<Slot, EditError> {
        let name_len = u16::try_from(name.len()).map_err(|_| EditError::InvalidName)?;
        let value_len: usize = parts.iter().map(|part| part.len()).sum();
        let start = self.room_for(name.len() + value_len + 4)?;
        let own = &mut self.own;
        own.extend_from_slice(name);
        own.extend_from_slice(b": ");
        let mut value = own.len();
        parts.iter().for_each(|part| own.extend_from_slice(part));
        while value < own.len() && is_lws(own[value]) {
            value += 1;
        }
        own.extend_from_slice(b"\r\n");
        // `room_for` compared the end with the largest offset.
        let value = u32::try_from(value).unwrap_or(u32::MAX);
        let end = self.own_end();
        Ok(Slot { start, value, end, name_len, id, origin: Origin::Own })
    }

    /// Writes a start line and makes it the one of this message; `line` has offsets from 0.
    pub(crate) fn push_start(&mut self, parts: &[&[u8]], line: StartLine) -> Result<(), EditError> {
        let start = self.room_for(parts.iter().map(|part| part.len()).sum())?;
        parts.iter().for_each(|part| self.own.extend_from_slice(part));
        self.start = line.moved_to(start, Origin::Own);
        Ok(())
    }

    fn own_end(&self) -> u32 {
        // `room_for` compared it with the largest offset.
        u32::try_from(self.own.len()).unwrap_or(u32::MAX)
    }

    /// Makes room for `len` more bytes and returns where they go.
    fn room_for(&mut self, len: usize) -> Result<u32, EditError> {
        if self.own.len() + len > self.own.capacity() && self.own.len() >= GARBAGE_FROM {
            self.clear_out();
        }
        u32::try_from(self.own.len() + len).map_err(|_| EditError::TooLong)?;
        if self.own.is_empty() {
            self.own.begin(len);
        } else {
            self.own.reserve(len);
        }
        Ok(self.own_end())
    }

    /// Keeps the lines that are in use, if they are less than half of the text.
    fn clear_out(&mut self) {
        let lines = self.slots.iter().filter(|slot| slot.origin == Origin::Own);
        let live: usize = lines.map(|slot| (slot.end - slot.start) as usize).sum();
        if (live + self.start.line.len()) * 2 > self.own.len() {
            return;
        }
        let old = mem::take(&mut self.own);
        let mut own = Text::with_room(old.len());
        if self.start.origin == Origin::Own {
            own.extend_from_slice(self.start.line.of(&old));
            self.start = self.start.moved_to(0, Origin::Own);
        }
        for slot in self.slots.iter_mut().filter(|slot| slot.origin == Origin::Own) {
            let at = u32::try_from(own.len()).unwrap_or(u32::MAX);
            own.extend_from_slice(&old[slot.start as usize..slot.end as usize]);
            *slot = slot.moved_to(at, Origin::Own);
        }
        self.own = own;
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::parse::limits::Limits;
    use crate::parse::parse;

    #[test]
    fn a_header_replaced_a_thousand_times_does_not_pile_up() {
        let wire = Bytes::from_static(b"A b:c SIP/2.0\r\nS: 1\r\nT: 2\r\n\r\n");
        let mut msg = parse(wire, &Limits::default()).expect("message");
        msg.set_request_uri("sip:first").expect("edit");
        msg.append("X-A", "kept").expect("edit");
        for n in 0..1000 {
            msg.replace("S", format!("{n} {}", "x".repeat(90))).expect("edit");
        }
        assert!(msg.own.capacity() <= 4 * GARBAGE_FROM, "{}", msg.own.capacity());
        assert!(msg.header("s").is_some_and(|value| value.starts_with(b"999 x")));
        assert_eq!(msg.header("x-a"), Some("kept".into()));
        assert_eq!(msg.request_uri(), Some("sip:first".into()));
        assert!(msg.to_bytes().starts_with(b"A sip:first SIP/2.0\r\nSubject: 999"));
    }
}
