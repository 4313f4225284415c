//! Following the path that a request brings.
//!
//! Source: RFC 3261 16.4 (what arrives), 16.6, steps 6 and 7 (what leaves), 16.12 (both by example).

use bstr::BString;
use sip_core::{HeaderError, HeaderName, HeaderView, Message, Route, Uri, unfold};

use crate::myself::Myself;
use crate::rr::error::RrError;
use crate::rr::outcome::{LooseRoute, Way};
use crate::rr::side::Side;
use crate::rr::state::State;

/// Takes our own Route off a request, one or the two that we may have put there.
///
/// A request that a strict router sent (our URI with `lr` is the Request-URI, and the last Route is the real
/// target) is put right first. Its next hop, loose or strict, is the business of [`next_hop`].
///
/// A second call for the same message answers the same and changes nothing.
///
/// # Errors
///
/// [`RrError::Header`] for a malformed Route or Request-URI, [`RrError::NotARequest`]. Unchanged, then. KEMI
/// knows both as -1.
///
/// # Examples
///
/// ```
/// use sip_core::{Host, Protocol};
/// use sip_modules::rr::{self, LooseRoute};
///
/// let wire = "BYE sip:bob@192.0.2.4 SIP/2.0\r\nTo: <sip:bob@example.com>;tag=2\r\n\
///     Route: <sip:192.0.2.1;lr;ftag=1>\r\n\r\n";
/// let mut msg = sip_core::parse(wire.into(), &Default::default())?;
/// let ours = |host: Host<'_>, _: Option<u16>, _: Option<Protocol>| host.to_string() == "192.0.2.1";
/// let mut state = rr::State::default();
/// assert!(matches!(rr::loose_route(&mut state, &mut msg, &ours)?, LooseRoute::Routed(_)));
/// assert_eq!(msg.header("Route"), None);
/// assert_eq!(state.route_params().unwrap(), "lr;ftag=1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn loose_route(
    state: &mut State,
    msg: &mut Message,
    myself: &impl Myself,
) -> Result<LooseRoute, RrError> {
    if let Some(routed) = state.routed {
        return Ok(routed);
    }
    let routed = follow(state, msg, myself)?;
    state.routed = Some(routed);
    Ok(routed)
}

fn follow(state: &mut State, msg: &mut Message, myself: &impl Myself) -> Result<LooseRoute, RrError> {
    if !msg.is_request() {
        return Err(RrError::NotARequest);
    }
    // All that is read later is read now: an error leaves the message as it is.
    let first = msg.view_if_present::<Route<'_>>().transpose()?;
    let Some(first) = first else { return Ok(LooseRoute::NoRoute) };
    let first = first.uri()?;
    for route in msg.views::<Route<'_>>() {
        route?;
    }
    let in_dialog = msg.to().is_ok_and(|to| to.tag().is_some());

    let request_uri = msg.uri()?;
    let from_strict = in_dialog && request_uri.is_lr() && myself.is_uri_myself(&request_uri);
    let (own, two) = if from_strict {
        (request_uri, is_one_of_two(&request_uri))
    } else if myself.is_uri_myself(&first) {
        (first, is_one_of_two(&first))
    } else {
        return Ok(LooseRoute::NotOurs);
    };
    let consumed = BString::from(own.params_text().to_vec());

    if from_strict {
        take_target_from_last_route(msg)?;
    } else {
        msg.pop_value(HeaderName::Route);
    }
    let mut way = Way::default();
    // The other one of two; or, after a strict router, what RFC 3261 16.4 has at its end.
    if let Some(Ok(second)) = msg.view_if_present::<Route<'_>>()
        && let Ok(uri) = second.uri()
        && (two && is_one_of_two(&uri) || from_strict)
        && myself.is_uri_myself(&uri)
    {
        way.local = Side::named_by(&uri).filter(|_| two);
        msg.pop_value(HeaderName::Route);
    }
    state.consumed = Some(consumed);
    Ok(if in_dialog { LooseRoute::Routed(way) } else { LooseRoute::Preloaded(way) })
}

fn is_one_of_two(uri: &Uri<'_>) -> bool {
    uri.param("r2").is_some_and(|value| value.is_some_and(|value| value.eq_ignore_ascii_case(b"on")))
}

/// The last Route becomes the Request-URI (RFC 3261 16.4).
fn take_target_from_last_route(msg: &mut Message) -> Result<(), RrError> {
    let mut values: Vec<BString> =
        msg.values(HeaderName::Route).map(|value| unfold(value).into_owned()).collect();
    let Some(last) = values.pop() else { return Err(HeaderError::Missing { name: "Route" }.into()) };
    let target = Route::parse(&last)?;
    target.uri()?;
    let target = target.uri_text();
    msg.set_request_uri(target)?;
    if values.is_empty() {
        msg.remove(HeaderName::Route);
    } else {
        // The hops behind are not ours to judge; they are received text without the line ends of its folds.
        msg.unchecked().replace(HeaderName::Route, bstr::join(", ", &values))?;
    }
    Ok(())
}

/// Where a request is to be sent.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum NextHop {
    /// To its Request-URI.
    RequestUri,
    /// To its first Route.
    Route,
}

impl NextHop {
    /// The URI to resolve, in the message that [`next_hop`] prepared.
    ///
    /// # Errors
    ///
    /// The header is malformed.
    pub fn uri<'m>(self, msg: &'m Message) -> Result<Uri<'m>, HeaderError> {
        match self {
            Self::RequestUri => msg.uri(),
            Self::Route => msg.view::<Route<'m>>()?.uri(),
        }
    }
}

/// Makes the copy of a request that leaves fit for its next hop, and tells which that is.
///
/// Without a Route it is the Request-URI, else the first Route. If that one is a strict router (no `lr`), it
/// becomes the Request-URI and the old Request-URI the last Route. To be called once for each branch, after the
/// last edit; not where the route of a script chose the next hop by itself.
///
/// # Errors
///
/// [`RrError::Header`] for a malformed Route or Request-URI. Unchanged, then.
///
/// # Source
///
/// RFC 3261 16.6, steps 6 and 7.
pub fn next_hop(msg: &mut Message) -> Result<NextHop, RrError> {
    let Some(first) = msg.view_if_present::<Route<'_>>().transpose()? else { return Ok(NextHop::RequestUri) };
    let first = first.uri()?;
    if first.is_lr() {
        return Ok(NextHop::Route);
    }
    let strict = BString::from(first.as_bstr());
    let target = msg.uri()?;
    let last = [b"<", &**target.as_bstr(), b">"].concat();
    msg.set_request_uri(&strict)?;
    msg.insert_after(HeaderName::Route, HeaderName::Route, last)?;
    msg.pop_value(HeaderName::Route);
    Ok(NextHop::RequestUri)
}
