//! The alias of a Contact: where its phone can be reached, beside where it thinks it is.
//!
//! `sip:phone@10.0.0.5;alias=192.0.2.1~40000~1` came from port 40000 of 192.0.2.1 by UDP. Within the dialog the
//! callee's requests bring it back, and they are sent there. Whoever writes such a Contact could write the address
//! itself: it gives no more right than that.

use std::net::{IpAddr, SocketAddr};

use sip_core::text::{push_addr, push_ip, push_number};
use sip_core::{EditError, Message, Protocol, Source, Uri};

use super::contact::{rewrite, with_param};
use super::names;

const NAME: &str = "alias";

/// What came of an alias. The number is what KEMI's functions return.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Alias {
    /// 1: it was written, or it was read and taken off: the next hop, as a URI (`$du`).
    Done(Vec<u8>),
    /// 2: none is there, or none is needed.
    None,
}

impl Alias {
    /// The value that KEMI's functions return.
    pub fn code(&self) -> i32 {
        match self {
            Self::Done(_) => 1,
            Self::None => 2,
        }
    }
}

/// Adds the alias to the first Contact (`set_contact_alias`), in place of those that it has if `trim` is set.
///
/// # Errors
///
/// [`EditError::NotThere`]: there is no Contact with an address, or it has this alias already; or it cannot be
/// read.
pub fn set_contact_alias(msg: &mut Message, source: &Source, trim: bool) -> Result<Alias, EditError> {
    write(msg, source, trim, false)
}

/// The same where the Contact names another address, port or protocol than the message came from
/// (`add_contact_alias`).
///
/// # Errors
///
/// As [`set_contact_alias`].
pub fn add_contact_alias(msg: &mut Message, source: &Source) -> Result<Alias, EditError> {
    write(msg, source, false, true)
}

fn write(msg: &mut Message, source: &Source, trim: bool, if_needed: bool) -> Result<Alias, EditError> {
    let param = text(source);
    let mut needed = true;
    let written = rewrite(msg, 1, |value| {
        let read = Uri::parse(value.uri)?;
        if if_needed && names(&read, source) {
            needed = false;
            return Err(EditError::NotThere);
        }
        let last = read.params().filter(|one| one.is(NAME)).last().and_then(|one| one.value);
        if last.is_some_and(|last| param.strip_prefix(b"alias=").is_some_and(|ours| **last == *ours)) {
            return Err(EditError::NotThere);
        }
        let bare = if trim { without(&read, |_| true) } else { value.uri.to_vec() };
        Ok(value.with_uri(&with_param(&bare, &param)?))
    });
    match written {
        _ if !needed => Ok(Alias::None),
        Ok(true) => Ok(Alias::Done(next_hop(source.remote, source.protocol))),
        Ok(false) => Err(EditError::NotThere),
        Err(error) => Err(error),
    }
}

/// Takes the first alias off the request URI, or the last, and tells where it leads (`handle_ruri_alias`).
///
/// # Errors
///
/// [`EditError::InvalidUri`]: the alias is none; [`EditError`]: the request URI cannot be read. Nothing is changed.
pub fn handle_ruri_alias(msg: &mut Message, last: bool) -> Result<Alias, EditError> {
    let uri = msg.uri()?;
    let count = uri.params().filter(|param| param.is(NAME)).count();
    let Some(at) = (if last { count.checked_sub(1) } else { Some(0) }).filter(|_| count > 0) else {
        return Ok(Alias::None);
    };
    let value = uri.params().filter(|param| param.is(NAME)).nth(at).and_then(|param| param.value);
    let hop = value.and_then(|value| read(value)).ok_or(EditError::InvalidUri { at: 0 })?;
    let rest = without(&uri, |number| number == at);
    msg.set_request_uri(rest)?;
    Ok(Alias::Done(hop))
}

/// `alias=192.0.2.1~5060~1`, an IPv6 address in brackets.
fn text(source: &Source) -> Vec<u8> {
    let mut text = b"alias=".to_vec();
    let ip = source.remote.ip().to_canonical();
    if ip.is_ipv6() {
        text.push(b'[');
    }
    push_ip(&mut text, ip);
    if ip.is_ipv6() {
        text.push(b']');
    }
    text.push(b'~');
    push_number(&mut text, source.remote.port().into());
    text.push(b'~');
    let number = NUMBERS.iter().find(|(_, protocol)| *protocol == source.protocol);
    push_number(&mut text, number.map_or(1, |(number, _)| u64::from(*number)));
    text
}

/// Kamailio's numbers of the protocols; 4 is SCTP, which is not spoken here.
const NUMBERS: [(u8, Protocol); 5] =
    [(1, Protocol::Udp), (2, Protocol::Tcp), (3, Protocol::Tls), (5, Protocol::Ws), (6, Protocol::Wss)];

/// The next hop that an alias names.
fn read(value: &[u8]) -> Option<Vec<u8>> {
    let mut fields = std::str::from_utf8(value).ok()?.split('~');
    let (ip, port, number) = (fields.next()?, fields.next()?, fields.next()?);
    let ip = ip.strip_prefix('[').and_then(|ip| ip.strip_suffix(']')).unwrap_or(ip);
    let ip: IpAddr = ip.parse().ok()?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if fields.next().is_some() || !digits(port) || !digits(number) {
        return None;
    }
    let (port, number): (u16, u8) = (port.parse().ok().filter(|port| *port > 0)?, number.parse().ok()?);
    let (_, protocol) = NUMBERS.iter().find(|(one, _)| *one == number)?;
    Some(next_hop(SocketAddr::new(ip, port), *protocol))
}

fn next_hop(address: SocketAddr, protocol: Protocol) -> Vec<u8> {
    let mut uri = b"sip:".to_vec();
    push_addr(&mut uri, SocketAddr::new(address.ip().to_canonical(), address.port()));
    if protocol != Protocol::Udp {
        uri.extend_from_slice(b";transport=");
        uri.extend_from_slice(protocol.name().as_bytes());
    }
    uri
}

/// The URI without those aliases whose number, from 0, is one of these.
fn without(uri: &Uri<'_>, is_one: impl Fn(usize) -> bool) -> Vec<u8> {
    let text: &[u8] = uri.as_bstr();
    let headers = uri.headers().map_or(0, |headers| headers.len() + 1);
    let (head, headers) = text.split_at(text.len() - headers);
    let params = uri.params_text();
    if params.is_empty() {
        return text.to_vec();
    }
    let bare = head.get(..head.len() - params.len()).unwrap_or_default();
    let mut out = bare.strip_suffix(b";").unwrap_or(bare).to_vec();
    let mut seen = 0;
    for param in uri.params() {
        let is_alias = param.is(NAME);
        seen += usize::from(is_alias);
        if is_alias && is_one(seen - 1) {
            continue;
        }
        out.push(b';');
        out.extend_from_slice(param.name);
        if let Some(value) = param.value {
            out.push(b'=');
            out.extend_from_slice(value);
        }
    }
    out.extend_from_slice(headers);
    out
}
