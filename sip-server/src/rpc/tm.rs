//! `tm.*`: transactions.

use serde_json::{Value as Json, json};
use sip_async::jsonrpc::Commands;
use sip_core::{HeaderName, StatusCode};
use sip_transaction::{Table, TransactionId};

use crate::shared::Shared;

use super::args::text;

/// Most transactions in a list.
const MOST: usize = 10_000;

pub(super) fn register(commands: &Commands<Shared>) {
    commands.add("tm.stats", "counts of transactions and replies", |shared, _| {
        let (now, tm) = (shared.stats(), shared.tm_counters());
        Ok(json!({
            "current": now.unfinished,
            "waiting": now.transactions - now.unfinished,
            "total": tm.created,
            "total_local": tm.originated,
            "rpl_received": tm.responses,
            "rpl_generated": tm.replies_generated,
            "rpl_sent": tm.replies_sent,
            "6xx": tm.completed[6],
            "5xx": tm.completed[5],
            "4xx": tm.completed[4],
            "3xx": tm.completed[3],
            "2xx": tm.completed[2],
            "created": tm.created,
            "freed": tm.created.saturating_sub(now.transactions),
            "delayed_free": 0,
        }))
    });
    commands.add("tm.list", "the transactions there are, at most 10,000", |shared, _| {
        let list = shared.stripes().sum(Vec::new(), |mut list: Vec<Json>, stripe| {
            let room = MOST.saturating_sub(list.len());
            list.extend(stripe.table.ids().take(room).filter_map(|id| one(&stripe.table, id)));
            list
        });
        Ok(list.into())
    });
}

fn one(table: &Table, id: TransactionId) -> Option<Json> {
    let request = table.request(id)?;
    let header = |name| text(request.header(name).unwrap_or_default());
    Some(json!({
        "tindex": id.index,
        "tlabel": id.label,
        "method": request.method().map(|method| method.to_string()),
        "from": header(HeaderName::From),
        "to": header(HeaderName::To),
        "callid": header(HeaderName::CallId),
        "cseq": header(HeaderName::CSeq),
        "uac_count": table.branch_count(id),
        "last_status": table.last_status(id).map_or(0, StatusCode::code),
        "active": if table.is_open(id) { "yes" } else { "no" },
    }))
}
