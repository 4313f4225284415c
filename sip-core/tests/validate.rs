//! Messages of our own that make the points of RFC 4475, RFC 5118 and RFC 3261 8.2 and 16.3: what a proxy and
//! a registrar make of each. `torture.rs` has the RFCs' own.

mod judge;

use judge::{PROXY, REGISTRAR, REQUEST, RESPONSE, changed, verdict};
use sip_core::{Role, Rules};

const TO: &str = "To: <sip:bob@example.com>";
const FROM: &str = "From: \"Alice\" <sip:alice@example.net>;tag=9fxced76sl";
const VIA: &str = "Via: SIP/2.0/UDP client.example.net:5060;branch=z9hG4bK74bf9";
const URI: &str = "INVITE sip:bob@example.com SIP/2.0";
const REGISTER: &[(&str, &str)] = &[("INVITE", "REGISTER"), ("2 INVITE", "2 REGISTER")];

/// What it is, what is changed, and the verdicts of two roles.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, &'a str);

/// Each case: its section of RFC 4475 (or what it is), the change, and the verdicts of a proxy and a registrar.
#[test]
fn requests_of_our_own_are_judged_as_the_rfc_judges_its() {
    let cases: &[Case<'_>] = &[
        ("nothing", &[], "ok", "ok"),
        // 3.1.1: valid, however odd
        (
            "3.1.1.1 tortuous",
            &[
                (
                    VIA,
                    "v:  SIP  / 2.0  / TCP     a.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n SIP  /    2.0   / UDP  192.0.2.5   ; branch=\r\n z9hG4bK30239",
                ),
                ("Max-Forwards: 70", "MaX-fOrWaRdS: 0068"),
                (FROM, "f   : \"A \\\\\\\"\"       <sip:a@example.com>\r\n  ;\r\n  tag = 98"),
                (TO, "TO :\r\n  sip:bob@example.com ;   tag    = 99"),
                ("CSeq: 2 INVITE", "cseq: 0009\r\n  INVITE"),
            ],
            "ok",
            "ok",
        ),
        (
            "3.1.1.2 a method of odd characters",
            &[("INVITE sip", "!n%V-te'*_+`. sip"), ("2 INVITE", "2 !n%V-te'*_+`.")],
            "ok",
            "501 method",
        ),
        ("3.1.1.3 escapes", &[(URI, "INVITE sip:sips%3Ab%40c@example.com;%6c%72 SIP/2.0")], "ok", "ok"),
        ("3.1.1.4 an escaped NUL", &[(TO, "To: <sip:nul-%00-l@example.com>")], "ok", "ok"),
        (
            "3.1.1.6 no space before the bracket",
            &[(FROM, "From: Alice<sip:a@example.net>;tag=1")],
            "ok",
            "ok",
        ),
        (
            "3.1.1.9 parameters in the user part",
            &[(URI, "INVITE sip:u;p=x%40y@example.com SIP/2.0")],
            "ok",
            "ok",
        ),
        ("3.1.1.10 a transport nobody knows", &[("SIP/2.0/UDP", "SIP/2.0/PIGEON")], "ok", "ok"),
        // 3.1.2: malformed
        (
            "3.1.2.1 separators without parameters",
            &[(VIA, "Via: SIP/2.0/UDP 192.0.2.15;;,;,,")],
            "400 Via",
            "400 Via",
        ),
        (
            "3.1.2.1 in Contact",
            &[("Contact: <sip:alice@client.example.net>", "m: <sip:a@b>;;;;")],
            "ok",
            "400 Contact",
        ),
        (
            "3.1.2.2 a body that is not there",
            &[("Length: 5", "Length: 6")],
            "parse 400 Content-Length",
            "parse 400 Content-Length",
        ),
        (
            "3.1.2.3 a negative length",
            &[("Length: 5", "Length: -999")],
            "parse 400 Content-Length",
            "parse 400 Content-Length",
        ),
        (
            "3.1.2.4 a CSeq of more than 32 bits",
            &[("CSeq: 2", "CSeq: 36893488147419103232")],
            "400 CSeq",
            "400 CSeq",
        ),
        ("a CSeq of 32 bits", &[("CSeq: 2", "CSeq: 2147483648")], "400 CSeq", "400 CSeq"),
        ("the largest CSeq", &[("CSeq: 2", "CSeq: 2147483647")], "ok", "ok"),
        (
            "3.1.2.4 too many hops to count",
            &[("Forwards: 70", "Forwards: 300")],
            "400 Max-Forwards",
            "400 Max-Forwards",
        ),
        (
            "3.1.2.4 a long expiry",
            &[("Contact:", "Expires: 10000000000000000000000000000\r\nContact:")],
            "ok",
            "ok",
        ),
        ("3.1.2.6 an open quote", &[(TO, "To: \"Mr. Bob <sip:bob@example.com>")], "400 To", "400 To"),
        (
            "3.1.2.7 brackets",
            &[(URI, "INVITE <sip:bob@example.com> SIP/2.0")],
            "400 Request-URI",
            "400 Request-URI",
        ),
        (
            "3.1.2.8 a space in the URI",
            &[(URI, "INVITE sip:bob@example.com; lr SIP/2.0")],
            "parse 400 -",
            "parse 400 -",
        ),
        (
            "3.1.2.9 two spaces",
            &[(URI, "INVITE  sip:bob@example.com  SIP/2.0")],
            "parse 400 -",
            "parse 400 -",
        ),
        (
            "3.1.2.10 a space at the end",
            &[(URI, "INVITE sip:bob@example.com SIP/2.0  ")],
            "parse 400 -",
            "parse 400 -",
        ),
        (
            "3.1.2.11 headers in the URI",
            &[(URI, "INVITE sip:bob@example.com?Route=%3Csip:x%3E SIP/2.0")],
            "400 Request-URI",
            "400 Request-URI",
        ),
        (
            "3.1.2.12 a date of another zone",
            &[("Contact:", "Date: Fri, 01 Jan 2010 16:00:00 EST\r\nContact:")],
            "ok",
            "400 Date",
        ),
        (
            "3.1.2.13 headers outside of brackets",
            &[("Contact: <sip:alice@client.example.net>", "Contact: sip:a@b?Route=%3Csip:x%3E")],
            "ok",
            "400 Contact",
        ),
        ("3.1.2.14 spaces in an address", &[(TO, "To: \"Bob\" < sip:bob@example.com >")], "400 To", "400 To"),
        (
            "3.1.2.15 a comma in a bare name",
            &[(FROM, "From: Doe, Alice <sip:a@b>;tag=1")],
            "400 From",
            "400 From",
        ),
        (
            "3.1.2.16 another version",
            &[(URI, "INVITE sip:bob@example.com SIP/7.0")],
            "parse 505 -",
            "parse 505 -",
        ),
        ("3.1.2.17 another method in CSeq", &[("2 INVITE", "2 BYE")], "400 CSeq", "400 CSeq"),
        ("3.1.2.18 the same for an unknown one", &[("INVITE sip", "NEWER sip")], "400 CSeq", "501 method"),
        // 3.2 and 3.3: well-formed, and not to be handled
        ("3.2.1 a branch of nothing", &[("z9hG4bK74bf9", "z9hG4bK")], "400 Via", "400 Via"),
        ("3.3.1 no From", &[(FROM, "X-A: y")], "400 From", "400 From"),
        ("3.3.1 no To", &[(TO, "X-A: y")], "400 To", "400 To"),
        ("3.3.1 no Via", &[(VIA, "X-A: y")], "400 Via", "400 Via"),
        ("3.3.1 no CSeq", &[("CSeq", "X-A")], "400 CSeq", "400 CSeq"),
        ("3.3.1 no Call-ID", &[("Call-ID", "X-A")], "400 Call-ID", "400 Call-ID"),
        (
            "3.3.2 a scheme nobody knows",
            &[(URI, "INVITE nobody:knows SIP/2.0")],
            "416 Request-URI",
            "416 Request-URI",
        ),
        (
            "3.3.3 a scheme that is no SIP",
            &[(URI, "INVITE http://example.com/ SIP/2.0")],
            "416 Request-URI",
            "416 Request-URI",
        ),
        ("an emergency call", &[(URI, "INVITE urn:service:sos SIP/2.0")], "ok", "ok"),
        (
            "3.3.5 Proxy-Require",
            &[("Contact:", "Proxy-Require: nobody\r\nContact:")],
            "420 Proxy-Require",
            "ok",
        ),
        ("3.3.5 Require", &[("Contact:", "Require: nobody\r\nContact:")], "ok", "420 Require"),
        (
            "3.3.6 a body nobody reads",
            &[("application/sdp", "application/unknownformat")],
            "ok",
            "415 Content-Type",
        ),
        ("a body of no type", &[("Content-Type", "X-A")], "ok", "400 Content-Type"),
        ("a type that is none", &[("application/sdp", "sdp")], "ok", "400 Content-Type"),
        (
            "3.3.7 unknown credentials",
            &[("Contact:", "Authorization: NoOneKnowsThis x=y\r\nContact:")],
            "ok",
            "ok",
        ),
        (
            "3.3.8 two of From",
            &[(TO, "To: <sip:bob@example.com>\r\nf: <sip:x@y>;tag=2")],
            "400 From",
            "400 From",
        ),
        ("3.3.8 two of Call-ID", &[(TO, "To: <sip:bob@example.com>\r\ni: 1")], "400 Call-ID", "400 Call-ID"),
        (
            "3.3.8 two of Max-Forwards",
            &[(TO, "To: <sip:bob@example.com>\r\nMAX-FORWARDS: 7")],
            "400 Max-Forwards",
            "400 Max-Forwards",
        ),
        (
            "two of Expires",
            &[(TO, "To: <sip:bob@example.com>\r\nExpires: 1\r\nexpires: 2")],
            "ok",
            "400 Expires",
        ),
        ("two tags", &[("tag=9fxced76sl", "tag=1;TAG=2")], "400 From", "400 From"),
        ("two branches", &[("branch=z9hG4bK74bf9", "branch=z9hG4bK1;branch=z9hG4bK2")], "400 Via", "400 Via"),
        (
            "3.3.9 two lengths",
            &[("Content-Length: 5", "Content-Length: 5\r\nl: 4")],
            "parse 400 Content-Length",
            "parse 400 Content-Length",
        ),
        (
            "one length twice",
            &[("Content-Length: 5", "Content-Length: 5\r\nl: 5")],
            "400 Content-Length",
            "400 Content-Length",
        ),
        ("3.3.11 no hops left", &[("Forwards: 70", "Forwards: 0")], "483 Max-Forwards", "ok"),
        (
            "3.3.15 no answer is acceptable",
            &[("Contact:", "Accept: text/x, text/html\r\nContact:")],
            "ok",
            "406 Accept",
        ),
        (
            "a range that allows one",
            &[("Contact:", "Accept: text/x, Application / *;q=1\r\nContact:")],
            "ok",
            "ok",
        ),
        ("any answer", &[("Contact:", "Accept: */*\r\nContact:")], "ok", "ok"),
        (
            "3.4.1 as in RFC 2543",
            &[
                (VIA, "Via: SIP/2.0/UDP iftgw.example.com"),
                ("Max-Forwards: 70", "X-A: y"),
                (";tag=9fxced76sl", ""),
                ("Content-Length: 5\r\n", ""),
            ],
            "ok",
            "ok",
        ),
        (
            "a Route that cannot be followed",
            &[("Contact:", "Route: <sip:a;lr>, <sip:b;lr\r\nContact:")],
            "400 Route",
            "400 Route",
        ),
        ("a Call-ID of two words", &[("Call-ID: ", "Call-ID: a ")], "400 Call-ID", "400 Call-ID"),
        // RFC 5118
        (
            "5118 4.1 an IPv6 reference",
            &[(URI, "INVITE sip:[2001:db8::10] SIP/2.0"), ("client.example.net:5060", "[2001:db8::9:1]")],
            "ok",
            "ok",
        ),
        (
            "5118 4.2 without brackets",
            &[(URI, "INVITE sip:2001:db8::10 SIP/2.0")],
            "400 Request-URI",
            "400 Request-URI",
        ),
        ("5118 4.3 a port inside", &[(URI, "INVITE sip:[2001:db8::10:5070] SIP/2.0")], "ok", "ok"),
        ("5118 4.5 received with brackets", &[(";branch", ";received=[2001:db8::9:255];branch")], "ok", "ok"),
        ("5118 4.5 received without", &[(";branch", ";received=2001:db8::9:255;branch")], "ok", "ok"),
        (
            "5118 4.9 an address in an address",
            &[(";branch", ";received=::ffff:192.0.2.10;branch")],
            "ok",
            "ok",
        ),
        (
            "5118 4.10 three colons",
            &[("alice@client.example.net", "alice@[2001:db8:::192.0.2.1]")],
            "ok",
            "ok",
        ),
    ];
    for (what, changes, proxy, registrar) in cases {
        let wire = changed(REQUEST, changes);
        assert_eq!(verdict(wire.as_bytes(), &PROXY), *proxy, "{what} at a proxy");
        assert_eq!(verdict(wire.as_bytes(), &REGISTRAR), *registrar, "{what} at a registrar");
    }
}

#[test]
fn an_address_of_record_is_a_sip_uri() {
    let wire = changed(REQUEST, REGISTER);
    assert_eq!(verdict(wire.as_bytes(), &REGISTRAR), "ok");
    let odd = changed(&wire, &[(TO, "To: isbn:2983792873"), (FROM, "From: <http://a.example>;tag=3")]);
    assert_eq!(verdict(odd.as_bytes(), &REGISTRAR), "400 To");
    assert_eq!(verdict(odd.as_bytes(), &PROXY), "ok");
    assert_eq!(verdict(odd.as_bytes(), &Rules::of(Role::Endpoint)), "ok");
    // 3.3.12 to 3.3.14: whose parameter it is, is the views' business
    for contact in ["sip:u@b;unknownparam", "<sip:u@b;unknownparam>", "<sip:u@b?Route=%3Csip:x%3E>", "*"] {
        let wire = changed(&wire, &[("<sip:alice@client.example.net>", contact)]);
        assert_eq!(verdict(wire.as_bytes(), &REGISTRAR), "ok", "{contact}");
    }
}

#[test]
fn a_response_that_leads_nowhere_is_dropped() {
    let cases: &[Case<'_>] = &[
        ("for a proxy", &[], "ok", "400 Via"),
        ("for an endpoint", &[("Via: SIP/2.0/UDP 192.0.2.4;branch=z9hG4bK74bf9\r\n", "")], "ok", "ok"),
        ("3.3.10 to everybody", &[("192.0.2.4", "255.255.255.255")], "400 Via", "400 Via"),
        (
            "to everybody, says received",
            &[("192.0.2.4;", "a.example;received=255.255.255.255;")],
            "400 Via",
            "400 Via",
        ),
        ("to nobody", &[("192.0.2.4", "0.0.0.0")], "400 Via", "400 Via"),
        ("to a name", &[("192.0.2.4", "a.example")], "ok", "400 Via"),
        ("by a Via that is none", &[("UDP 192.0.2.4", "UDP")], "400 Via", "400 Via"),
        (
            "3.1.1.12 a reason of many tongues",
            &[("OK", "= 2**3 * 5**2 но сто девяносто девять - простое")],
            "ok",
            "400 Via",
        ),
        ("3.1.1.13 no reason", &[("200 OK", "200 ")], "ok", "400 Via"),
        (
            "3.1.2.5 a CSeq of more than 32 bits",
            &[("CSeq: 2", "CSeq: 9292394834772304023312")],
            "400 CSeq",
            "400 CSeq",
        ),
        (
            "3.1.2.19 a status nobody can count",
            &[("200 OK", "4294967301 better")],
            "parse 400 -",
            "parse 400 -",
        ),
    ];
    for (what, changes, proxy, endpoint) in cases {
        let wire = changed(RESPONSE, changes);
        assert_eq!(verdict(wire.as_bytes(), &PROXY), *proxy, "{what} at a proxy");
        assert_eq!(verdict(wire.as_bytes(), &Rules::of(Role::Endpoint)), *endpoint, "{what} at an endpoint");
    }
}
