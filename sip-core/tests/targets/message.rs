//! Any bytes as a datagram: refused, or read, written, judged and answered.

use bytes::Bytes;
use sip_core::{Limits, Message, Role, Rules, StatusCode, build, parse, salvage, unfold, validate};

/// Everything that can be read of a message without a view.
fn read(msg: &Message) -> Vec<(String, Vec<u8>, Vec<u8>)> {
    msg.iter().map(|(name, text, value)| (name.to_string(), text.to_vec(), value.to_vec())).collect()
}

pub(crate) fn run(data: &[u8]) {
    let wire = Bytes::copy_from_slice(data);
    let limits = Limits::default();
    match parse(wire.clone(), &limits) {
        Ok(msg) => {
            written_as_it_came(data, &msg);
            judged(&msg);
            answered(&msg);
        }
        Err(error) => {
            assert!((400..600).contains(&error.status().code()), "{error}");
        }
    }
    // What the tight limits let pass, the wide ones do.
    let tight =
        Limits { head_bytes: 300, headers: 6, name_bytes: 20, uri_bytes: 40, body_bytes: 50, ..limits };
    if let Ok(msg) = parse(wire.clone(), &tight) {
        let wide = parse(wire.clone(), &limits).expect("wider limits let it pass, too");
        assert_eq!(read(&msg), read(&wide));
        assert!(msg.iter().count() <= 6 && msg.body().len() <= 50);
    }
    if let Some(request) = salvage(wire, &limits) {
        assert!(request.is_request() && request.body().is_empty());
        answered(&request);
    }
}

fn written_as_it_came(data: &[u8], msg: &Message) {
    let out = msg.to_bytes();
    let skipped = data.chunks(2).take_while(|pair| pair == b"\r\n").count() * 2;
    assert!(data[skipped..].starts_with(&out), "an unedited message leaves as it came");
    assert_eq!(msg.encoded_len(), out.len());
    let again = parse(out.clone(), &Limits::default()).expect("what was read is read again");
    assert_eq!(read(&again), read(msg));
    assert_eq!(again.body(), msg.body());
    assert_eq!(again.to_bytes(), out);
    let compact = msg.compact();
    assert_eq!(read(&compact), read(msg));
    assert_eq!(compact.to_bytes(), out);
    for (name, _, value) in msg {
        assert!(msg.headers(name).any(|other| other == value), "a header is found by its name");
        assert!(!unfold(value).iter().any(|byte| b"\r\n".contains(byte)), "one line is one line");
        let total: usize = msg.values(name).map(|value| value.len()).sum();
        assert!(total <= msg.headers(name).map(|line| line.len()).sum());
    }
    if let Some(len) = msg.content_length() {
        assert_eq!(len, msg.body().len());
    }
}

fn judged(msg: &Message) {
    for role in [Role::Proxy, Role::Endpoint, Role::Registrar] {
        let rules = Rules { content_types: &["application/sdp"], ..Rules::of(role) };
        let faults = validate(msg, &rules);
        assert!(faults.len() < 150, "each header is named once for each way to be wrong");
        assert!(faults.iter().all(|fault| fault.status().is_failure() && !fault.header().is_empty()));
    }
}

/// Whatever the request looks like, its answer is a message.
fn answered(msg: &Message) {
    let built = build::response(msg, StatusCode::BAD_REQUEST).to_tag("t").finish().expect("an answer");
    let limits = Limits { head_bytes: usize::MAX, headers: usize::MAX, ..Limits::default() };
    let answer = parse(built, &limits).expect("the answer is a message");
    assert_eq!(answer.status(), Some(StatusCode::BAD_REQUEST));
    assert!(answer.values("Via").eq(msg.values("Via")), "all Via values come back");
    let _ = build::cancel(msg, None);
    let _ = build::ack(msg, &answer);
}
