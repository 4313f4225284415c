//! Any bytes as a body, behind any Content-Type: kept to the byte wherever it goes, in parts or as a session
//! description.

use bytes::{Bytes, BytesMut};
use sip_core::frame::{Framed, Framer};
use sip_core::{Direction, Limits, Multipart, MultipartBuilder, Part, Sdp, build, parse};

/// The first line is the Content-Type, the rest the body.
pub(crate) fn run(data: &[u8]) {
    let at = data.iter().position(|&byte| byte == b'\n').unwrap_or(data.len());
    let (kind, body) = (&data[..at], data.get(at + 1..).unwrap_or_default());
    kept(body);
    in_parts(kind, body);
    as_sdp(body);
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

/// The body in parts, and parts in parts.
fn in_parts(kind: &[u8], body: &[u8]) {
    for limits in [Limits::default(), Limits { body_parts: 2, body_depth: 1, ..Limits::default() }] {
        let Ok(multipart) = Multipart::parse(kind, body, &limits) else { continue };
        assert!(!multipart.parts().is_empty());
        let mut read = 0;
        walk(&multipart, body, 1, &limits, &mut read);
        for part in multipart.parts() {
            let kind = part
                .content_type()
                .and_then(Result::ok)
                .map(|kind| format!("{}/{}", kind.kind(), kind.subtype()));
            if let Some(kind) = kind {
                assert!(multipart.find(&kind, &limits).is_some(), "a part is found by its type");
            }
            as_sdp(part.body());
        }
        built_again(&multipart, &limits);
    }
}

/// What is made of the parts of a body has the same parts, unless they hold the new boundary.
fn built_again(multipart: &Multipart<'_>, limits: &Limits) {
    let parts = multipart.parts().iter();
    let built = parts.fold(MultipartBuilder::new("another-one"), MultipartBuilder::same_part);
    if let Ok(built) = built.finish() {
        let kind = b"multipart/mixed;boundary=another-one";
        let again = Multipart::parse(kind, &built, limits).expect("what the builder makes is in parts");
        assert!(again.parts().iter().map(Part::raw).eq(multipart.parts().iter().map(Part::raw)));
    }
}

fn walk(multipart: &Multipart<'_>, body: &[u8], depth: usize, limits: &Limits, read: &mut usize) {
    assert!(depth <= limits.body_depth && multipart.parts().len() <= limits.body_parts);
    let mut end = 0;
    for part in multipart.parts() {
        *read += 1;
        assert_eq!(&body[part.range()], part.raw(), "a part knows where it stands");
        assert!(part.range().start >= end, "parts stand one behind the other");
        end = part.range().end;
        assert!(part.raw().ends_with(part.body()));
        let named = part.headers().all(|(name, _)| !name.is_empty());
        assert!(named && part.headers().count() <= part.raw().len());
        if let Some(Ok(inner)) = part.multipart(limits) {
            walk(&inner, body, depth + 1, limits, read);
        }
    }
}

/// The body as a session description: unchanged it is the same to the byte; changed it still is one.
fn as_sdp(body: &[u8]) {
    let limits = Limits::default();
    let Ok(sdp) = Sdp::parse(body, &limits) else { return };
    assert_eq!(sdp.to_bytes(), body, "an unedited description leaves as it came");
    let media = sdp.media().count();
    for one in sdp.media() {
        let _ = (one.kind(), one.port(), one.port_count(), one.protocol(), one.is_rtp(), one.address());
        let _ = (one.flow(), one.is_on_hold(), one.formats().count(), one.codecs().len());
    }
    let session = sdp.session();
    let _ = (session.connection(), session.origin(), session.direction(), session.attributes().count());

    let mut edited = sdp.clone();
    let ip = [192, 0, 2, 7].into();
    edited.set_connections(ip);
    let _ = edited.set_connection(None, ip);
    let _ = edited.set_connection(Some(0), ip);
    let _ = edited.set_origin(ip);
    let _ = edited.set_port(0, 9);
    let _ = edited.set_direction(Some(0), Direction::Inactive);
    let _ = edited.add_attribute(Some(0), "x", Some(&body[..body.len().min(20)]));
    let _ = edited.remove_attributes(None, "sendrecv");
    edited.remove_lines("a=candidate:");
    let formats = |sdp: &Sdp<'_>| sdp.media().map(|one| one.formats().count()).sum::<usize>();
    let before = formats(&edited);
    let gone = edited.retain_codecs("", |codec| codec.is("PCMU"));
    assert_eq!(formats(&edited), before - gone);
    edited.sort_codecs("", |codec| codec.payload.len());
    let wide = Limits { sdp_lines: usize::MAX, ..limits };
    let text = edited.to_bytes();
    let again = Sdp::parse(&text, &wide).expect("an edited description is one");
    assert!(again.lines().eq(edited.lines()), "and says the same");
    assert_eq!(again.media().count(), media, "no edit makes or takes media by the way");
    edited.remove_media("audio");
    let text = edited.to_bytes();
    let again = Sdp::parse(&text, &wide).expect("an edited description is one");
    assert!(again.media().all(|one| one.kind() != "audio"));
}
