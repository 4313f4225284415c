//! `ul.*`: the location. The one table is `location`.

use bytes::Bytes;
use serde_json::{Value as Json, json};
use sip_async::jsonrpc::{Commands, Params, RpcError};
use sip_core::{FlowId, Limits, Message, Source, Uri};
use sip_registrar::{Aor, Binding, Bindings, SaveError, SaveOptions};

use crate::shared::Shared;

use super::args::{text, text_or};

/// Most addresses of record in a dump.
const MOST: usize = 100_000;
/// What is not there, as Kamailio says it.
const NOT_SET: &str = "[not set]";

pub(super) fn register(commands: &Commands<Shared>) {
    commands.add(
        "ul.dump",
        "all contacts, of at most 100,000 users; brief: their addresses alone: [brief]",
        dump,
    );
    commands.add("ul.lookup", "the contacts of a user: TABLE AOR", |shared, params| {
        let aor = aor(shared, params)?;
        let bindings = live(shared, &shared.registrar().location().snapshot(&aor).bindings);
        if bindings.is_empty() {
            return Err(not_found());
        }
        Ok(json!({ "AoR": text(aor.as_bstr()), "Contacts": contacts(shared, &bindings) }))
    });
    commands.add(
        "ul.add",
        "adds a contact: TABLE AOR CONTACT EXPIRES Q PATH FLAGS CFLAGS METHODS; EXPIRES and what follows may be missing",
        add,
    );
    commands.add("ul.rm", "takes all contacts of a user out: TABLE AOR", |shared, params| {
        let aor = aor(shared, params)?;
        if shared.registrar().location().snapshot(&aor).bindings.is_empty() {
            return Err(not_found());
        }
        unregister(shared, aor, None);
        Ok(Json::Null)
    });
    commands.add("ul.rm_contact", "takes a contact out: TABLE AOR CONTACT", |shared, params| {
        let (aor, contact) = (aor(shared, params)?, params.text(2)?);
        let bindings = shared.registrar().location().snapshot(&aor).bindings;
        if !bindings.iter().any(|binding| *binding.uri() == *contact.as_bytes()) {
            return Err(RpcError::new(404, "Contact not found"));
        }
        unregister(shared, aor, Some(contact.as_bytes().to_vec()));
        Ok(Json::Null)
    });
}

/// Takes a contact of a user out, or all. Where the location has a store, that comes first, and nobody waits for it.
fn unregister(shared: &Shared, aor: Aor, contact: Option<Vec<u8>>) {
    let goes =
        move |binding: &Binding| contact.as_ref().is_none_or(|contact| *binding.uri() == *contact.as_slice());
    if let Some(keeper) = shared.keeper().cloned() {
        let at = keeper.clone();
        keeper.spawn(async move { at.unregister(&aor, goes).await.map(|_| ()) });
        return;
    }
    // Somebody else may be quicker: then it is looked at again.
    loop {
        let plan = shared.registrar().plan_removal(shared.now(), &aor, &goes);
        if !matches!(shared.registrar().apply(shared.now(), plan), Err(SaveError::Conflict)) {
            return;
        }
    }
}

fn not_found() -> RpcError {
    RpcError::new(404, "AOR not found in location table")
}

/// The address of record that is the second parameter; the first is the table.
fn aor(shared: &Shared, params: &Params) -> Result<Aor, RpcError> {
    let (table, name) = (params.text(0)?, params.text(1)?);
    if table != "location" {
        return Err(RpcError::new(500, "Table not found"));
    }
    let config = shared.registrar().config();
    let uri = match name.split_once(':') {
        Some(("sip" | "sips", _)) => name.to_string(),
        _ if name.contains('@') => format!("sip:{name}"),
        // A user alone is the key where domains do not count; else a domain.
        _ if config.use_domain => format!("sip:{name}"),
        _ => format!("sip:{name}@localhost"),
    };
    let parsed = Uri::parse(uri.as_bytes()).map_err(|error| RpcError::params(error.to_string()))?;
    Aor::from_uri(&parsed, config).map_err(|error| RpcError::params(error.to_string()))
}

fn live(shared: &Shared, bindings: &Bindings) -> Bindings {
    let now = shared.now();
    bindings.iter().filter(|binding| binding.is_live(now)).cloned().collect()
}

fn dump(shared: &Shared, params: &Params) -> Result<Json, RpcError> {
    let is_brief = match &*text_or(params, 0, "")? {
        "" => false,
        "brief" => true,
        _ => return Err(RpcError::params("the only parameter is `brief`")),
    };
    let (mut aors, mut most) = (Vec::new(), 0);
    shared.registrar().location().for_each(|aor, bindings| {
        let bindings = live(shared, bindings);
        if bindings.is_empty() || aors.len() == MOST {
            return;
        }
        most = most.max(bindings.len());
        let name = text(aor.as_bstr());
        let contacts: Json = if is_brief {
            bindings.iter().map(|binding| json!({ "Contact": { "Address": text(binding.uri()) } })).collect()
        } else {
            contacts(shared, &bindings)
        };
        aors.push(json!({ "Info": { "AoR": name, "Contacts": contacts } }));
    });
    let stats = json!({ "Records": aors.len(), "Max-Slots": most });
    let domain = json!({ "Domain": "location", "AoRs": aors, "Stats": stats });
    Ok(json!({ "Domains": [{ "Domain": domain }] }))
}

fn contacts(shared: &Shared, bindings: &Bindings) -> Json {
    bindings.iter().map(|binding| json!({ "Contact": contact(shared, binding) })).collect()
}

fn contact(shared: &Shared, binding: &Binding) -> Json {
    let (now, wall) = (shared.now(), shared.wall());
    let set = |value: &[u8]| if value.is_empty() { NOT_SET.to_owned() } else { text(value) };
    let path = bstr::join(",", binding.path());
    let received = binding
        .received()
        .map_or(NOT_SET.to_owned(), |target| format!("sip:{};transport={}", target.remote, target.protocol));
    let age = now.saturating_duration_since(binding.updated_at());
    let modified = wall.checked_sub(age).and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    json!({
        "Address": text(binding.uri()),
        "Expires": binding.seconds_left(now),
        "Q": binding.q().map_or(-1.0, |q| f64::from(q.thousandths()) / 1000.0),
        "Call-ID": text(binding.call_id()),
        "CSeq": binding.cseq(),
        "User-Agent": set(binding.user_agent()),
        "Received": received,
        "Path": set(&path),
        "State": "CS_SYNC",
        "Flags": 0,
        "CFlags": 0,
        "Socket": format!("{}:{}", binding.protocol(), binding.local()),
        "Methods": -1,
        "Ruid": NOT_SET,
        "Instance": binding.instance().map_or(NOT_SET.to_owned(), |instance| text(instance)),
        "Reg-Id": binding.reg_id().unwrap_or(0),
        "Server-Id": 0,
        "Tcpconn-Id": binding.flow().map_or(-1, |FlowId { slot, .. }| i64::from(slot)),
        "Keepalive": 0,
        "Last-Modified": modified.map_or(0, |at| at.as_secs()),
    })
}

/// A contact is added as a REGISTER adds one, with the same limits: a lifetime beyond `max_expires` is cut to it, and 0
/// is the longest there is.
fn add(shared: &Shared, params: &Params) -> Result<Json, RpcError> {
    let aor = aor(shared, params)?;
    let contact = params.text(2)?;
    let config = shared.registrar().config();
    let expires = match if params.has(3) { params.int(3)? } else { 0 } {
        0 => u32::MAX,
        seconds => u32::try_from(seconds).map_err(|_| RpcError::params("EXPIRES is a number of seconds"))?,
    };
    let expires = expires.min(config.max_expires.unwrap_or(u32::MAX));
    let q = match if params.has(4) { params.float(4)? } else { -1.0 } {
        q if q < 0.0 => String::new(),
        q if q <= 1.0 => format!(";q={q:.3}"),
        _ => return Err(RpcError::params("Q is at most 1")),
    };
    let path = match text_or(params, 5, "0")? {
        path if matches!(&*path, "" | "0" | ".") => String::new(),
        path if path.contains(char::is_control) => return Err(RpcError::params("PATH is none")),
        path => format!("Path: {path}\r\n"),
    };
    // It will stand in angle brackets, in a line of its own.
    if contact.contains(|c: char| c.is_control() || matches!(c, '<' | '>')) {
        return Err(RpcError::params("CONTACT is no URI"));
    }
    let source = source(shared)?;
    let wire = format!(
        "REGISTER sip:localhost SIP/2.0\r\nVia: SIP/2.0/UDP localhost;branch=z9hG4bKrpc\r\n{path}\
         From: <sip:rpc@localhost>;tag=rpc\r\nTo: <sip:rpc@localhost>\r\nCall-ID: {:x}@rpc\r\nCSeq: 1 REGISTER\r\n\
         Supported: path\r\nUser-Agent: rpc\r\nContact: <{contact}>;expires={expires}{q}\r\n\r\n",
        shared.wall().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_nanos(),
    );
    let request: Message = sip_core::parse(Bytes::from(wire), &Limits::default())
        .map_err(|error| RpcError::params(error.to_string()))?;
    let mut options = SaveOptions::default();
    options.aor = Some(aor);
    if let Some(keeper) = shared.keeper().cloned() {
        let at = keeper.clone();
        keeper.spawn(async move { at.save(&request, &source, &options).await.map(|_| ()) });
        return Ok(Json::Null);
    }
    match shared.registrar().save_with(shared.now(), &request, &source, &options) {
        Ok(_) => Ok(Json::Null),
        Err(error) => Err(RpcError::new(error.status().code().into(), error.to_string())),
    }
}

/// Calls to the contact leave from the first address of ours.
fn source(shared: &Shared) -> Result<Source, RpcError> {
    let listen = shared.listens().first().ok_or_else(|| RpcError::new(500, "no listen address"))?;
    Ok(Source { protocol: listen.protocol, remote: listen.addr, local: listen.addr, flow: None })
}
