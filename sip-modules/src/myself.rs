//! Whether an address is one of ours.

use sip_core::{Host, Protocol, Uri};

/// Knows which addresses and names are this server's.
///
/// Any closure `Fn(Host<'_>, Option<u16>, Option<Protocol>) -> bool` is one.
pub trait Myself {
    /// Whether `host` with `port` and `protocol` is one of ours.
    ///
    /// `None` means that the text did not say, and matches any of our ports or protocols: a URI without port
    /// that names one of our domains is ours, whatever we listen on.
    fn is_myself(&self, host: Host<'_>, port: Option<u16>, protocol: Option<Protocol>) -> bool;

    /// Whether a SIP or SIPS URI names us. Other schemes never do.
    fn is_uri_myself(&self, uri: &Uri<'_>) -> bool {
        uri.is_sip() && self.is_myself(uri.host(), uri.port(), uri.transport())
    }
}

impl<F> Myself for F
where
    F: Fn(Host<'_>, Option<u16>, Option<Protocol>) -> bool,
{
    fn is_myself(&self, host: Host<'_>, port: Option<u16>, protocol: Option<Protocol>) -> bool {
        self(host, port, protocol)
    }
}
