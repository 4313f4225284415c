//! The table `address`: groups of addresses.

use std::net::IpAddr;

use sip_async::sql::{Database, Value};

use crate::store::error::StoreError;

/// One row of `address`: a network that belongs to a group.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AddressRow {
    /// The group.
    pub group: u32,
    /// The address, or the first of the network.
    pub ip: IpAddr,
    /// The length of the network's prefix in bits, at most that of the address.
    pub prefix: u8,
    /// The port; 0: any.
    pub port: u16,
    /// What is told of who comes from there; empty: nothing.
    pub tag: String,
}

/// Address groups in the table `address` of a database, as Kamailio lays it out.
#[derive(Clone, Debug)]
pub struct Addresses {
    database: Database,
}

impl Addresses {
    /// The table of this database.
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// All rows, in the order of their ids. A row that says no network is left out and logged.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: the database cannot be asked now. What was read before goes on to count.
    pub async fn load(&self) -> Result<Vec<AddressRow>, StoreError> {
        let sql = "SELECT id, grp, ip_addr, mask, port, tag FROM address ORDER BY id";
        let rows = self.database.query(sql, vec![]).await?;
        let read = |row: &[Value]| {
            let found = address(row);
            if found.is_none() {
                let id = row.first().map(|id| id.to_text().into_owned());
                tracing::warn!(id, "a row of address says no network");
            }
            found
        };
        Ok(rows.iter().filter_map(read).collect())
    }
}

fn address(row: &[Value]) -> Option<AddressRow> {
    let [_, group, ip, prefix, port, tag] = row else { return None };
    let ip: IpAddr = ip.to_text().trim().parse().ok()?;
    let bits = if ip.is_ipv4() { 32 } else { 128 };
    let prefix = u8::try_from(prefix.as_int()?).ok().filter(|prefix| *prefix <= bits)?;
    Some(AddressRow {
        group: u32::try_from(group.as_int()?).ok()?,
        ip,
        prefix,
        port: u16::try_from(port.as_int()?).ok()?,
        tag: tag.to_text().into_owned(),
    })
}
