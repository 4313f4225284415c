//! The table `address`: groups of addresses.

use sip_async::sql::{Database, Value};
use sip_modules::permissions::{Addresses, Entry};

use crate::store::error::StoreError;

/// Address groups in the table `address` of a database, as Kamailio lays it out.
#[derive(Clone, Debug)]
pub struct AddressTable {
    database: Database,
}

impl AddressTable {
    /// The table of this database.
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// All rows, in the order of their ids, for [`Shared::set_addresses`](crate::Shared::set_addresses). What is no
    /// address is a name; a row that says nothing sensible is left out and logged.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: the database cannot be asked now. What was read before goes on to count.
    pub async fn load(&self) -> Result<Addresses, StoreError> {
        let sql = "SELECT id, grp, ip_addr, mask, port, tag FROM address ORDER BY id";
        let rows = self.database.query(sql, vec![]).await?;
        let mut list = Addresses::new();
        for row in rows.iter() {
            if add(&mut list, row).is_none() {
                let id = row.first().map(|id| id.to_text().into_owned());
                tracing::warn!(id, "a row of address says no address");
            }
        }
        Ok(list)
    }
}

fn add(list: &mut Addresses, row: &[Value]) -> Option<()> {
    let [_, group, ip, bits, port, tag] = row else { return None };
    let (group, port) = (u32::try_from(group.as_int()?).ok()?, u16::try_from(port.as_int()?).ok()?);
    let entry = Entry { group, port, tag: tag.to_text().as_bytes().into() };
    let text = ip.to_text();
    let text = text.trim();
    let Ok(ip) = text.parse::<std::net::IpAddr>() else {
        let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        let is_any =
            !text.is_empty() && text.bytes().all(is_name) && text.bytes().any(|b| b.is_ascii_alphabetic());
        return is_any.then(|| list.add_name(text.as_bytes(), entry));
    };
    let most = if ip.is_ipv4() { 32 } else { 128 };
    let bits = u8::try_from(bits.as_int()?).ok().filter(|bits| *bits <= most)?;
    list.add(ip, bits, entry);
    Some(())
}
