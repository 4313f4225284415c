//! Parts of the Request-URI, of From and of To, changed one at a time: what `setuser`, `$rd`, `$fu` and their kin write.
//!
//! Whatever is written is read again before it goes into a message: a user cannot bring a host with it, nor a host
//! a parameter.

use bstr::BStr;
use sip_core::{EditError, HeaderError, HeaderName, Message, NameAddr, Protocol, Scheme, Uri};

/// A part of a URI.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UriPart {
    /// The user, without password.
    User,
    /// The host, an IPv6 address in its brackets.
    Host,
    /// The port.
    Port,
}

/// A part of From or To.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AddrPart {
    /// The display name: as it is to stand, or without quotes, which it gets then.
    Display,
    /// The whole URI.
    Uri,
    /// A part of the URI.
    Of(UriPart),
}

/// The port of a URI, or the one that its scheme and transport have where none is written.
pub fn port(uri: &Uri<'_>) -> u16 {
    uri.port().unwrap_or(protocol(uri).default_port())
}

/// The transport that a URI asks for: `sips:` is TLS, nothing is UDP.
pub fn protocol(uri: &Uri<'_>) -> Protocol {
    match (uri.scheme(), uri.transport()) {
        (Scheme::Sips, None | Some(Protocol::Udp | Protocol::Tcp)) => Protocol::Tls,
        (_, asked) => asked.unwrap_or(Protocol::Udp),
    }
}

/// A SIP URI with another user, host or port; `None` or an empty text takes user or port away.
///
/// # Errors
///
/// `uri` is no SIP URI, or it would be none, or another than was meant, with this part.
pub fn with_part(uri: &[u8], part: UriPart, value: Option<&[u8]>) -> Result<Vec<u8>, HeaderError> {
    let malformed = |at| HeaderError::Malformed { name: "URI", at };
    let old = Uri::parse(uri)?;
    if !old.is_sip() {
        return Err(malformed(0));
    }
    let value = value.filter(|value| !value.is_empty()).map(BStr::new);
    let written = old.port().map(|port| port.to_string());
    let (mut user, mut host, mut port) =
        (old.user(), Some(old.host_text()), written.as_deref().map(BStr::new));
    match part {
        UriPart::User => user = value,
        UriPart::Host => host = value,
        UriPart::Port => port = value,
    }
    let password = old.password().filter(|_| user.is_some());
    let mut new = old.scheme_text().to_vec();
    let mut add = |before: &[u8], text: Option<&BStr>, behind: &[u8]| {
        if let Some(text) = text {
            new.extend_from_slice(before);
            new.extend_from_slice(text);
            new.extend_from_slice(behind);
        }
    };
    add(b":", Some(BStr::new("")), b"");
    add(b"", user, if password.is_some() { b"" } else { b"@" });
    add(b":", password, b"@");
    add(b"", host, b"");
    add(b":", port, b"");
    add(b";", Some(old.params_text()).filter(|params| !params.is_empty()), b"");
    add(b"?", old.headers(), b"");

    let read = Uri::parse(&new)?;
    let read_port = read.port().map(|port| port.to_string());
    let as_meant = read.user() == user
        && Some(read.host_text()) == host
        && read_port.as_deref().map(BStr::new) == port
        && read.params_text() == old.params_text()
        && read.headers() == old.headers();
    if as_meant { Ok(new) } else { Err(malformed(0)) }
}

/// Changes a part of the Request-URI (`setuser`, `sethost`, `$rU`, `$rd`, `$rp`).
///
/// # Errors
///
/// As [`with_part`], and [`EditError::NotARequest`].
pub fn set_ruri_part(msg: &mut Message, part: UriPart, value: Option<&[u8]>) -> Result<(), EditError> {
    let uri = msg.request_uri().ok_or(EditError::NotARequest)?;
    let new = with_part(uri, part, value)?;
    msg.set_request_uri(new)
}

/// Changes a part of From (`$fu`, `$fU`, `$fd`, `$fn`). Its parameters, the tag among them, stay.
///
/// # Errors
///
/// From is missing or malformed, or would be.
pub fn set_from(msg: &mut Message, part: AddrPart, value: Option<&[u8]>) -> Result<(), EditError> {
    set_addr(msg, HeaderName::From, part, value)
}

/// Changes a part of To (`$tu`, `$tU`, `$td`, `$tn`). Its parameters, the tag among them, stay.
///
/// # Errors
///
/// To is missing or malformed, or would be.
pub fn set_to(msg: &mut Message, part: AddrPart, value: Option<&[u8]>) -> Result<(), EditError> {
    set_addr(msg, HeaderName::To, part, value)
}

fn set_addr(
    msg: &mut Message,
    name: HeaderName<'static>,
    part: AddrPart,
    value: Option<&[u8]>,
) -> Result<(), EditError> {
    let missing = HeaderError::Missing { name: name.known().unwrap_or_default() };
    let old = msg.header(name).ok_or(missing)?;
    let addr = NameAddr::parse(old)?;
    let changed;
    let uri: &[u8] = match part {
        AddrPart::Display => addr.uri_text(),
        AddrPart::Uri => value.unwrap_or_default(),
        AddrPart::Of(part) => {
            changed = with_part(addr.uri_text(), part, value)?;
            &changed
        }
    };
    // Where the URI stands in the header: before it the display name, behind it the parameters.
    let at = addr.uri_text().as_ptr().addr() - old.as_ptr().addr();
    let (before, behind) = (old.get(..at).unwrap_or_default(), old.get(at + addr.uri_text().len()..));
    let behind = behind.unwrap_or_default();
    let behind = behind.strip_prefix(b">").unwrap_or(behind);
    let display = match part {
        AddrPart::Display => value.filter(|value| !value.is_empty()).map(quoted),
        _ => Some(before.strip_suffix(b"<").unwrap_or(before).trim_ascii_end().to_vec()),
    };
    let mut new = display.unwrap_or_default();
    if !new.is_empty() {
        new.push(b' ');
    }
    new.push(b'<');
    new.extend_from_slice(uri);
    new.push(b'>');
    new.extend_from_slice(behind);

    let read = NameAddr::parse(&new)?;
    Uri::parse(uri)?;
    if read.uri_text() != uri || read.tag() != addr.tag() {
        return Err(HeaderError::Malformed { name: "address", at: 0 }.into());
    }
    msg.replace(name, new)
}

/// A display name as it can stand: in quotes.
fn quoted(text: &[u8]) -> Vec<u8> {
    if text.len() > 1 && text.starts_with(b"\"") && text.ends_with(b"\"") {
        return text.to_vec();
    }
    let mut out = vec![b'"'];
    for &byte in text {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
    out
}

#[cfg(test)]
mod tests {
    use bstr::ByteSlice;

    use super::*;

    #[test]
    fn each_part_of_a_uri_is_changed_alone() {
        let uri = b"sip:bob:pw@example.com:5070;transport=tcp?Subject=x";
        for (part, value, wanted) in [
            (UriPart::User, Some("al"), "sip:al:pw@example.com:5070;transport=tcp?Subject=x"),
            (UriPart::User, None, "sip:example.com:5070;transport=tcp?Subject=x"),
            (UriPart::Host, Some("[2001:db8::1]"), "sip:bob:pw@[2001:db8::1]:5070;transport=tcp?Subject=x"),
            (UriPart::Port, Some("5061"), "sip:bob:pw@example.com:5061;transport=tcp?Subject=x"),
            (UriPart::Port, Some(""), "sip:bob:pw@example.com;transport=tcp?Subject=x"),
        ] {
            let new = with_part(uri, part, value.map(str::as_bytes)).unwrap();
            assert_eq!(new.as_bstr(), wanted);
        }
    }

    #[test]
    fn a_part_brings_no_other_with_it() {
        for (part, value) in [
            (UriPart::User, "a@evil"),
            (UriPart::User, "a:b"),
            (UriPart::User, "a b"),
            (UriPart::Host, "evil;lr"),
            (UriPart::Host, "evil:5"),
            (UriPart::Host, "a@b"),
            (UriPart::Host, ""),
            (UriPart::Port, "99999"),
            (UriPart::Port, "5060;lr"),
            (UriPart::Port, "05060"),
        ] {
            assert!(with_part(b"sip:bob@example.com", part, Some(value.as_bytes())).is_err(), "{value}");
        }
        assert!(with_part(b"tel:+123", UriPart::User, Some(b"1")).is_err());
    }

    #[test]
    fn ports_and_transports_have_their_defaults() {
        for (text, port_is, protocol_is) in [
            ("sip:a", 5060, Protocol::Udp),
            ("sips:a", 5061, Protocol::Tls),
            ("sip:a;transport=TLS", 5061, Protocol::Tls),
            ("sips:a;transport=tcp", 5061, Protocol::Tls),
            ("sip:a:5070;transport=ws", 5070, Protocol::Ws),
        ] {
            let uri = Uri::parse(text.as_bytes()).unwrap();
            assert_eq!((port(&uri), protocol(&uri)), (port_is, protocol_is), "{text}");
        }
    }
}
