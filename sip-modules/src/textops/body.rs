//! Bodies and their parts.

use bytes::Bytes;
use sip_core::{ContentType, EditError, HeaderName, Limits, MediaType, Message, MultipartBuilder, Sdp};

use crate::textops::error::TextopsError;

/// The boundary where none is given, as long as no part has it in its text.
const BOUNDARY: &str = "unique-boundary-1";

/// Whether the message has a body (`has_body`).
pub fn has_body(msg: &Message) -> bool {
    !msg.body().is_empty()
}

/// Whether it has one of this type, `type/subtype` (`has_body_type`).
pub fn has_body_type(msg: &Message, media_type: &str) -> bool {
    has_body(msg) && msg.view::<ContentType<'_>>().is_ok_and(|kind| kind.is(media_type))
}

/// Makes this the body (`set_body`).
///
/// # Errors
///
/// The type is none.
pub fn set_body(msg: &mut Message, body: &[u8], media_type: &str) -> Result<(), TextopsError> {
    Ok(msg.set_body(Some(media_type), Bytes::copy_from_slice(body))?)
}

/// Takes the body away, and its Content-Type (`remove_body`).
///
/// # Errors
///
/// None that a message can bring.
pub fn remove_body(msg: &mut Message) -> Result<(), TextopsError> {
    Ok(msg.set_body(None, Bytes::new())?)
}

/// Makes a body in parts of one part, or of the body that there is where `part` is empty (`set_body_multipart`).
/// Without a boundary there is one of our own.
///
/// # Errors
///
/// The boundary is none, or stands inside a part; the type is none; there is no part.
pub fn set_body_multipart(
    msg: &mut Message,
    part: &[u8],
    media_type: &str,
    boundary: &str,
) -> Result<(), TextopsError> {
    let own = content_type(msg);
    let (part, media_type) = match part {
        [] => (msg.body().to_vec(), own.as_deref().unwrap_or_default()),
        part => (part.to_vec(), media_type),
    };
    MediaType::parse(media_type.as_bytes()).map_err(EditError::from)?;
    let boundary = chosen(boundary, &part);
    let body = MultipartBuilder::new(&boundary).part(&[("Content-Type", media_type)], &part).finish()?;
    set_parts(msg, "mixed", &boundary, body)
}

/// Adds a part (`append_body_part`); a body that is whole becomes the first part.
///
/// # Errors
///
/// As [`set_body_multipart`]; the parts that there are cannot be read.
pub fn append_body_part(
    msg: &mut Message,
    part: &[u8],
    media_type: &str,
    disposition: Option<&str>,
) -> Result<(), TextopsError> {
    MediaType::parse(media_type.as_bytes()).map_err(EditError::from)?;
    let limits = Limits::default();
    let kind = content_type(msg).unwrap_or_default();
    let is_multipart = MediaType::parse(kind.as_bytes()).is_ok_and(|kind| kind.is_multipart());
    let boundary = chosen("", &[msg.body(), part].concat());
    let (mut builder, mut subtype) = (MultipartBuilder::new(&boundary), "mixed".to_owned());
    if is_multipart {
        let old = msg.multipart(&limits)?;
        builder = old.parts().iter().fold(builder, |builder, part| builder.same_part(part));
        if let Ok(kind) = MediaType::parse(kind.as_bytes()) {
            subtype = kind.subtype().to_string();
        }
    } else if has_body(msg) {
        builder = builder.part(&[("Content-Type", &kind)], msg.body());
    }
    let mut headers = vec![("Content-Type", media_type)];
    headers.extend(disposition.map(|disposition| ("Content-Disposition", disposition)));
    let body = builder.part(&headers, part).finish()?;
    set_parts(msg, &subtype, &boundary, body)
}

/// The body of this type, or the first part of it that is (`get_body_part`; with its headers `get_body_part_raw`).
pub fn body_part(msg: &Message, media_type: &str, with_headers: bool) -> Option<Vec<u8>> {
    let limits = Limits::default();
    let part = msg.find_body(media_type, &limits).ok().flatten()?;
    Some(if with_headers { part.raw().to_vec() } else { part.body().to_vec() })
}

/// Keeps the first part of this type alone: it becomes the body (`filter_body`). `false`: there is none, and nothing is
/// changed.
///
/// # Errors
///
/// The parts cannot be read.
pub fn filter_body(msg: &mut Message, media_type: &str) -> Result<bool, TextopsError> {
    let limits = Limits::default();
    if has_body_type(msg, media_type) {
        return Ok(true);
    }
    let Some(part) = msg.find_body(media_type, &limits)? else { return Ok(false) };
    let kind = part.header("Content-Type").map_or_else(|| media_type.to_owned(), ToString::to_string);
    let body = Bytes::copy_from_slice(part.body());
    msg.set_body(Some(&kind), body)?;
    Ok(true)
}

/// Takes the first part of this type away (`remove_body_part`). `false`: there is none. Of two parts the one that stays
/// is still in a body of parts.
///
/// # Errors
///
/// The parts cannot be read.
pub fn remove_body_part(msg: &mut Message, media_type: &str) -> Result<bool, TextopsError> {
    let limits = Limits::default();
    let all = msg.multipart(&limits)?;
    let Some(gone) = all.parts().iter().position(|part| part.is(media_type)) else { return Ok(false) };
    let boundary = chosen("", msg.body());
    let kept = all.parts().iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, part)| part);
    let builder = kept.fold(MultipartBuilder::new(&boundary), MultipartBuilder::same_part);
    let finished = builder.finish();
    drop(all);
    match finished {
        Ok(body) => set_parts(msg, "mixed", &boundary, body)?,
        Err(EditError::NotThere) => remove_body(msg)?,
        Err(error) => return Err(error.into()),
    }
    Ok(true)
}

/// Whether the first audio stream that is on hold is so by the address 0.0.0.0 (1) or by its direction (2); `None`: no
/// audio is on hold, or there is no session description (`is_audio_on_hold`; RFC 2543, RFC 3264 8.4).
pub fn audio_on_hold(msg: &Message) -> Option<i32> {
    let limits = Limits::default();
    let body = msg.find_body("application/sdp", &limits).ok()??;
    let sdp = Sdp::parse(body.body(), &limits).ok()?;
    let held = sdp.media().find(|media| *media.kind() == "audio" && media.is_on_hold())?;
    let by_direction = matches!(held.flow().name(), "sendonly" | "inactive");
    Some(if by_direction { 2 } else { 1 })
}

fn content_type(msg: &Message) -> Option<String> {
    msg.header(HeaderName::ContentType).map(ToString::to_string)
}

/// A boundary that no part has in its text.
fn chosen(boundary: &str, text: &[u8]) -> String {
    use bstr::ByteSlice as _;
    let mut boundary = if boundary.is_empty() { BOUNDARY } else { return boundary.to_owned() }.to_owned();
    while text.contains_str(&boundary) && boundary.len() < 64 {
        boundary.push('1');
    }
    boundary
}

fn set_parts(msg: &mut Message, subtype: &str, boundary: &str, body: Vec<u8>) -> Result<(), TextopsError> {
    Ok(msg.set_body(Some(&MultipartBuilder::content_type(subtype, boundary)), body)?)
}
