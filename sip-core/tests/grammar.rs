//! Headers of the RFCs that the crate serves, read as their own examples have them: those with a type of their own
//! and those that [`HeaderValue`] serves.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "helpers of tests")]

use bytes::Bytes;
use sip_core::{
    Accept, Authorization, CSeq, Date, Diversion, Event, HeaderError, HeaderName, HeaderValue, HistoryInfo,
    Limits, Message, Method, MinSe, ProxyAuthenticate, RAck, RSeq, Reason, ReferredBy, Refresher,
    RemotePartyId, Replaces, ServiceRoute, SessionExpires, SubscriptionState, TargetDialog, Word,
    WwwAuthenticate, digest, parse, quote, unquote,
};

fn message(headers: &str) -> Message {
    let wire = format!("INVITE sip:bob@example.com SIP/2.0\r\n{headers}\r\n\r\n");
    parse(Bytes::from(wire), &Limits::default()).expect("a message")
}

#[test]
fn a_phone_answers_each_challenge_that_it_knows() {
    let msg = message(
        "WWW-Authenticate: Digest realm=\"sip.example\", qop=\"auth,auth-int\", algorithm=SHA-512-256,\r\n nonce=\"a\"\r\n\
         WWW-Authenticate: Digest realm=\"sip.example\", qop=\"auth\", algorithm=UNKNOWN, nonce=\"b\"\r\n\
         WWW-Authenticate: Basic realm=\"sip.example\"\r\n\
         WWW-Authenticate: Digest realm=\"sip.example\", algorithm=MD5, nonce=\"c\", stale=TRUE\r\n\
         Proxy-Authenticate: Digest realm=\"a\"",
    );
    let all: Vec<_> =
        msg.views::<WwwAuthenticate<'_>>().filter_map(|view| view.ok()?.digest().ok()).collect();
    let known: Vec<_> = all.iter().filter(|challenge| challenge.algorithm().is_some()).collect();
    assert_eq!((all.len(), known.len()), (3, 2));
    assert!(known[0].offers(digest::Qop::AuthInt) && known[1].stale && !known[1].offers(digest::Qop::Auth));
    let proxy = msg.view::<ProxyAuthenticate<'_>>().unwrap();
    assert!(matches!(proxy.digest(), Err(HeaderError::Malformed { name: "Proxy-Authenticate", .. })));
}

#[test]
fn what_a_client_writes_the_server_verifies() {
    let (user, password) = ("b\"o\\b", b"zanzibar");
    for name in ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256", "SHA-512-256-sess"] {
        let algorithm = digest::Algorithm::parse(name.as_bytes()).unwrap();
        for qop in [None, Some(digest::Qop::Auth), Some(digest::Qop::AuthInt)] {
            let ha1 = digest::ha1(algorithm.hash, user.as_bytes(), b"biloxi.com", password);
            let exchange = digest::Exchange {
                algorithm,
                method: b"INVITE",
                uri: b"sip:bob@biloxi.com",
                nonce: b"dcd98b",
                qop,
                nc: b"0000000a",
                cnonce: b"0a4f",
                body: b"v=0\r\n",
            };
            let with_qop = qop.map(|qop| format!(", qop={qop}, nc=0000000a")).unwrap_or_default();
            let msg = message(&format!(
                "Authorization: Digest username={}, realm=\"biloxi.com\", nonce=\"dcd98b\", uri=\"sip:bob@biloxi.com\", \
                 response=\"{}\", algorithm={algorithm}, cnonce=\"0a4f\"{with_qop}",
                String::from_utf8(quote(user.as_bytes())).unwrap(),
                exchange.response(&ha1),
            ));
            let credentials = msg.view::<Authorization<'_>>().unwrap().digest().unwrap();
            assert_eq!(&*credentials.user(), user.as_bytes());
            assert_eq!(credentials.nonce_count(), qop.map(|_| 10));
            let verify = |method: &'static [u8], body: &'static [u8]| {
                let exchange = credentials.exchange(method, body).unwrap();
                exchange.response(&ha1).matches(credentials.response)
            };
            assert!(verify(b"INVITE", b"v=0\r\n"), "{name} {qop:?}");
            assert!(!verify(b"BYE", b"v=0\r\n"), "{name} {qop:?}");
            assert_eq!(verify(b"INVITE", b"other"), qop != Some(digest::Qop::AuthInt), "{name} {qop:?}");
        }
    }
}

#[test]
fn dialogs_sessions_and_subscriptions_are_read_from_whole_messages() {
    let msg = message(
        "Replaces: 98732@sip.example.com\r\n ;from-tag=r33th4x0r\r\n ;to-tag=ff87ff\r\n\
         Target-Dialog: fa77as7dad8-sd98ajzz@host.example.com;local-tag=kkaz-;remote-tag=6544\r\n\
         x: 4000;refresher=uac\r\n\
         Min-SE: 3600;lr\r\n\
         RSeq: 988789\r\n\
         RAck: 776656 1 INVITE\r\n\
         o: presence.winfo;id=8\r\n\
         Subscription-State: terminated;reason=deactivated;retry-after=5\r\n\
         Reason: Q.850;cause=16;text=\"Terminated\", SIP ;cause=600 ;text=\"Busy Everywhere\"\r\n\
         Date: Sat, 13 Nov 2010 23:29:00 GMT\r\n\
         Accept: application/sdp;level=1, application/x-private;q=0.3, text/html",
    );
    let replaces = msg.view::<Replaces<'_>>().unwrap();
    assert_eq!((replaces.call_id(), replaces.local_tag()), ("98732@sip.example.com".into(), "ff87ff".into()));
    assert_eq!(msg.view::<TargetDialog<'_>>().unwrap().remote_tag(), "6544");
    let session = msg.view::<SessionExpires<'_>>().unwrap();
    assert_eq!((session.seconds, session.refresher), (4000, Some(Refresher::Uac)));
    assert_eq!((msg.view(), msg.view()), (Ok(MinSe(3600)), Ok(RSeq(988_789))));
    let cseq = CSeq { number: 1, method: Method::Invite };
    assert_eq!(msg.view::<RAck<'_>>(), Ok(RAck { rseq: 776_656, cseq }));
    let event = msg.view::<Event<'_>>().unwrap();
    assert_eq!((event.package(), event.id()), ("presence".into(), Some("8".into())));
    let state = msg.view::<SubscriptionState<'_>>().unwrap();
    assert_eq!((state.is_terminated(), state.retry_after()), (true, Some(5)));
    let causes: Vec<_> = msg.views::<Reason<'_>>().map(|reason| reason.unwrap().cause()).collect();
    assert_eq!(causes, [Some(16), Some(600)]);
    assert_eq!(msg.view::<Date>().map(Date::unix_seconds), Ok(1_289_690_940));
    let q: Vec<_> = msg.views::<Accept<'_>>().map(|range| range.unwrap().q().thousandths()).collect();
    assert_eq!(q, [1000, 300, 1000]);
}

#[test]
fn headers_that_are_addresses_are_read_by_type_or_by_name() {
    let msg = message(
        "Diversion: <sip:bob@example.com>;reason=no-answer;counter=2,\r\n <sip:carol@example.com>;reason=unconditional\r\n\
         Remote-Party-ID: \"Alice\" <sip:alice@example.com>;party=calling;privacy=full\r\n\
         b: <sip:referrer@referrer.example>;cid=\"20398823.2UWQFN309shb3@referrer.example\"\r\n\
         Service-Route: <sip:P2.HOME.EXAMPLE.COM;lr>,<sip:HSP.HOME.EXAMPLE.COM;lr>\r\n\
         History-Info: <sip:bob@example.com>;index=1, <sip:bob@192.0.2.4?Reason=SIP%3Bcause%3D302>;index=1.1;rc=1\r\n\
         Call-Info: <http://www.example.com/alice/photo.jpg> ;purpose=icon, <http://www.example.com/alice/> ;purpose=info\r\n\
         Geolocation: <cid:alice123@atlanta.example.com>\r\n\
         P-Associated-URI: <sip:a@example.com>, <tel:+1-201-555-0123>\r\n\
         P-Called-Party-ID: sip:user1-business@example.com",
    );
    let counters: Vec<_> = msg
        .views::<Diversion<'_>>()
        .map(|one| one.unwrap().param("counter").flatten().map(|n| n.to_string()))
        .collect();
    assert_eq!(counters, [Some("2".into()), None]);
    let party = msg.view::<RemotePartyId<'_>>().unwrap();
    assert_eq!((party.display(), party.param("party")), (Some("Alice".into()), Some(Some("calling".into()))));
    assert!(msg.view::<ReferredBy<'_>>().unwrap().param("cid").flatten().is_some());
    assert!(msg.views::<ServiceRoute<'_>>().all(|route| route.unwrap().uri().unwrap().is_lr()));
    let history: Vec<_> = msg.views::<HistoryInfo<'_>>().map(Result::unwrap).collect();
    assert_eq!(history[1].param("index"), Some(Some("1.1".into())));
    let uri = history[1].uri().unwrap();
    assert_eq!(uri.header_fields().next().unwrap().value.unwrap(), "SIP%3Bcause%3D302");
    let purposes: Vec<_> =
        msg.addresses("Call-Info").map(|one| one.unwrap().param("purpose").flatten().unwrap()).collect();
    assert_eq!(purposes, ["icon", "info"]);
    for (name, count) in
        [("geolocation", 1), ("P-Associated-URI", 2), ("P-Called-Party-ID", 1), ("Reply-To", 0)]
    {
        assert_eq!(msg.addresses(name).filter(Result::is_ok).count(), count, "{name}");
    }
}

/// A header, a value, its main part, and one parameter.
type Example = (&'static str, &'static str, &'static str, Option<(&'static str, &'static str)>);

/// One example of each header that has no type.
const GENERIC: &[Example] = &[
    ("Accept-Encoding", "gzip;q=0.5", "gzip", Some(("q", "0.5"))),
    ("Accept-Language", "da;q=0.8", "da", Some(("q", "0.8"))),
    ("Accept-Contact", "*;audio;require;methods=\"INVITE,BYE\"", "*", Some(("methods", "INVITE,BYE"))),
    ("Accept-Resource-Priority", "dsn.flash-override", "dsn.flash-override", None),
    ("Allow-Events", "presence.winfo", "presence.winfo", None),
    ("Answer-Mode", "Auto;require", "Auto", None),
    ("Content-Disposition", "session;handling=optional", "session", Some(("handling", "optional"))),
    ("Feature-Caps", "*;+sip.608", "*", None),
    ("Flow-Timer", "120", "120", None),
    (
        "Identity",
        "eyJ.bGc.iOi;info=<https://a.example/b.pem>;ppt=shaken",
        "eyJ.bGc.iOi",
        Some(("info", "https://a.example/b.pem")),
    ),
    ("In-Reply-To", "70710@saturn.bell-tel.com", "70710@saturn.bell-tel.com", None),
    ("Info-Package", "foo;bar=1", "foo", Some(("bar", "1"))),
    (
        "P-Access-Network-Info",
        "3GPP-UTRAN-TDD;utran-cell-id-3gpp=\"23456789ABCDE\"",
        "3GPP-UTRAN-TDD",
        Some(("utran-cell-id-3gpp", "23456789ABCDE")),
    ),
    (
        "P-Charging-Function-Addresses",
        "ccf=192.0.8.1;ecf=[2001:db8::1]",
        "ccf=192.0.8.1",
        Some(("ecf", "[2001:db8::1]")),
    ),
    (
        "P-Charging-Vector",
        "icid-value=1234bc9876e;orig-ioi=home1.net",
        "icid-value=1234bc9876e",
        Some(("icid-value", "1234bc9876e")),
    ),
    ("P-Visited-Network-ID", "\"Visited network number 1\"", "\"Visited network number 1\"", None),
    ("Reject-Contact", "*;actor=\"msg-taker\";video", "*", Some(("actor", "msg-taker"))),
    ("Resource-Priority", "wps.3", "wps.3", None),
    ("Retry-After", "120 (I'm in a meeting);duration=60", "120 (I'm in a meeting)", Some(("duration", "60"))),
    ("Security-Client", "ipsec-ike;q=0.1;d-alg=md5", "ipsec-ike", Some(("d-alg", "md5"))),
    ("Security-Verify", "tls;q=0.2", "tls", Some(("Q", "0.2"))),
    ("Server", "HomeServer v2 (a;b)", "HomeServer v2 (a;b)", None),
    (
        "Session-ID",
        "ab30317f1a784dc48ff824d0d3715d86;remote=47755a9de7794ba387653f2099600ef2",
        "ab30317f1a784dc48ff824d0d3715d86",
        Some(("remote", "47755a9de7794ba387653f2099600ef2")),
    ),
    ("SIP-ETag", "dx200xyz", "dx200xyz", None),
    ("Timestamp", "54 0.5", "54 0.5", None),
    (
        "User-to-User",
        "56a390f3d2b7310023a2;encoding=hex;content=foo",
        "56a390f3d2b7310023a2",
        Some(("encoding", "hex")),
    ),
    (
        "Warning",
        "307 isi.edu \"Session parameter 'foo' not understood\"",
        "307 isi.edu \"Session parameter 'foo' not understood\"",
        None,
    ),
];

#[test]
fn every_other_header_is_served_by_the_generic_view() {
    for (name, text, main, param) in GENERIC {
        let msg = message(&format!("{name} :\r\n {text} "));
        assert!(HeaderName::from(*name).known().is_some(), "{name} is a known name");
        let value = msg.header_value(*name).unwrap().unwrap();
        assert_eq!(value.main(), *main, "{name}");
        if let Some((param, wanted)) = param {
            assert_eq!(value.param(param), Some(Some((*wanted).into())), "{name}");
        }
    }
    let msg = message("Warning: 301 a \"x, y\", 399 b \"z\"\r\nWarning: nonsense \"");
    let codes: Vec<_> =
        msg.header_values("Warning").map(|one| one.map(|value| value.words().next())).collect();
    let code = |text: &'static str| Ok(Some(Word::Plain(text.into())));
    assert_eq!(codes, [code("301"), code("399"), Err(HeaderError::Malformed { name: "Warning", at: 9 })]);
    assert!(msg.header_value("X-None").is_none());
}

#[test]
fn quoted_text_reads_back_whatever_it_says() {
    for text in ["", "plain", "a \"b\" \\c\\\\", "\u{e9}\t"] {
        let header = [&b"x;y="[..], &quote(text.as_bytes()), b";z"].concat();
        let value = HeaderValue::parse(&header).unwrap();
        assert_eq!(&*unquote(value.param("y").flatten().unwrap()), text.as_bytes());
        assert_eq!(value.param("z"), Some(None));
    }
}
