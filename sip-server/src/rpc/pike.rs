//! `pike.list`: who is blocked.

use serde_json::{Value as Json, json};
use sip_async::jsonrpc::Commands;

use crate::shared::Shared;

pub(super) fn register(commands: &Commands<Shared>) {
    commands.add("pike.list", "the sources that are blocked now", |shared, _| {
        let blocked = shared.pike().blocked(shared.now());
        Ok(blocked.into_iter().map(|ip| json!(ip.to_string())).collect::<Vec<Json>>().into())
    });
}
