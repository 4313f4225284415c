//! Contact, written anew.

use sip_core::text::push_addr;
use sip_core::{Contact, EditError, HeaderName, HeaderView, Message, Source, Uri};

use crate::parts::{UriPart, with_part};

/// Gives every Contact the address and port that the message came from (`fix_nated_contact`). `false`: there is
/// none, but for `*`.
///
/// # Errors
///
/// A Contact cannot be read, or is no SIP URI: nothing is changed.
pub fn fix_nated_contact(msg: &mut Message, source: &Source) -> Result<bool, EditError> {
    let (mut host, mut port) = (Vec::new(), Vec::new());
    push_addr(&mut host, source.remote);
    if let Some(colon) = host.iter().rposition(|&byte| byte == b':') {
        port = host.split_off(colon + 1);
        host.pop();
    }
    rewrite(msg, usize::MAX, |value| {
        let uri = with_part(value.uri, UriPart::Host, Some(&host))?;
        Ok(value.with_uri(&with_part(&uri, UriPart::Port, Some(&port))?))
    })
}

/// Tells every Contact where it came from (`add_rcv_param`): `;received="sip:192.0.2.1:5060;transport=tcp"` behind
/// the address, or `;received=192.0.2.1:5060` in its URI. `false`: there is none, but for `*`.
///
/// # Errors
///
/// A Contact cannot be read: nothing is changed.
pub fn add_rcv_param(msg: &mut Message, source: &Source, in_uri: bool) -> Result<bool, EditError> {
    let mut address = Vec::new();
    push_addr(&mut address, source.remote);
    rewrite(msg, usize::MAX, |value| {
        if in_uri {
            return Ok(value.with_uri(&with_param(value.uri, &[b"received=", &address[..]].concat())?));
        }
        let transport = format!(";transport={}", source.protocol.name());
        let received = [b";received=\"sip:", &address[..], transport.as_bytes(), b"\""].concat();
        Ok([value.with_uri(value.uri), received].concat())
    })
}

/// A Contact in parts.
pub(super) struct Value<'a> {
    before: &'a [u8],
    /// The URI, without brackets.
    pub(super) uri: &'a [u8],
    behind: &'a [u8],
}

impl<'a> Value<'a> {
    fn read(value: &'a [u8]) -> Result<Option<Self>, EditError> {
        let contact = Contact::parse(value)?;
        let Some(addr) = contact.addr() else { return Ok(None) };
        let uri: &'a [u8] = addr.uri_text();
        // The URI is a part of the value: this is where it begins.
        let start = (uri.as_ptr() as usize).wrapping_sub(value.as_ptr() as usize).min(value.len());
        let (before, rest) = value.split_at(start);
        let behind = rest.get(uri.len()..).unwrap_or_default();
        let before = before.trim_ascii_end();
        Ok(Some(match before.strip_suffix(b"<") {
            Some(before) => Self { before, uri, behind: behind.strip_prefix(b">").unwrap_or(behind) },
            None => Self { before, uri, behind },
        }))
    }

    /// The whole with another URI, in brackets.
    pub(super) fn with_uri(&self, uri: &[u8]) -> Vec<u8> {
        [self.before, b"<", uri, b">", self.behind].concat()
    }
}

/// Rewrites the first so many Contacts; the others stay as they are. `false`: there was none to rewrite.
pub(super) fn rewrite(
    msg: &mut Message,
    count: usize,
    mut write: impl FnMut(&Value<'_>) -> Result<Vec<u8>, EditError>,
) -> Result<bool, EditError> {
    let mut all: Vec<u8> = Vec::new();
    let mut written = 0;
    for value in msg.values(HeaderName::Contact) {
        if !all.is_empty() {
            all.extend_from_slice(b", ");
        }
        match Value::read(value)?.filter(|_| written < count) {
            None => all.extend_from_slice(value),
            Some(parts) => {
                written += 1;
                all.extend_from_slice(&write(&parts)?);
            }
        }
    }
    if written == 0 {
        return Ok(false);
    }
    msg.replace(HeaderName::Contact, all)?;
    Ok(true)
}

/// A URI with one more parameter, before its headers.
pub(super) fn with_param(uri: &[u8], param: &[u8]) -> Result<Vec<u8>, EditError> {
    let headers = Uri::parse(uri)?.headers().map_or(0, |headers| headers.len() + 1);
    let (head, headers) = uri.split_at(uri.len() - headers);
    let made = [head, b";", param, headers].concat();
    Uri::parse(&made)?;
    Ok(made)
}
