//! The buffer that the text of the edits is in.

use std::cell::Cell;
use std::mem;
use std::ops::{Deref, DerefMut};

/// Bytes taken with the first edit: what a proxy adds to a request fits.
const FIRST: usize = 512;

/// What a spare buffer may hold; larger ones are given back.
const SPARE: usize = 8 * 1024;

thread_local! {
    /// The text of a message that is gone, for the next one that is edited on this thread: what a proxy changes
    /// then costs no allocation.
    static LAST: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// The text of the edits of one message.
#[derive(Debug, Default)]
pub(crate) struct Text(Vec<u8>);

impl Text {
    /// Nothing, and no memory.
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Nothing yet, with room for `len` bytes.
    pub(crate) fn with_room(len: usize) -> Self {
        Self(Vec::with_capacity(len))
    }

    /// Room for at least `len` bytes, in an empty text.
    pub(crate) fn begin(&mut self, len: usize) {
        if self.0.capacity() == 0 {
            self.0 = LAST.try_with(Cell::take).unwrap_or_default();
        }
        self.0.reserve(len.max(FIRST));
    }
}

impl Deref for Text {
    type Target = Vec<u8>;

    #[inline]
    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Text {
    #[inline]
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl Clone for Text {
    #[inline]
    fn clone(&self) -> Self {
        let mut copy = Self::new();
        if !self.0.is_empty() {
            copy.begin(self.0.len());
            copy.0.extend_from_slice(&self.0);
        }
        copy
    }
}

impl Drop for Text {
    #[inline]
    fn drop(&mut self) {
        if (1..=SPARE).contains(&self.0.capacity()) {
            let mut spare = mem::take(&mut self.0);
            spare.clear();
            // Where the thread is at its end, the memory is given back.
            let _ = LAST.try_with(|last| last.set(spare));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_message_that_is_gone_leaves_its_memory_and_nothing_else() {
        let mut first = Text::new();
        first.begin(9);
        first.extend_from_slice(b"something");
        let memory = first.as_ptr();
        drop(first);
        let mut second = Text::new();
        second.begin(1);
        assert_eq!((second.as_ptr(), second.len()), (memory, 0));
        let third = second.clone();
        assert_eq!(third.capacity(), 0, "an empty text takes none");
    }

    #[test]
    fn a_large_buffer_is_given_back() {
        let mut large = Text::new();
        large.begin(SPARE + 1);
        drop(large);
        let mut next = Text::new();
        next.begin(1);
        assert!(next.capacity() <= SPARE, "{}", next.capacity());
    }
}
