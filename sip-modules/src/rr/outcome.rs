//! What `loose_route` found.

use crate::rr::side::Side;

/// What [`loose_route`](super::loose_route) found.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum LooseRoute {
    /// 1: a request inside a dialog that goes through us. Our Route is taken off; relay it.
    Routed(Way),
    /// -3: an initial request (no To tag) that brings a Route through us. It is taken off as well. Whether
    /// the sender may be relayed that way is for the route to decide.
    Preloaded(Way),
    /// -1: there is a Route, and it does not name us first. Nothing was changed.
    NotOurs,
    /// -1: there is no Route.
    NoRoute,
}

impl LooseRoute {
    /// The value that KEMI's `loose_route()` returns.
    pub fn code(self) -> i32 {
        match self {
            Self::Routed(_) => 1,
            Self::Preloaded(_) => -3,
            Self::NotOurs | Self::NoRoute => -1,
        }
    }

    /// The way to go, where our Route was taken off.
    pub fn way(self) -> Option<Way> {
        match self {
            Self::Routed(way) | Self::Preloaded(way) => Some(way),
            Self::NotOurs | Self::NoRoute => None,
        }
    }
}

/// How a request that brought our Route leaves. Where to, tells [`next_hop`](super::next_hop).
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Way {
    /// The side of ours to send from: that of our second Route, when there were two and the second one names
    /// an address. Over WebSocket only the address tells WS from WSS.
    pub local: Option<Side>,
}
