//! Bytes to messages: one pass over the head, no copy.

pub(crate) mod chunked;
pub(crate) mod headers;
pub(crate) mod http;
pub(crate) mod limits;
pub(crate) mod names;
pub(crate) mod salvage;
pub(crate) mod start_line;

pub mod frame;

use bytes::Bytes;

use crate::error::ParseError;
use crate::message::Message;
use crate::message::slots::Slots;
use crate::parse::headers::scan;
use crate::parse::limits::Limits;
use crate::span::Span;

/// Parses one whole SIP message.
///
/// `bytes` holds exactly one message: a datagram, or the payload of a WebSocket frame; streams
/// are cut into messages by a [`Framer`](frame::Framer), with the same code. Nothing is copied:
/// the result shares `bytes`. Empty lines in front are skipped (RFC 3261 7.5); the body has as
/// many bytes as Content-Length says, what follows it is dropped (18.3); without Content-Length
/// the body is all the rest.
///
/// The head is strict where two readers could disagree about what it says: lines end in CRLF and
/// nothing else, a name is a token, the start line has single spaces, Content-Length is one
/// number. Header values are not examined here; a view does that when it is asked for.
///
/// # Errors
///
/// The peer's fault, always; no input makes this panic. [`ParseError::status`] is the reply that
/// a request deserves, [`salvage`](crate::salvage) finds what the reply is made from.
///
/// # Cost
///
/// One pass over the head. Allocates only above 24 headers.
///
/// # Source
///
/// RFC 3261 7.1 to 7.5 and 18.3; folding 7.3.1; compact names 7.3.3.
///
/// # Examples
///
/// ```
/// let wire = "OPTIONS sip:a@b SIP/2.0\r\nMax-Forwards: 70\r\n\r\n";
/// let msg = sip_core::parse(wire.into(), &Default::default())?;
/// assert_eq!(msg.method(), Some(sip_core::Method::Options));
/// # Ok::<(), sip_core::ParseError>(())
/// ```
pub fn parse(mut bytes: Bytes, limits: &Limits) -> Result<Message, ParseError> {
    let empty = empty_lines(&bytes);
    if empty == bytes.len() {
        return Err(ParseError::Empty);
    }
    if u32::try_from(bytes.len()).is_err() {
        return Err(ParseError::BodyTooLarge { max: u32::MAX as usize });
    }
    let mut slots = Slots::new();
    let head = scan(&bytes[empty..], limits, &mut slots)?;
    let have = bytes.len() - empty - head.end;
    let body_len = match head.body_len {
        Some(need) if need > have => return Err(ParseError::BodyTooShort { need, have }),
        Some(need) => need,
        None if have > limits.body_bytes => {
            return Err(ParseError::BodyTooLarge { max: limits.body_bytes });
        }
        None => have,
    };
    let total = head.end + body_len;
    if empty > 0 || have > body_len {
        bytes = bytes.slice(empty..empty + total);
    }
    Ok(Message::from_parts(bytes, head.start, slots, Span::new(head.end, total).start))
}

/// How many bytes of empty lines `bytes` begins with.
pub(crate) fn empty_lines(bytes: &[u8]) -> usize {
    bytes.chunks_exact(2).take_while(|pair| pair == b"\r\n").count() * 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(wire: &'static str) -> Result<Message, ParseError> {
        parse(Bytes::from_static(wire.as_bytes()), &Limits::default())
    }

    #[test]
    fn body_is_as_long_as_content_length_says() {
        let msg = read("\r\n\r\nA b:c SIP/2.0\r\nl: 2\r\n\r\nabcd").expect("message");
        assert_eq!(msg.body(), b"ab");
        assert_eq!(msg.content_length(), Some(2));
        assert_eq!(msg.to_bytes(), &b"A b:c SIP/2.0\r\nl: 2\r\n\r\nab"[..]);
        let error = read("A b:c SIP/2.0\r\nl: 5\r\n\r\nabcd").map(|_| ());
        assert_eq!(error, Err(ParseError::BodyTooShort { need: 5, have: 4 }));
        assert_eq!(read("A b:c SIP/2.0\r\n\r\nabcd").expect("message").body(), b"abcd");
    }

    #[test]
    fn empty_lines_alone_are_no_message() {
        assert_eq!(read("").map(|_| ()), Err(ParseError::Empty));
        assert_eq!(read("\r\n\r\n").map(|_| ()), Err(ParseError::Empty));
        assert!(read("\r\n\r").is_err());
    }

    #[test]
    fn values_nobody_reads_do_no_harm() {
        let msg = read("A b:c SIP/2.0\r\nVia: ;;,,\r\nX: \u{1}\0\u{e9}\r\nTo:\r\n\r\n").expect("message");
        assert_eq!(msg.header("x"), Some("\u{1}\0\u{e9}".into()));
        assert_eq!(msg.header("t"), Some("".into()));
    }

    #[test]
    fn folded_values_stand_as_they_came() {
        let msg = read("A b:c SIP/2.0\r\nTO :\r\n sip:a ;\r\n\ttag=1 \r\nf:\r\n \r\nS: x\r\n\r\n")
            .expect("message");
        assert_eq!(msg.header("To"), Some("sip:a ;\r\n\ttag=1".into()));
        assert_eq!(msg.header("From"), Some("".into()));
        assert_eq!(msg.iter().map(|(_, name, _)| name.to_string()).collect::<Vec<_>>(), ["TO", "f", "S"]);
    }
}
