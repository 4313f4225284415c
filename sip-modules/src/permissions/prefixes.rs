//! Networks of IPv4 and IPv6, the longest that holds an address first.
//!
//! One map for each length of mask that is there, which are a handful: a look costs as many hashes, however long
//! the list is.

use std::collections::HashMap;
use std::net::IpAddr;

use super::entry::Entry;

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Prefixes {
    v4: Vec<Length>,
    v6: Vec<Length>,
}

/// All networks of one length. Longer ones stand before.
#[derive(Clone, Debug)]
struct Length {
    bits: u8,
    networks: HashMap<u128, Vec<Entry>>,
}

impl Prefixes {
    pub(super) fn add(&mut self, ip: IpAddr, bits: u8, entry: Entry) {
        let (lengths, address, most) = match ip {
            IpAddr::V4(_) => (&mut self.v4, left(ip), 32),
            IpAddr::V6(_) => (&mut self.v6, left(ip), 128),
        };
        let bits = bits.min(most);
        let at = match lengths.binary_search_by(|length| bits.cmp(&length.bits)) {
            Ok(at) => at,
            Err(at) => {
                lengths.insert(at, Length { bits, networks: HashMap::new() });
                at
            }
        };
        if let Some(length) = lengths.get_mut(at) {
            length.networks.entry(address & mask(bits)).or_default().push(entry);
        }
    }

    /// All networks: address, bits, entry. Longer ones first, else in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (IpAddr, u8, &Entry)> {
        let v4 = self.v4.iter().map(|length| (true, length));
        v4.chain(self.v6.iter().map(|length| (false, length))).flat_map(|(is_v4, length)| {
            let networks = length.networks.iter();
            networks.flat_map(move |(network, entries)| {
                let ip = match is_v4 {
                    true => IpAddr::from(((network >> 96) as u32).to_be_bytes()),
                    false => IpAddr::from(network.to_be_bytes()),
                };
                entries.iter().map(move |entry| (ip, length.bits, entry))
            })
        })
    }

    /// The first entry of the longest network that holds an address and has one that fits.
    pub(super) fn find(&self, ip: IpAddr, fits: impl Fn(&Entry) -> bool) -> Option<&Entry> {
        let ip = ip.to_canonical();
        let address = left(ip);
        let lengths = if ip.is_ipv4() { &self.v4 } else { &self.v6 };
        lengths.iter().find_map(|length| {
            let entries = length.networks.get(&(address & mask(length.bits)))?;
            entries.iter().find(|entry| fits(entry))
        })
    }
}

/// The address from the highest bit on.
fn left(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u128::from(u32::from(ip)) << 96,
        IpAddr::V6(ip) => ip.into(),
    }
}

fn mask(bits: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0)
}
