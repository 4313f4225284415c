//! Names of transactions and branches, and how a branch is written into a Via.
//!
//! ```text
//! Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK 1f40 . 9c0e11d2 . 0 . 5be1a07c . 77a0c1f2d3e4b596
//!                                           index  label    branch loop hash  mac
//! ```
//!
//! All numbers are hexadecimal; the spaces are for the eye. The index says which stripe and which
//! slot, the label which tenant of that slot, so a response finds its branch without a search. The
//! mac is keyed: a branch that we did not write, or wrote before the last start, does not resolve.

use std::fmt;

use crate::secret::Secret;

/// One transaction of a [`Table`](crate::Table).
///
/// Names one tenant of one slot: when the transaction has ended, its id resolves to nothing, and
/// never to the next tenant. The two numbers are what Kamailio calls `hash_index` and `label`
/// (`$T(id_index)`, `$T(id_label)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransactionId {
    /// `slot << stripe_bits | stripe`.
    pub index: u32,
    /// The generation of the slot.
    pub label: u32,
}

impl TransactionId {
    /// The stripe (the table) that holds this transaction, when there are `1 << stripe_bits` of them.
    pub fn stripe(self, stripe_bits: u32) -> usize {
        (u64::from(self.index) & ((1 << stripe_bits) - 1)) as usize
    }

    /// The slot within its table.
    pub(crate) fn slot(self, stripe_bits: u32) -> u32 {
        (u64::from(self.index) >> stripe_bits) as u32
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.index, self.label)
    }
}

/// One branch of a transaction: one copy of the request that went downstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BranchId {
    /// The transaction that the branch belongs to.
    pub transaction: TransactionId,
    /// Its number there, from 0.
    pub branch: u16,
}

impl BranchId {
    /// Writes this branch as the value of a Via `branch` parameter.
    ///
    /// `loop_hash` is the caller's: a hash over what makes a second visit of a request a loop
    /// (RFC 3261 16.6 step 8); it comes back from [`BranchId::from_via`].
    pub fn to_via(self, loop_hash: u32, secret: &Secret) -> ViaBranch {
        let mut out = ViaBranch { text: [0; ViaBranch::LONGEST], len: 0 };
        out.push(MAGIC);
        out.push_hex(u64::from(self.transaction.index), 1);
        out.push(b".");
        out.push_hex(u64::from(self.transaction.label), 1);
        out.push(b".");
        out.push_hex(u64::from(self.branch), 1);
        out.push(b".");
        out.push_hex(u64::from(loop_hash), 1);
        out.push(b".");
        out.push_hex(self.mac(loop_hash, secret), 16);
        out
    }

    /// Reads a Via `branch` parameter back: the branch and the loop hash.
    ///
    /// `None` when it is not of our making: another's form, forged, or written with another secret.
    pub fn from_via(branch: &[u8], secret: &Secret) -> Option<(BranchId, u32)> {
        let rest = branch.strip_prefix(MAGIC)?;
        let mut parts = rest.split(|&byte| byte == b'.');
        let index = hex(parts.next()?, 8)? as u32;
        let label = hex(parts.next()?, 8)? as u32;
        let number = hex(parts.next()?, 4)? as u16;
        let loop_hash = hex(parts.next()?, 8)? as u32;
        let mac = parts.next().filter(|mac| mac.len() == 16)?;
        let mac = hex(mac, 16)?;
        if parts.next().is_some() {
            return None;
        }
        let id = BranchId { transaction: TransactionId { index, label }, branch: number };
        (id.mac(loop_hash, secret) == mac).then_some((id, loop_hash))
    }

    fn mac(self, loop_hash: u32, secret: &Secret) -> u64 {
        let mut text = [0; 14];
        text[0..4].copy_from_slice(&self.transaction.index.to_be_bytes());
        text[4..8].copy_from_slice(&self.transaction.label.to_be_bytes());
        text[8..10].copy_from_slice(&self.branch.to_be_bytes());
        text[10..14].copy_from_slice(&loop_hash.to_be_bytes());
        secret.mac(b"via", &text)
    }
}

impl fmt::Display for BranchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.transaction, self.branch)
    }
}

/// What every RFC 3261 branch starts with (8.1.1.7).
const MAGIC: &[u8] = b"z9hG4bK";

/// A Via `branch` parameter of ours, in place: no allocation.
#[derive(Clone, Copy)]
pub struct ViaBranch {
    text: [u8; Self::LONGEST],
    len: u8,
}

impl ViaBranch {
    const LONGEST: usize = 7 + 8 + 1 + 8 + 1 + 4 + 1 + 8 + 1 + 16;

    /// The text as `str`: letters, digits and dots only.
    pub fn as_str(&self) -> &str {
        // What was pushed is ASCII; the default is never met.
        std::str::from_utf8(self.as_ref()).unwrap_or_default()
    }

    fn push(&mut self, text: &[u8]) {
        for &byte in text {
            self.text[usize::from(self.len)] = byte;
            self.len += 1;
        }
    }

    fn push_hex(&mut self, value: u64, digits: u32) {
        let needed = (64 - value.leading_zeros()).div_ceil(4).max(digits);
        for place in (0..needed).rev() {
            self.push(&[b"0123456789abcdef"[(value >> (place * 4) & 15) as usize]]);
        }
    }
}

impl AsRef<[u8]> for ViaBranch {
    fn as_ref(&self) -> &[u8] {
        &self.text[..usize::from(self.len)]
    }
}

impl fmt::Display for ViaBranch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ViaBranch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ViaBranch").field(&self.as_str()).finish()
    }
}

/// Reads 1 to `most` lower-case hexadecimal digits.
fn hex(text: &[u8], most: usize) -> Option<u64> {
    if text.is_empty() || text.len() > most {
        return None;
    }
    text.iter().try_fold(0u64, |sum, &byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        Some(sum << 4 | u64::from(digit))
    })
}

/// The stripe of a request: one of `1 << stripe_bits`.
///
/// By Call-ID and CSeq number, so that an INVITE, its ACK and its CANCEL meet in one table. Keyed, so that no sender
/// can fill one table, or crowd its lock, by a choice of Call-IDs.
pub fn stripe_of(secret: &Secret, call_id: &[u8], cseq: u32, stripe_bits: u32) -> usize {
    let hash = secret.digest().part(call_id).number(cseq).finish();
    (hash as u64 & ((1 << stripe_bits) - 1)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        Secret::new([7; 16])
    }

    fn branch(index: u32, label: u32, branch: u16) -> BranchId {
        BranchId { transaction: TransactionId { index, label }, branch }
    }

    #[test]
    fn branch_is_read_back_from_its_via() {
        for id in [branch(0, 0, 0), branch(0x1f40, 0x9c0e_11d2, 3), branch(u32::MAX, u32::MAX, u16::MAX)] {
            for loop_hash in [0, 1, u32::MAX] {
                let via = id.to_via(loop_hash, &secret());
                assert_eq!(BranchId::from_via(via.as_ref(), &secret()), Some((id, loop_hash)));
            }
        }
    }

    #[test]
    fn changed_branch_does_not_resolve() {
        let via = branch(5, 6, 1).to_via(9, &secret());
        for at in 0..via.as_ref().len() {
            let mut forged = via.as_ref().to_vec();
            forged[at] = if forged[at] == b'1' { b'2' } else { b'1' };
            assert_eq!(BranchId::from_via(&forged, &secret()), None, "byte {at}");
        }
    }

    #[test]
    fn branch_of_another_secret_does_not_resolve() {
        let via = branch(5, 6, 1).to_via(9, &secret());
        assert_eq!(BranchId::from_via(via.as_ref(), &Secret::new([8; 16])), None);
    }

    #[test]
    fn foreign_branches_are_not_ours() {
        for text in
            ["", "z9hG4bK", "z9hG4bK776asdhds", "z9hG4bK1.2.3.4", "1", "z9hG4bK....", "z9hG4bK1.2.3.4.5.6"]
        {
            assert_eq!(BranchId::from_via(text.as_bytes(), &secret()), None, "{text}");
        }
    }

    #[test]
    fn index_holds_slot_and_stripe() {
        let id = TransactionId { index: 41 << 8 | 17, label: 0 };
        assert_eq!((id.stripe(8), id.slot(8)), (17, 41));
        assert_eq!((id.stripe(0), id.slot(0)), (0, id.index));
    }

    #[test]
    fn call_ids_spread_over_the_stripes() {
        let mut seen = [0; 256];
        for call in 0..25_600 {
            seen[stripe_of(&secret(), format!("{call}@example").as_bytes(), 1, 8)] += 1;
        }
        assert!(seen.iter().all(|&count| (40..200).contains(&count)), "{seen:?}");
    }

    #[test]
    fn call_ids_that_share_a_stripe_here_are_spread_elsewhere() {
        let (here, elsewhere) = (secret(), Secret::new([8; 16]));
        let ids = (0..25_600).map(|call| format!("{call}@example"));
        let chosen: Vec<_> = ids.filter(|id| stripe_of(&here, id.as_bytes(), 1, 8) == 0).collect();
        let met = chosen.iter().filter(|id| stripe_of(&elsewhere, id.as_bytes(), 1, 8) == 0).count();
        assert!(chosen.len() > 40 && met < chosen.len() / 4, "{met} of {}", chosen.len());
    }
}
