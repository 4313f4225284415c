//! `siputils`: small questions about a message, its URI and texts.

use bstr::BStr;
use sip_core::{
    Authorization, EditError, HeaderError, HeaderName, Message, ProxyAuthorization, RecordRoute, Source, Uri,
    unescape,
};

use crate::myself::Myself;

/// Whether it is a request.
pub fn is_request(msg: &Message) -> bool {
    msg.is_request()
}

/// Whether it is a response.
pub fn is_reply(msg: &Message) -> bool {
    msg.is_response()
}

/// Whether To has a tag: the message belongs to a dialog. `false` for a To that is missing or malformed.
pub fn has_totag(msg: &Message) -> bool {
    msg.to().is_ok_and(|to| to.tag().is_some_and(|tag| !tag.is_empty()))
}

/// Whether the message came here straight from where it was made.
///
/// A request: it has a single Via. A response: it has no Record-Route, or its first one is ours and it did not
/// come from ourselves.
pub fn is_first_hop(msg: &Message, source: &Source, myself: &impl Myself) -> bool {
    if msg.is_request() {
        return msg.values(HeaderName::Via).nth(1).is_none();
    }
    match msg.view_if_present::<RecordRoute<'_>>() {
        None => true,
        Some(Err(_)) => false,
        Some(Ok(first)) => {
            let from_us =
                sip_core::Host::parse(source.remote.ip().to_string().as_bytes()).is_some_and(|host| {
                    myself.is_myself(host, Some(source.remote.port()), Some(source.protocol))
                });
            first.uri().is_ok_and(|uri| myself.is_uri_myself(&uri)) && !from_us
        }
    }
}

/// The parameter `name` of the Request-URI: `None` absent, `Some(None)` without a value.
pub fn uri_param<'m>(msg: &'m Message, name: &str) -> Option<Option<&'m BStr>> {
    msg.uri().ok()?.param(name)
}

/// Whether the Request-URI has the parameter `name` with this value, case-blind.
pub fn is_uri_param(msg: &Message, name: &str, value: &[u8]) -> bool {
    uri_param(msg, name).flatten().is_some_and(|found| found.eq_ignore_ascii_case(value))
}

/// Whether the text of the Request-URI's parameters holds this (`uri_param_any`).
pub fn has_param_text(msg: &Message, text: &[u8]) -> bool {
    use bstr::ByteSlice as _;
    !text.is_empty() && msg.uri().is_ok_and(|uri| uri.params_text().contains_str(text))
}

/// Whether the Request-URI is a GRUU, and whether a temporary one: `gr` without a value (RFC 5627 3.3).
pub fn gruu(msg: &Message) -> Option<bool> {
    uri_param(msg, "gr").map(|value| value.is_none_or(|value| value.is_empty()))
}

/// The user name in the digest credentials of a request, as it stands there; those of a proxy count where there are
/// no others.
pub fn digest_user(msg: &Message) -> Option<Vec<u8>> {
    let own = msg.views::<Authorization<'_>>().flatten().find_map(|value| Some(value.digest().ok()?.user()));
    let user = own.or_else(|| {
        msg.views::<ProxyAuthorization<'_>>().flatten().find_map(|value| Some(value.digest().ok()?.user()))
    });
    user.map(std::borrow::Cow::into_owned)
}

/// What this server can do, as the answer to an OPTIONS says it (RFC 3261 11.2): names and values of headers.
pub const CAPABILITIES: [(&str, &str); 4] =
    [("Accept", "*/*"), ("Accept-Encoding", ""), ("Accept-Language", "en"), ("Supported", "")];

/// Adds `name` or `name=value` to the parameters of the Request-URI, before its headers.
///
/// # Errors
///
/// The Request-URI is malformed, or would be.
pub fn add_uri_param(msg: &mut Message, param: &[u8]) -> Result<(), EditError> {
    let uri = msg.uri()?;
    let (head, headers) = split_headers(&uri);
    let mut text = [head, b";", param.strip_prefix(b";").unwrap_or(param)].concat();
    text.extend_from_slice(headers);
    Uri::parse(&text)?;
    msg.set_request_uri(text)
}

/// Removes every parameter called `name` from the Request-URI; tells whether there was one.
///
/// # Errors
///
/// The Request-URI is malformed.
pub fn remove_uri_param(msg: &mut Message, name: &str) -> Result<bool, EditError> {
    let uri = msg.uri()?;
    if uri.param(name).is_none() {
        return Ok(false);
    }
    let (head, headers) = split_headers(&uri);
    let bare = head.len() - uri.params_text().len();
    let mut text = head.get(..bare).unwrap_or_default().to_vec();
    text.pop(); // the first `;`
    for param in uri.params().filter(|param| !param.is(name)) {
        text.push(b';');
        text.extend_from_slice(param.name);
        if let Some(value) = param.value {
            text.push(b'=');
            text.extend_from_slice(value);
        }
    }
    text.extend_from_slice(headers);
    msg.set_request_uri(text)?;
    Ok(true)
}

/// The URI up to its headers, and these with their `?`.
fn split_headers<'a>(uri: &Uri<'a>) -> (&'a [u8], &'a [u8]) {
    let text: &[u8] = uri.as_bstr();
    let headers = uri.headers().map_or(0, |headers| headers.len() + 1);
    text.split_at(text.len() - headers)
}

/// Whether two URIs are the same by RFC 3261 19.1.4.
///
/// # Errors
///
/// One of them is no URI.
pub fn cmp_uri(a: &[u8], b: &[u8]) -> Result<bool, HeaderError> {
    Ok(Uri::parse(a)?.equivalent(&Uri::parse(b)?))
}

/// Whether two URIs name the same user of the same domain: scheme, port and parameters do not count.
///
/// # Errors
///
/// One of them is no URI.
pub fn cmp_aor(a: &[u8], b: &[u8]) -> Result<bool, HeaderError> {
    let (a, b) = (Uri::parse(a)?, Uri::parse(b)?);
    let user = |uri: &Uri<'_>| uri.user().map(|user| unescape(user).into_owned());
    Ok(a.host() == b.host() && user(&a) == user(&b))
}

/// Whether two header names are the same: case-blind, compact or long.
pub fn cmp_hdr_name(a: &str, b: &str) -> bool {
    HeaderName::from(a) == HeaderName::from(b)
}

/// Whether `text` is a well-formed SIP or SIPS URI.
pub fn is_uri(text: &[u8]) -> bool {
    Uri::parse(text).is_ok_and(|uri| uri.is_sip())
}

/// Whether `text` is digits alone, one at least.
pub fn is_numeric(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

/// Whether `text` is letters and digits alone, one at least.
pub fn is_alphanum(text: &[u8]) -> bool {
    is_alphanum_ex(text, b"")
}

/// Whether `text` is letters, digits and bytes of `extra` alone, one at least.
pub fn is_alphanum_ex(text: &[u8], extra: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|byte| byte.is_ascii_alphanumeric() || extra.contains(byte))
}

/// Whether `text` is a telephone number: digits, after a `+` or not.
pub fn is_tel_number(text: &[u8]) -> bool {
    is_numeric(text.strip_prefix(b"+").unwrap_or(text))
}
