//! The harness of `hostile.rs`: a server with short timers, its callee, the wires to it.

pub(crate) mod callee;
pub(crate) mod corpus;
pub(crate) mod exchange;
pub(crate) mod own;
pub(crate) mod stand;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU8, Ordering};

use sip_core::{Host, Message, Uri};

/// What a test returns: anything unexpected ends it.
pub(crate) type Outcome = Result<(), Box<dyn std::error::Error>>;

/// One message of somebody who means no good, or does not know better.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) wire: Vec<u8>,
    pub(crate) expected: Expected,
}

/// What may come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// A final response with one of these codes.
    Status(Vec<u16>),
    /// No response at all.
    Silence,
    /// Whatever it is, it must not hurt.
    Anything,
}

impl Case {
    /// The message, if it is one, for a look at what it asks for.
    pub(crate) fn read(&self) -> Option<Message> {
        sip_core::parse(self.wire.clone().into(), &Default::default()).ok()
    }
}

/// Domains and users of requests, so that the server can be made to serve them.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) domains: Vec<String>,
    pub(crate) users: Vec<String>,
}

impl Asked {
    pub(crate) fn by(cases: &[Case]) -> Self {
        let mut asked = Self::default();
        for msg in cases.iter().filter_map(Case::read) {
            let to = msg.to().map(|to| to.uri());
            for uri in [msg.uri(), to.unwrap_or_else(Err)].into_iter().flatten() {
                asked.note(&uri);
            }
        }
        asked
    }

    fn note(&mut self, uri: &Uri<'_>) {
        let add = |list: &mut Vec<String>, text: String| {
            if !list.contains(&text) {
                list.push(text);
            }
        };
        if let Host::Name(name) = uri.host() {
            add(&mut self.domains, name.to_string());
        }
        if let Some(user) = uri.user() {
            add(&mut self.users, user.to_string());
        }
    }
}

/// An address of the loopback that no other test uses: responses go to the port that a Via names, and
/// in most messages that is 5060.
pub(crate) fn own_address() -> IpAddr {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [high, low] = (std::process::id() as u16).to_be_bytes();
    Ipv4Addr::new(127, high | 0x40, low, NEXT.fetch_add(1, Ordering::Relaxed)).into()
}
