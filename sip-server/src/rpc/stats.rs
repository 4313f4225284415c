//! `stats.*`: statistics by group and name.
//!
//! What is asked for is `all`, a group with a colon (`core:`), or the name of one; several may be.

use serde_json::{Map, Value as Json};
use sip_async::jsonrpc::{Commands, Params, RpcError};

use crate::shared::Shared;
use crate::statistics::Statistic;

pub(super) fn register(commands: &Commands<Shared>) {
    commands.add("stats.get_statistics", "statistics as lines: all, GROUP: or NAME ...", |shared, params| {
        let line = |one: Statistic| format!("{}:{} = {}", one.group, one.name, one.value).into();
        Ok(Json::Array(asked(shared, params)?.into_iter().map(line).collect()))
    });
    commands.add("stats.fetch", "statistics by name, as texts: all, GROUP: or NAME ...", |shared, params| {
        fetch(shared, params, |value| value.to_string().into())
    });
    commands.add(
        "stats.fetchn",
        "statistics by name, as numbers: all, GROUP: or NAME ...",
        |shared, params| fetch(shared, params, Json::from),
    );
    commands.add("stats.reset_statistics", "sets counters of the application to 0", |shared, params| {
        let names = params.texts()?;
        if names.is_empty() {
            return Err(RpcError::params("names are missing"));
        }
        match names.iter().find(|name| !shared.counters().reset(name.split(':').next_back().unwrap_or(name)))
        {
            Some(name) => Err(RpcError::new(400, format!("{name} is no counter of the application"))),
            None => Ok(Json::Null),
        }
    });
}

fn fetch(shared: &Shared, params: &Params, value: fn(i64) -> Json) -> Result<Json, RpcError> {
    let all = asked(shared, params)?.into_iter();
    Ok(Json::Object(
        all.map(|one| (format!("{}.{}", one.group, one.name), value(one.value))).collect::<Map<_, _>>(),
    ))
}

fn asked(shared: &Shared, params: &Params) -> Result<Vec<Statistic>, RpcError> {
    let all = shared.statistics();
    let asked = params.texts()?;
    if asked.is_empty() {
        return Err(RpcError::params("what is asked for is missing: all, GROUP: or NAME"));
    }
    if asked.iter().any(|what| what == "all") {
        return Ok(all);
    }
    let mut found = Vec::new();
    for what in asked {
        let is_it = |one: &&Statistic| match what.split_once([':', '.']) {
            Some((group, "")) => one.group == group,
            Some((group, name)) => one.group == group && one.name == name,
            None => one.name == *what,
        };
        let before = found.len();
        found.extend(all.iter().filter(is_it).cloned());
        if found.len() == before {
            return Err(RpcError::new(404, format!("no statistic {what}")));
        }
    }
    Ok(found)
}
