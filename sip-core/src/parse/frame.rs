//! Messages on a stream: where one ends and the next begins.
//!
//! The head is read by the same code as a datagram's, so there is no second opinion on where a
//! message ends.

use bytes::{Buf, Bytes, BytesMut};
use memchr::{memchr_iter, memmem};

use crate::error::ParseError;
use crate::message::{Body, Message};
use crate::parse::chunked::Chunked;
use crate::parse::headers::{Head, head};
use crate::parse::http::{HttpBody, HttpHead, http_head, is_http};
use crate::parse::limits::Limits;
use crate::span::Span;

/// Why a stream cannot be cut any further. The connection is of no use after that.
pub type FrameError = ParseError;

/// What was found on a stream.
#[derive(Clone, Debug)]
pub enum Framed {
    /// A whole message.
    Message(Message),
    /// The second of two empty lines in a row: a keep-alive that wants one empty line back
    /// (RFC 5626 4.4.1).
    Ping,
    /// A single empty line: the answer to a keep-alive of ours, or the first half of a
    /// [`Framed::Ping`] (there is no telling before the next bytes), or nothing (RFC 3261 7.5).
    Pong,
    /// A whole HTTP request; only from [`Framer::with_http`].
    Http(Message),
    /// The head of an HTTP request has come whose sender waits for `100 Continue` before it sends the body; the
    /// request follows as [`Framed::Http`].
    Continue,
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
    /// The message under way, once its head is complete.
    pending: Option<Pending>,
    /// Whether what came last was the first of two empty lines.
    half_ping: bool,
    /// Whether HTTP requests are taken, too.
    http: bool,
}

/// A message whose head is complete.
#[derive(Debug)]
enum Pending {
    /// SIP, and how long the whole is.
    Sip(Head, usize),
    /// HTTP with a length.
    Http { head: HttpHead, head_len: usize, total: usize },
    /// HTTP in chunks: the head is taken off the buffer already.
    Chunked { head: HttpHead, wire: Bytes, chunked: Chunked },
}

impl Framer {
    /// A framer at the beginning of a stream that speaks SIP.
    pub fn new(limits: Limits) -> Self {
        Self { limits, scanned: 0, pending: None, half_ping: false, http: false }
    }

    /// A framer at the beginning of a stream on which SIP messages and HTTP/1.0 or 1.1 requests may follow each
    /// other; each is told by its first line.
    ///
    /// ```
    /// use bytes::BytesMut;
    /// use sip_core::frame::{Framed, Framer};
    ///
    /// let mut framer = Framer::with_http(Default::default());
    /// let mut buf = BytesMut::from("POST /rpc HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    /// assert!(framer.next(&mut buf)?.is_none());
    /// buf.extend_from_slice(b"2\r\n{}\r\n0\r\n\r\nOPTIONS sip:a SIP/2.0\r\nl: 0\r\n\r\n");
    /// let Some(Framed::Http(post)) = framer.next(&mut buf)? else { panic!("an HTTP request") };
    /// assert_eq!((post.request_uri(), post.body()), (Some("/rpc".into()), &b"{}"[..]));
    /// assert!(matches!(framer.next(&mut buf)?, Some(Framed::Message(_))));
    /// # Ok::<(), sip_core::ParseError>(())
    /// ```
    pub fn with_http(limits: Limits) -> Self {
        Self { http: true, ..Self::new(limits) }
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
            self.pending = Some(self.head(buf, end)?);
        }
        if self.has_to_continue(buf) {
            return Ok(Some(Framed::Continue));
        }
        self.whole(buf)
    }

    /// How many bytes are missing at least, as far as it is known: 1 while the head is under way.
    pub fn wanted(&self, buf: &BytesMut) -> usize {
        match &self.pending {
            Some(Pending::Sip(_, total) | Pending::Http { total, .. }) => total.saturating_sub(buf.len()),
            Some(Pending::Chunked { .. }) | None => 1,
        }
    }

    /// Whether the stream is between two messages; closing it here loses nothing.
    pub fn is_idle(&self, buf: &BytesMut) -> bool {
        self.pending.is_none() && buf.is_empty()
    }

    /// How many bytes of the message under way are kept here and no longer in the buffer.
    pub fn held(&self) -> usize {
        match &self.pending {
            Some(Pending::Chunked { wire, chunked, .. }) => wire.len() + chunked.held(),
            _ => 0,
        }
    }

    /// Whether the message under way, or that was refused, is an HTTP request.
    pub fn is_http(&self, buf: &BytesMut) -> bool {
        match &self.pending {
            Some(Pending::Sip(..)) => false,
            Some(Pending::Http { .. } | Pending::Chunked { .. }) => true,
            None => self.http && is_http(buf),
        }
    }

    /// Reads the head that ends at `end`.
    fn head(&self, buf: &mut BytesMut, end: usize) -> Result<Pending, FrameError> {
        if !self.http || !is_http(&buf[..end]) {
            let head = head(&buf[..end], &self.limits)?;
            let total = total(head.end, head.body_len.ok_or(ParseError::NoContentLength)?)?;
            return Ok(Pending::Sip(head, total));
        }
        let head = http_head(&buf[..end], &self.limits)?;
        Ok(match head.body {
            HttpBody::Length(len) => Pending::Http { head, head_len: end, total: total(end, len)? },
            HttpBody::Chunked => {
                Pending::Chunked { head, wire: buf.split_to(end).freeze(), chunked: Chunked::default() }
            }
        })
    }

    /// Whether the sender waits for a word before it sends the body. Said once, and not where the body is on its way.
    fn has_to_continue(&mut self, buf: &BytesMut) -> bool {
        match &mut self.pending {
            Some(Pending::Http { head, head_len, total }) => {
                std::mem::take(&mut head.expects) && buf.len() == *head_len && total > head_len
            }
            Some(Pending::Chunked { head, .. }) => std::mem::take(&mut head.expects) && buf.is_empty(),
            _ => false,
        }
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
        if self.http && is_http(buf) {
            let mut lines = memchr_iter(b'\n', &buf[self.scanned..]).map(|at| self.scanned + at);
            if let Some(at) = lines.find(|&at| at == 0 || buf[at - 1] != b'\r') {
                // Such a head might end in a way that is not looked for.
                return Err(ParseError::LineEnd { at });
            }
        }
        // A lone CR at the front may become an empty line.
        self.scanned = if buf[..] == *b"\r" { 0 } else { buf.len() };
        Ok(None)
    }

    /// The message under way, if all of it is there.
    fn whole(&mut self, buf: &mut BytesMut) -> Result<Option<Framed>, FrameError> {
        let body = match &mut self.pending {
            Some(Pending::Sip(_, total) | Pending::Http { total, .. }) if *total <= buf.len() => None,
            Some(Pending::Chunked { chunked, .. }) => match chunked.take(buf, &self.limits)? {
                Some(body) => Some(body),
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        self.scanned = 0;
        self.half_ping = false;
        Ok(self.pending.take().map(|pending| match pending {
            Pending::Sip(head, total) => {
                let wire = buf.split_to(total).freeze();
                let body = Span::new(head.end, total).start;
                Framed::Message(Message::from_parts(wire, head.start, head.slots, body))
            }
            Pending::Http { head, head_len, total } => {
                let wire = buf.split_to(total).freeze();
                let body = Span::new(head_len, total).start;
                Framed::Http(Message::from_parts(wire, head.start, head.slots, body))
            }
            Pending::Chunked { head, wire, .. } => {
                let end = Span::new(wire.len(), wire.len()).start;
                let mut msg = Message::from_parts(wire, head.start, head.slots, end);
                msg.body = Body::Own(body.unwrap_or_default().into());
                Framed::Http(msg)
            }
        }))
    }
}

/// How long a message is; offsets have 32 bits.
fn total(head: usize, body: usize) -> Result<usize, FrameError> {
    match head.checked_add(body) {
        Some(total) if u32::try_from(total).is_ok() => Ok(total),
        _ => Err(ParseError::BodyTooLarge { max: u32::MAX as usize }),
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
