//! What a registrar allows, and how it tells one contact from another.

use std::time::Duration;

use sip_core::Q;

/// Settings of a [`Registrar`](crate::Registrar).
///
/// Each default says what it follows: Kamailio's parameter of that name, an RFC, or a bound of our own.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Whether the domain is part of an address of record: `bob@example.com` instead of `bob`.
    /// Default `false` (usrloc `use_domain`): one user, whatever name of the server the phone knows.
    pub use_domain: bool,
    /// Whether `Bob` and `bob` are two users. Default `false` (registrar `case_sensitive`).
    /// The domain is never case-sensitive.
    pub case_sensitive: bool,
    /// Lifetime of a contact that asks for none, in seconds. Default 3600 (`default_expires`).
    pub default_expires: u32,
    /// Shortest lifetime in seconds. Default 60 (`min_expires`); see [`Self::short_expires`].
    pub min_expires: u32,
    /// Longest lifetime in seconds; what asks for more gets this. `None`: no cap.
    /// Default one day: Kamailio has no cap, but a binding that nobody can outlive is memory lost.
    pub max_expires: Option<u32>,
    /// What a contact gets that asks for less than [`Self::min_expires`]. Default: 423 (RFC 3261 10.3, step 7).
    pub short_expires: ShortExpires,
    /// The q of a contact that has none. Default `None` (`default_q`): it ranks behind every q.
    pub default_q: Option<Q>,
    /// Contacts an address of record may have; `None`: any number.
    /// Default 32: a call is forked to all of them. (Kamailio's `max_contacts` has no bound.)
    pub max_contacts: Option<usize>,
    /// Bindings that the whole location may have: beyond, new ones get 503. Default 4 million,
    /// some 2 GB.
    pub max_bindings: usize,
    /// Longest contact URI in bytes, and longest `Path` (all its values). Default 512 (`contact_max_size`).
    /// At most [`Config::TEXT_LIMIT`] counts.
    pub contact_max_size: usize,
    /// Longest address of record in bytes. Default 256 (usrloc's limit is near 500).
    pub aor_max_size: usize,
    /// How a contact without `+sip.instance` finds its earlier binding. Default
    /// [`Matching::Contact`] (usrloc `matching_mode` 0).
    pub matching: Matching,
    /// How long a REGISTER with the CSeq of its predecessor counts as a repetition of it, which is
    /// answered and changes nothing. Default 20 s (usrloc `cseq_delay`).
    pub cseq_delay: Duration,
    /// What happens to the `Path` of a request. Default [`PathMode::Lazy`].
    pub path: PathMode,
    /// When the address that a REGISTER came from is stored for calls. Default [`Received::Natted`].
    pub received: Received,
    /// Parts of the location with a lock each; rounded up to a power of two. Default 64.
    pub shards: usize,
}

impl Config {
    /// What [`Config::contact_max_size`] can be at most: 8 KiB.
    pub const TEXT_LIMIT: usize = 8 * 1024;
}

impl Default for Config {
    fn default() -> Self {
        Self {
            use_domain: false,
            case_sensitive: false,
            default_expires: 3600,
            min_expires: 60,
            max_expires: Some(86_400),
            short_expires: ShortExpires::Refuse,
            default_q: None,
            max_contacts: Some(32),
            max_bindings: 4_000_000,
            contact_max_size: 512,
            aor_max_size: 256,
            matching: Matching::Contact,
            cseq_delay: Duration::from_secs(20),
            path: PathMode::Lazy,
            received: Received::Natted,
            shards: 64,
        }
    }
}

/// What a contact gets that asks for less than the minimum (registrar `min_expires_mode`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ShortExpires {
    /// 423 with `Min-Expires`; the phone asks again.
    Refuse,
    /// The minimum, as the 200 tells it.
    Raise,
}

/// How a contact finds its earlier binding (usrloc `matching_mode`).
///
/// A contact with `+sip.instance` is matched by instance and `reg-id` instead, whatever this says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Matching {
    /// 0: by the contact URI (RFC 3261 19.1.4).
    Contact,
    /// 1: by the contact URI and the Call-ID.
    ContactAndCallId,
    /// 2: by the contact URI and the Path.
    ContactAndPath,
    /// 3: by the Call-ID alone.
    CallId,
}

/// What happens to the `Path` of a REGISTER (RFC 3327; registrar `use_path` and `path_mode`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PathMode {
    /// It is not looked at.
    Ignore,
    /// It is stored; the 200 repeats it to a phone that supports it. Right where an edge proxy adds Path
    /// for phones that do not know it.
    Lazy,
    /// A request with Path whose sender does not say `Supported: path` gets 420.
    Strict,
}

/// When the address that a REGISTER came from is stored, for calls to be sent there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Received {
    /// Only where [`SaveOptions::received`](crate::SaveOptions::received) gives it: what Kamailio does
    /// (nathelper `fix_nated_register`).
    Explicit,
    /// Also where a phone wrote to us without a proxy between (a single Via, no Path) and its contact does not
    /// name the address it wrote from: always over a connection; over UDP where the contact has another IP
    /// address and the Via an `rport`, with which the phone says that it can be reached where it writes from
    /// (RFC 3581).
    Natted,
}
