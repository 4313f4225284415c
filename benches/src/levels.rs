//! Four levels of work on one message, each a step that a server does: what is counted beside other parsers.
//!
//! | level | work |
//! |---|---|
//! | L0 | start line and every header found, the name recognised, compact forms too; Content-Length checked |
//! | L1 | L0 and what a proxy needs: Request-URI, top Via, From tag, To tag, Call-ID, CSeq, Max-Forwards, first Route |
//! | L2 | L0 and everything typed: L1's, and every Via, From, To, Contact, Route, Record-Route with URIs and parameters |
//! | L3 | L1, then what a proxy changes: a Via, Max-Forwards, the Request-URI, a Record-Route; written |
//! | L3c | L3 by the setters that check every value, instead of those for values that are known to be good |

use std::fmt;

use bytes::Bytes;
use sip_core::{
    EditError, HeaderError, HeaderName, Limits, Message, NameAddr, ParseError, RecordRoute, Route, Uri, Via,
    parse,
};

const VIA: &str = "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1f40.9c0e11d2.0.5d1f3a77.8e1c0b6a4f2d9317";
const RECORD_ROUTE: &str = "<sip:192.0.2.1;lr;ftag=1928301774>";
const TARGET: &str = "sip:dave@203.0.113.200:5060;transport=udp";

/// How much is done with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Level {
    /// Found.
    L0,
    /// What a proxy needs.
    L1,
    /// Everything typed.
    L2,
    /// What a proxy does.
    L3,
    /// The same, each new value checked.
    L3c,
}

impl Level {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [Self::L0, Self::L1, Self::L2, Self::L3, Self::L3c];

    /// Does the work of this level with one message. The number depends on all that was read, so that no part
    /// of the work can be left out.
    ///
    /// # Errors
    ///
    /// The message cannot be read or rewritten.
    pub fn run(self, wire: Bytes, limits: &Limits) -> Result<usize, WorkError> {
        let mut msg = parse(wire, limits)?;
        match self {
            Self::L0 => Ok(msg.body().len()),
            Self::L1 => Ok(proxy(&msg)?),
            Self::L2 => Ok(typed(&msg)?),
            Self::L3 | Self::L3c => {
                let seen = proxy(&msg)?;
                let hops = hops(&msg)?;
                if self == Self::L3 {
                    rewrite(&mut msg, hops)?
                } else {
                    rewrite_checked(&mut msg, hops)?
                }
                Ok(seen + msg.to_bytes().len())
            }
        }
    }
}

/// Why the work could not be done.
#[derive(Debug)]
pub enum WorkError {
    /// The message was refused.
    Parse(ParseError),
    /// A header cannot be read.
    Header(HeaderError),
    /// A change was refused.
    Edit(EditError),
}

impl fmt::Display for WorkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parse(error) => error.fmt(f),
            Self::Header(error) => error.fmt(f),
            Self::Edit(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for WorkError {}

impl From<ParseError> for WorkError {
    fn from(error: ParseError) -> Self {
        Self::Parse(error)
    }
}

impl From<HeaderError> for WorkError {
    fn from(error: HeaderError) -> Self {
        Self::Header(error)
    }
}

impl From<EditError> for WorkError {
    fn from(error: EditError) -> Self {
        Self::Edit(error)
    }
}

/// What a proxy reads before it decides anything.
///
/// # Errors
///
/// One of the headers is missing or malformed.
pub fn proxy(msg: &Message) -> Result<usize, HeaderError> {
    let via = msg.top_via()?;
    let mut seen = hop(&via);
    seen += msg.from()?.tag().map_or(0, |tag| tag.len());
    seen += msg.to()?.tag().map_or(0, |tag| tag.len());
    seen += identity(msg)?;
    if msg.is_request() {
        seen += host_and_port(&msg.uri()?);
        if let Some(route) = msg.view_if_present::<Route<'_>>() {
            seen += host_and_port(&route?.uri()?);
        }
    }
    Ok(seen)
}

/// Everything typed.
fn typed(msg: &Message) -> Result<usize, HeaderError> {
    let mut seen = identity(msg)?;
    if msg.is_request() {
        seen += uri(&msg.uri()?);
    }
    for via in msg.views::<Via<'_>>() {
        seen += hop(&via?);
    }
    seen += party(&*msg.from()?)? + party(&*msg.to()?)?;
    for contact in msg.contacts() {
        let contact = contact?;
        let Some(addr) = contact.addr() else { continue };
        seen += uri(&addr.uri()?) + addr.expires().map_or(0, |seconds| seconds as usize);
    }
    for route in msg.views::<Route<'_>>() {
        seen += uri(&route?.uri()?);
    }
    for route in msg.views::<RecordRoute<'_>>() {
        seen += uri(&route?.uri()?);
    }
    Ok(seen)
}

/// Call-ID, CSeq and Max-Forwards.
fn identity(msg: &Message) -> Result<usize, HeaderError> {
    Ok(msg.call_id()?.len() + msg.cseq()?.number as usize + hops(msg)? as usize)
}

fn hops(msg: &Message) -> Result<u32, HeaderError> {
    msg.max_forwards().unwrap_or(Ok(70))
}

/// The sent-by of a Via, and what answers are sent by.
fn hop(via: &Via<'_>) -> usize {
    let port = via.port().map_or(0, usize::from) + via.rport().flatten().map_or(0, usize::from);
    via.host_text().len()
        + via.branch().map_or(0, |text| text.len())
        + port
        + usize::from(via.received().is_some())
}

fn host_and_port(uri: &Uri<'_>) -> usize {
    uri.host_text().len() + uri.port().map_or(0, usize::from)
}

/// Every part of a URI; its parameters, which were checked with it, are asked what they mean to a proxy.
fn uri(uri: &Uri<'_>) -> usize {
    host_and_port(uri)
        + uri.user().map_or(0, |user| user.len())
        + usize::from(uri.is_lr())
        + usize::from(uri.transport().is_some())
}

fn party(addr: &NameAddr<'_>) -> Result<usize, HeaderError> {
    let tag = addr.tag().map_or(0, |tag| tag.len());
    Ok(addr.display().map_or(0, |name| name.len()) + uri(&addr.uri()?) + tag)
}

/// What a proxy changes in what it sends on; the same in a response, where the Request-URI is missing. The values are
/// its own.
fn rewrite(msg: &mut Message, hops: u32) -> Result<(), EditError> {
    let is_request = msg.is_request();
    let mut digits = [0u8; 3];
    let mut msg = msg.unchecked();
    msg.replace_first_value(HeaderName::MaxForwards, decimal(hops.saturating_sub(1).min(255), &mut digits))?;
    if is_request {
        msg.set_request_uri(TARGET)?;
    }
    msg.prepend(HeaderName::RecordRoute, RECORD_ROUTE)?;
    msg.prepend(HeaderName::Via, VIA)
}

/// As [`rewrite`]; every value is checked.
fn rewrite_checked(msg: &mut Message, hops: u32) -> Result<(), EditError> {
    let mut digits = [0u8; 3];
    msg.replace_first_value(HeaderName::MaxForwards, decimal(hops.saturating_sub(1).min(255), &mut digits))?;
    if msg.is_request() {
        msg.set_request_uri(TARGET)?;
    }
    msg.prepend(HeaderName::RecordRoute, RECORD_ROUTE)?;
    msg.prepend(HeaderName::Via, VIA)
}

/// A number below 1,000 in decimal.
fn decimal(mut number: u32, digits: &mut [u8; 3]) -> &[u8] {
    let mut first = digits.len();
    loop {
        first -= 1;
        if let Some(digit) = digits.get_mut(first) {
            *digit = b'0' + (number % 10) as u8;
        }
        number /= 10;
        if number == 0 || first == 0 {
            return digits.get(first..).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages;

    #[test]
    fn every_level_does_its_work_with_every_message() {
        for (name, text) in messages::ALL {
            for level in Level::ALL {
                let seen = level.run(text.into(), &Limits::default());
                assert!(seen.is_ok(), "{name} {level:?}: {seen:?}");
            }
        }
    }

    #[test]
    fn a_rewritten_request_has_one_hop_less_and_one_via_more() {
        let mut msg = parse(messages::INVITE.into(), &Limits::default()).expect("message");
        let hops = hops(&msg).expect("a number");
        let mut checked = msg.clone();
        rewrite(&mut msg, hops).expect("sound edits");
        rewrite_checked(&mut checked, hops).expect("sound edits");
        assert_eq!(msg.to_bytes(), checked.to_bytes());
        let sent = parse(msg.to_bytes(), &Limits::default()).expect("message");
        assert_eq!(sent.max_forwards(), Some(Ok(68)));
        assert_eq!(sent.values("Via").count(), 3);
        assert_eq!(sent.request_uri().map(|uri| uri.to_string()).as_deref(), Some(TARGET));
        assert_eq!(sent.header("Record-Route").map(|text| text.to_string()).as_deref(), Some(RECORD_ROUTE));
    }

    #[test]
    fn numbers_are_written_in_decimal() {
        for number in [0, 7, 10, 69, 255] {
            assert_eq!(decimal(number, &mut [0; 3]), number.to_string().as_bytes());
        }
    }
}
