//! A body in chunks, put together as it comes (RFC 9112 7.1).
//!
//! Only the data is kept; extensions and trailers are read and dropped.

use bytes::{Buf, BytesMut};
use memchr::memchr;

use crate::error::ParseError;
use crate::parse::limits::Limits;

/// Bytes of the line before a chunk: its size, and extensions that nobody reads.
const SIZE_LINE: usize = 256;

#[derive(Clone, Copy, Debug, Default)]
enum State {
    /// The line with the size of the next chunk.
    #[default]
    Size,
    /// So many bytes of this chunk are still to come.
    Data(usize),
    /// The line end behind a chunk.
    DataEnd,
    /// Behind the last chunk.
    Trailer,
}

/// A body that is under way.
#[derive(Debug, Default)]
pub(crate) struct Chunked {
    state: State,
    body: Vec<u8>,
    /// Bytes of trailers so far.
    trailer: usize,
}

impl Chunked {
    /// How many bytes are kept.
    pub(crate) fn held(&self) -> usize {
        self.body.len()
    }

    /// Takes what there is off the front of `buf`. `Some` is the whole body.
    pub(crate) fn take(
        &mut self,
        buf: &mut BytesMut,
        limits: &Limits,
    ) -> Result<Option<Vec<u8>>, ParseError> {
        loop {
            match self.state {
                State::Size => {
                    let Some(line) = line(buf, SIZE_LINE, ParseError::Chunk)? else { return Ok(None) };
                    let size = size(&line)?;
                    if size > limits.body_bytes.saturating_sub(self.body.len()) {
                        return Err(ParseError::BodyTooLarge { max: limits.body_bytes });
                    }
                    self.state = if size == 0 { State::Trailer } else { State::Data(size) };
                }
                State::Data(left) => {
                    let now = left.min(buf.len());
                    self.body.extend_from_slice(&buf[..now]);
                    buf.advance(now);
                    if now < left {
                        self.state = State::Data(left - now);
                        return Ok(None);
                    }
                    self.state = State::DataEnd;
                }
                State::DataEnd => {
                    match buf[..] {
                        [b'\r', b'\n', ..] => buf.advance(2),
                        [] | [b'\r'] => return Ok(None),
                        _ => return Err(ParseError::Chunk),
                    }
                    self.state = State::Size;
                }
                State::Trailer => {
                    let error = ParseError::HeadTooLarge { max: limits.head_bytes };
                    let room = limits.head_bytes.saturating_sub(self.trailer);
                    let Some(line) = line(buf, room, error)? else { return Ok(None) };
                    if line.is_empty() {
                        return Ok(Some(std::mem::take(&mut self.body)));
                    }
                    self.trailer += line.len() + 2;
                }
            }
        }
    }
}

/// The next line without its CRLF, if it has come; `error` if it is longer than `max`.
fn line(buf: &mut BytesMut, max: usize, error: ParseError) -> Result<Option<BytesMut>, ParseError> {
    let window = &buf[..buf.len().min(max)];
    match memchr(b'\n', window) {
        Some(end) if end > 0 && window[end - 1] == b'\r' => {
            let mut line = buf.split_to(end + 1);
            line.truncate(end - 1);
            Ok(Some(line))
        }
        Some(_) => Err(ParseError::Chunk),
        None if buf.len() >= max => Err(error),
        None => Ok(None),
    }
}

/// The size in hexadecimal digits; extensions may follow.
fn size(line: &[u8]) -> Result<usize, ParseError> {
    let digits = line.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    let rest = line[digits..].trim_ascii_start();
    if digits == 0 || !(rest.is_empty() || rest[0] == b';') {
        return Err(ParseError::Chunk);
    }
    let digits = std::str::from_utf8(&line[..digits]).unwrap_or_default();
    // Too many digits for any integer are more than any limit.
    Ok(usize::from_str_radix(digits, 16).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(wire: &str, step: usize) -> Result<Option<(String, usize)>, ParseError> {
        let limits = Limits { body_bytes: 20, head_bytes: 40, ..Limits::default() };
        let (mut chunked, mut buf) = (Chunked::default(), BytesMut::new());
        for bytes in wire.as_bytes().chunks(step) {
            buf.extend_from_slice(bytes);
            if let Some(body) = chunked.take(&mut buf, &limits)? {
                return Ok(Some((String::from_utf8(body).expect("text"), buf.len())));
            }
        }
        Ok(None)
    }

    #[test]
    fn chunks_are_put_together_however_they_come() {
        let wire = "5;x=y\r\nhello\r\n0A \r\n, my world\r\n0\r\nX: trailer\r\n\r\n";
        for step in 1..wire.len() {
            assert_eq!(all(wire, step), Ok(Some(("hello, my world".into(), 0))), "in steps of {step}");
        }
        assert_eq!(all(&format!("{wire}GET"), 1000), Ok(Some(("hello, my world".into(), 3))));
    }

    #[test]
    fn what_is_no_chunk_is_refused() {
        for bad in
            ["\r\n", "x\r\n", "5\nhello", "5\r\nhello0\r\n", "-1\r\n", "0x5\r\n", "5 5\r\n", "0\r\nX\n"]
        {
            assert_eq!(all(bad, 1), Err(ParseError::Chunk), "{bad:?}");
        }
        assert_eq!(all(&"5;".repeat(200), 1), Err(ParseError::Chunk));
    }

    #[test]
    fn limits_hold_before_the_bytes_have_come() {
        let too_large = ParseError::BodyTooLarge { max: 20 };
        assert_eq!(all("15\r\n", 1), Err(too_large));
        assert_eq!(all("ffffffffffffffffffffffff\r\n", 1), Err(too_large));
        assert_eq!(all("14\r\n12345678901234567890\r\n1\r\n", 1), Err(too_large));
        let trailers = "X: yyyyyyyyyy\r\n".repeat(5);
        assert_eq!(all(&format!("0\r\n{trailers}"), 1), Err(ParseError::HeadTooLarge { max: 40 }));
    }
}
