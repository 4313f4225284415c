//! The header table: where each header line stands, in the order of the message.
//!
//! A slot is 16 bytes and holds no text. Its line is in one of two buffers, [`Origin`]: the bytes
//! as received, or the text of the edits. So a table is copied by copying bytes.

use smallvec::SmallVec;

use crate::name::NameId;

/// Which buffer a line is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The bytes as received.
    Wire,
    /// The text of the edits.
    Own,
}

/// One header line, folded lines included.
///
/// ```text
/// Call-ID :  a84b4c76e66710\r\n
/// ^start     ^value            ^end
/// <-----> name_len
/// ```
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    /// First byte of the name.
    pub(crate) start: u32,
    /// First byte of the value that is no white space.
    pub(crate) value: u32,
    /// After the CRLF.
    pub(crate) end: u32,
    /// Length of the name.
    pub(crate) name_len: u16,
    /// Which header it is.
    pub(crate) id: NameId,
    /// Which buffer `start`, `value` and `end` are offsets of.
    pub(crate) origin: Origin,
}

impl Slot {
    /// The same line at another place.
    pub(crate) fn moved_to(self, start: u32, origin: Origin) -> Self {
        Self {
            start,
            value: start + (self.value - self.start),
            end: start + (self.end - self.start),
            origin,
            ..self
        }
    }
}

/// Inline slots: more headers than this cost one allocation. Four more than 24, for what a proxy adds.
pub(crate) const INLINE: usize = 28;

/// The header table.
pub(crate) type Slots = SmallVec<[Slot; INLINE]>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_sixteen_bytes() {
        assert_eq!(size_of::<Slot>(), 16);
    }
}
