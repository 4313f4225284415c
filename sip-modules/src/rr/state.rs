//! State: what is remembered of one message.

use bstr::{BStr, BString};

use crate::rr::options::Double;
use crate::rr::outcome::LooseRoute;
use crate::rr::side::Side;

/// What the calls of this module remember of one message. Empty to begin with; costs nothing until it is used.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Our Record-Route, once it was added.
    pub(crate) recorded: Option<Recorded>,
    /// What `loose_route` found, once it was called.
    pub(crate) routed: Option<LooseRoute>,
    /// The parameters of our own Route that was taken off, without the first `;`.
    pub(crate) consumed: Option<BString>,
    /// Parameters that Record-Route is to carry: `;a=1;b=2`.
    pub(crate) params: Vec<u8>,
}

impl State {
    /// Whether our Record-Route was added.
    pub fn is_recorded(&self) -> bool {
        self.recorded.is_some()
    }

    /// What [`loose_route`](super::loose_route) found, once it was called.
    pub fn routed(&self) -> Option<LooseRoute> {
        self.routed
    }

    /// The parameters of our own Route that `loose_route` took off, as text without the first `;`.
    pub fn route_params(&self) -> Option<&BStr> {
        self.consumed.as_ref().map(|params| BStr::new(params.as_slice()))
    }

    /// Our Record-Route for `side`, as `recorded` says.
    pub(crate) fn value(&self, recorded: &Recorded, side: Side, two: bool) -> Vec<u8> {
        let mut value = Vec::with_capacity(64 + recorded.tail.len() + self.params.len());
        value.push(b'<');
        side.push_uri(&mut value, recorded.secure);
        if two {
            value.extend_from_slice(b";r2=on");
        }
        value.extend_from_slice(&recorded.tail);
        value.extend_from_slice(&self.params);
        value.push(b'>');
        value
    }
}

/// What our Record-Route is made of.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    /// The side that the message came in by.
    pub(crate) inbound: Side,
    /// Whether it is a `sips:` one.
    pub(crate) secure: bool,
    /// What follows the side: `;lr;ftag=abc`.
    pub(crate) tail: Vec<u8>,
    /// When there are two.
    pub(crate) double: Double,
}
