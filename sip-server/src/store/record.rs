//! A binding as a store keeps it: by the calendar, and under a name of its own.

use std::net::SocketAddr;
use std::time::SystemTime;

use bstr::{BStr, BString};
use sip_core::digest::HashFunction;
use sip_core::{Protocol, Q, Source, Target};
use sip_registrar::{Aor, Binding, Parts};

use crate::store::times::Times;

/// A binding as it is stored.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Record {
    /// Its name in the store: made from whose it is, its contact, Call-ID, instance, `reg-id` and Path, so that two
    /// bindings never share one and a binding never has two. What others wrote may have any other.
    pub ruid: String,
    /// Whose it is.
    pub aor: Aor,
    /// The contact URI.
    pub contact: BString,
    /// Where to send instead of to the URI; never a connection.
    pub received: Option<Target>,
    /// The Path values, in order.
    pub path: Vec<BString>,
    /// When it ends, in whole seconds.
    pub expires: SystemTime,
    /// The q.
    pub q: Option<Q>,
    /// The Call-ID of its REGISTER.
    pub call_id: BString,
    /// The CSeq number of its REGISTER.
    pub cseq: u32,
    /// When it was registered, or confirmed last, in whole seconds.
    pub updated: SystemTime,
    /// The User-Agent.
    pub user_agent: BString,
    /// The protocol that the REGISTER came by.
    pub protocol: Protocol,
    /// The address of ours that it was sent to.
    pub local: SocketAddr,
    /// The `+sip.instance`; empty: none.
    pub instance: BString,
    /// The `reg-id`; 0: none.
    pub reg_id: u32,
}

impl Record {
    pub(crate) fn new(aor: &Aor, binding: &Binding, times: &Times) -> Self {
        let without_flow = |target: Target| Target { flow: None, ..target };
        Self {
            ruid: ruid(aor, binding),
            aor: aor.clone(),
            contact: binding.uri().into(),
            received: binding.received().map(without_flow),
            path: binding.path().map(Into::into).collect(),
            expires: times.wall_of(binding.expires_at()),
            q: binding.q(),
            call_id: binding.call_id().into(),
            cseq: binding.cseq(),
            updated: times.wall_of(binding.updated_at()),
            user_agent: binding.user_agent().into(),
            protocol: binding.protocol(),
            local: binding.local(),
            instance: binding.instance().map(BStr::to_owned).unwrap_or_default(),
            reg_id: binding.reg_id().unwrap_or(0),
        }
    }

    pub(crate) fn binding(&self, times: &Times) -> Binding {
        let path: Vec<&[u8]> = self.path.iter().map(|hop| hop.as_slice()).collect();
        Binding::new(&Parts {
            uri: &self.contact,
            call_id: &self.call_id,
            cseq: self.cseq,
            path: &path,
            instance: &self.instance,
            reg_id: if self.instance.is_empty() { 0 } else { self.reg_id },
            user_agent: &self.user_agent,
            q: self.q,
            expires: times.instant_of(self.expires),
            updated: times.instant_of(self.updated),
            source: Source { protocol: self.protocol, remote: self.local, local: self.local, flow: None },
            received: self.received,
        })
    }
}

/// The name of a binding in a store: 96 bits would do against chance, but a phone chooses what goes in.
pub(crate) fn ruid(aor: &Aor, binding: &Binding) -> String {
    let reg_id = binding.reg_id().unwrap_or(0).to_string();
    let instance = binding.instance().unwrap_or_default();
    // None of the texts has a line end in it, so no two bindings give the same parts.
    let mut parts: Vec<&[u8]> = Vec::with_capacity(16);
    for part in [aor.as_bstr(), binding.uri(), binding.call_id(), instance, BStr::new(&reg_id)] {
        parts.extend([&**part, b"\n"]);
    }
    for hop in binding.path() {
        parts.extend([&**hop, b"\n"]);
    }
    let hash = HashFunction::Sha256.hash(&parts).to_string();
    format!("uloc-{}", hash.get(..40).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    pub(crate) fn parts<'a>(path: &'a [&'a [u8]], times: &Times) -> Parts<'a> {
        let local = "192.0.2.9:5060".parse().expect("an address");
        let remote: SocketAddr = "198.51.100.4:40000".parse().expect("an address");
        Parts {
            uri: b"sip:bob@10.0.0.4",
            call_id: b"abc",
            cseq: 7,
            path,
            instance: b"<urn:uuid:1>",
            reg_id: 2,
            user_agent: b"phone",
            q: Q::parse(b"0.5"),
            expires: times.now + Duration::from_secs(60),
            updated: times.now,
            source: Source { protocol: Protocol::Tcp, remote, local, flow: None },
            received: Some(Target::new(Protocol::Tcp, remote).with_local(local)),
        }
    }

    #[test]
    fn a_binding_comes_back_from_its_record() {
        let times = Times::read();
        let aor = Aor::from_bytes(b"bob");
        let binding = Binding::new(&parts(&[b"<sip:a;lr>", b"<sip:b;lr>"], &times));
        let record = Record::new(&aor, &binding, &times);
        let back = record.binding(&times);
        assert_eq!(Record::new(&aor, &back, &times).path, record.path);
        assert_eq!((back.uri(), back.cseq(), back.q()), (binding.uri(), 7, binding.q()));
        assert_eq!((back.received(), back.local()), (binding.received(), binding.local()));
        assert_eq!(ruid(&aor, &back), record.ruid);
        assert!(back.expires_at() >= binding.expires_at());
    }

    #[test]
    fn bindings_that_differ_have_different_names() {
        let times = Times::read();
        let bob = Aor::from_bytes(b"bob");
        let name = |aor: &Aor, change: fn(&mut Parts<'_>), path: &[&[u8]]| {
            let mut parts = parts(path, &times);
            change(&mut parts);
            ruid(aor, &Binding::new(&parts))
        };
        let names = [
            name(&bob, |_| {}, &[]),
            name(&Aor::from_bytes(b"alice"), |_| {}, &[]),
            name(&bob, |parts| parts.reg_id = 3, &[]),
            name(&bob, |parts| parts.call_id = b"abcd", &[]),
            name(&bob, |_| {}, &[b"<sip:a;lr>"]),
            name(&bob, |_| {}, &[b"<sip:a;lr>,<sip:b;lr>"]),
            name(&bob, |_| {}, &[b"<sip:a;lr>", b"<sip:b;lr>"]),
        ];
        let different: std::collections::HashSet<_> = names.iter().collect();
        assert_eq!(different.len(), names.len());
        assert_eq!(name(&bob, |parts| parts.cseq = 8, &[]), names[0], "a refresh keeps it");
        assert!(names[0].len() <= 64, "the column holds 64");
    }
}
