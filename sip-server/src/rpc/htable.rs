//! `htable.*`: tables that all workers share.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use sip_async::jsonrpc::{Commands, Params, RpcError};
use sip_async::{Record, Table, Tables, Value};

use crate::shared::Shared;

use super::args::text;

/// Most items in a dump.
const MOST: usize = 100_000;

pub(super) fn register(commands: &Commands<Shared>, tables: &Tables) {
    let add = |name, help, run: fn(&Shared, &Arc<Table>, &Params) -> Result<Json, RpcError>| {
        let tables = tables.clone();
        commands.add(name, help, move |shared, params| {
            let name = params.text(0)?;
            let table = tables.table(&name).ok_or_else(|| RpcError::new(500, "No such htable"))?;
            run(shared, table, params)
        });
    };
    add("htable.get", "the item of a table: TABLE KEY", |shared, table, params| {
        let key = params.text(1)?;
        let value = table.get(shared.now(), key.as_bytes());
        let value = value.ok_or_else(|| RpcError::new(500, "Key name doesn't exist in htable."))?;
        Ok(json!({ "item": item(key.into_owned(), &value) }))
    });
    add("htable.sets", "sets an item to a text: TABLE KEY TEXT", |shared, table, params| {
        let (key, value) = (params.text(1)?, params.text(2)?);
        set(shared, table, key.as_bytes(), value.as_bytes().into())
    });
    add("htable.seti", "sets an item to a number: TABLE KEY NUMBER", |shared, table, params| {
        let (key, value) = (params.text(1)?, params.int(2)?);
        set(shared, table, key.as_bytes(), value.into())
    });
    add("htable.delete", "takes an item out: TABLE KEY", |shared, table, params| {
        table.rm(shared.now(), params.text(1)?.as_bytes());
        Ok(Json::Null)
    });
    add("htable.flush", "takes all items out: TABLE", |_, table, _| {
        table.reset();
        Ok(Json::Null)
    });
    add("htable.dump", "all items of a table, at most 100,000: TABLE", |shared, table, _| {
        let row = |(number, record): (usize, Record)| json!({ "entry": number, "size": 1, "slot": [item(text(&record.key), &record.value)] });
        Ok(Json::Array(table.iter(shared.now()).take(MOST).enumerate().map(row).collect()))
    });
    let listed = tables.clone();
    commands.add("htable.listTables", "the tables and their settings", move |_, _| {
        let one = |(name, table): (&str, &Arc<Table>)| {
            let settings = table.settings();
            let expire = settings.autoexpire.map_or(0, |time| time.as_secs());
            json!({ "name": name, "expire": expire, "updateexpire": i32::from(settings.updateexpire) })
        };
        Ok(Json::Array(listed.iter().map(one).collect()))
    });
    let counted = tables.clone();
    commands.add("htable.stats", "how many items the tables have", move |_, _| {
        let one = |(name, table): (&str, &Arc<Table>)| json!({ "name": name, "all": table.stats().items });
        Ok(Json::Array(counted.iter().map(one).collect()))
    });
}

fn set(shared: &Shared, table: &Table, key: &[u8], value: Value) -> Result<Json, RpcError> {
    match table.set(shared.now(), key, value) {
        Ok(()) => Ok(Json::Null),
        Err(error) => Err(RpcError::new(500, error.to_string())),
    }
}

fn item(name: String, value: &Value) -> Json {
    match value {
        Value::Int(number) => json!({ "name": name, "value": number, "flags": 0 }),
        Value::Text(value) => json!({ "name": name, "value": text(value), "flags": 1 }),
    }
}
