//! `Destination`: where one branch goes.

use std::net::SocketAddr;

use bytes::Bytes;
use sip_core::{HeaderName, Message, NameAddr, Protocol, Q, Target, Uri};
use sip_modules::rr;
use sip_transport::resolve;

use crate::error::RouteError;

/// Where one branch goes: the request URI it carries and, where that is not also the way, the way.
///
/// A text is a destination: `"sip:bob@192.0.2.4:5062".into()`. The first of these that is set is the
/// next hop: [`target`](Self::target), [`dst_uri`](Self::dst_uri), the first of [`path`](Self::path),
/// the top Route of the message, the request URI (RFC 3261 16.6, steps 6 and 7).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Destination {
    /// The request URI of the branch; empty: the one the message has.
    pub uri: Bytes,
    /// The next hop as a URI (`$du`).
    pub dst_uri: Option<Bytes>,
    /// Route values put on top of the message's own (RFC 3327 Path of a binding), in order.
    pub path: Vec<Bytes>,
    /// The next hop as an address or a flow; nothing is resolved then.
    pub target: Option<Target>,
    /// The address of ours to leave from, where the branch goes by this protocol and on no flow (`$fs`). One that the
    /// server does not listen on is not taken.
    pub socket: Option<(Protocol, SocketAddr)>,
    /// How much it is preferred: what [`Ctx::load_contacts`](crate::Ctx::load_contacts) sorts by.
    pub q: Option<Q>,
}

impl Destination {
    /// A branch to this request URI.
    pub fn new(uri: impl Into<Bytes>) -> Self {
        Self { uri: uri.into(), ..Self::default() }
    }

    /// The same, by way of another hop (`$du`).
    pub fn via(mut self, dst_uri: impl Into<Bytes>) -> Self {
        self.dst_uri = Some(dst_uri.into());
        self
    }

    /// The same, straight to this address or flow.
    pub fn at(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    /// The same, with this preference.
    pub fn with_q(mut self, q: Q) -> Self {
        self.q = Some(q);
        self
    }

    /// The next hop as a URI, where one is set (`$du`): [`dst_uri`](Self::dst_uri), the first of
    /// [`path`](Self::path) without its brackets, or [`target`](Self::target) as `sip:192.0.2.1:5060;transport=tcp`.
    pub fn next_hop(&self) -> Option<Bytes> {
        if let Some(target) = &self.target {
            let transport = match target.protocol {
                Protocol::Udp => String::new(),
                other => format!(";transport={other}"),
            };
            return Some(format!("sip:{}{transport}", target.remote).into());
        }
        let first =
            || NameAddr::parse(self.path.first()?).ok().map(|hop| Bytes::copy_from_slice(hop.uri_text()));
        self.dst_uri.clone().or_else(first)
    }

    /// Sets the next hop (`setdsturi`); `None`: there is none but Route and request URI (`resetdsturi`). The path
    /// stays what it is.
    pub fn set_next_hop(&mut self, uri: Option<Bytes>) {
        self.target = None;
        self.dst_uri = uri;
    }

    /// Writes request URI and path into the branch's copy of the message.
    pub(crate) fn write_into(&self, msg: &mut Message) -> Result<(), RouteError> {
        if !self.uri.is_empty() {
            msg.set_request_uri(&self.uri)?;
        }
        for hop in self.path.iter().rev() {
            msg.prepend(HeaderName::Route, hop)?;
        }
        Ok(())
    }

    /// The next hop of a message for this destination.
    ///
    /// Where a Route decides and its top is a strict router, the message is rewritten for it.
    pub(crate) fn resolve(&self, msg: &mut Message) -> Result<Target, RouteError> {
        let mut target = self.way(msg)?;
        if let Some((protocol, local)) = self.socket
            && protocol == target.protocol
            && target.flow.is_none()
        {
            target.local = Some(local);
        }
        Ok(target)
    }

    fn way(&self, msg: &mut Message) -> Result<Target, RouteError> {
        if let Some(target) = self.target {
            return Ok(target);
        }
        if let Some(uri) = &self.dst_uri {
            return Ok(resolve::target(&Uri::parse(uri)?)?);
        }
        let next = rr::next_hop(msg)?;
        Ok(resolve::target(&next.uri(msg)?)?)
    }
}

impl From<&str> for Destination {
    fn from(uri: &str) -> Self {
        Self::new(Bytes::copy_from_slice(uri.as_bytes()))
    }
}

impl From<String> for Destination {
    fn from(uri: String) -> Self {
        Self::new(uri)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_hop_is_told_as_it_is_chosen() {
        let mut to = Destination { path: vec!["<sip:edge;lr>".into()], ..Destination::new("sip:a@b") };
        assert_eq!(to.next_hop().as_deref(), Some(&b"sip:edge;lr"[..]));
        to.set_next_hop(Some("sip:gw".into()));
        assert_eq!(to.next_hop().as_deref(), Some(&b"sip:gw"[..]));
        to = to.at(Target::new(Protocol::Tcp, ([192, 0, 2, 1], 5070).into()));
        assert_eq!(to.next_hop().as_deref(), Some(&b"sip:192.0.2.1:5070;transport=tcp"[..]));
        to.set_next_hop(None);
        assert_eq!((to.target, to.next_hop().as_deref()), (None, Some(&b"sip:edge;lr"[..])));
    }
}
