//! Adding Record-Route.
//!
//! When `record_route` is called nobody knows yet by which socket the request will leave, and it may leave by
//! several. So the value for the side it came in by is added at once, where everybody reads it, and each branch
//! is settled when its target is known.

use sip_core::{HeaderName, Message, Scheme};

use crate::rr::error::RrError;
use crate::rr::options::{Double, Options};
use crate::rr::side::Side;
use crate::rr::state::{Recorded, State};

/// Puts our Record-Route on top, so that later requests of the dialog come through us.
///
/// It reads `<sip:192.0.2.1:5060;transport=tcp;lr;ftag=abc>`: the side that the message came in by (`udp` is not
/// written), and `sips:` where the Request-URI is (RFC 3261 16.6, step 4).
///
/// # Errors
///
/// [`RrError::AlreadyRecorded`] on the second call for a message, [`RrError::NotARequest`].
///
/// # Examples
///
/// ```
/// use sip_core::Protocol;
/// use sip_modules::rr::{self, Side};
///
/// let wire = "INVITE sip:b@example.com SIP/2.0\r\nFrom: <sip:a@example.com>;tag=1\r\n\r\n";
/// let mut msg = sip_core::parse(wire.into(), &Default::default())?;
/// let mut state = rr::State::default();
/// let inbound = Side::new(Protocol::Udp, "192.0.2.1:5060".parse()?);
/// rr::record_route(&mut state, &mut msg, inbound, &rr::Options::default())?;
/// assert_eq!(msg.header("Record-Route").unwrap(), "<sip:192.0.2.1:5060;lr;ftag=1>");
///
/// let outbound = Side::new(Protocol::Tcp, "192.0.2.1:5060".parse()?);
/// rr::settle(&state, &mut msg, outbound)?; // the branch leaves over TCP
/// let both: Vec<_> = msg.headers("Record-Route").collect();
/// assert_eq!(both[0], "<sip:192.0.2.1:5060;transport=tcp;r2=on;lr;ftag=1>");
/// assert_eq!(both[1], "<sip:192.0.2.1:5060;r2=on;lr;ftag=1>");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn record_route(
    state: &mut State,
    msg: &mut Message,
    inbound: Side,
    options: &Options,
) -> Result<(), RrError> {
    if state.recorded.is_some() {
        return Err(RrError::AlreadyRecorded);
    }
    if !msg.is_request() {
        return Err(RrError::NotARequest);
    }
    let mut tail = if options.enable_full_lr { b";lr=on".to_vec() } else { b";lr".to_vec() };
    if options.append_fromtag
        && let Ok(from) = msg.from()
        && let Some(tag) = from.tag()
    {
        tail.extend_from_slice(b";ftag=");
        escape(tag, &mut tail);
    }
    let secure = msg.uri().is_ok_and(|uri| uri.scheme() == Scheme::Sips);
    let recorded = Recorded { inbound, secure, tail, double: options.double };
    msg.prepend(HeaderName::RecordRoute, state.value(&recorded, inbound, false))?;
    state.recorded = Some(recorded);
    Ok(())
}

/// Makes two Record-Routes of ours in the copy of a message that leaves by `outbound`, where that is not the
/// side it came in by (RFC 5658 4).
///
/// Does nothing if `record_route` was not called, or if somebody took our value off since. To be called once
/// for each branch, after the last edit.
///
/// # Errors
///
/// [`RrError::Edit`], if the message would grow too long.
pub fn settle(state: &State, msg: &mut Message, outbound: Side) -> Result<(), RrError> {
    let Some(recorded) = &state.recorded else { return Ok(()) };
    let two = match recorded.double {
        Double::Never => false,
        Double::WhenDifferent => recorded.inbound != outbound,
        Double::Always => true,
    };
    if !two || !is_on_top(state, recorded, msg) {
        return Ok(());
    }
    msg.replace_first_value(HeaderName::RecordRoute, state.value(recorded, recorded.inbound, true))?;
    msg.prepend(HeaderName::RecordRoute, state.value(recorded, outbound, true))?;
    Ok(())
}

/// Adds a parameter, `;name=value` or several, to our Record-Route: to the one that is there, or to the one that
/// comes. Later requests bring it back: [`check_route_param`](super::check_route_param).
///
/// # Errors
///
/// [`RrError::Param`] for a text that does not begin with `;` or holds what may not stand in a parameter of a
/// URI unescaped.
pub fn add_rr_param(state: &mut State, msg: &mut Message, param: &[u8]) -> Result<(), RrError> {
    check_param(param)?;
    let on_top = state.recorded.as_ref().is_some_and(|recorded| is_on_top(state, recorded, msg));
    let before = state.params.len();
    state.params.extend_from_slice(param);
    if on_top && let Some(recorded) = &state.recorded {
        let value = state.value(recorded, recorded.inbound, false);
        if let Err(error) = msg.replace_first_value(HeaderName::RecordRoute, value) {
            state.params.truncate(before);
            return Err(error.into());
        }
    }
    Ok(())
}

/// Whether the first Record-Route is the one that `record_route` wrote.
fn is_on_top(state: &State, recorded: &Recorded, msg: &Message) -> bool {
    let ours = state.value(recorded, recorded.inbound, false);
    msg.values(HeaderName::RecordRoute).next().is_some_and(|value| **value == *ours)
}

/// `;name=value`, once or more, of what a `uri-parameter` may hold.
fn check_param(text: &[u8]) -> Result<(), RrError> {
    let mut name_must_start = false;
    for (at, &byte) in text.iter().enumerate() {
        let fits = match byte {
            b';' => !name_must_start,
            b'=' => !name_must_start && at > 0,
            _ => at > 0 && (is_plain(byte) || b"[]/:&$%".contains(&byte)),
        };
        if !fits {
            return Err(RrError::Param { at });
        }
        name_must_start = byte == b';';
    }
    let escapes_are_right = sip_core::Uri::parse(&[b"sip:a", text].concat()).is_ok();
    if text.len() < 2 || name_must_start || !escapes_are_right {
        return Err(RrError::Param { at: text.len() });
    }
    Ok(())
}

/// What stands for itself in every URI parameter.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.!~*'()+".contains(&byte)
}

/// Appends a tag so that it can stand in a URI, whatever the peer put into it.
pub(crate) fn escape(tag: &[u8], out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in tag {
        if is_plain(byte) {
            out.push(byte);
        } else {
            out.extend_from_slice(&[b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_what_a_uri_can_carry() {
        for good in [";a", ";a=1", ";a=1;b=%20;c=[x]/:&$+"] {
            assert_eq!(check_param(good.as_bytes()), Ok(()), "{good}");
        }
        for bad in
            ["", ";", "a=1", ";=1", ";a;", ";a=1;;b", ";a>", ";a,b", ";a?b", ";a\r\nX: 1", ";a=%2", ";a@b"]
        {
            assert!(check_param(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_tag_cannot_leave_its_parameter() {
        let mut out = Vec::new();
        escape(b"a-1;x>\"%", &mut out);
        assert_eq!(out, b"a-1%3Bx%3E%22%25");
    }
}
