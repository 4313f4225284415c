//! A message to bytes: one pass, untouched neighbours as one block.

use bytes::Bytes;

use crate::message::slots::{Origin, Slots};
use crate::message::{Body, Message};
use crate::span::Span;

impl Message {
    /// The message as it goes on the wire.
    ///
    /// Not copied if nothing was changed: then it is the bytes as received.
    pub fn to_bytes(&self) -> Bytes {
        if self.is_as_received() {
            return self.wire.clone();
        }
        let mut out = Vec::with_capacity(self.encoded_len());
        self.write_to(&mut out);
        Bytes::from(out)
    }

    /// Appends the message, as it goes on the wire, to `out`.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        self.blocks(|block| out.extend_from_slice(block));
    }

    /// How many bytes [`Self::write_to`] appends.
    pub fn encoded_len(&self) -> usize {
        let mut len = 0;
        self.blocks(|block| len += block.len());
        len
    }

    /// The same message in memory of its own, not a byte larger than it needs to be.
    ///
    /// A received message shares the buffer that it was received in. What is kept longer than the
    /// moment is kept like this, so that one message does not hold a whole slab.
    #[must_use]
    pub fn compact(&self) -> Self {
        let mut out = Vec::with_capacity(self.encoded_len());
        self.write_to(&mut out);
        let start = self.start.moved_to(0, Origin::Wire);
        let mut at = start.line.end;
        let slots: Slots = self
            .slots
            .iter()
            .map(|slot| {
                let moved = slot.moved_to(at, Origin::Wire);
                at = moved.end;
                moved
            })
            .collect();
        Self::from_parts(Bytes::from(out), start, slots, at + 2)
    }

    /// Whether every line and the body stand where they were received.
    fn is_as_received(&self) -> bool {
        // An edit that is still there wrote something; so did a start line or body of one's own.
        if !self.own.is_empty() {
            return false;
        }
        let mut blocks = 0;
        let mut len = 0;
        self.blocks(|block| {
            blocks += 1;
            len += block.len();
        });
        blocks == 1 && len == self.wire.len() && self.start.origin == Origin::Wire
    }

    /// Hands out the message in pieces, each as long as it can be.
    fn blocks<'m>(&'m self, mut take: impl FnMut(&'m [u8])) {
        let mut run = self.start.line;
        let mut origin = self.start.origin;
        for slot in &self.slots {
            if slot.origin == origin && slot.start == run.end {
                run.end = slot.end;
            } else {
                take(self.text(origin, run));
                origin = slot.origin;
                run = Span { start: slot.start, end: slot.end };
            }
        }
        match &self.body {
            // The empty line and the body as received come right behind.
            Body::Wire(body) if origin == Origin::Wire && run.end + 2 == *body => {
                take(self.wire.get(run.start as usize..).unwrap_or_default());
            }
            _ => {
                take(self.text(origin, run));
                take(b"\r\n");
                take(self.body());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::parse::limits::Limits;
    use crate::parse::parse;

    use super::*;

    fn read(wire: &'static str) -> Message {
        parse(Bytes::from_static(wire.as_bytes()), &Limits::default()).expect("message")
    }

    const WIRE: &str = "A b:c SIP/2.0\r\nv : 1\r\nS:\r\n x\r\nl: 2\r\n\r\nab";

    #[test]
    fn an_unchanged_message_is_not_copied() {
        let msg = read(WIRE);
        assert_eq!(msg.to_bytes(), WIRE);
        assert_eq!(msg.to_bytes().as_ptr(), WIRE.as_ptr());
        assert_eq!(msg.encoded_len(), WIRE.len());
    }

    #[test]
    fn untouched_neighbours_leave_as_one_block() {
        let mut msg = read(WIRE);
        msg.unchecked().prepend("Via", "2").expect("edit");
        let mut blocks = Vec::new();
        msg.blocks(|block| blocks.push(block.to_vec()));
        assert_eq!(blocks, [&WIRE.as_bytes()[..15], b"Via: 2\r\n", &WIRE.as_bytes()[15..]]);
    }

    #[test]
    fn a_compact_message_is_the_same_in_its_own_memory() {
        let mut msg = read(WIRE);
        msg.unchecked().prepend("Via", "2").expect("edit");
        msg.set_request_uri("sip:new").expect("edit");
        msg.remove("S");
        let compact = msg.compact();
        assert_eq!(compact.to_bytes(), msg.to_bytes());
        assert!(compact.is_as_received() && compact.own.is_empty());
        assert_eq!(compact.request_uri(), Some("sip:new".into()));
        assert_eq!(compact.values("v").collect::<Vec<_>>(), ["2", "1"]);
        assert_eq!(compact.body(), b"ab");
    }
}
