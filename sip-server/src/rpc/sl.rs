//! `sl.stats`: replies that were sent without state, by status.

use serde_json::{Map, Value as Json};
use sip_async::jsonrpc::Commands;

use crate::shared::Shared;

/// Those that are told one by one.
const CODES: [u16; 14] = [200, 202, 300, 301, 302, 400, 401, 403, 404, 407, 408, 483, 500, 503];

pub(super) fn register(commands: &Commands<Shared>) {
    commands.add("sl.stats", "replies without state, by status", |shared, _| {
        let sent = |first, last| shared.sum(|worker| worker.counts.stateless.between(first, last));
        let mut stats: Map<String, Json> =
            CODES.iter().map(|code| (code.to_string(), sent(*code, *code).into())).collect();
        for class in 1..=6 {
            stats.insert(format!("{class}xx"), sent(class * 100, class * 100 + 99).into());
        }
        stats.insert("sent".into(), sent(100, 699).into());
        Ok(stats.into())
    });
}
