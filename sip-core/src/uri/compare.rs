//! When two URIs are the same (RFC 3261 19.1.4; RFC 3966 4 for `tel`; RFC 5031 3 for `urn:service`).
//!
//! Lists are sorted before they are compared, so that a list of thousands costs no thousands times thousands.

use std::cmp::Ordering;

use smallvec::SmallVec;

use crate::uri::escape::hex_pair;
use crate::uri::params::{Param, UriParams, split_at_byte};
use crate::uri::{Scheme, Uri};

/// Parameters that must be in both URIs or in neither.
const NEVER_IGNORED: [&str; 5] = ["transport", "user", "ttl", "method", "maddr"];

impl Uri<'_> {
    /// Whether both mean the same resource by the rules of RFC 3261 19.1.4.
    ///
    /// User and password with regard to case, everything else without; an escape equals its byte unless
    /// that byte is reserved; a port, user or password in one alone differs. Of parameters, `transport`,
    /// `user`, `ttl`, `method` and `maddr` must be in both or in neither, others are compared only if both
    /// have them; of several with one name the first counts. Headers must be in both. The order of either does
    /// not matter. A name never equals an address. Not transitive, as the RFC points out.
    ///
    /// `tel` numbers, extensions and numeric contexts compare without visual separators, and all parameters
    /// count; `urn:service` without regard to case; other schemes byte by byte, the scheme itself without regard
    /// to case.
    pub fn equivalent(&self, other: &Uri<'_>) -> bool {
        if self.scheme() != other.scheme() {
            return false;
        }
        match self.scheme() {
            Scheme::Sip | Scheme::Sips => self.same_sip(other),
            Scheme::Tel => self.same_tel(other),
            Scheme::Other if self.service().is_some() => self.as_bstr().eq_ignore_ascii_case(other.as_bstr()),
            Scheme::Other => {
                self.scheme_text().eq_ignore_ascii_case(other.scheme_text())
                    && split_at_byte(self.as_bstr(), b':').1 == split_at_byte(other.as_bstr(), b':').1
            }
        }
    }

    fn same_sip(&self, other: &Uri<'_>) -> bool {
        let may_be_alone =
            |name: &[u8]| !NEVER_IGNORED.iter().any(|never| same(name, never.as_bytes(), Case::Blind));
        let same_value = |a: Param<'_>, b: Param<'_>| same_option(a.value, b.value, Case::Blind);
        self.host() == other.host()
            && self.port() == other.port()
            && same_option(self.user(), other.user(), Case::Matters)
            && same_option(self.password(), other.password(), Case::Matters)
            && same_params(self.params(), other.params(), may_be_alone, same_value)
            && same_headers(self.headers().map(|text| &**text), other.headers().map(|text| &**text))
    }

    fn same_tel(&self, other: &Uri<'_>) -> bool {
        let number = |uri: &Uri<'_>| uri.user().map(|user| digits(user)).unwrap_or_default();
        number(self) == number(other) && same_params(self.params(), other.params(), |_| false, same_tel_value)
    }
}

/// Both have the same parameters: what one has alone must be one that may, what both have must have the same value.
fn same_params(
    a: UriParams<'_>,
    b: UriParams<'_>,
    may_be_alone: impl Fn(&[u8]) -> bool,
    same_value: impl Fn(Param<'_>, Param<'_>) -> bool,
) -> bool {
    let (a, b) = (by_name(a), by_name(b));
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    loop {
        let next = match (a.peek(), b.peek()) {
            (None, None) => return true,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(two)) => order(one.name, two.name),
        };
        let fits = match next {
            Ordering::Less => a.next().is_some_and(|one| may_be_alone(one.name)),
            Ordering::Greater => b.next().is_some_and(|two| may_be_alone(two.name)),
            Ordering::Equal => a.next().zip(b.next()).is_some_and(|(one, two)| same_value(*one, *two)),
        };
        if !fits {
            return false;
        }
    }
}

/// The parameters in the order of their names, the first of each name alone.
fn by_name(params: UriParams<'_>) -> SmallVec<[Param<'_>; 8]> {
    let mut all: SmallVec<[Param<'_>; 8]> = params.collect();
    all.sort_by(|one, two| order(one.name, two.name));
    all.dedup_by(|later, first| order(later.name, first.name).is_eq());
    all
}

/// Without visual separators (RFC 3966 5.1.1), in lower case.
fn digits(number: &[u8]) -> SmallVec<[u8; 32]> {
    let kept = number.iter().filter(|byte| !b"-.()".contains(byte));
    kept.map(u8::to_ascii_lowercase).collect()
}

fn same_tel_value(one: Param<'_>, two: Param<'_>) -> bool {
    match (one.value, two.value) {
        (Some(a), Some(b)) if one.is("ext") || (a.starts_with(b"+") && one.is("phone-context")) => {
            digits(a) == digits(b)
        }
        (a, b) => same_option(a, b, Case::Blind),
    }
}

/// Every header of one is in the other, and as often.
fn same_headers(a: Option<&[u8]>, b: Option<&[u8]>) -> bool {
    let (a, b) = match (a, b) {
        (None, None) => return true,
        (Some(a), Some(b)) => (by_text(a), by_text(b)),
        _ => return false,
    };
    a.len() == b.len() && a.iter().zip(&b).all(|(one, two)| header_order(one, two).is_eq())
}

fn by_text(headers: &[u8]) -> SmallVec<[&[u8]; 8]> {
    let mut all: SmallVec<[&[u8]; 8]> = headers.split(|&byte| byte == b'&').collect();
    all.sort_by(|one, two| header_order(one, two));
    all
}

fn header_order(one: &[u8], two: &[u8]) -> Ordering {
    let (name, value) = split_at_byte(one, b'=');
    let (other_name, other_value) = split_at_byte(two, b'=');
    order(name, other_name).then_with(|| order(value.unwrap_or_default(), other_value.unwrap_or_default()))
}

#[derive(Clone, Copy, PartialEq)]
enum Case {
    Matters,
    Blind,
}

fn same_option<T: AsRef<[u8]>>(a: Option<T>, b: Option<T>, case: Case) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => same(a.as_ref(), b.as_ref(), case),
        _ => false,
    }
}

/// Equal once escapes are undone, reserved bytes apart.
fn same(a: &[u8], b: &[u8], case: Case) -> bool {
    match case {
        Case::Matters => Units(a).eq(Units(b)),
        Case::Blind => order(a, b).is_eq(),
    }
}

/// The order of texts whose case does not matter; equal is what [`same`] calls so.
fn order(a: &[u8], b: &[u8]) -> Ordering {
    let fold = |unit: Unit| Unit { byte: unit.byte.to_ascii_lowercase(), ..unit };
    Units(a).map(fold).cmp(Units(b).map(fold))
}

/// One character of a component.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Unit {
    byte: u8,
    /// It came as an escape and is reserved, so it differs from the plain byte.
    escaped: bool,
}

struct Units<'a>(&'a [u8]);

impl Iterator for Units<'_> {
    type Item = Unit;

    fn next(&mut self) -> Option<Unit> {
        let (&byte, rest) = self.0.split_first()?;
        if byte == b'%'
            && let [high, low, tail @ ..] = rest
            && let Some(byte) = hex_pair(*high, *low)
        {
            self.0 = tail;
            return Some(Unit { byte, escaped: b";/?:@&=+$,".contains(&byte) });
        }
        self.0 = rest;
        Some(Unit { byte, escaped: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn equivalent(a: &str, b: &str) -> bool {
        let (a, b) = (Uri::parse(a.as_bytes()).unwrap(), Uri::parse(b.as_bytes()).unwrap());
        assert_eq!(a.equivalent(&b), b.equivalent(&a), "symmetric: {a} {b}");
        assert!(a.equivalent(&a) && b.equivalent(&b), "reflexive: {a} {b}");
        a.equivalent(&b)
    }

    #[test]
    fn the_equivalent_pairs_of_rfc_3261_19_1_4() {
        for (a, b) in [
            ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtlanTa.CoM;Transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
            ("sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on"),
            (
                "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
                "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
            ),
            (
                "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
                "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
            ),
        ] {
            assert!(equivalent(a, b), "{a} {b}");
        }
    }

    #[test]
    fn the_different_pairs_of_rfc_3261_19_1_4() {
        for (a, b) in [
            ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
            ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
            ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        ] {
            assert!(!equivalent(a, b), "{a} {b}");
        }
    }

    #[test]
    fn an_escaped_reserved_byte_is_not_the_byte() {
        assert!(!equivalent("sip:a%3Bb@example.com", "sip:a;b@example.com"));
        assert!(equivalent("sip:a%3bb@example.com", "sip:a%3Bb@example.com"));
        assert!(equivalent("sip:%2a1@example.com", "sip:*1@example.com"));
        assert!(!equivalent("sip:null-%00-null@example.com", "sip:null-%00%00-null@example.com"));
    }

    #[test]
    fn one_part_alone_makes_a_difference() {
        for (a, b) in [
            ("sip:example.com", "sips:example.com"),
            ("sip:example.com", "sip:a@example.com"),
            ("sip:a:b@example.com", "sip:a@example.com"),
            ("sip:a@example.com;maddr=192.0.2.1", "sip:a@example.com"),
            ("sip:a@example.com;user=phone", "sip:a@example.com"),
            ("sip:a@example.com;ttl=1", "sip:a@example.com"),
            ("sip:a@example.com;x", "sip:a@example.com;x=1"),
            ("sip:a@example.com?a=1&a=1", "sip:a@example.com?a=1&b=2"),
            ("urn:example:a", "urn:example:A"),
        ] {
            assert!(!equivalent(a, b), "{a} {b}");
        }
    }

    #[test]
    fn addresses_compare_as_addresses() {
        assert!(equivalent("sip:[2001:DB8:0::1]", "sip:[2001:db8::1]"));
        assert!(equivalent("sip:192.0.2.001", "sip:192.0.2.1"));
    }

    #[test]
    fn tel_numbers_compare_without_visual_separators() {
        assert!(equivalent("tel:+1-201-555-0123", "TEL:+12015550123"));
        assert!(!equivalent("tel:+12015550123", "tel:12015550123"), "global and local");
        assert!(!equivalent("tel:7042;phone-context=example.com", "tel:7042"));
        assert!(equivalent("tel:7042;phone-context=example.com", "tel:7042;Phone-Context=EXAMPLE.com"));
        assert!(equivalent("tel:863-1234;phone-context=+1-914-555", "tel:8631234;phone-context=+1914555"));
        assert!(equivalent("tel:+44;ext=1(23);isub=4", "tel:+44;isub=4;ext=123"));
        assert!(!equivalent("tel:+44;isub=1-2", "tel:+44;isub=12"));
        assert!(!equivalent("tel:+44;a=1", "tel:+44;b=1"));
    }

    #[test]
    fn services_compare_without_regard_to_case() {
        assert!(equivalent("URN:service:sos", "urn:Service:SOS"));
        assert!(!equivalent("urn:service:sos", "urn:service:sos.fire"));
        assert!(equivalent("HTTP://a.example/B", "http://a.example/B"));
        assert!(!equivalent("http://a.example/B", "http://a.example/b"));
    }

    #[test]
    fn of_parameters_with_one_name_the_first_counts() {
        assert!(equivalent("sip:a@b;x=1;x=2", "sip:a@b;x=1;x=3"));
        assert!(!equivalent("sip:a@b;x=1;x=2", "sip:a@b;x=2;x=1"));
        assert!(!equivalent("sip:a@b;%74tl=1", "sip:a@b"));
    }

    #[test]
    fn long_lists_are_compared_like_short_ones() {
        let list = |separator: &str, reverse: bool| {
            let mut all: Vec<String> = (0..5_000).map(|n| format!("p{n}={n}")).collect();
            if reverse {
                all.reverse();
            }
            all.join(separator)
        };
        let whole = |reverse| format!("sip:a@b;{}?{}", list(";", reverse), list("&", reverse));
        assert!(equivalent(&whole(false), &whole(true)));
        assert!(!equivalent(&whole(false), &format!("{}&x", whole(true))));
    }
}
