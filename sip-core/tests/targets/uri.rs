//! Any bytes as one URI, and as two that are compared.

use sip_core::{Host, Scheme, Uri, UriPart, escape, unescape};

pub(crate) fn run(data: &[u8]) {
    one(data);
    let mut parts = data.splitn(2, |&byte| byte == b'\n');
    let (first, second) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    one(first);
    if let (Ok(a), Ok(b)) = (Uri::parse(first), Uri::parse(second)) {
        assert_eq!(a.equivalent(&b), b.equivalent(&a), "{a} and {b}: it does not matter who asks");
        if a.equivalent(&b) {
            assert_eq!((a.scheme(), a.host(), a.port()), (b.scheme(), b.host(), b.port()));
        }
    }
}

fn one(text: &[u8]) {
    let plain = unescape(text);
    assert!(plain.len() <= text.len());
    for part in [UriPart::User, UriPart::Password, UriPart::Param, UriPart::Header] {
        let escaped = escape(text, part);
        assert_eq!(unescape(&escaped), text, "an escape is undone");
        assert!(escaped.iter().all(|byte| byte.is_ascii_graphic()));
    }
    if let Some(host) = Host::parse(text) {
        assert_eq!(Host::parse(host.to_string().as_bytes()), Some(host), "a host is read as it is written");
    }
    let Ok(uri) = Uri::parse(text) else { return };
    assert_eq!(uri.as_bstr(), text);
    assert!(uri.equivalent(&uri), "{uri} is itself");
    assert!(!text.iter().any(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control()), "{uri}");
    let _ = (uri.is_lr(), uri.transport(), uri.maddr());
    for param in uri.params() {
        let name = std::str::from_utf8(param.name).unwrap_or_default();
        assert!(name.is_empty() || uri.param(name).is_some(), "a parameter is found by its name");
    }
    assert_eq!(uri.tel().is_some(), uri.scheme() == Scheme::Tel);
    if let Some(tel) = uri.tel() {
        assert!(tel.digits().len() <= tel.number().len());
        let _ = (tel.is_global(), tel.context(), tel.extension());
    }
    let _ = (uri.service(), uri.is_emergency());
    if matches!(uri.scheme(), Scheme::Sip | Scheme::Sips) {
        assert_eq!(rebuilt(&uri), text, "the parts are all there is");
        assert!(uri.user().is_none_or(|user| !user.is_empty()) && !uri.host_text().is_empty());
    }
}

/// The URI put together from its parts; the port as it stands, since `05060` is one.
fn rebuilt(uri: &Uri<'_>) -> Vec<u8> {
    let mut out = uri.scheme_text().to_vec();
    out.push(b':');
    if let Some(user) = uri.user() {
        out.extend_from_slice(user);
        if let Some(password) = uri.password() {
            out.push(b':');
            out.extend_from_slice(password);
        }
        out.push(b'@');
    }
    out.extend_from_slice(uri.host_text());
    if let Some(port) = uri.port() {
        let rest = &uri.as_bstr()[out.len() + 1..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let written = std::str::from_utf8(&rest[..digits]).expect("digits");
        assert_eq!(written.trim_start_matches('0').parse().unwrap_or(0), port);
        out.push(b':');
        out.extend_from_slice(written.as_bytes());
    }
    // `sip:a;` has an empty list.
    if uri.as_bstr().get(out.len()) == Some(&b';') {
        out.push(b';');
    }
    out.extend_from_slice(uri.params_text());
    if let Some(headers) = uri.headers() {
        out.push(b'?');
        out.extend_from_slice(headers);
    }
    out
}
