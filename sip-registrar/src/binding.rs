//! Binding: one contact of an address of record, and what is needed to reach it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bstr::{BStr, ByteSlice};
use sip_core::{FlowId, Protocol, Q, Source, Target};
use smallvec::SmallVec;

/// The bindings of one address of record, in the order of registration.
pub type Bindings = SmallVec<[Arc<Binding>; 2]>;

/// One contact: where a user can be reached, until when, and by which way.
///
/// It is not changed once it is stored: a new REGISTER makes a new one. So whoever looked it up may
/// keep the `Arc` while it waits.
#[derive(Clone, Debug)]
pub struct Binding {
    text: Box<[u8]>,
    ends: [u16; 5],
    cseq: u32,
    reg_id: u32,
    q: Option<Q>,
    expires: Instant,
    updated: Instant,
    local: SocketAddr,
    flow: Option<FlowId>,
    received: Option<Box<Target>>,
    protocol: Protocol,
}

/// What a [`Binding`] is made of.
///
/// The texts are copied into one buffer of the right size; each is cut at 16 KiB less one byte, together they
/// stay below 64 KiB. Line ends in them (from folded headers) become spaces.
#[derive(Clone, Debug)]
pub struct Parts<'a> {
    /// The contact URI.
    pub uri: &'a [u8],
    /// The Call-ID of the REGISTER.
    pub call_id: &'a [u8],
    /// Its CSeq number.
    pub cseq: u32,
    /// The Path header values, in order.
    pub path: &'a [&'a [u8]],
    /// The `+sip.instance`, without its quotes; empty: none.
    pub instance: &'a [u8],
    /// The `reg-id`; 0: none.
    pub reg_id: u32,
    /// The User-Agent; cut at 255 bytes.
    pub user_agent: &'a [u8],
    /// The q.
    pub q: Option<Q>,
    /// When it ends.
    pub expires: Instant,
    /// When it was registered, or confirmed last.
    pub updated: Instant,
    /// Where the REGISTER came from: the address of ours and the connection are kept.
    pub source: Source,
    /// Where to send instead of to the URI.
    pub received: Option<Target>,
}

const URI: usize = 0;
const CALL_ID: usize = 1;
const PATH: usize = 2;
const INSTANCE: usize = 3;
const USER_AGENT: usize = 4;

/// Longest text of one kind; four of them fit below the 64 KiB that an end can say.
const LONGEST: usize = 16 * 1024 - 1;

/// Stands between Path values. It is in no text: line ends became spaces.
const SEPARATOR: u8 = b'\n';

impl Binding {
    /// Makes one from its parts.
    pub fn new(parts: &Parts<'_>) -> Self {
        let agent = parts.user_agent.get(..255).unwrap_or(parts.user_agent);
        let texts = [&[parts.uri][..], &[parts.call_id], parts.path, &[parts.instance], &[agent]];

        let size = texts.iter().copied().flatten().map(|text| text.len() + 1).sum();
        let mut text = Vec::with_capacity(size);
        let mut ends = [0; 5];
        for (pieces, end) in texts.iter().zip(&mut ends) {
            let start = text.len();
            for (at, piece) in pieces.iter().enumerate() {
                if at > 0 {
                    text.push(SEPARATOR);
                }
                text.extend(piece.iter().map(|byte| if b"\r\n\0".contains(byte) { b' ' } else { *byte }));
            }
            text.truncate(start + LONGEST);
            *end = u16::try_from(text.len()).unwrap_or(u16::MAX);
        }
        Self {
            text: text.into(),
            ends,
            cseq: parts.cseq,
            reg_id: parts.reg_id,
            q: parts.q,
            expires: parts.expires,
            updated: parts.updated,
            local: parts.source.local,
            flow: parts.source.flow,
            received: parts.received.map(Box::new),
            protocol: parts.source.protocol,
        }
    }

    fn part(&self, kind: usize) -> &BStr {
        let end = |kind: usize| self.ends.get(kind).map_or(0, |&end| usize::from(end));
        let start = kind.checked_sub(1).map_or(0, end);
        self.text.get(start..end(kind)).unwrap_or_default().as_bstr()
    }

    /// The contact URI: the Request-URI of a call to it.
    pub fn uri(&self) -> &BStr {
        self.part(URI)
    }

    /// The Call-ID of the REGISTER that made it.
    pub fn call_id(&self) -> &BStr {
        self.part(CALL_ID)
    }

    /// The CSeq number of the REGISTER that made it.
    pub fn cseq(&self) -> u32 {
        self.cseq
    }

    /// The Path values, first hop first (RFC 3327): the Route headers of a call to it.
    pub fn path(&self) -> impl DoubleEndedIterator<Item = &BStr> {
        let path = self.part(PATH);
        path.split(|&byte| byte == SEPARATOR).filter(|value| !value.is_empty()).map(BStr::new)
    }

    /// The `+sip.instance`, without quotes: `<urn:uuid:...>`.
    pub fn instance(&self) -> Option<&BStr> {
        Some(self.part(INSTANCE)).filter(|instance| !instance.is_empty())
    }

    /// The `reg-id` (RFC 5626).
    pub fn reg_id(&self) -> Option<u32> {
        Some(self.reg_id).filter(|&id| id != 0)
    }

    /// The User-Agent of the phone, its first 255 bytes.
    pub fn user_agent(&self) -> &BStr {
        self.part(USER_AGENT)
    }

    /// The preference that the phone gave it, or the configured default.
    pub fn q(&self) -> Option<Q> {
        self.q
    }

    /// When it ends.
    pub fn expires_at(&self) -> Instant {
        self.expires
    }

    /// When it was made, or changed last.
    pub fn updated_at(&self) -> Instant {
        self.updated
    }

    /// Whether it is still good at `now`.
    pub fn is_live(&self, now: Instant) -> bool {
        self.expires > now
    }

    /// The seconds it has left, rounded up; 0 when it ended.
    pub fn seconds_left(&self, now: Instant) -> u32 {
        let left = self.expires.saturating_duration_since(now);
        let up = u64::from(left > Duration::from_secs(left.as_secs()));
        u32::try_from(left.as_secs() + up).unwrap_or(u32::MAX)
    }

    /// The address of ours that the REGISTER was sent to: calls leave from it.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// The protocol that the REGISTER came by.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The connection that the REGISTER came by, unless another proxy stood between. It may have ended
    /// since.
    pub fn flow(&self) -> Option<FlowId> {
        self.flow
    }

    /// Where to send instead of to the URI: the address that the phone really wrote from.
    pub fn received(&self) -> Option<Target> {
        self.received.as_deref().copied()
    }

    /// The first step towards it: the Path, else what was received, else the URI itself.
    pub fn next_hop(&self) -> NextHop<'_> {
        if let Some(first) = self.path().next() {
            NextHop::Path(first)
        } else if let Some(target) = self.received() {
            NextHop::Received(target)
        } else {
            NextHop::Uri(self.uri())
        }
    }
}

/// The first step towards a [`Binding`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NextHop<'a> {
    /// This Path value (a name-addr); all of [`Binding::path`] go into Route headers.
    Path(&'a BStr),
    /// The address that the phone wrote from. When the connection in it has ended, try the URI.
    Received(Target),
    /// The contact URI.
    Uri(&'a BStr),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "a test needs some instant to count from")]
    fn start() -> Instant {
        Instant::now()
    }

    fn parts<'a>(path: &'a [&'a [u8]], now: Instant) -> Parts<'a> {
        Parts {
            uri: b"sip:bob@192.0.2.4",
            call_id: b"abc",
            cseq: 7,
            path,
            instance: b"<urn:uuid:1>",
            reg_id: 0,
            user_agent: b"phone\r\n 1",
            q: None,
            expires: now + Duration::from_millis(1500),
            updated: now,
            source: Source {
                protocol: Protocol::Udp,
                remote: "192.0.2.4:5060".parse().expect("an address"),
                local: "192.0.2.9:5060".parse().expect("an address"),
                flow: None,
            },
            received: None,
        }
    }

    #[test]
    fn texts_come_out_as_they_went_in() {
        let now = start();
        let binding = Binding::new(&parts(&[b"<sip:a;lr>", b"\"x, y\" <sip:b;lr>"], now));
        assert_eq!(binding.uri(), "sip:bob@192.0.2.4");
        assert_eq!(binding.call_id(), "abc");
        assert_eq!(binding.path().collect::<Vec<_>>(), ["<sip:a;lr>", "\"x, y\" <sip:b;lr>"]);
        assert_eq!(binding.instance(), Some("<urn:uuid:1>".into()));
        assert_eq!(binding.reg_id(), None);
        assert_eq!(binding.user_agent(), "phone   1");
        assert_eq!(binding.next_hop(), NextHop::Path("<sip:a;lr>".into()));
    }

    #[test]
    fn no_path_is_no_hop() {
        let now = start();
        let binding = Binding::new(&parts(&[], now));
        assert_eq!(binding.path().count(), 0);
        assert_eq!(binding.next_hop(), NextHop::Uri("sip:bob@192.0.2.4".into()));
    }

    #[test]
    fn seconds_left_are_rounded_up_and_end_at_zero() {
        let now = start();
        let binding = Binding::new(&parts(&[], now));
        assert_eq!(binding.seconds_left(now), 2);
        assert_eq!(binding.seconds_left(now + Duration::from_millis(500)), 1);
        assert_eq!(binding.seconds_left(now + Duration::from_secs(2)), 0);
        assert!(!binding.is_live(now + Duration::from_millis(1500)));
    }

    #[test]
    fn a_binding_is_small() {
        assert!(size_of::<Binding>() <= 144, "{}", size_of::<Binding>());
    }
}
