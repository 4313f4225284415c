//! Questions about our own Route that a request brought.

use bstr::BStr;
use sip_core::Message;

use crate::rr::record::escape;
use crate::rr::state::State;

/// Which way a request of a dialog goes.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Direction {
    /// From the caller to the called.
    Downstream,
    /// From the called to the caller.
    Upstream,
}

/// Which way a request goes, by the From tag that [`record_route`](super::record_route) left in our Route
/// (`append_fromtag`). What brings no such tag goes downstream, like a first request.
pub fn direction(state: &State, msg: &Message) -> Direction {
    let Some(ftag) = param(state, "ftag").flatten() else { return Direction::Downstream };
    let mut tag = Vec::new();
    if let Ok(from) = msg.from() {
        escape(from.tag().unwrap_or_default(), &mut tag);
    }
    if *ftag == *tag { Direction::Downstream } else { Direction::Upstream }
}

/// Whether a request goes that way (KEMI `is_direction`).
pub fn is_direction(state: &State, msg: &Message, wanted: Direction) -> bool {
    direction(state, msg) == wanted
}

/// Whether `matches` says yes to the parameters of our own Route that `loose_route` took off: text like
/// `lr;ftag=abc;nat=yes`. `false` if there was none.
///
/// KEMI's `check_route_param` passes an extended, case-blind regular expression.
pub fn check_route_param(state: &State, matches: impl FnOnce(&BStr) -> bool) -> bool {
    state.route_params().is_some_and(matches)
}

/// The first parameter called `name` of our own Route.
fn param<'s>(state: &'s State, name: &str) -> Option<Option<&'s BStr>> {
    let mut params = state.route_params()?.split(|&byte| byte == b';');
    params.find_map(|param| {
        let (text, value) = match param.iter().position(|&byte| byte == b'=') {
            Some(at) => (param.get(..at)?, param.get(at + 1..)),
            None => (param, None),
        };
        text.eq_ignore_ascii_case(name.as_bytes()).then(|| value.map(BStr::new))
    })
}
