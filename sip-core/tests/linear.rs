//! Bad input costs no more than its length: hostile shapes of a quarter of a million bytes and more.
//!
//! No clock is read. What takes the square of its length takes many minutes here, and is noticed.

#![allow(clippy::expect_used, reason = "helpers of tests")]

use bytes::{Bytes, BytesMut};
use sip_core::frame::{Framed, Framer};
use sip_core::{
    Contact, Direction, HeaderParams, HeaderView, Host, Limits, Message, Multipart, NameAddr, ParseError,
    Role, Rules, Sdp, Uri, Via, parse, salvage, unescape, unfold, unquote, validate,
};

const LEN: usize = 1 << 18;

/// No limits but the length of the shape itself.
fn wide() -> Limits {
    let max = 1 << 30;
    Limits {
        head_bytes: max,
        headers: max,
        name_bytes: max,
        uri_bytes: max,
        body_bytes: max,
        body_parts: max,
        body_depth: 8,
        sdp_lines: max,
    }
}

/// What makes a reader look far ahead, or start again.
const PIECES: [&str; 24] = [
    ",", ", ", "\"", "\"a\"", "\\", "\\\"", "<", "<a", "<>", "<sip:a>,", ";", ";a", ";a=b", ";a=\"b\"", "=",
    "%", "%41", "(", "((", "()", " ", " a", "a", "&a=b",
];

fn filled(piece: &str) -> String {
    piece.repeat(LEN / piece.len())
}

fn message(head: &str) -> Message {
    parse(Bytes::from(format!("OPTIONS sip:a SIP/2.0\r\n{head}\r\n\r\n")), &wide()).expect("a message")
}

/// Everything that can be asked of the parameters, once.
fn count(params: HeaderParams<'_>) -> usize {
    params.count()
}

#[test]
fn values_of_any_shape_are_read_in_one_pass() {
    for piece in PIECES {
        for start in ["", "SIP/2.0/UDP a", "<sip:a>", "sip:a", "\"", "a", "Digest ", "1 "] {
            let text = format!("{start}{}", filled(piece));
            let bytes = text.as_bytes();
            let _ = Via::parse(bytes).map(|via| (count(via.params()), via.maddr().is_some()));
            let _ = NameAddr::parse(bytes).map(|addr| (count(addr.params()), addr.uri().is_ok()));
            let _ = Contact::parse(bytes).map(|contact| contact.is_star());
            let _ = sip_core::HeaderValue::parse(bytes)
                .map(|value| (value.words().count(), value.params().count()));
            let _ = sip_core::Authorization::parse(bytes)
                .map(|auth| (auth.params().count(), auth.digest().is_ok()));
            let _ = (unquote(bytes).len(), unescape(bytes).len(), Host::parse(bytes).is_some());
        }
    }
}

#[test]
fn uris_of_any_shape_are_read_and_compared_in_one_pass() {
    for piece in PIECES {
        for start in ["sip:", "sip:a", "sip:a;x", "sip:a?x=y", "tel:1", "tel:1;x", "urn:x", ""] {
            let text = format!("{start}{}", filled(piece));
            if let Ok(uri) = Uri::parse(text.as_bytes()) {
                assert!(uri.equivalent(&uri));
                let _ = (uri.params().count(), uri.is_lr(), uri.maddr());
            }
        }
    }
    // As many different names as there is room for.
    for start in ["sip:a", "tel:1"] {
        let names: Vec<String> = (0..200_000).map(|n| format!(";p{n}=v")).collect();
        let backwards: String = names.iter().rev().map(String::as_str).collect();
        let (a, b) = (format!("{start}{}", names.concat()), format!("{start}{backwards}"));
        let (a, b) = (Uri::parse(a.as_bytes()).expect("a URI"), Uri::parse(b.as_bytes()).expect("a URI"));
        assert!(a.equivalent(&b));
    }
    let headers: Vec<String> = (0..200_000).map(|n| format!("h{n}=v")).collect();
    let backwards: Vec<&str> = headers.iter().rev().map(String::as_str).collect();
    let (a, b) = (format!("sip:a?{}", headers.join("&")), format!("sip:a?{}", backwards.join("&")));
    let (a, b) = (Uri::parse(a.as_bytes()).expect("a URI"), Uri::parse(b.as_bytes()).expect("a URI"));
    assert!(a.equivalent(&b));
}

#[test]
fn messages_with_a_long_line_are_read_judged_and_edited_in_one_pass() {
    for piece in PIECES {
        for name in ["Via", "To", "Route", "Contact", "Content-Length", "Accept", "X-A"] {
            let wire = format!("OPTIONS sip:a SIP/2.0\r\n{name}: {}\r\n\r\n", filled(piece));
            let _ = salvage(wire.clone().into(), &wide());
            let Ok(mut msg) = parse(wire.into(), &wide()) else { continue };
            let _ = msg.values(name).count();
            for role in [Role::Proxy, Role::Registrar] {
                assert!(!validate(&msg, &Rules::of(role)).is_empty());
            }
            let _ = msg.pop_value(name);
            let _ = msg.replace_first_value(name, "<sip:a>");
            msg.remove(name);
            assert!(msg.encoded_len() < 100 || name == "Content-Length");
        }
    }
}

#[test]
fn messages_of_many_lines_are_read_judged_and_edited_in_one_pass() {
    for line in
        ["a:\r\n", "v:,\r\n", "t: <\r\n", "m: \"\r\n", "S:\r\n \r\n", "Route: <sip:a>\r\n", "l: 0\r\n"]
    {
        let head = line.repeat((1 << 20) / line.len());
        let mut msg = message(head.trim_end_matches("\r\n"));
        let name = line.split(':').next().expect("a name");
        let lines = msg.headers(name).count();
        for role in [Role::Proxy, Role::Registrar] {
            let faults = validate(&msg, &Rules::of(role));
            assert!(faults.len() < 20, "{line:?}: {faults:?}");
        }
        assert_eq!(msg.remove(name), if name == "l" { 0 } else { lines });
        let _ = msg.compact();
    }
    let folds = message(&format!("S: {}", "\r\n ".repeat(1 << 20)));
    assert_eq!(folds.header("S").map(|value| unfold(value).len()), Some(0));
    let folds = message(&format!("S: a{}", "\r\n b".repeat(1 << 20)));
    assert_eq!(folds.header("S").map(|value| unfold(value).len()), Some(1 + 2 * (1 << 20)));
}

#[test]
fn broken_heads_are_refused_and_salvaged_in_one_pass() {
    for line in [
        "x\r\n x",
        "x",
        "x\n",
        "x\r",
        ":\r\n",
        "a: \r\n b\rc\r\n",
        "\x01:\r\n",
        "a: b\n",
        " \r\n",
        "a:\r\n\r",
    ] {
        let head = line.repeat(LEN / line.len());
        let wire = Bytes::from(format!("OPTIONS sip:a SIP/2.0\r\n{head}"));
        assert!(parse(wire.clone(), &wide()).is_err(), "{line:?}");
        assert!(salvage(wire.clone(), &wide()).is_some(), "{line:?}");
        let mut stream = BytesMut::from(&wire[..]);
        let mut framer = Framer::new(wide());
        assert!(!matches!(framer.next(&mut stream), Ok(Some(Framed::Message(_)))), "{line:?}");
    }
    for line in ["SIP/", "SIP/ ", "A ", " ", "\r\n", "a"] {
        let wire = Bytes::from(line.repeat(LEN / line.len()));
        assert!(parse(wire.clone(), &wide()).is_err(), "{line:?}");
        let _ = salvage(wire, &wide());
    }
}

#[test]
fn a_stream_that_trickles_in_is_looked_at_once() {
    let body = "x".repeat(1 << 20);
    let head = format!("OPTIONS sip:a SIP/2.0\r\nX: {}\r\nl: {}\r\n\r\n", "x".repeat(1 << 19), body.len());
    let mut framer = Framer::new(wide());
    let mut buf = BytesMut::new();
    let mut found = 0;
    for piece in [head.as_bytes(), body.as_bytes()].concat().chunks(1) {
        buf.extend_from_slice(piece);
        if framer.next(&mut buf).expect("a good stream").is_some() {
            found += 1;
        }
    }
    assert_eq!((found, buf.len()), (1, 0));

    let mut framer = Framer::new(Limits::default());
    let mut buf = BytesMut::from("\r\n".repeat(1 << 20).as_bytes());
    while framer.next(&mut buf).expect("empty lines").is_some() {}
    assert!(buf.is_empty());
}

#[test]
fn by_default_nothing_is_read_beyond_the_limits() {
    for piece in PIECES {
        let wire = Bytes::from(format!("OPTIONS sip:a SIP/2.0\r\nX: {}\r\n\r\n", filled(piece)));
        let refused = parse(wire.clone(), &Limits::default()).map(|_| ());
        assert_eq!(refused, Err(ParseError::HeadTooLarge { max: 32 * 1024 }));
        let kept = salvage(wire, &Limits::default()).expect("a request");
        assert!(kept.to_bytes().len() <= 32 * 1024);
    }
}

#[test]
fn bodies_of_any_shape_are_read_in_one_pass() {
    let head = "--b\r\nContent-Type: multipart/x;boundary=b\r\n\r\n";
    for piece in [
        "--b",
        "\r\n--b",
        "\r\n--b\r\n",
        "--b\r\n\r\n",
        head,
        "\r\n--",
        "-",
        "A: b\r\n",
        "A:\r\n ",
        "\r\n",
        "x",
    ] {
        for start in ["", "--b\r\n", head] {
            for end in ["", "\r\n--b--"] {
                let body = format!("{start}{}{end}", filled(piece));
                let Ok(parts) = Multipart::parse(b"multipart/mixed;boundary=b", body.as_bytes(), &wide())
                else {
                    continue;
                };
                let _ = parts.find("application/sdp", &wide()).is_some();
                let _ = parts.parts().iter().map(|part| part.headers().count()).sum::<usize>();
            }
        }
    }
}

#[test]
fn descriptions_of_any_shape_are_read_and_changed_in_one_pass() {
    let ip = "192.0.2.1".parse().expect("an address");
    for piece in [
        "a=x\n",
        "a=sendonly\n",
        "c=IN IP4 10.0.0.1\n",
        "m=audio 1 RTP/AVP 0\n",
        "m=audio 1 RTP/AVP 0 8\na=rtpmap:0 x/1\n",
        "a=rtpmap:0 x/1\na=fmtp:0 y\n",
        "a=rtpmap:96 rtx/1\na=fmtp:96 apt=96\n",
        " 0",
        " 0 96 8",
        "x",
    ] {
        for start in [
            "v=0\n",
            "v=0\no=- 1 1 IN IP4 a\n",
            "v=0\nm=audio 1 RTP/AVP 0 96 97\n",
            "v=0\nm=audio 1 RTP/AVP 1",
        ] {
            let body = format!("{start}{}", filled(piece));
            let Ok(mut sdp) = Sdp::parse(body.as_bytes(), &wide()) else { continue };
            let _ = sdp
                .media()
                .map(|media| media.codecs().len() + usize::from(media.is_on_hold()))
                .sum::<usize>();
            let _ = (sdp.set_connections(ip), sdp.set_connection(None, ip), sdp.set_origin(ip));
            let _ = (
                sdp.set_direction(None, Direction::SendOnly),
                sdp.set_direction(Some(0), Direction::Inactive),
            );
            let _ =
                (sdp.set_port(0, 7), sdp.add_attribute(None, "x", None), sdp.remove_attributes(Some(0), "x"));
            sdp.sort_codecs("", |codec| codec.payload.len());
            sdp.retain_codecs("", |codec| codec.payload != "8");
            sdp.remove_lines("a=f");
            let _ = (sdp.to_bytes().len(), sdp.remove_media("audio"));
        }
    }
}
