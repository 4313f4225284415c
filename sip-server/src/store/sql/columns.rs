//! A binding as a row of `location`, and back.

use std::net::SocketAddr;
use std::time::{Duration, UNIX_EPOCH};

use bstr::{BString, ByteSlice};
use sip_async::sql::{Kind, Value};
use sip_core::{Protocol, Q, Target, Uri};
use sip_registrar::Aor;

use crate::clock;
use crate::store::error::StoreError;
use crate::store::location::Stored;
use crate::store::record::Record;

/// The columns that are written, in the order of [`values`]. Flags and methods are left as they are.
pub(super) const WRITTEN: [&str; 16] = [
    "username",
    "domain",
    "contact",
    "received",
    "path",
    "expires",
    "q",
    "callid",
    "cseq",
    "last_modified",
    "user_agent",
    "socket",
    "instance",
    "reg_id",
    "connection_id",
    "ruid",
];

/// The columns that are read, in the order of [`stored`].
pub(super) const READ: &str = "id, ruid, username, domain, contact, received, path, expires, q, callid, cseq, \
    last_modified, user_agent, socket, instance, reg_id";

/// What Kamailio writes for a contact without q.
const NO_Q: f64 = -1.0;
/// How long a contact lives that Kamailio stored for ever (`expires` 0).
const FOR_EVER: Duration = Duration::from_secs(10 * 365 * 86_400);
/// How far from the epoch local time may call it.
const A_ZONE: Duration = Duration::from_secs(86_400);

/// The user and the domain of an address of record, as the columns have them.
pub(super) fn account(aor: &Aor, use_domain: bool) -> Result<(String, Option<String>), StoreError> {
    let text = text("address of record", aor.as_bstr())?;
    Ok(match text.rsplit_once('@').filter(|_| use_domain) {
        Some((user, domain)) => (user.to_owned(), Some(domain.to_owned())),
        None if use_domain => (String::new(), Some(text.to_owned())), // a domain alone
        None => (text.to_owned(), None),
    })
}

/// The values of a row, in the order of [`WRITTEN`].
pub(super) fn values(record: &Record, use_domain: bool, kind: Kind) -> Result<Vec<Value>, StoreError> {
    let (user, domain) = account(&record.aor, use_domain)?;
    let path = bstr::join(",", &record.path);
    Ok(vec![
        user.into(),
        domain.into(),
        text("Contact", &record.contact)?.into(),
        record.received.map(|target| uri_of(&target)).into(),
        some(text("Path", &path)?),
        Value::time(kind, record.expires),
        record.q.map_or(NO_Q, |q| f64::from(q.thousandths()) / 1000.0).into(),
        text("Call-ID", &record.call_id)?.into(),
        record.cseq.cast_signed().into(),
        Value::time(kind, record.updated),
        record.user_agent.to_str_lossy().chars().take(255).collect::<String>().into(),
        format!("{}:{}", record.protocol, record.local).into(),
        some(text("instance", &record.instance)?),
        record.reg_id.cast_signed().into(),
        Value::Int(-1), // a connection of this process is nothing to another
        record.ruid.clone().into(),
    ])
}

fn text<'a>(what: &'static str, bytes: &'a [u8]) -> Result<&'a str, StoreError> {
    std::str::from_utf8(bytes).map_err(|_| StoreError::NotText { what })
}

fn some(text: &str) -> Value {
    Some(text).filter(|text| !text.is_empty()).into()
}

fn uri_of(target: &Target) -> String {
    match target.protocol {
        Protocol::Udp => format!("sip:{}", target.remote),
        other => format!("sip:{};transport={other}", target.remote),
    }
}

/// The binding of a row that was read in the order of [`READ`]; `Err` names the column that cannot be understood.
pub(super) fn stored(row: &[Value], use_domain: bool) -> Result<Stored, &'static str> {
    let [
        id,
        ruid,
        user,
        domain,
        contact,
        received,
        path,
        expires,
        q,
        call_id,
        cseq,
        updated,
        agent,
        socket,
        instance,
        reg_id,
    ] = row
    else {
        return Err("number of columns");
    };
    let bytes = |value: &Value| BString::from(value.as_bytes().unwrap_or_default());
    let socket = socket.as_bytes().and_then(socket_of);
    let (protocol, local) = socket.unwrap_or((Protocol::Udp, SocketAddr::from(([0, 0, 0, 0], 0))));
    let received = received.as_bytes().filter(|uri| !uri.is_empty());
    let received = received.map(|uri| target_of(uri).ok_or("received")).transpose()?;
    let expires = match expires.as_time().ok_or("expires")? {
        at if at <= UNIX_EPOCH + A_ZONE => clock::wall() + FOR_EVER,
        at => at,
    };
    let aor = match domain.as_bytes().filter(|domain| use_domain && !domain.is_empty()) {
        Some(domain) if user.to_text().is_empty() => bytes(&Value::Bytes(domain.into())),
        Some(domain) => [user.as_bytes().unwrap_or_default(), b"@", domain].concat().into(),
        None => bytes(user),
    };
    let number = |value: &Value| value.as_int().and_then(|number| i32::try_from(number).ok());
    let record = Record {
        ruid: ruid.to_text().into_owned(),
        aor: Aor::from_bytes(&aor),
        contact: Some(bytes(contact)).filter(|uri| Uri::parse(uri).is_ok()).ok_or("contact")?,
        received: received.map(|target| if socket.is_some() { target.with_local(local) } else { target }),
        path: split_path(path.as_bytes().unwrap_or_default()),
        expires,
        q: q.as_real().and_then(q_of),
        call_id: bytes(call_id),
        cseq: number(cseq).ok_or("cseq")?.cast_unsigned(),
        updated: updated.as_time().unwrap_or(UNIX_EPOCH),
        user_agent: bytes(agent),
        protocol,
        local,
        instance: bytes(instance),
        reg_id: number(reg_id).unwrap_or(0).cast_unsigned(),
    };
    Ok(Stored::new(id.as_int().ok_or("id")?, record))
}

/// `udp:192.0.2.9:5060`.
fn socket_of(text: &[u8]) -> Option<(Protocol, SocketAddr)> {
    let (protocol, addr) = std::str::from_utf8(text).ok()?.split_once(':')?;
    Some((protocol.parse().ok()?, addr.parse().ok()?))
}

/// `sip:198.51.100.4:5060;transport=tcp`.
fn target_of(uri: &[u8]) -> Option<Target> {
    let uri = Uri::parse(uri).ok()?;
    let protocol = uri.transport().unwrap_or(Protocol::Udp);
    let port = uri.port().unwrap_or(protocol.default_port());
    Some(Target::new(protocol, SocketAddr::new(uri.host().ip()?, port)))
}

fn q_of(q: f64) -> Option<Q> {
    // A column of single precision has 0.7 as 0.699999988.
    (0.0..=1.0).contains(&q).then(|| Q::from_thousandths((q * 1000.0).round() as u16)).flatten()
}

/// The values of a Path: cut at the commas that stand outside of `<>` and quotes.
fn split_path(text: &[u8]) -> Vec<BString> {
    let (mut hops, mut start) = (Vec::new(), 0);
    let (mut in_angle, mut in_quotes) = (false, false);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'"' if !in_angle => in_quotes = !in_quotes,
            b'<' if !in_quotes => in_angle = true,
            b'>' if !in_quotes => in_angle = false,
            b',' if !in_angle && !in_quotes => {
                hops.push(text.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    hops.push(text.get(start..).unwrap_or_default());
    hops.into_iter().map(|hop| BString::from(hop.trim_ascii())).filter(|hop| !hop.is_empty()).collect()
}
