//! Messages as phones and proxies send them.

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

/// All of them, by name.
pub const ALL: [(&str, &str); 4] =
    [("options", OPTIONS), ("register", REGISTER), ("invite", INVITE), ("answer", ANSWER)];

#[cfg(test)]
mod tests {
    use super::*;

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
