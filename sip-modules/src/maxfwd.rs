//! `maxfwd`: how many more hops a request may take.
//!
//! Source: RFC 3261 16.3, step 3, 16.6, step 3, and 20.22.

use sip_core::{HeaderName, Message};

/// The value that [`process`] leaves at most (maxfwd `max_limit`).
pub const MAX_LIMIT: u32 = 70;

/// What [`process`] did. The number is what KEMI's `process_maxfwd` returns.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Hops {
    /// 1: one hop less; the header has this value now.
    Decremented(u32),
    /// 2: there was none; the header has this value now.
    Added(u32),
    /// -1: it was 0. Answer 483, or an OPTIONS yourself (RFC 3261 11).
    Exhausted,
    /// -2: it is no number from 0 to 255. Answer 400.
    Malformed,
}

impl Hops {
    /// The value that KEMI's `process_maxfwd` returns.
    pub fn code(self) -> i32 {
        match self {
            Self::Decremented(_) => 1,
            Self::Added(_) => 2,
            Self::Exhausted => -1,
            Self::Malformed => -2,
        }
    }

    /// Whether the request may go on.
    pub fn may_go_on(self) -> bool {
        self.code() > 0
    }
}

/// Takes one hop from Max-Forwards; adds the header with the value `limit` where there is none.
///
/// What is above [`MAX_LIMIT`] becomes that. Where several such headers stand, the first counts and the others
/// go, so that no later hop reads another one than we did.
///
/// # Examples
///
/// ```
/// use sip_modules::maxfwd::{self, Hops};
///
/// let wire = "OPTIONS sip:a@b SIP/2.0\r\nMax-Forwards: 5\r\n\r\n";
/// let mut msg = sip_core::parse(wire.into(), &Default::default())?;
/// assert_eq!(maxfwd::process(&mut msg, 10), Hops::Decremented(4));
/// assert_eq!(msg.header("Max-Forwards").unwrap(), "4");
/// # Ok::<(), sip_core::ParseError>(())
/// ```
pub fn process(msg: &mut Message, limit: u32) -> Hops {
    let hops = match msg.max_forwards() {
        None => Hops::Added(limit.min(MAX_LIMIT)),
        Some(Err(_)) => return Hops::Malformed,
        Some(Ok(0)) => return Hops::Exhausted,
        Some(Ok(hops)) => Hops::Decremented((hops - 1).min(MAX_LIMIT)),
    };
    if let Hops::Added(value) | Hops::Decremented(value) = hops
        && msg.replace(HeaderName::MaxForwards, value.to_string()).is_err()
    {
        return Hops::Malformed; // a number is always a valid value: this cannot be
    }
    hops
}

/// The answer to [`is_below`]. The number is what KEMI's `is_maxfwd_lt` returns.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Below {
    /// 1
    Yes,
    /// -1
    No,
    /// -2: there is no such header.
    Missing,
    /// -3: it is no number from 0 to 255.
    Malformed,
}

impl Below {
    /// The value that KEMI's `is_maxfwd_lt` returns.
    pub fn code(self) -> i32 {
        match self {
            Self::Yes => 1,
            Self::No => -1,
            Self::Missing => -2,
            Self::Malformed => -3,
        }
    }
}

/// Whether Max-Forwards is lower than `limit`.
pub fn is_below(msg: &Message, limit: u32) -> Below {
    match msg.max_forwards() {
        None => Below::Missing,
        Some(Err(_)) => Below::Malformed,
        Some(Ok(hops)) if hops < limit => Below::Yes,
        Some(Ok(_)) => Below::No,
    }
}
