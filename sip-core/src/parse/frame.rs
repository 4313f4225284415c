//! Messages on a stream: where one ends and the next begins.
//!
//! The head is read by the same code as a datagram's, so there is no second opinion on where a
//! message ends.

use bytes::{Buf, BytesMut};
use memchr::memmem;

use crate::error::ParseError;
use crate::message::Message;
use crate::parse::headers::{Head, head};
use crate::parse::limits::Limits;
use crate::span::Span;

/// Why a stream cannot be cut any further. The connection is of no use after that.
pub type FrameError = ParseError;

/// What was found on a stream.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a message is the usual case, and moves on at once")]
pub enum Framed {
    /// A whole message.
    Message(Message),
    /// The second of two empty lines in a row: a keep-alive that wants one empty line back
    /// (RFC 5626 4.4.1).
    Ping,
    /// A single empty line: the answer to a keep-alive of ours, or the first half of a
    /// [`Framed::Ping`] (there is no telling before the next bytes), or nothing (RFC 3261 7.5).
    Pong,
}

/// Cuts a stream into messages.
///
/// Holds what it knows about the message that is under way, so that bytes are looked at once,
/// however they trickle in. Where the stream is cut into reads makes no difference.
///
/// # Examples
///
/// ```
/// use bytes::BytesMut;
/// use sip_core::frame::{Framed, Framer};
///
/// let mut framer = Framer::new(Default::default());
/// let mut buf = BytesMut::from("\r\n\r\nOPTIONS sip:a SIP/2.0\r\nContent-Length: 0\r\n");
/// assert!(matches!(framer.next(&mut buf)?, Some(Framed::Pong)));
/// assert!(matches!(framer.next(&mut buf)?, Some(Framed::Ping)));
/// assert!(framer.next(&mut buf)?.is_none());
/// buf.extend_from_slice(b"\r\n");
/// assert!(matches!(framer.next(&mut buf)?, Some(Framed::Message(_))));
/// # Ok::<(), sip_core::ParseError>(())
/// ```
#[derive(Debug)]
pub struct Framer {
    limits: Limits,
    /// Bytes of the buffer that hold no end of a head.
    scanned: usize,
    /// The head of the message under way, once it is complete, and how long the whole is.
    pending: Option<(Head, usize)>,
    /// Whether what came last was the first of two empty lines.
    half_ping: bool,
}

impl Framer {
    /// A framer at the beginning of a stream.
    pub fn new(limits: Limits) -> Self {
        Self { limits, scanned: 0, pending: None, half_ping: false }
    }

    /// Takes the next item off the front of `buf`; `None` if it has to be longer first.
    ///
    /// Give it the same buffer each time, with new bytes added at its end and nothing else
    /// changed. A message shares the memory of `buf`: keep [`Message::compact`] of it.
    ///
    /// # Errors
    ///
    /// As [`parse`](crate::parse), and [`ParseError::NoContentLength`] where there is none. Limits are
    /// checked as soon as they are passed, before the rest has come. `buf` then still holds the
    /// bytes of the message: [`salvage`](crate::salvage) may find a request to refuse. The stream
    /// is at an unknown place and has to be closed.
    pub fn next(&mut self, buf: &mut BytesMut) -> Result<Option<Framed>, FrameError> {
        if self.pending.is_none() {
            if self.scanned == 0
                && let Some(empty) = self.empty_line(buf)?
            {
                return Ok(Some(empty));
            }
            let Some(end) = self.head_end(buf)? else { return Ok(None) };
            let head = head(&buf[..end], &self.limits)?;
            let total = head.end + head.body_len.ok_or(ParseError::NoContentLength)?;
            if u32::try_from(total).is_err() {
                return Err(ParseError::BodyTooLarge { max: u32::MAX as usize });
            }
            self.pending = Some((head, total));
        }
        Ok(self.whole(buf).map(Framed::Message))
    }

    /// How many bytes are missing at least, as far as it is known: 1 while the head is under way.
    pub fn wanted(&self, buf: &BytesMut) -> usize {
        match &self.pending {
            Some((_, total)) => total.saturating_sub(buf.len()),
            None => 1,
        }
    }

    /// Whether the stream is between two messages; closing it here loses nothing.
    pub fn is_idle(&self, buf: &BytesMut) -> bool {
        self.pending.is_none() && buf.is_empty()
    }

    /// Takes one empty line off the front.
    fn empty_line(&mut self, buf: &mut BytesMut) -> Result<Option<Framed>, FrameError> {
        match buf[..] {
            [b'\r', b'\n', ..] => buf.advance(2),
            [b'\r', _, ..] | [b'\n', ..] => return Err(ParseError::LineEnd { at: 0 }),
            _ => return Ok(None),
        }
        self.half_ping = !self.half_ping;
        Ok(Some(if self.half_ping { Framed::Pong } else { Framed::Ping }))
    }

    /// The offset after the first empty line.
    fn head_end(&mut self, buf: &BytesMut) -> Result<Option<usize>, FrameError> {
        let window = &buf[..buf.len().min(self.limits.head_bytes)];
        let from = self.scanned.saturating_sub(3);
        if let Some(found) = memmem::find(&window[from.min(window.len())..], b"\r\n\r\n") {
            return Ok(Some(from + found + 4));
        }
        if buf.len() >= self.limits.head_bytes {
            return Err(ParseError::HeadTooLarge { max: self.limits.head_bytes });
        }
        // A lone CR at the front may become an empty line.
        self.scanned = if buf[..] == *b"\r" { 0 } else { buf.len() };
        Ok(None)
    }

    /// The message under way, if all of it is there.
    fn whole(&mut self, buf: &mut BytesMut) -> Option<Message> {
        let (head, total) = self.pending.take_if(|(_, total)| *total <= buf.len())?;
        self.scanned = 0;
        self.half_ping = false;
        let wire = buf.split_to(total).freeze();
        Some(Message::from_parts(wire, head.start, head.slots, Span::new(head.end, total).start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "MESSAGE sip:a SIP/2.0\r\nl: 4\r\n\r\n\r\n\r\n";

    fn all(wire: &str, step: usize) -> Vec<String> {
        let mut framer = Framer::new(Limits { head_bytes: 200, ..Limits::default() });
        let (mut buf, mut found) = (BytesMut::new(), Vec::new());
        for bytes in wire.as_bytes().chunks(step) {
            buf.extend_from_slice(bytes);
            loop {
                match framer.next(&mut buf) {
                    Ok(Some(Framed::Message(msg))) => found.push(format!("{:?}", msg.to_bytes())),
                    Ok(Some(other)) => found.push(format!("{other:?}")),
                    Ok(None) => break,
                    Err(error) => {
                        found.push(error.to_string());
                        return found;
                    }
                }
            }
        }
        found
    }

    #[test]
    fn where_a_stream_is_cut_makes_no_difference() {
        let wire = format!("\r\n\r\n\r\n{ONE}{ONE}\r\n\r\n{ONE}\r\n\rX");
        let whole = all(&wire, wire.len());
        assert_eq!(whole.len(), 10);
        assert_eq!(whole.last().map(String::as_str), Some("line does not end in CRLF at byte 0"));
        for step in 1..wire.len() {
            assert_eq!(all(&wire, step), whole, "in steps of {step}");
        }
    }

    #[test]
    fn a_stream_needs_content_length() {
        let wire = "OPTIONS sip:a SIP/2.0\r\nCall-ID: 1\r\n\r\n";
        assert_eq!(all(wire, 1), ["no Content-Length in a message on a stream"]);
    }

    #[test]
    fn an_endless_head_is_refused_at_the_limit() {
        let wire = format!("OPTIONS sip:a SIP/2.0\r\nX: {}", "x".repeat(300));
        assert_eq!(all(&wire, 1), ["head longer than 200 bytes"]);
        assert_eq!(all(&wire, 1000), ["head longer than 200 bytes"]);
    }

    #[test]
    fn a_large_body_is_refused_before_it_comes() {
        let wire = "OPTIONS sip:a SIP/2.0\r\nContent-Length: 4294967297\r\n\r\n";
        assert_eq!(all(wire, 7), ["body longer than 1048576 bytes"]);
    }

    #[test]
    fn it_says_how_much_is_missing() {
        let mut framer = Framer::new(Limits::default());
        let mut buf = BytesMut::from(&ONE[..ONE.len() - 3]);
        assert!(framer.is_idle(&BytesMut::new()) && !framer.is_idle(&buf));
        assert!(framer.next(&mut buf).expect("a part").is_none());
        assert_eq!(framer.wanted(&buf), 3);
    }
}
