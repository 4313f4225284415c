//! Messages as phones and proxies send them.

use bytes::Bytes;

/// A phone asks what a server can: the smallest request there is.
pub const OPTIONS: &str = "\
OPTIONS sip:192.0.2.1 SIP/2.0\r
Via: SIP/2.0/UDP 192.0.2.44:5060;branch=z9hG4bK-8f2c-17-0;rport\r
Max-Forwards: 70\r
From: <sip:probe@192.0.2.44>;tag=5b1e77\r
To: <sip:192.0.2.1>\r
Call-ID: 17-8f2c@192.0.2.44\r
CSeq: 1 OPTIONS\r
Accept: application/sdp\r
Content-Length: 0\r
\r
";

/// A phone registers.
pub const REGISTER: &str = "\
REGISTER sip:example.com SIP/2.0\r
Via: SIP/2.0/UDP 192.168.7.20:5064;branch=z9hG4bK1d32hash76;rport\r
Max-Forwards: 70\r
From: \"Carol Diaz\" <sip:carol@example.com>;tag=a73kszlfl\r
To: \"Carol Diaz\" <sip:carol@example.com>\r
Call-ID: 1j9FpLxk3uxtm8tn@192.168.7.20\r
CSeq: 4711 REGISTER\r
Contact: <sip:carol@192.168.7.20:5064;transport=udp>;expires=600;+sip.instance=\"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>\"\r
Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, MESSAGE, INFO, UPDATE\r
User-Agent: Deskphone 300/2.11.4\r
Content-Length: 0\r
\r
";

/// A call on its way, from a phone behind one proxy, with a session description.
pub const INVITE: &str = "\
INVITE sip:dave@example.com;user=phone SIP/2.0\r
Via: SIP/2.0/UDP 198.51.100.9:5060;branch=z9hG4bK4e0a.6b5d82f1.0;rport=5060;received=198.51.100.9\r
Via: SIP/2.0/UDP 192.168.7.20:5064;branch=z9hG4bKnashds8;rport=41022;received=203.0.113.77\r
Max-Forwards: 69\r
Record-Route: <sip:198.51.100.9;lr;ftag=1928301774>\r
Route: <sip:proxy.example.com;lr>\r
From: \"Carol Diaz\" <sip:carol@example.org>;tag=1928301774\r
To: <sip:dave@example.com;user=phone>\r
Call-ID: a84b4c76e66710@192.168.7.20\r
CSeq: 314159 INVITE\r
Contact: <sip:carol@203.0.113.77:41022;transport=udp>\r
Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, MESSAGE, INFO, UPDATE\r
Supported: replaces, timer, 100rel\r
User-Agent: Deskphone 300/2.11.4\r
Content-Type: application/sdp\r
Content-Length: 213\r
\r
v=0\r
o=carol 2890844526 2890844526 IN IP4 203.0.113.77\r
s=call\r
c=IN IP4 203.0.113.77\r
t=0 0\r
m=audio 49172 RTP/AVP 9 8 0 101\r
a=rtpmap:9 G722/8000\r
a=rtpmap:101 telephone-event/8000\r
a=fmtp:101 0-15\r
a=sendrecv\r
";

/// The answer to a call, on its way back through three proxies.
pub const ANSWER: &str = "\
SIP/2.0 200 OK\r
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK7d1.91e3c0aa.1\r
Via: SIP/2.0/UDP 198.51.100.9:5060;branch=z9hG4bK4e0a.6b5d82f1.0;rport=5060;received=198.51.100.9\r
Via: SIP/2.0/UDP 192.168.7.20:5064;branch=z9hG4bKnashds8;rport=41022;received=203.0.113.77\r
Record-Route: <sip:192.0.2.1;lr;ftag=1928301774>\r
Record-Route: <sip:198.51.100.9;lr;ftag=1928301774>\r
From: \"Carol Diaz\" <sip:carol@example.org>;tag=1928301774\r
To: <sip:dave@example.com;user=phone>;tag=314159\r
Call-ID: a84b4c76e66710@192.168.7.20\r
CSeq: 314159 INVITE\r
Contact: <sip:dave@203.0.113.200:5060>\r
Allow: INVITE, ACK, CANCEL, OPTIONS, BYE\r
Server: Softphone 5.7\r
Content-Length: 0\r
\r
";

/// A call between two networks of mobile phones: twenty-four headers, many of them long.
pub const IMS: &str = "\
INVITE sip:+15557650000@ims.example.com;user=phone SIP/2.0\r
Via: SIP/2.0/UDP pcscf.visited.example.net:5060;branch=z9hG4bK7c1.51b2aa\r
Via: SIP/2.0/UDP 10.20.0.7:5061;branch=z9hG4bKqr81;rport=41977\r
Max-Forwards: 68\r
Route: <sip:orig@scscf.ims.example.com:5060;lr>\r
Route: <sip:telephony.ims.example.com;lr>\r
Record-Route: <sip:pcscf.visited.example.net;lr>\r
P-Asserted-Identity: \"Erika Muster\" <sip:+15557651111@ims.example.com>\r
P-Access-Network-Info: 3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=00101A0B1C0D2\r
P-Charging-Vector: icid-value=\"b8f31c9a77d04e\";orig-ioi=visited.example.net\r
P-Visited-Network-ID: \"visited.example.net\"\r
P-Asserted-Service: urn:urn-7:3gpp-service.ims.icsi.mmtel\r
P-Charging-Function-Addresses: ccf=198.51.100.80;ecf=198.51.100.81\r
Privacy: none\r
Accept-Contact: *;+g.3gpp.icsi-ref=\"urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel\"\r
From: <sip:+15557651111@ims.example.com>;tag=8812aa\r
To: <sip:+15557650000@ims.example.com;user=phone>\r
Call-ID: f7c1d09e4b7a4c5c9d3e21\r
CSeq: 101 INVITE\r
Require: sec-agree\r
Supported: 100rel, precondition, timer\r
Session-Expires: 1800;refresher=uac\r
Contact: <sip:10.20.0.7:5061;ob>;+sip.instance=\"<urn:gsma:imei:90420156-025763-0>\"\r
Content-Length: 0\r
\r
";

/// All of them, by name.
pub const ALL: [(&str, &str); 5] =
    [("options", OPTIONS), ("register", REGISTER), ("invite", INVITE), ("answer", ANSWER), ("ims", IMS)];

/// That many messages, no two alike, each in memory of its own: those above with other names, hosts, tags, branches
/// and numbers, some headers more and the order of headers changed. The same ones each time.
pub fn mix(count: usize) -> Vec<Bytes> {
    (0..count).map(|number| Bytes::from(varied(ALL[number % ALL.len()].1, number))).collect()
}

fn varied(text: &str, number: usize) -> Vec<u8> {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
    let mut lines = head.split("\r\n");
    let start = lines.next().unwrap_or_default();
    // Vias stay on top; what is behind them begins at another line each time.
    let (vias, others): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.starts_with("Via"));
    let turn = number % others.len().max(1);
    let lines = vias.iter().chain(&others[turn..]).chain(&others[..turn]);
    let mut head = lines.fold(String::from(start), |head, line| head + "\r\n" + line);
    let mark = number.wrapping_mul(0x9e37_79b9) & 0x00ff_ffff;
    for (from, to) in [
        ("branch=z9hG4bK", format!("branch=z9hG4bK{mark:x}.")),
        ("tag=", format!("tag={mark:06x}")),
        ("Call-ID: ", format!("Call-ID: {mark}-")),
        ("sip:carol@", format!("sip:carol.{}@", "n".repeat(number % 13))),
        ("example.com", format!("h{}.example.com", number % 977)),
        ("192.0.2.", format!("192.0.{}.", number % 200)),
    ] {
        head = head.replace(from, &to);
    }
    for extra in 0..number % 4 {
        head += &format!("\r\nX-Extra-{extra}: {}", "value ".repeat(number % 7 + 1));
    }
    [head.as_bytes(), b"\r\n\r\n", body.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mix_has_no_two_alike_and_all_are_read_at_every_level() {
        let mix = mix(2_000);
        let different: std::collections::HashSet<_> = mix.iter().collect();
        assert_eq!(different.len(), 2_000);
        for wire in mix {
            for level in crate::levels::Level::ALL {
                let seen = level.run(wire.clone(), &Default::default());
                assert!(seen.is_ok(), "{level:?} {seen:?}: {wire:?}");
            }
        }
    }

    #[test]
    fn each_message_is_what_it_claims_to_be() {
        for (name, text) in ALL {
            let msg = sip_core::parse(text.into(), &Default::default());
            let msg = msg.unwrap_or_else(|error| panic!("{name}: {error}"));
            let body = text.split_once("\r\n\r\n").map(|(_, body)| body.len());
            assert_eq!(msg.content_length(), body, "{name}");
            assert!(msg.top_via().is_ok() && msg.from().is_ok() && msg.to().is_ok(), "{name}");
            assert!(msg.cseq().is_ok_and(|cseq| msg.method().is_none_or(|method| method == cseq.method)));
        }
    }
}
