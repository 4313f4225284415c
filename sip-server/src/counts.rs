//! What is counted by method and by status.

use bstr::BStr;
use sip_core::{Method, StatusCode};

use crate::counter::Counter;

/// The methods that are counted by name; any other is counted behind them.
pub(crate) const METHODS: [Method<'static>; 14] = [
    Method::Invite,
    Method::Ack,
    Method::Bye,
    Method::Cancel,
    Method::Options,
    Method::Register,
    Method::Prack,
    Method::Update,
    Method::Subscribe,
    Method::Notify,
    Method::Publish,
    Method::Info,
    Method::Refer,
    Method::Message,
];

/// Where requests of other methods are counted.
pub(crate) const OTHER_METHODS: usize = METHODS.len();

/// Counted by one worker.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Requests received, by method.
    pub(crate) requests: [Counter; METHODS.len() + 1],
    /// Responses received.
    pub(crate) received: Statuses,
    /// Replies sent without state.
    pub(crate) stateless: Statuses,
}

impl Counts {
    pub(crate) fn request(&self, method: Method<'_>) {
        let at = METHODS.iter().position(|known| *known == method).unwrap_or(OTHER_METHODS);
        self.requests[at].one();
    }
}

/// A counter for each status.
#[derive(Debug)]
pub(crate) struct Statuses([Counter; 600]);

impl Default for Statuses {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Counter::default()))
    }
}

impl Statuses {
    pub(crate) fn one(&self, status: StatusCode) {
        // A status is 100 to 699.
        if let Some(counter) = self.0.get(usize::from(status.code()).saturating_sub(100)) {
            counter.one();
        }
    }

    /// How many there were from one status to another, both counted.
    pub(crate) fn between(&self, first: u16, last: u16) -> u64 {
        let at = |status: u16| usize::from(status).saturating_sub(100);
        self.0.get(at(first)..=at(last)).unwrap_or_default().iter().map(Counter::read).sum()
    }
}

/// The status of a response as it goes on the wire.
pub(crate) fn status_of(wire: &[u8]) -> Option<StatusCode> {
    let digits = wire.strip_prefix(b"SIP/2.0 ")?.get(..3)?;
    StatusCode::new(BStr::new(digits).to_string().parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_and_each_method_has_its_counter() {
        let counts = Counts::default();
        for status in [100, 180, 183, 699].into_iter().filter_map(StatusCode::new) {
            counts.received.one(status);
        }
        let between = |first, last| counts.received.between(first, last);
        assert_eq!(
            (between(100, 199), between(180, 189), between(600, 699), between(200, 299)),
            (3, 2, 1, 0)
        );
        counts.request(Method::Message);
        counts.request("FOO".into());
        assert_eq!((counts.requests[13].read(), counts.requests[OTHER_METHODS].read()), (1, 1));
        assert_eq!(status_of(b"SIP/2.0 486 Busy"), Some(StatusCode::BUSY_HERE));
        assert_eq!(status_of(b"INVITE sip:a SIP/2.0"), None);
    }
}
