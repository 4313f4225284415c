//! Messages of our own that make the points of RFC 4475 and of attacks on other servers.

use super::{Case, Expected};

/// Every message is made of this one by a change.
const BASE: &str = "INVITE sip:callee@example.org SIP/2.0
Via: SIP/2.0/UDP @IP@:5060;branch=z9hG4bK@NAME@
Max-Forwards: 70
From: \"A\" <sip:alice@example.com>;tag=88
To: <sip:callee@example.org>
Call-ID: @NAME@
CSeq: 7 INVITE
Contact: <sip:alice@@IP@>
Content-Length: 0

";

type Change = (&'static str, &'static str, &'static str, &'static [u16]);

/// Name, what is replaced, by what, the codes of the answer. No code: silence.
const CHANGES: &[Change] = &[
    ("negative length", "Content-Length: 0", "Content-Length: -999", &[400]),
    ("two lengths", "Content-Length: 0", "Content-Length: 0\nl: 5", &[400]),
    ("length that is no number", "Content-Length: 0", "Content-Length: 0x10", &[400]),
    ("length beyond 32 bits", "Content-Length: 0", "Content-Length: 4294967297", &[413]),
    ("length beyond 64 bits", "Content-Length: 0", "Content-Length: 99999999999999999999999", &[413]),
    ("other version", "org SIP/2.0", "org SIP/7.0", &[505]),
    ("no version", "org SIP/2.0", "org", &[]),
    ("blanks in the request line", "INVITE sip:", "INVITE  sip:", &[400]),
    ("brackets round the request URI", "sip:callee@example.org S", "<sip:callee@example.org> S", &[400]),
    ("blank in the request URI", "example.org S", "example.org; lr S", &[400]),
    ("bare IPv6 in the request URI", "callee@example.org S", "callee@2001:db8::10 S", &[400]),
    ("unknown scheme", "sip:callee@example.org S", "soap.beep://192.0.2.103:3002 S", &[416]),
    ("one slash for a URI", "sip:callee@example.org S", "/ S", &[400, 416]),
    ("no To", "To: <sip:callee@example.org>\n", "", &[400]),
    ("no From", "From: \"A\" <sip:alice@example.com>;tag=88\n", "", &[400]),
    ("no Call-ID", "Call-ID: @NAME@\n", "", &[400]),
    ("no CSeq", "CSeq: 7 INVITE\n", "", &[400]),
    ("another method in CSeq", "7 INVITE", "7 OPTIONS", &[400]),
    ("CSeq beyond 32 bits", "CSeq: 7", "CSeq: 36893488147419103232", &[400]),
    ("CSeq of 2^31", "CSeq: 7", "CSeq: 2147483648", &[400]),
    ("quote that does not end", "From: \"A\"", "From: \"A", &[400]),
    ("bracket that does not end", "To: <sip:callee@example.org>", "To: <sip:callee@example.org", &[400]),
    ("name with a control byte", "Contact:", "Contact\x01:", &[400]),
    ("name with a blank inside", "Contact:", "Con tact:", &[400]),
    ("line without a colon", "Contact:", "nonsense\nContact:", &[400]),
    ("Via that cannot be read", "Via: SIP/2.0/UDP @IP@:5060;branch=z9hG4bK@NAME@", "Via: ;;,;,,", &[400]),
    ("no hops left", "Max-Forwards: 70", "Max-Forwards: 0", &[483]),
    ("hops that are no number", "Max-Forwards: 70", "Max-Forwards: many", &[400]),
    ("hops beyond 32 bits", "Max-Forwards: 70", "Max-Forwards: 4294967366", &[400]),
    ("extension that no proxy has", "Content-L", "Proxy-Require: unheard-of\nContent-L", &[420]),
    ("two From", "Content-L", "From: <sip:mallory@example.com>;tag=66\nContent-L", &[400]),
    ("two To", "Content-L", "t: <sip:other@example.org>\nContent-L", &[400]),
    ("two Call-ID", "Content-L", "i: other\nContent-L", &[400]),
    ("two CSeq", "Content-L", "CSeq: 8 INVITE\nContent-L", &[400]),
    ("two Max-Forwards", "Content-L", "Max-Forwards: 5\nContent-L", &[400]),
    ("two tags in From", ";tag=88", ";tag=88;tag=89", &[400]),
    ("nobody there", "callee@example.org S", "nobody@example.org S", &[404]),
    ("foreign domain", "example.org S", "elsewhere.example S", &[403]),
    ("foreign domain by a Route of the caller's", "Max-F", "Route: <sip:192.0.2.7;lr>\nMax-F", RELAYED),
    ("ACK of nothing", "INVITE", "ACK", &[]),
    ("CANCEL of nothing", "INVITE", "CANCEL", &[481]),
    ("BYE of nothing", "INVITE", "BYE", RELAYED),
    ("status beyond three digits", "INVITE sip:callee@example.org SIP/2.0", "SIP/2.0 4294967301 x", &[]),
    ("response of nothing", "INVITE sip:callee@example.org SIP/2.0", "SIP/2.0 200 OK", &[]),
    ("response with a broadcast Via", "INVITE sip:callee@example.org SIP/2.0\nVia", BROADCAST, &[]),
];

/// A request that is relayed: the answer comes when it comes.
const RELAYED: &[u16] = &[0];
const BROADCAST: &str =
    "SIP/2.0 200 OK\nVia: SIP/2.0/UDP 127.0.0.1:5060\nv: SIP/2.0/UDP 255.255.255.255\nVia";

/// All of them, as a sender at `ip` writes them.
pub(crate) fn cases(ip: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = CHANGES.iter().map(|change| changed(change, ip)).collect();
    cases.extend([
        large(ip, "head beyond its limit", "Subject: ", 40_000, &[513]),
        large(ip, "many headers", "X: 1\r\n", 0, &[513]),
        large(ip, "long request URI", "", 5_000, &[414]),
        large(ip, "many Via values", "Via: ", 3_000, RELAYED),
        Case { name: "empty".into(), wire: Vec::new(), expected: Expected::Silence },
        Case { name: "zeros".into(), wire: vec![0; 3_000], expected: Expected::Silence },
        Case {
            name: "all bytes".into(),
            wire: (0..=255).cycle().take(9_000).collect(),
            expected: Expected::Silence,
        },
        Case {
            name: "a TLS hello".into(),
            wire: b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03".to_vec(),
            expected: Expected::Silence,
        },
    ]);
    cases
}

fn text(name: &str, ip: &str) -> String {
    let id = name.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    BASE.replace("@IP@", ip).replace("@NAME@", &id)
}

fn changed((name, from, to, codes): &Change, ip: &str) -> Case {
    let id = name.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let (from, to) = (from.replace("@NAME@", &id).replace("@IP@", ip), to.replace("@NAME@", &id));
    let base = text(name, ip);
    assert!(base.contains(&from), "{name}: `{from}` is not in the message");
    // A method stands in two places.
    let one = if ["ACK", "CANCEL", "BYE"].contains(&&*to) {
        base.replace(&from, &to)
    } else {
        base.replacen(&from, &to, 1)
    };
    Case { name: (*name).into(), wire: one.replace('\n', "\r\n").into_bytes(), expected: expected(codes) }
}

fn large(ip: &str, name: &str, what: &str, len: usize, codes: &[u16]) -> Case {
    let base = text(name, ip).replace('\n', "\r\n");
    let wire = match what {
        "" => base.replacen("callee@", &format!("{}@", "c".repeat(len)), 1),
        "Via: " => base.replacen(
            "Max-F",
            &format!("Via: {}\r\nMax-F", vec!["SIP/2.0/UDP a"; len / 14].join(", ")),
            1,
        ),
        "Subject: " => base.replacen("Max-F", &format!("Subject: {}\r\nMax-F", "x".repeat(len)), 1),
        more => base.replacen("Max-F", &format!("{}Max-F", more.repeat(300)), 1),
    };
    Case { name: name.into(), wire: wire.into_bytes(), expected: expected(codes) }
}

fn expected(codes: &[u16]) -> Expected {
    match codes {
        [] => Expected::Silence,
        [0] => Expected::Anything,
        codes => Expected::Status(codes.to_vec()),
    }
}
