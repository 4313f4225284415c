//! What a REGISTER asks for: read once, checked against the settings, before anything is compared with
//! what is stored.
//!
//! Source: RFC 3261 10.3, steps 6 and 7; RFC 3327 5.3 for Path.

use std::net::IpAddr;

use bstr::BStr;
use sip_core::{
    Contact, ContactAddr, HeaderName, Message, Method, Path, Protocol, Q, Scheme, Source, Target, Uri,
};
use smallvec::SmallVec;

use crate::config::{Config, PathMode, Received, ShortExpires};
use crate::error::SaveError;

/// Longest Call-ID and `+sip.instance` in bytes (what a column of Kamailio's location table holds).
const ID_LIMIT: usize = 255;

/// A REGISTER, read.
pub(crate) struct Register<'a> {
    pub(crate) call_id: &'a BStr,
    pub(crate) cseq: u32,
    pub(crate) asked: Asked<'a>,
    /// The Path values to store.
    pub(crate) path: SmallVec<[&'a [u8]; 2]>,
    /// Whether the reply repeats the Path.
    pub(crate) reply_path: bool,
    pub(crate) user_agent: &'a [u8],
    /// Whether no proxy stood between the phone and us.
    pub(crate) is_direct: bool,
}

/// What is to be done.
pub(crate) enum Asked<'a> {
    /// Nothing: tell the bindings.
    Query,
    /// Remove all.
    Star,
    /// These, in order.
    Contacts(Vec<Wanted<'a>>),
}

/// One contact that is to be stored or removed.
pub(crate) struct Wanted<'a> {
    pub(crate) uri: Uri<'a>,
    /// Seconds; 0: remove.
    pub(crate) expires: u32,
    pub(crate) q: Option<Q>,
    /// Empty: none.
    pub(crate) instance: &'a [u8],
    /// 0: none. Never without an instance.
    pub(crate) reg_id: u32,
}

impl<'a> Register<'a> {
    /// Reads `request`.
    pub(crate) fn read(request: &'a Message, config: &Config) -> Result<Self, SaveError> {
        if request.method() != Some(Method::Register) {
            return Err(SaveError::NotRegister);
        }
        let call_id = request.call_id()?;
        within("Call-ID", call_id.len(), ID_LIMIT)?;
        let path = read_path(request, config)?;
        let is_direct = path.is_empty() && request.values(HeaderName::Via).nth(1).is_none();
        Ok(Self {
            call_id,
            cseq: request.cseq()?.number,
            asked: read_contacts(request, config)?,
            reply_path: !path.is_empty() && request.has_token(HeaderName::Supported, "path"),
            path,
            user_agent: request.header(HeaderName::UserAgent).map(|agent| &**agent).unwrap_or_default(),
            is_direct,
        })
    }
}

fn within(what: &'static str, len: usize, max: usize) -> Result<(), SaveError> {
    if len > max { Err(SaveError::TooLong { what, max }) } else { Ok(()) }
}

fn contact_limit(config: &Config) -> usize {
    config.contact_max_size.min(Config::TEXT_LIMIT)
}

fn read_path<'a>(request: &'a Message, config: &Config) -> Result<SmallVec<[&'a [u8]; 2]>, SaveError> {
    let mut path = SmallVec::new();
    if config.path == PathMode::Ignore {
        return Ok(path);
    }
    for view in request.views::<Path<'_>>() {
        view?.uri()?;
    }
    path.extend(request.values(HeaderName::Path).map(|value| &**value));
    if path.is_empty() {
        return Ok(path);
    }
    within("Path", path.iter().map(|value| value.len()).sum(), contact_limit(config))?;
    if config.path == PathMode::Strict && !request.has_token(HeaderName::Supported, "path") {
        return Err(SaveError::PathNotSupported);
    }
    Ok(path)
}

fn read_contacts<'a>(request: &'a Message, config: &Config) -> Result<Asked<'a>, SaveError> {
    let header_expires = request.expires().transpose().map_err(|_| SaveError::Expires)?;
    // Each is compared with each that is stored: no more than can make sense.
    let most = config.max_contacts.map_or(256, |max| max.saturating_mul(2).clamp(2, 256));
    let mut count = 0;
    let mut star = false;
    for contact in request.contacts() {
        star |= contact?.is_star();
        count += 1;
        if count > most {
            return Err(SaveError::TooManyContacts { max: config.max_contacts.unwrap_or(most) });
        }
    }
    if star {
        let alone = count == 1 && header_expires == Some(0);
        return if alone { Ok(Asked::Star) } else { Err(SaveError::StarNotAlone) };
    }
    let mut wanted = Vec::with_capacity(count);
    for contact in request.contacts() {
        if let Contact::Addr(addr) = contact? {
            wanted.push(Wanted::read(&addr, header_expires, config)?);
        }
    }
    Ok(if wanted.is_empty() { Asked::Query } else { Asked::Contacts(wanted) })
}

impl<'a> Wanted<'a> {
    fn read(addr: &ContactAddr<'a>, header_expires: Option<u32>, config: &Config) -> Result<Self, SaveError> {
        let uri = addr.uri()?;
        within("Contact", addr.uri_text().len(), contact_limit(config))?;
        let instance = addr.instance().map(|instance| &**instance).unwrap_or_default();
        within("Contact", instance.len(), ID_LIMIT)?;
        let asked = addr.expires().or(header_expires).unwrap_or(config.default_expires);
        Ok(Self {
            uri,
            expires: granted(asked, config)?,
            q: addr.q().or(config.default_q),
            instance,
            reg_id: if instance.is_empty() { 0 } else { addr.reg_id().unwrap_or(0) },
        })
    }
}

/// The lifetime that a contact gets which asks for `asked` seconds. 0 stays 0: it is a removal.
fn granted(asked: u32, config: &Config) -> Result<u32, SaveError> {
    if asked == 0 {
        return Ok(0);
    }
    let min = config.min_expires;
    if asked < min && config.short_expires == ShortExpires::Refuse {
        return Err(SaveError::IntervalTooBrief { asked, min });
    }
    Ok(asked.max(min).min(config.max_expires.unwrap_or(u32::MAX)).max(1))
}

/// Where calls to a contact that came from `source` are sent instead of to its URI.
pub(crate) fn received(
    request: &Message,
    register: &Register<'_>,
    uri: &Uri<'_>,
    source: &Source,
    config: &Config,
) -> Option<Target> {
    if config.received == Received::Explicit || !register.is_direct || names(uri, source) {
        return None;
    }
    let symmetric = if source.protocol.is_reliable() {
        true // also for a name: over WebSocket it leads nowhere (RFC 7118 5)
    } else {
        // Another port of the same address is no NAT: the phone says where it listens.
        uri.host().ip().is_some_and(|ip| !is_same(ip, source))
            && request.top_via().is_ok_and(|via| via.rport().is_some())
    };
    symmetric.then(|| Target::from(source))
}

/// Whether `uri` leads to where `source` wrote from.
fn names(uri: &Uri<'_>, source: &Source) -> bool {
    let default = if uri.scheme() == Scheme::Sips { Protocol::Tls } else { Protocol::Udp };
    let protocol = uri.transport().unwrap_or(default);
    let port = uri.port().unwrap_or(protocol.default_port());
    uri.host().ip().is_some_and(|ip| is_same(ip, source))
        && port == source.remote.port()
        && protocol == source.protocol
}

fn is_same(ip: IpAddr, source: &Source) -> bool {
    ip.to_canonical() == source.remote.ip().to_canonical()
}
