//! Which negative response goes upstream: RFC 3261 16.7 step 6, in Kamailio's order.
//!
//! 6xx before 3xx before 4xx before 5xx; within 4xx first those that the caller can act on (401, 407,
//! 415, 420, 484); within each the lower code; among equals the first branch.

use sip_core::{HeaderName, Message, StatusCode, unfold};

/// How good a response is: the lowest number is picked.
///
/// A 408 to anything but an INVITE comes last: it must not go upstream (RFC 4320 4.2).
pub(crate) fn rank(status: StatusCode, invite: bool) -> i32 {
    let within = i32::from(status.code() % 100);
    match (status.class(), status.code()) {
        (_, 408) if !invite => i32::MAX / 2,
        (6, _) => 1_000 + within,
        (3, _) => 3_000 + within,
        (4, 401 | 407 | 415 | 420 | 484) => 4_000 + within,
        (4, _) => 4_100 + within,
        _ => 5_000 + within,
    }
}

/// Whether a response asks for credentials.
pub(crate) fn is_challenge(status: StatusCode) -> bool {
    status == StatusCode::UNAUTHORIZED || status == StatusCode::PROXY_AUTHENTICATION_REQUIRED
}

/// Adds the challenges of another branch to a response (RFC 3261 16.7 step 7).
pub(crate) fn merge_challenges(into: &mut Message, from: &Message) {
    for name in [HeaderName::WwwAuthenticate, HeaderName::ProxyAuthenticate] {
        for value in from.headers(name) {
            // Received text, whatever it says, without the line ends of its folds. Only a message of 4 GiB refuses it.
            let _ = into.unchecked().append(name, unfold(value).as_ref());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(codes: &[u16], invite: bool) -> u16 {
        let status = |code: &u16| StatusCode::new(*code).expect("a status");
        codes.iter().map(status).min_by_key(|&status| rank(status, invite)).expect("some").code()
    }

    #[test]
    fn picks_by_class_then_by_use_then_by_code() {
        assert_eq!(best(&[404, 603, 302], true), 603);
        assert_eq!(best(&[404, 302, 500], true), 302);
        assert_eq!(best(&[404, 486, 407], true), 407);
        assert_eq!(best(&[407, 401], true), 401);
        assert_eq!(best(&[503, 500], true), 500);
        assert_eq!(best(&[480, 404], true), 404);
        assert_eq!(best(&[484, 401, 415], true), 401);
    }

    #[test]
    fn timeout_of_another_request_comes_last() {
        assert_eq!(best(&[408, 500], false), 500);
        assert_eq!(best(&[408, 500], true), 408);
    }
}
