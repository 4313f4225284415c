//! `permissions.*`: address groups.

use serde_json::{Value as Json, json};
use sip_async::jsonrpc::{Commands, RpcError};
use sip_modules::permissions::Entry;

use crate::shared::Shared;

/// Most lines of a dump.
const MOST: usize = 100_000;

pub(super) fn register(commands: &Commands<Shared>) {
    commands.add("permissions.addressDump", "the address groups, at most 100,000 lines", |shared, _| {
        let list = shared.addresses();
        let line = |address: String, mask: Option<u8>, entry: &Entry| {
            let tag = String::from_utf8_lossy(&entry.tag);
            json!({ "grp": entry.group, "ip_addr": address, "mask": mask, "port": entry.port, "tag": tag })
        };
        let networks = list.networks().map(|(ip, bits, entry)| line(ip.to_string(), Some(bits), entry));
        let names = list.names().map(|(name, entry)| line(String::from_utf8_lossy(name).into(), None, entry));
        Ok(networks.chain(names).take(MOST).collect::<Vec<Json>>().into())
    });
    commands.add(
        "permissions.addressReload",
        "reads the file of the address groups again; the log says what came of it",
        |shared, _| match shared.reload_addresses() {
            true => Ok(json!("reading")),
            false => Err(RpcError::new(500, "there is no file of addresses, or it is being read")),
        },
    );
}
