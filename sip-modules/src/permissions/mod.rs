//! `permissions`: which addresses may do what, in numbered groups.
//!
//! A list is read once and never changed: a reload makes another one, which takes its place as a whole.

mod entry;
mod prefixes;

use std::collections::HashMap;
use std::net::IpAddr;

use bstr::ByteSlice;

use self::prefixes::Prefixes;

pub use self::entry::Entry;

/// Most lines of a list.
const MOST: usize = 4_000_000;

/// Address groups.
///
/// As text, one address a line, as Kamailio's `address` table and file have it; the fields are apart by blanks:
///
/// ```text
/// # group  address        mask  port  tag
/// 1        192.0.2.7
/// 1        192.0.2.0      24    5060  carrier-a
/// 2        2001:db8::/32
/// 3        gw.example.org 0     0     by-name
/// ```
///
/// A mask that is not there is all bits of the address, a port that is not there or 0 is any. Bits of an address
/// behind its mask do not count. A name is compared as a text, where a script asks for one; nothing is resolved.
#[derive(Clone, Debug, Default)]
pub struct Addresses {
    prefixes: Prefixes,
    names: HashMap<Box<[u8]>, Vec<Entry>>,
    count: usize,
}

/// A line of a list that cannot be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("line {line}: {wrong}")]
pub struct AddressesError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub wrong: &'static str,
}

impl Addresses {
    /// No address at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a list; see [`Addresses`] for its lines.
    ///
    /// # Errors
    ///
    /// The first line that cannot be read. A list has at most 4,000,000 addresses.
    ///
    /// # Examples
    ///
    /// ```
    /// use sip_modules::permissions::Addresses;
    ///
    /// let list = Addresses::parse(b"1 192.0.2.0/24 # the office\n2 2001:db8::1 128 5060 gateway\n")?;
    /// assert!(list.allow_address(1, "192.0.2.77".parse()?, 40_000));
    /// assert_eq!(list.find("2001:db8::1".parse()?, 5060).map(|entry| entry.group), Some(2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn parse(text: &[u8]) -> Result<Self, AddressesError> {
        let mut list = Self::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.split(|&byte| byte == b'#').next().unwrap_or_default();
            if line.trim_ascii().is_empty() {
                continue;
            }
            let wrong = |wrong| AddressesError { line: at + 1, wrong };
            if list.count == MOST {
                return Err(wrong("the list has more than 4,000,000 addresses"));
            }
            list.line(line).map_err(wrong)?;
        }
        Ok(list)
    }

    fn line(&mut self, line: &[u8]) -> Result<(), &'static str> {
        let mut fields = line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
        let group = fields.next().and_then(number).ok_or("a group is a number")?;
        let address = fields.next().ok_or("it has no address")?;
        let mask =
            fields.next().map(|field| number(field).ok_or("a mask is a number of bits")).transpose()?;
        let port = fields.next().map(|field| number(field).ok_or("a port is a number")).transpose()?;
        let port = u16::try_from(port.unwrap_or(0)).map_err(|_| "a port is at most 65535")?;
        let tag = fields.next().unwrap_or_default().into();
        if fields.next().is_some() {
            return Err("it has more than five fields");
        }
        let entry = Entry { group, port, tag };
        let (text, bits) = match address.split_once_str("/") {
            Some((text, bits)) => (text, Some(number(bits).ok_or("a mask is a number of bits")?)),
            None => (address, mask),
        };
        match ip(text) {
            Some(ip) => {
                let most = if ip.is_ipv4() { 32 } else { 128 };
                let bits = u8::try_from(bits.unwrap_or(most)).ok().filter(|bits| u32::from(*bits) <= most);
                self.add(ip, bits.ok_or("the mask has more bits than the address")?, entry);
            }
            None if sip_core::Host::parse(text).is_some() => self.add_name(text, entry),
            None => return Err("it has no address and no name"),
        }
        Ok(())
    }

    /// Adds a network: an address with so many bits that count, at most all.
    pub fn add(&mut self, ip: IpAddr, bits: u8, entry: Entry) {
        self.prefixes.add(ip, bits, entry);
        self.count += 1;
    }

    /// Adds a name.
    pub fn add_name(&mut self, name: &[u8], entry: Entry) {
        self.names.entry(name.to_ascii_lowercase().into()).or_default().push(entry);
        self.count += 1;
    }

    /// How many addresses and names there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// All networks: address, bits that count, line. Longer ones first, else in no order.
    pub fn networks(&self) -> impl Iterator<Item = (IpAddr, u8, &Entry)> {
        self.prefixes.iter()
    }

    /// All names and their lines, in no order.
    pub fn names(&self) -> impl Iterator<Item = (&[u8], &Entry)> {
        self.names.iter().flat_map(|(name, entries)| entries.iter().map(move |entry| (&**name, entry)))
    }

    /// Whether an address is in a group (`allow_address`, `allow_source_address`). Port 0 is any.
    pub fn allow_address(&self, group: u32, ip: IpAddr, port: u16) -> bool {
        self.prefixes.find(ip, |entry| entry.is_for(Some(group), port)).is_some()
    }

    /// What the list says of an address: the line with the longest mask, of several the first
    /// (`allow_address_group`, `allow_source_address_group`). Port 0 is any.
    pub fn find(&self, ip: IpAddr, port: u16) -> Option<&Entry> {
        self.prefixes.find(ip, |entry| entry.is_for(None, port))
    }

    /// The same for a text, which may be a name; `group` `None` is any.
    pub fn find_text(&self, group: Option<u32>, text: &[u8], port: u16) -> Option<&Entry> {
        let bare = text.strip_prefix(b"[").and_then(|text| text.strip_suffix(b"]")).unwrap_or(text);
        match ip(bare) {
            Some(ip) => self.prefixes.find(ip, |entry| entry.is_for(group, port)),
            None => {
                let entries = self.names.get(text.to_ascii_lowercase().as_slice())?;
                entries.iter().find(|entry| entry.is_for(group, port))
            }
        }
    }
}

fn ip(text: &[u8]) -> Option<IpAddr> {
    text.to_str().ok()?.parse().ok()
}

/// Digits alone.
fn number(text: &[u8]) -> Option<u32> {
    text.iter().all(u8::is_ascii_digit).then(|| text.to_str().ok()?.parse().ok()).flatten()
}
