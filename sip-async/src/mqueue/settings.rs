//! What a queue is declared with.

use crate::declaration::{self, DeclarationError};

/// What happens to a second item of a key that is in the queue.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum AddMode {
    /// Both stay (`addmode=0`).
    #[default]
    Duplicates,
    /// The old one stays, the new one is left out (`addmode=1`).
    KeepOldest,
    /// The old one goes, the new one stands at the end (`addmode=2`).
    KeepNewest,
}

/// What happens when an item comes to a full queue.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Overflow {
    /// The oldest items go until there is room, as in Kamailio.
    #[default]
    DropOldest,
    /// The new item is refused.
    Refuse,
}

/// The rules of a queue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct QueueSettings {
    /// Most items; `None`: bytes alone are counted.
    pub max_items: Option<usize>,
    /// Most bytes: keys, values and [`QueueSettings::ITEM_BYTES`] an item.
    pub max_bytes: usize,
    /// Two items of one key.
    pub add_mode: AddMode,
    /// A full queue.
    pub overflow: Overflow,
}

impl Default for QueueSettings {
    /// No bound on items, 64 MiB, duplicates allowed, the oldest goes.
    fn default() -> Self {
        Self {
            max_items: None,
            max_bytes: 64 << 20,
            add_mode: AddMode::default(),
            overflow: Overflow::default(),
        }
    }
}

const KNOWN: &str = "name, size, addmode, maxbytes, overflow";
const COUNT: &str = "a number of items, 0 for no bound";

impl QueueSettings {
    /// What an item counts beside its key and value: its place in the queue and two allocations.
    pub const ITEM_BYTES: usize = 64;

    /// Reads a declaration: `name=N;size=S;addmode=A`, and of this crate `maxbytes=B;overflow=drop|refuse`.
    ///
    /// `size` is the number of items (0, the default: no bound), `maxbytes` their bytes (64 MiB).
    /// The name comes first in the result.
    ///
    /// # Errors
    ///
    /// A name or value that does not suit, and every setting that does not exist.
    pub fn parse(declaration: &str) -> Result<(&str, Self), DeclarationError> {
        let mut rules = Self::default();
        let mut name = None;
        for setting in declaration::settings(declaration)? {
            match setting.name {
                "name" => name = declaration::proper_name(setting.value),
                "size" => {
                    let most = usize::try_from(setting.number(u64::from(u32::MAX), COUNT)?).ok();
                    rules.max_items = most.filter(|&most| most > 0);
                }
                "maxbytes" => {
                    let bytes = setting.number(1 << 40, "a number of bytes up to 2^40")?;
                    rules.max_bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
                }
                "addmode" => {
                    rules.add_mode = match setting.value {
                        "0" => AddMode::Duplicates,
                        "1" => AddMode::KeepOldest,
                        "2" => AddMode::KeepNewest,
                        _ => {
                            return Err(setting.wrong("0 (duplicates), 1 (keep oldest) or 2 (keep newest)"));
                        }
                    }
                }
                "overflow" => {
                    rules.overflow = match setting.value {
                        "drop" => Overflow::DropOldest,
                        "refuse" => Overflow::Refuse,
                        _ => return Err(setting.wrong("`drop` (the oldest) or `refuse` (the new one)")),
                    }
                }
                "dbmode" => setting.must_be_off()?,
                _ => return Err(setting.unknown(KNOWN)),
            }
        }
        let missing = || DeclarationError::Name { declaration: declaration.into(), expected: "name=NAME;.." };
        Ok((name.ok_or_else(missing)?, rules))
    }
}
