//! `{s.md5}` and its kin: sums of texts, as hexadecimal digits or numbers.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::pv::class::{Transformation, text};
use crate::pv::value::Value;

pub(super) const ALL: &[Transformation] = &[
    text("s.md5", (0, 0), |text, _| digits(&Md5::digest(text))),
    text("s.sha1", (0, 0), |text, _| digits(&Sha1::digest(text))),
    text("s.sha256", (0, 0), |text, _| digits(&Sha256::digest(text))),
    text("s.sha384", (0, 0), |text, _| digits(&Sha384::digest(text))),
    text("s.sha512", (0, 0), |text, _| digits(&Sha512::digest(text))),
    text("s.crc32", (0, 0), |text, _| Value::Int(crc32(text).into())),
    text("s.corehash", (0, 1), |text, args| {
        let size = args.first().map(Value::to_int).filter(|size| *size > 0);
        let hash = i64::from(core_hash(text));
        Value::Int(size.map_or(hash, |size| hash % size))
    }),
];

fn digits(sum: &[u8]) -> Value<'static> {
    Value::made(sum.iter().flat_map(|byte| super::code::hex(*byte)).collect::<Vec<_>>())
}

/// The sum of ISO 3309, as Ethernet and zip have it.
fn crc32(text: &[u8]) -> u32 {
    !text.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| sum >> 1 ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 })
    })
}

/// A number for a text: FNV-1a, of 31 bits. It is not Kamailio's, which is nowhere on the wire.
pub(crate) fn core_hash(text: &[u8]) -> u32 {
    let hash =
        text.iter().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    (hash ^ hash >> 31) & 0x7fff_ffff
}
