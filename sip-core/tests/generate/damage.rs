//! Small changes to bytes that were a message.

use proptest::prelude::*;

/// A small change at a random place.
#[derive(Clone, Debug)]
pub(crate) enum Damage {
    Set(prop::sample::Index, u8),
    Insert(prop::sample::Index, u8),
    Remove(prop::sample::Index),
}

/// Any change, with a liking for what the grammar is made of.
pub(crate) fn damage() -> impl Strategy<Value = Damage> {
    let byte = prop_oneof![prop::sample::select(b"\r\n: \t\0\x01,\"<>l0-".to_vec()), any::<u8>()];
    let at = any::<prop::sample::Index>();
    (0..3, at, byte).prop_map(|(kind, at, byte)| match kind {
        0 => Damage::Set(at, byte),
        1 => Damage::Insert(at, byte),
        _ => Damage::Remove(at),
    })
}

/// `wire` after all these changes; never empty.
pub(crate) fn damaged(mut wire: Vec<u8>, all: Vec<Damage>) -> Vec<u8> {
    for one in all.into_iter().take(wire.len().saturating_sub(1)) {
        match one {
            Damage::Set(at, byte) => {
                let at = at.index(wire.len());
                wire[at] = byte;
            }
            Damage::Insert(at, byte) => wire.insert(at.index(wire.len()), byte),
            Damage::Remove(at) => {
                wire.remove(at.index(wire.len()));
            }
        }
    }
    wire
}
