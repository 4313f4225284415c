//! Texts in messages, as scripts search and change them.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

use sip_core::{HeaderName, Message};
use sip_modules::textops::{self, Comparison, Part, Subst, TextopsError, Which};
use sip_modules::textopsx::{self, Place, Walk};

const HEAD: &str = "INVITE sip:bob@192.0.2.4 SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nSubject: one two\r\n\
    X-A: 1\r\nSupported: timer, path\r\nX-A: 2\r\n";

fn message(rest: &str) -> Message {
    sip_core::parse(format!("{HEAD}{rest}").into(), &Default::default()).expect("a message")
}

fn plain() -> Message {
    message("Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello")
}

fn expression(text: &str) -> regex::bytes::Regex {
    textops::expression(text.as_bytes(), true).expect("an expression")
}

fn values(msg: &Message, name: &str) -> Vec<String> {
    msg.headers(HeaderName::from(name)).map(ToString::to_string).collect()
}

#[test]
fn expressions_are_found_where_they_are_looked_for() {
    let msg = plain();
    for (text, whole, body) in
        [("^subject: ONE", true, false), ("HEL+O$", true, true), ("none", false, false)]
    {
        let regex = expression(text);
        assert_eq!(
            (textops::search(&msg, &regex), textops::search_body(&msg, &regex)),
            (whole, body),
            "{text}"
        );
    }
    let by = |which| textops::search_hf(&msg, "x-a".into(), &expression("^2$"), which);
    assert_eq!([by(Which::All), by(Which::First), by(Which::Last)], [true, false, true]);
}

#[test]
fn a_body_that_grows_takes_its_length_with_it() {
    let mut msg = plain();
    assert!(textops::replace(&mut msg, Part::Body, &expression("l"), b"LLL", true).expect("a message"));
    assert_eq!((msg.body(), msg.content_length()), (&b"heLLLLLLo"[..], Some(9)));
    let rule = Subst::parse(br"/hello/$1 hello hello/").expect("a rule");
    let mut msg = plain();
    assert!(textops::subst(&mut msg, Part::Rest, &rule).expect("a message"));
    assert_eq!((msg.body(), msg.content_length()), (&b"$1 hello hello"[..], Some(14)));
}

#[test]
fn replacements_choose_the_first_the_last_or_all() {
    for (which, expected) in [(Which::First, ["9", "2"]), (Which::Last, ["1", "2"]), (Which::All, ["9", "2"])]
    {
        let mut msg = plain();
        assert!(
            textops::replace_text(&mut msg, Part::Headers, b"X-A: 1", b"X-A: 9", Which::First).expect("fine")
        );
        if which == Which::Last {
            assert!(textops::replace_text(&mut msg, Part::Headers, b"9", b"1", which).expect("fine"));
        }
        assert_eq!(values(&msg, "X-A"), expected, "{which:?}");
    }
    let mut msg = plain();
    let rule = Subst::parse(br"/./x/").expect("a rule");
    assert!(textops::subst_hf(&mut msg, "X-A".into(), &rule, Which::Last).expect("fine"));
    assert_eq!(values(&msg, "X-A"), ["1", "x"]);
    assert!(!textops::subst_hf(&mut msg, "X-None".into(), &rule, Which::All).expect("fine"));
    assert!(textops::append_behind(&mut msg, Part::Rest, &expression("one"), b" and a half").expect("fine"));
    assert_eq!(values(&msg, "Subject"), ["one and a half two"]);
}

#[test]
fn the_request_uri_and_its_user_are_changed_by_rules() {
    let mut msg = plain();
    let rule = |text: &str| Subst::parse(text.as_bytes()).expect("a rule");
    assert!(textops::subst_user(&mut msg, &rule("/b(.*)b/r\\1b/")).expect("a user"));
    assert!(textops::subst_uri(&mut msg, &rule("/192.0.2.4/example.org/")).expect("a URI"));
    assert_eq!(msg.request_uri(), Some("sip:rob@example.org".into()));
    assert!(!textops::subst_uri(&mut msg, &rule("/none/x/")).expect("nothing"));
    assert!(textops::subst_uri(&mut msg, &rule("/sip:/ : /")).is_err());
    assert!(textops::subst_user(&mut msg, &rule("/rob/a@b/")).is_err());
    assert_eq!(msg.request_uri(), Some("sip:rob@example.org".into()));
}

#[test]
fn what_would_be_no_message_is_refused_and_changes_nothing() {
    let mut msg = plain();
    let before = msg.to_bytes();
    let damaged = textops::replace(&mut msg, Part::Rest, &expression("Via: "), b"no header", false);
    assert!(matches!(damaged, Err(TextopsError::Damaged(_))), "{damaged:?}");
    let reply = textopsx::set_buffer(&mut msg, b"SIP/2.0 200 OK\r\n\r\n");
    assert!(matches!(reply, Err(TextopsError::Kind)), "{reply:?}");
    assert_eq!(msg.to_bytes(), before);
    assert!(textopsx::set_buffer(&mut msg, b"BYE sip:a SIP/2.0\r\nContent-Length: 99\r\n\r\nx").is_ok());
    assert_eq!(msg.to_bytes(), "BYE sip:a SIP/2.0\r\nContent-Length: 1\r\n\r\nx");
}

#[test]
fn bodies_have_types_and_parts() {
    let mut msg = message("\r\n");
    assert!(!textops::has_body(&msg));
    textops::set_body(&mut msg, b"v=0\r\n", "application/sdp").expect("a body");
    assert!(textops::has_body_type(&msg, "Application/SDP") && !textops::has_body_type(&msg, "text/plain"));
    textops::append_body_part(&mut msg, b"<a/>", "text/xml", Some("signal")).expect("a part");
    textops::append_body_part(&mut msg, b"note", "text/plain", None).expect("a part");
    assert!(textops::has_body_type(&msg, "multipart/mixed"));
    assert_eq!(textops::body_part(&msg, "text/plain", false).as_deref(), Some(&b"note"[..]));
    let raw = textops::body_part(&msg, "text/xml", true).expect("a part");
    assert_eq!(raw, b"Content-Type: text/xml\r\nContent-Disposition: signal\r\n\r\n<a/>");
    assert!(textops::remove_body_part(&mut msg, "text/xml").expect("parts"));
    assert_eq!(textops::body_part(&msg, "text/xml", false), None);
    assert!(!textops::filter_body(&mut msg, "text/html").expect("parts"));
    assert!(textops::filter_body(&mut msg, "application/sdp").expect("parts"));
    assert_eq!((msg.body(), values(&msg, "Content-Type")), (&b"v=0\r\n"[..], vec!["application/sdp".into()]));
    textops::set_body_multipart(&mut msg, b"", "", "my").expect("parts");
    assert_eq!(values(&msg, "Content-Type"), ["multipart/mixed;boundary=\"my\""]);
    assert_eq!(textops::body_part(&msg, "application/sdp", false).as_deref(), Some(&b"v=0\r\n"[..]));
    textops::remove_body(&mut msg).expect("no body");
    assert!(!textops::has_body(&msg) && !msg.has_header(HeaderName::ContentType));
}

#[test]
fn audio_is_on_hold_in_two_ways() {
    for (sdp, expected) in [
        ("v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 9 RTP/AVP 0\r\n", None),
        ("v=0\r\nc=IN IP4 0.0.0.0\r\nm=audio 9 RTP/AVP 0\r\n", Some(1)),
        ("v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 9 RTP/AVP 0\r\na=sendonly\r\n", Some(2)),
        ("v=0\r\nc=IN IP4 192.0.2.1\r\nm=video 9 RTP/AVP 0\r\na=sendonly\r\n", None),
    ] {
        let msg = message(&format!("Content-Type: application/sdp\r\n\r\n{sdp}"));
        assert_eq!(textops::audio_on_hold(&msg), expected, "{sdp}");
    }
}

#[test]
fn headers_go_by_expression_by_place_and_by_value() {
    let mut msg = plain();
    assert!(
        textops::is_present_re(&msg, &expression("^x-")) && !textops::is_present_re(&msg, &expression("^y-"))
    );
    assert!(textops::remove_at(&mut msg, "X-A".into(), -1).expect("fine"));
    assert!(!textops::remove_at(&mut msg, "X-A".into(), 1).expect("fine"));
    assert_eq!(values(&msg, "X-A"), ["1"]);
    assert_eq!(
        textops::remove_matching(&mut msg, "X-A".into(), Comparison::NotEqual, b"1").expect("fine"),
        0
    );
    assert_eq!(
        textops::remove_re(&mut msg, &expression("^(x-|sub)"), Some(&expression("ject"))).expect("fine"),
        1
    );
    assert!(msg.has_header("Subject") && !msg.has_header("X-A"));
    assert_eq!(textops::keep(&mut msg, Some(&expression("subject"))).expect("fine"), 1);
    let names: Vec<_> = msg.iter().map(|(_, name, _)| name.to_string()).collect();
    assert_eq!(names, ["Via", "Subject", "Content-Type", "Content-Length"]);
}

#[test]
fn values_of_headers_are_compared() {
    let msg = message("Privacy: id;critical\r\n\r\n");
    assert!(textops::is_privacy(&msg, b"ID") && !textops::is_privacy(&msg, b"user"));
    let holds = |op: &[u8], text: &[u8], which| {
        textops::match_content(&msg, "X-A".into(), Comparison::parse(op).expect("known"), text, which)
    };
    assert_eq!(
        [holds(b"eq", b"1", b'f'), holds(b"eq", b"1", b'l'), holds(b"eq", b"1", b'a')],
        [Some(true), Some(false), Some(false)]
    );
    assert_eq!(
        [holds(b"sw", b"2", b'o'), holds(b"in", b"3", b'o'), holds(b"eq", b"1", b'x')],
        [Some(true), Some(false), None]
    );
}

#[test]
fn values_are_changed_at_their_place() {
    let edited = |edit: &dyn Fn(&mut Message, &Place) -> Result<bool, TextopsError>, place: &str| {
        let mut msg = message("X-L: a, <sip:b,c>;p=1\r\nX-L: d\r\n\r\n");
        let done = edit(&mut msg, &Place::parse(place.as_bytes()).expect("a place")).expect("a message");
        (done, values(&msg, "X-L").join("|"))
    };
    let append = |msg: &mut Message, place: &Place| textopsx::append_value(msg, place, b"new");
    assert_eq!(edited(&append, "X-L"), (true, "a, <sip:b,c>;p=1|d|new".into()));
    assert_eq!(edited(&append, "X-L[1]"), (true, "a, new, <sip:b,c>;p=1|d".into()));
    assert_eq!(edited(&append, "X-L[9]"), (false, "a, <sip:b,c>;p=1|d".into()));
    assert_eq!(edited(&append, "X-L[2].q"), (true, "a, <sip:b,c>;p=1;q=new|d".into()));
    let insert = |msg: &mut Message, place: &Place| textopsx::insert_value(msg, place, b"new");
    assert_eq!(edited(&insert, "X-L"), (true, "new|a, <sip:b,c>;p=1|d".into()));
    assert_eq!(edited(&insert, "X-L[-1]"), (true, "a, <sip:b,c>;p=1|new, d".into()));
    let assign = |msg: &mut Message, place: &Place| textopsx::assign_value(msg, place, b"a b");
    assert_eq!(edited(&assign, "X-L[2].p"), (true, "a, <sip:b,c>;p=\"a b\"|d".into()));
    assert_eq!(edited(&assign, "X-L[*]"), (true, "a b, a b|a b".into()));
    let remove = |msg: &mut Message, place: &Place| textopsx::remove_value(msg, place);
    assert_eq!(edited(&remove, "X-L[3]"), (true, "a, <sip:b,c>;p=1".into()));
    assert_eq!(edited(&remove, "X-L[2].p"), (true, "a, <sip:b,c>|d".into()));
    assert_eq!(edited(&remove, "X-L[*]"), (true, String::new()));
}

#[test]
fn lists_of_words_have_each_word_once() {
    let mut msg = plain();
    let name = || HeaderName::from("Supported");
    assert!(textopsx::has_word(&msg, name(), b"PATH"));
    textopsx::include_word(&mut msg, name(), b"path").expect("fine");
    textopsx::include_word(&mut msg, name(), b"gruu").expect("fine");
    assert_eq!(values(&msg, "Supported"), ["timer, path, gruu"]);
    assert!(textopsx::exclude_word(&mut msg, name(), b"Path").expect("fine"));
    assert!(!textopsx::exclude_word(&mut msg, name(), b"path").expect("fine"));
    assert_eq!(values(&msg, "Supported"), ["timer, gruu"]);
    textopsx::include_word(&mut msg, "Require".into(), b"x").expect("fine");
    assert_eq!(values(&msg, "Require"), ["x"]);
}

#[test]
fn a_walk_passes_every_line_once_and_changes_where_it_stands() {
    let (mut msg, mut walk, mut seen) = (plain(), Walk::new(), Vec::new());
    assert!(walk.line(&msg).is_none());
    while walk.step(&msg) {
        let (name, value) = walk.line(&msg).expect("it stands on a line");
        let (name, value) = (name.to_string(), value.to_string());
        match (&*name, &*value) {
            ("Subject", _) => assert!(walk.add(&mut msg, b"X-B: 1\r\nX-C: 2\r\n", true).expect("fine")),
            ("X-A", "1") => assert!(walk.remove(&mut msg).expect("fine")),
            ("Supported", _) => assert!(walk.add(&mut msg, b"X-D: 3", false).expect("fine")),
            _ => {}
        }
        seen.push(name);
    }
    assert_eq!(seen, ["Via", "Subject", "X-A", "Supported", "X-A", "Content-Type", "Content-Length"]);
    let names: Vec<_> = msg.iter().map(|(_, name, _)| name.to_string()).collect();
    assert_eq!(
        names,
        ["Via", "Subject", "X-B", "X-C", "X-D", "Supported", "X-A", "Content-Type", "Content-Length"]
    );
    assert!(!walk.remove(&mut msg).expect("nothing"));
    assert!(walk.step_back(&msg));
    assert_eq!(walk.line(&msg).map(|(name, _)| name), Some("Content-Length".into()));
}
