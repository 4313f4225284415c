//! Max-Breadth: how many branches a request may have at once, in the whole network (RFC 5393 5.3).
//!
//! Contacts that lead back to the server would double a request at each visit. Each branch gets its share of what
//! the request came with, so that all the forks of all its copies together stay within it.

use sip_core::{HeaderName, Message};

/// What a request without the header may have: the RFC's recommendation.
pub(crate) const DEFAULT: u32 = 60;

/// What each of `count` branches may have, while `in_use` is with others that still ring; `None`: less than one.
///
/// A request that came without the header and does not fork needs none: `Some(0)`. It stays one request.
pub(crate) fn share(received: &Message, count: usize, in_use: u32) -> Option<u32> {
    let came_with = received.header(HeaderName::MaxBreadth);
    if came_with.is_none() && count <= 1 && in_use == 0 {
        return Some(0);
    }
    // A larger number is anybody's to write; one that cannot be read says as little as none.
    let number = came_with.and_then(|text| std::str::from_utf8(text).ok()?.trim().parse().ok());
    let left = number.unwrap_or(DEFAULT).min(DEFAULT).saturating_sub(in_use);
    let share = left / u32::try_from(count).ok().filter(|&count| count > 0)?;
    (share > 0).then_some(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(header: &str) -> Message {
        let text = format!("INVITE sip:b SIP/2.0\r\n{header}Content-Length: 0\r\n\r\n");
        sip_core::parse(text.into(), &Default::default()).expect("a request")
    }

    #[test]
    fn branches_share_what_the_request_came_with() {
        let with = |number: &str| request(&format!("Max-Breadth: {number}\r\n"));
        assert_eq!(share(&with("10"), 3, 0), Some(3));
        assert_eq!(share(&with("10"), 3, 8), None);
        assert_eq!(share(&with("1"), 1, 0), Some(1));
        assert_eq!(share(&with("1"), 2, 0), None);
        assert_eq!(share(&with("0"), 1, 0), None);
        assert_eq!(share(&with("4000000000"), 2, 0), Some(30));
        assert_eq!(share(&with("many"), 2, 0), Some(30));
    }

    #[test]
    fn what_does_not_fork_needs_no_header() {
        assert_eq!(share(&request(""), 1, 0), Some(0));
        assert_eq!(share(&request(""), 4, 0), Some(15));
        assert_eq!(share(&request(""), 61, 0), None);
    }
}
