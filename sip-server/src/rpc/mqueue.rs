//! `mqueue.*`: queues that all workers share.

use serde_json::{Value as Json, json};
use sip_async::Queues;
use sip_async::jsonrpc::{Commands, RpcError};

use crate::shared::Shared;

use super::args::text;

pub(super) fn register(commands: &Commands<Shared>, queues: &Queues) {
    let no_queue = || RpcError::new(404, "no such queue");
    let asked = queues.clone();
    commands.add("mqueue.get_size", "how many items wait in a queue: QUEUE", move |_, params| {
        let name = params.text(0)?;
        let queue = asked.queue(&name).ok_or_else(no_queue)?;
        Ok(json!({ "name": name, "size": queue.len() }))
    });
    let all = queues.clone();
    commands.add("mqueue.get_sizes", "how many items wait in each queue", move |_, _| {
        Ok(Json::Array(
            all.iter().map(|(name, queue)| json!({ "name": name, "size": queue.len() })).collect(),
        ))
    });
    let asked = queues.clone();
    commands.add("mqueue.fetch", "takes the next item out of a queue: QUEUE", move |_, params| {
        let queue = asked.queue(&params.text(0)?).ok_or_else(no_queue)?;
        let item = queue.try_fetch().ok_or_else(|| RpcError::new(404, "the queue is empty"))?;
        Ok(json!({ "key": text(&item.key), "value": text(&item.value) }))
    });
}
