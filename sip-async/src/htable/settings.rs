//! What a table is declared with.

use std::time::{Duration, Instant};

use crate::declaration::{self, DeclarationError};

/// The rules of a table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TableSettings {
    /// `size`: the table has 2^size locks, of which 2 to 6 make sense. How many items fit does not hang on it.
    pub size: u32,
    /// `autoexpire`: how long an item lives; `None`: for ever, if it is not told otherwise.
    pub autoexpire: Option<Duration>,
    /// `updateexpire`: whether an update lets an item live its whole time again.
    pub updateexpire: bool,
    /// `initval`: the number that an absent item stands for.
    pub initval: Option<i64>,
    /// Most items.
    pub max_items: usize,
    /// Most bytes: keys, strings and [`TableSettings::ITEM_BYTES`] an item.
    pub max_bytes: usize,
}

impl Default for TableSettings {
    /// 16 locks, nothing expires, updates renew, no `initval`, 4,194,304 items, 1 GiB.
    fn default() -> Self {
        Self {
            size: 4,
            autoexpire: None,
            updateexpire: true,
            initval: None,
            max_items: 1 << 22,
            max_bytes: 1 << 30,
        }
    }
}

const KNOWN: &str = "size, autoexpire, updateexpire, initval, maxitems, maxbytes";
const SECONDS: &str = "a number of seconds, 0 for never";
const ITEMS: &str = "a number of items from 1 to 4294967295";

impl TableSettings {
    /// What an item counts beside its key and string: its slot, its place in the index and the expiry queue,
    /// and what the allocator adds.
    pub const ITEM_BYTES: usize = 112;

    /// Reads a declaration: `name=>size=N;autoexpire=S;initval=V;updateexpire=0|1`, and of this crate
    /// `maxitems=N;maxbytes=N`. All settings may be left out.
    ///
    /// `autoexpire` is in seconds; 0 is never. `size` is a number of locks as in [`TableSettings::size`]; values
    /// out of range are taken as the nearest, as Kamailio does. The name comes first in the result.
    ///
    /// # Errors
    ///
    /// A name or value that does not suit, and every setting that does not exist. `dbmode=0` and
    /// `dmqreplicate=0` ask for nothing and are accepted; the others of Kamailio's that need a database or
    /// other servers are [`DeclarationError::Unsupported`].
    pub fn parse(declaration: &str) -> Result<(&str, Self), DeclarationError> {
        let unnamed =
            || DeclarationError::Name { declaration: declaration.into(), expected: "NAME=>SETTING=VALUE;.." };
        let (name, settings) = declaration.split_once("=>").ok_or_else(unnamed)?;
        let name = declaration::proper_name(name.trim()).ok_or_else(unnamed)?;
        let mut rules = Self::default();
        for setting in declaration::settings(settings)? {
            match setting.name {
                "size" => {
                    let size =
                        setting.number(u64::from(u32::MAX), "a number, 2 to the power of which are slots")?;
                    rules.size = u32::try_from(size).unwrap_or(u32::MAX);
                }
                "autoexpire" => {
                    let seconds = setting.number(u64::from(u32::MAX), SECONDS)?;
                    rules.autoexpire = (seconds > 0).then(|| Duration::from_secs(seconds));
                }
                "updateexpire" => rules.updateexpire = setting.number(1, "0 or 1")? == 1,
                "initval" => {
                    rules.initval = Some(setting.value.parse().map_err(|_| setting.wrong("an integer"))?);
                }
                "maxitems" => {
                    let items = setting.number(u64::from(u32::MAX), ITEMS)?;
                    let items = usize::try_from(items).ok().filter(|&items| items > 0);
                    rules.max_items = items.ok_or_else(|| setting.wrong(ITEMS))?;
                }
                "maxbytes" => {
                    let bytes = setting.number(1 << 40, "a number of bytes up to 2^40")?;
                    rules.max_bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
                }
                "dbmode" | "dmqreplicate" => setting.must_be_off()?,
                "dbtable" | "cols" | "coldelim" | "colnull" | "reloadat" => return Err(setting.unsupported()),
                _ => return Err(setting.unknown(KNOWN)),
            }
        }
        Ok((name, rules))
    }

    /// How many shards.
    pub(crate) fn shards(&self) -> usize {
        1 << self.size.clamp(2, 6)
    }

    /// The end of an item that is written now, without a word about its time.
    pub(crate) fn due(&self, now: Instant) -> Due {
        let at = self.autoexpire.and_then(|lifetime| now.checked_add(lifetime));
        Due { at, renew: self.updateexpire && self.autoexpire.is_some() }
    }
}

/// When an item that is written ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Due {
    /// The end of a new item; `None`: never.
    pub(crate) at: Option<Instant>,
    /// Whether it is the end of an item that exists, too.
    pub(crate) renew: bool,
}
