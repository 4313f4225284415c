//! Messages of our own that make the points of RFC 4475 and of known attacks: what must be read,
//! what must be refused, and with which reply.

use sip_core::{HeaderName, Limits, Message, Method, ParseError, StatusCode, parse, salvage};

fn read(wire: &str) -> Result<Message, ParseError> {
    parse(wire.to_owned().into(), &Limits::default())
}

#[test]
fn a_tortuous_request_is_read_and_left_as_it_is() {
    let wire = "INVITE sip:bob@example.org;user=phone SIP/2.0\r\n\
        tO :\r\n  <sip:bob@example.org> ;   tag    = 99\r\n\
        f   : \"A \\\\\\\"\"       <sip:alice@example.com>\r\n  ;\r\n  tag = 98\r\n\
        MaX-fOrWaRdS: 0068\r\n\
        Call-ID: a\"b<c@[x\r\n\
        cseq: 0009\r\n  INVITE\r\n\
        Via  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw\r\n\
        s :\r\n\
        Unknown-Header-With-Weird-Value: ;;,,;;,;\r\n\
        v:  SIP  / 2.0  / TCP     b.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n SIP  /    2.0   / UDP  192.0.2.255   ; branch=\r\n z9hG4bK30239\r\n\
        l: 3\r\n\r\nx\ny";
    let mut msg = read(wire).expect("valid");
    assert_eq!(msg.method(), Some(Method::Invite));
    assert_eq!(msg.values(HeaderName::Via).count(), 3);
    assert_eq!(msg.max_forwards(), Some(Ok(68)));
    assert_eq!(msg.cseq().map(|cseq| cseq.number), Ok(9));
    assert_eq!(msg.from().expect("From").tag(), Some("98".into()));
    assert_eq!(msg.to().expect("To").tag(), Some("99".into()));
    assert_eq!(msg.header("Subject"), Some("".into()));
    assert_eq!(msg.header("unknown-header-with-weird-value"), Some(";;,,;;,;".into()));
    assert_eq!(msg.to_bytes(), wire);

    msg.replace(HeaderName::MaxForwards, "67").expect("edit");
    assert_eq!(msg.to_bytes(), wire.replace("MaX-fOrWaRdS: 0068", "Max-Forwards: 67"));
}

#[test]
fn bytes_that_are_no_utf8_stay_in_their_place() {
    let wire = b"MESSAGE sip:a SIP/2.0\r\nX-Bin: \xff\xfe\x80 \x01\r\nSubject: \xe9\r\nl: 2\r\n\r\n\x00\xff";
    let mut msg = parse(wire.to_vec().into(), &Limits::default()).expect("valid");
    msg.prepend("Via", "SIP/2.0/UDP a").expect("edit");
    msg.remove("Via");
    assert_eq!(msg.to_bytes(), &wire[..]);
    assert_eq!(msg.header("x-bin").map(|value| value.to_vec()), Some(b"\xff\xfe\x80 \x01".to_vec()));
}

#[test]
fn an_escape_in_a_name_or_a_method_is_no_escape() {
    let msg =
        read("RE%47ISTER sip:a SIP/2.0\r\nC%6Fntact: <sip:b>\r\nContact: <sip:c>\r\n\r\n").expect("valid");
    assert_eq!(msg.method(), Some(Method::Other("RE%47ISTER".into())));
    assert_eq!(msg.headers("Contact").count(), 1);
}

/// Asterisk AST-2016-009, the Kamailio bulletin ES2020-01: a header that a filter overlooks and
/// the next hop reads.
#[test]
fn no_byte_hides_a_header_from_its_name() {
    for byte in 0..=255u8 {
        let wire = [b"A b SIP/2.0\r\nX-Admin", &[byte][..], b": yes\r\n\r\n"].concat();
        let Ok(mut msg) = parse(wire.into(), &Limits::default()) else { continue };
        // A blank before the colon, or a colon of its own: the header. A token byte: a longer name.
        let is_it = matches!(byte, b' ' | b'\t' | b':');
        assert!(is_it || byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte), "{byte:#x}");
        assert_eq!(msg.remove("X-Admin"), usize::from(is_it), "{byte:#x}");
    }
}

/// CVE-2026-23457 and its like: a length that two readers take for two numbers.
#[test]
fn a_body_length_that_can_be_read_in_two_ways_is_refused() {
    for length in [
        "Content-Length: 4294967300",
        "Content-Length: 18446744073709551620",
        "Content-Length: -1",
        "Content-Length: +4",
        "Content-Length: 4,4",
        "Content-Length: 4 4",
        "Content-Length: 0x4",
        "Content-Length: ",
        "Content-Length: 4\r\nContent-Length: 5",
        "Content-Length: 5\r\nl: 4",
        "l: 4\r\nCONTENT-LENGTH : 4\r\nl: 3",
    ] {
        let wire = format!("MESSAGE sip:a SIP/2.0\r\n{length}\r\n\r\nbody!");
        assert!(read(&wire).is_err(), "{length}");
    }
    let twice =
        read("MESSAGE sip:a SIP/2.0\r\nl: 4\r\nContent-Length:\t04\r\n\r\nbody!").expect("the same twice");
    assert_eq!(twice.body(), b"body");
}

#[test]
fn each_refusal_has_its_reply() {
    for (wire, status) in [
        ("OPTIONS sip:a SIP/7.0\r\nVia: v\r\n\r\n", StatusCode::VERSION_NOT_SUPPORTED),
        ("OPTIONS  sip:a SIP/2.0\r\nVia: v\r\n\r\n", StatusCode::BAD_REQUEST),
        ("OPTIONS sip:a SIP/2.0\r\nVia: v\r\nno colon\r\n\r\n", StatusCode::BAD_REQUEST),
        ("OPTIONS sip:a SIP/2.0\r\nVia: v\r\nl: 9\r\n\r\n", StatusCode::BAD_REQUEST),
        ("OPTIONS sip:a SIP/2.0\r\nVia: v\r\nl: 9999999\r\n\r\n", StatusCode::REQUEST_ENTITY_TOO_LARGE),
        ("OPTIONS sip:a SIP/2.0\r\nVia: v\r\nS: a\nb\r\n\r\n", StatusCode::BAD_REQUEST),
    ] {
        let error = read(wire).map(|_| ()).expect_err("must be refused");
        assert_eq!(error.status(), status, "{error}");
        let request = salvage(wire.into(), &Limits::default()).expect("enough for a reply");
        assert_eq!(request.header("Via"), Some("v".into()));
    }
    let long = format!("OPTIONS sip:{} SIP/2.0\r\n\r\n", "a".repeat(5000));
    assert_eq!(read(&long).map_err(|error| error.status()).err(), Some(StatusCode::REQUEST_URI_TOO_LONG));
}

#[test]
fn many_headers_are_read_up_to_the_limit() {
    let wire =
        |lines: usize| format!("OPTIONS sip:a SIP/2.0\r\n{}\r\n", "Via: SIP/2.0/UDP a\r\n".repeat(lines));
    assert_eq!(read(&wire(256)).map(|msg| msg.values("v").count()), Ok(256));
    assert_eq!(read(&wire(257)).map(|_| ()), Err(ParseError::TooManyHeaders { max: 256 }));
}
