//! When two URIs are the same (RFC 3261 19.1.4; RFC 3966 4 for `tel`).

use std::collections::BTreeMap;

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
    /// have them. Headers must be in both. The order of either does not matter. A name never equals an
    /// address. Not transitive, as the RFC points out.
    ///
    /// `tel` numbers compare without visual separators, and all parameters count; other schemes byte by
    /// byte, the scheme itself without regard to case.
    pub fn equivalent(&self, other: &Uri<'_>) -> bool {
        if self.scheme() != other.scheme() {
            return false;
        }
        match self.scheme() {
            Scheme::Sip | Scheme::Sips => self.same_sip(other),
            Scheme::Tel => self.same_tel(other),
            Scheme::Other => {
                self.scheme_text().eq_ignore_ascii_case(other.scheme_text())
                    && split_at_byte(self.as_bstr(), b':').1 == split_at_byte(other.as_bstr(), b':').1
            }
        }
    }

    fn same_sip(&self, other: &Uri<'_>) -> bool {
        self.host() == other.host()
            && self.port() == other.port()
            && same_option(self.user(), other.user(), Case::Matters)
            && same_option(self.password(), other.password(), Case::Matters)
            && shared_params_match(self.params(), other.params())
            && NEVER_IGNORED.iter().all(|name| self.param(name).is_some() == other.param(name).is_some())
            && same_headers(self.headers().map(|text| &**text), other.headers().map(|text| &**text))
    }

    fn same_tel(&self, other: &Uri<'_>) -> bool {
        let digits = |uri: &Uri<'_>| -> Vec<u8> {
            let number: &[u8] = uri.user().map(|user| &**user).unwrap_or_default();
            let kept = number.iter().filter(|byte| !b"-.()".contains(byte));
            kept.map(u8::to_ascii_lowercase).collect()
        };
        let names = |uri: &Uri<'_>| by_name(uri.params()).into_keys().collect::<Vec<_>>();
        digits(self) == digits(other)
            && names(self) == names(other)
            && shared_params_match(self.params(), other.params())
    }
}

/// Up to this many parameters each is compared with each; more are sorted first.
const FEW: usize = 8;

/// Parameters that both have must have the same value.
fn shared_params_match(a: UriParams<'_>, b: UriParams<'_>) -> bool {
    let same_in = |one: Param<'_>, two: Option<Param<'_>>| two.is_none_or(|two| same_value(one, two));
    let is_short = |params: UriParams<'_>| params.into_iter().nth(FEW).is_none();
    if is_short(a) && is_short(b) {
        let find = |one: Param<'_>| b.into_iter().find(|two| same(one.name, two.name, Case::Blind));
        return a.into_iter().all(|one| same_in(one, find(one)));
    }
    let b = by_name(b);
    a.into_iter().all(|one| same_in(one, b.get(&blind(one.name)).copied()))
}

/// The first parameter of each name.
fn by_name(params: UriParams<'_>) -> BTreeMap<Vec<Unit>, Param<'_>> {
    let mut found = BTreeMap::new();
    for param in params {
        found.entry(blind(param.name)).or_insert(param);
    }
    found
}

fn same_value(one: Param<'_>, two: Param<'_>) -> bool {
    same_option(one.value, two.value, Case::Blind)
}

/// Every header of one is in the other, and as often.
fn same_headers(a: Option<&[u8]>, b: Option<&[u8]>) -> bool {
    let sorted = |list: &[u8]| {
        let mut headers: Vec<_> = list
            .split(|&byte| byte == b'&')
            .map(|header| {
                let (name, value) = split_at_byte(header, b'=');
                (blind(name), blind(value.unwrap_or_default()))
            })
            .collect();
        headers.sort_unstable();
        headers
    };
    a.map(sorted) == b.map(sorted)
}

/// The characters of a component without regard to case.
fn blind(text: &[u8]) -> Vec<Unit> {
    Units(text).map(|unit| Unit { byte: unit.byte.to_ascii_lowercase(), ..unit }).collect()
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
    let fold = |unit: Unit| match case {
        Case::Blind => Unit { byte: unit.byte.to_ascii_lowercase(), ..unit },
        Case::Matters => unit,
    };
    Units(a).map(fold).eq(Units(b).map(fold))
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
            ("urn:service:sos", "urn:service:SOS"),
        ] {
            assert!(!equivalent(a, b), "{a} {b}");
        }
    }

    #[test]
    fn many_parameters_compare_like_few() {
        let list = |names: &mut dyn Iterator<Item = usize>| -> String {
            names.map(|n| format!(";P%6{}{n}=v{n}", n % 10)).collect()
        };
        let (up, down) = (list(&mut (0..40)), list(&mut (0..40).rev()));
        let odd = list(&mut (0..40).step_by(2));
        assert!(equivalent(&format!("sip:a{up}"), &format!("sip:a{}", down.to_lowercase())));
        assert!(equivalent(&format!("sip:a{up};x=1"), &format!("sip:a{odd}")));
        assert!(!equivalent(&format!("sip:a{up}"), &format!("sip:a{};ph8=9", odd.replace(";P%688", ";q"))));
        assert!(equivalent(&format!("tel:1{up}"), &format!("tel:1{down}")));
        assert!(!equivalent(&format!("tel:1{up}"), &format!("tel:1{odd}")));
    }

    #[test]
    fn addresses_compare_as_addresses() {
        assert!(equivalent("sip:[2001:DB8:0::1]", "sip:[2001:db8::1]"));
        assert!(equivalent("sip:192.0.2.001", "sip:192.0.2.1"));
    }

    #[test]
    fn tel_numbers_compare_without_visual_separators() {
        assert!(equivalent("tel:+1-201-555-0123", "TEL:+12015550123"));
        assert!(!equivalent("tel:7042;phone-context=example.com", "tel:7042"));
        assert!(equivalent("tel:7042;phone-context=example.com", "tel:7042;Phone-Context=EXAMPLE.com"));
        assert!(equivalent("URN:service:sos", "urn:service:sos"));
    }
}
