//! Any bytes as a body, behind any Content-Type: kept to the byte, wherever it goes; as parts, and parts of parts;
//! as a session description, looked at and changed.

use bytes::{Bytes, BytesMut};
use sip_core::frame::{Framed, Framer};
use sip_core::{Direction, Limits, Multipart, MultipartBuilder, Part, Sdp, build, parse};

/// The first line is the Content-Type, the rest the body.
pub(crate) fn run(data: &[u8]) {
    let at = data.iter().position(|&byte| byte == b'\n').unwrap_or(data.len());
    let (kind, body) = (&data[..at], data.get(at + 1..).unwrap_or_default());
    kept(body);
    parts(kind, body);
    described(body);
    described(data);
    if let Ok(kind) = std::str::from_utf8(kind) {
        typed(kind, body);
    }
}

fn kept(body: &[u8]) {
    let head = format!("MESSAGE sip:a SIP/2.0\r\nl: {}\r\n\r\n", body.len());
    let wire = [head.as_bytes(), body].concat();
    let msg = parse(Bytes::from(wire.clone()), &Limits::default()).expect("any body will do");
    assert_eq!(msg.body(), body);
    assert_eq!(msg.to_bytes(), wire);
    let mut stream = BytesMut::from(&wire[..]);
    let framed = Framer::new(Limits::default()).next(&mut stream);
    assert!(matches!(framed, Ok(Some(Framed::Message(msg))) if msg.body() == body));
}

fn typed(kind: &str, body: &[u8]) {
    let built = build::request("MESSAGE", "sip:a").body(kind, body).finish();
    let mut msg = parse("MESSAGE sip:a SIP/2.0\r\n\r\n".into(), &Limits::default()).expect("a message");
    if msg.set_body(Some(kind), body.to_vec()).is_ok() {
        assert!(msg.content_type().is_ok(), "only a media type can be set");
        assert_eq!((msg.body(), msg.content_length()), (body, Some(body.len())));
        let built = parse(built.expect("the builder takes it, too"), &Limits::default()).expect("a message");
        assert_eq!(built.body(), body);
    }
}

/// Parts stand where they say, and read back from a body that is made of them.
fn parts(kind: &[u8], body: &[u8]) {
    let limits = Limits::default();
    let Ok(found) = Multipart::parse(kind, body, &limits) else { return };
    assert!(!found.parts().is_empty() && found.parts().len() <= limits.body_parts);
    for part in found.parts() {
        part_asked(part, body, &limits, 1);
    }
    let _ = found.find("application/sdp", &limits).map(|part| described(part.body()));
    let again = found.parts().iter().fold(MultipartBuilder::new("another-one"), MultipartBuilder::same_part);
    if let Ok(again) = again.finish() {
        let read =
            Multipart::parse(b"multipart/mixed;boundary=another-one", &again, &limits).expect("it was made");
        assert!(read.parts().iter().map(Part::raw).eq(found.parts().iter().map(Part::raw)));
    }
}

fn part_asked(part: &Part<'_>, whole: &[u8], limits: &Limits, depth: usize) {
    assert!(depth <= limits.body_depth);
    assert_eq!(&whole[part.range()], part.raw());
    assert!(part.raw().ends_with(part.body()));
    for (name, _) in part.headers() {
        let name = std::str::from_utf8(name).expect("a token");
        assert!(part.header(name).is_some());
    }
    if let Some(Ok(inner)) = part.multipart(limits) {
        inner.parts().iter().for_each(|part| part_asked(part, whole, limits, depth + 1));
    }
}

/// A description leaves as it came; each change leaves one that can be read and changed again.
fn described(body: &[u8]) {
    let limits = Limits::default();
    let Ok(mut sdp) = Sdp::parse(body, &limits) else { return };
    assert_eq!(sdp.to_bytes(), body);
    let lines = sdp.session().lines().count() + sdp.media().map(|media| media.lines().count()).sum::<usize>();
    assert_eq!(lines, sdp.lines().count(), "every line belongs somewhere");
    for media in sdp.media() {
        let _ = (media.port(), media.port_count(), media.address(), media.flow(), media.is_on_hold());
        assert!(!media.kind().is_empty() && !media.protocol().is_empty() && media.formats().next().is_some());
        assert!(media.codecs().is_empty() || media.codecs().len() == media.formats().count());
    }
    let ip = "192.0.2.1".parse().expect("an address");
    let _ = (sdp.set_origin(ip), sdp.set_connections(ip));
    reads_back(&sdp);
    assert_eq!(sdp.set_connection(None, ip), Ok(()));
    assert_eq!(sdp.session().connection(), Some("192.0.2.1".into()));
    let media = sdp.media().count();
    for number in (0..media).rev() {
        assert_eq!(sdp.set_direction(Some(number), Direction::Inactive), Ok(()));
        assert_eq!(sdp.add_attribute(Some(number), "x", Some(b"y")), Ok(()));
        assert!(
            sdp.media().nth(number).is_some_and(|media| media.is_on_hold() && media.attribute("x").is_some())
        );
    }
    reads_back(&sdp);
    let before: usize = sdp.media().map(|media| media.formats().count()).sum();
    let gone = sdp.retain_codecs("", |codec| codec.clock == Some(8000));
    assert_eq!(sdp.media().map(|media| media.formats().count()).sum::<usize>(), before - gone);
    sdp.sort_codecs("", |codec| codec.payload.len());
    reads_back(&sdp);
    sdp.remove_lines("a=x");
    if media > 0 {
        assert_eq!(sdp.set_port(media - 1, 0), Ok(()));
        assert!(sdp.set_port(media, 0).is_err());
    }
    let audio = sdp.remove_media("audio");
    assert_eq!(sdp.media().count(), media - audio);
    reads_back(&sdp);
}

fn reads_back(sdp: &Sdp<'_>) {
    let text = sdp.to_bytes();
    let limits = Limits { sdp_lines: usize::MAX, ..Limits::default() };
    let again = Sdp::parse(&text, &limits).expect("what was changed is a description");
    assert!(again.lines().eq(sdp.lines()), "and says the same");
}
