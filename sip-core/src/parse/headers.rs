//! One pass over the head: a slot for each header line, and what Content-Length says.
//!
//! A name is a `token`, then SP or HTAB, then the colon (RFC 3261 25.1 HCOLON). Nothing else may
//! stand there: a control byte in a name is how a header gets past a filter that reads names in
//! another way than the next hop. Values are not looked at; only their lines must end in CRLF.

use memchr::memchr;

use crate::ascii::{decimal, is_lws, is_token, trim_end};
use crate::error::ParseError;
use crate::message::slots::{Origin, Slot, Slots};
use crate::message::start::StartLine;
use crate::name::{NameId, lookup};
use crate::parse::limits::Limits;
use crate::parse::names::usual_name;
use crate::parse::start_line::start_line;
use crate::scan::line::folded_end;

/// What a scan of a head found; offsets from the first byte of the start line.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) start: StartLine,
    pub(crate) slots: Slots,
    /// Offset after the empty line: where the body begins.
    pub(crate) end: usize,
    /// What Content-Length says; within `Limits::body_bytes`.
    pub(crate) body_len: Option<usize>,
}

/// Reads a head that begins at `bytes[0]`.
pub(crate) fn head(bytes: &[u8], limits: &Limits) -> Result<Head, ParseError> {
    let mut slots = Slots::new();
    let Scanned { start, end, body_len } = scan(bytes, limits, &mut slots)?;
    Ok(Head { start, slots, end, body_len })
}

/// What stands in a head beside the header lines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scanned {
    pub(crate) start: StartLine,
    pub(crate) end: usize,
    pub(crate) body_len: Option<usize>,
}

/// As [`head`]; the header lines are added to `slots`, which is empty.
#[inline]
pub(crate) fn scan(bytes: &[u8], limits: &Limits, slots: &mut Slots) -> Result<Scanned, ParseError> {
    // Offsets have 32 bits.
    let window = &bytes[..bytes.len().min(limits.head_bytes).min(u32::MAX as usize)];
    scan_window(window, limits, slots).map_err(|error| match error {
        ParseError::HeadUnfinished { .. } if window.len() < bytes.len() => {
            ParseError::HeadTooLarge { max: limits.head_bytes }
        }
        error => error,
    })
}

#[inline]
fn scan_window(bytes: &[u8], limits: &Limits, slots: &mut Slots) -> Result<Scanned, ParseError> {
    let start = start_line(bytes, limits)?;
    let (mut at, mut count, mut body_len) = (start.line.end as usize, 0, None);
    loop {
        let rest = &bytes[at..];
        let name = match usual_name(rest) {
            Some((id, len)) => (id, len, at + len),
            None => match rest {
                [b'\r', b'\n', ..] => break,
                [b'\r'] | [] => return Err(ParseError::HeadUnfinished { have: bytes.len() }),
                _ => any_name(bytes, at)?,
            },
        };
        let slot = named_line(bytes, at, name, limits)?;
        if slot.id == NameId::CONTENT_LENGTH {
            body_len = Some(content_length(bytes, &slot, body_len, limits)?);
        }
        if count == limits.headers {
            return Err(ParseError::TooManyHeaders { max: limits.headers });
        }
        count += 1;
        slots.push(slot);
        at = slot.end as usize;
    }
    Ok(Scanned { start, end: at + 2, body_len })
}

/// Reads the header line that begins at `bytes[at]`, with the lines folded into it.
pub(crate) fn header_line(bytes: &[u8], at: usize, limits: &Limits) -> Result<Slot, ParseError> {
    named_line(bytes, at, any_name(bytes, at)?, limits)
}

/// Reads the header line at `bytes[at]`, whose name has this id and length and this place of its colon.
#[inline(always)]
fn named_line(
    bytes: &[u8],
    at: usize,
    (id, len, colon): (NameId, usize, usize),
    limits: &Limits,
) -> Result<Slot, ParseError> {
    if len > limits.name_bytes {
        return Err(ParseError::HeaderNameTooLong { max: limits.name_bytes });
    }
    let (value, end) = match bytes.get(colon + 1..) {
        // Mostly one space and then the value.
        Some([b' ', first, ..]) if !is_lws(*first) => (colon + 2, folded_end(bytes, colon + 2)?),
        _ => any_value(bytes, colon + 1)?,
    };
    Ok(Slot {
        start: offset(at),
        value: offset(value),
        end: offset(end),
        name_len: len as u16,
        id,
        origin: Origin::Wire,
    })
}

/// The value behind a colon, however far: where it begins, and the offset after its last line.
fn any_value(bytes: &[u8], mut value: usize) -> Result<(usize, usize), ParseError> {
    while matches!(bytes.get(value), Some(b' ' | b'\t')) {
        value += 1;
    }
    let end = folded_end(bytes, value)?;
    if bytes[value] == b'\r' {
        // The value is empty, or begins on the next line.
        while value < end - 2 && is_lws(bytes[value]) {
            value += 1;
        }
    }
    Ok((value, end))
}

/// The name at `bytes[at]`, however it is written: its id, its length, and where its colon is.
fn any_name(bytes: &[u8], at: usize) -> Result<(NameId, usize, usize), ParseError> {
    // A name that is known in whatever case is a token. Longer names than this are seldom known.
    let near = &bytes[at..bytes.len().min(at + 32)];
    if let Some(len) = memchr(b':', near)
        && let id = lookup(&near[..len])
        && id != NameId::OTHER
    {
        return Ok((id, len, at + len));
    }
    let mut colon = at;
    while let Some(&b) = bytes.get(colon)
        && is_token(b)
    {
        colon += 1;
    }
    let name = &bytes[at..colon];
    while matches!(bytes.get(colon), Some(b' ' | b'\t')) {
        colon += 1;
    }
    if bytes.get(colon) != Some(&b':') || name.is_empty() {
        return Err(no_header(bytes, colon));
    }
    if name.len() > usize::from(u16::MAX) {
        return Err(ParseError::HeaderNameTooLong { max: usize::from(u16::MAX) });
    }
    Ok((lookup(name), name.len(), colon))
}

/// What is wrong where a colon should be.
#[cold]
fn no_header(bytes: &[u8], at: usize) -> ParseError {
    match bytes.get(at) {
        None => ParseError::HeadUnfinished { have: bytes.len() },
        Some(b'\n') => ParseError::LineEnd { at },
        Some(_) => ParseError::HeaderName { at },
    }
}

/// Offsets fit: the length of a message was compared with 4 GiB.
#[inline]
fn offset(at: usize) -> u32 {
    at as u32
}

/// The body length by this Content-Length line. `before` is what an earlier one said: the same
/// number again does no harm, another is refused.
pub(crate) fn content_length(
    bytes: &[u8],
    slot: &Slot,
    before: Option<usize>,
    limits: &Limits,
) -> Result<usize, ParseError> {
    let at = slot.value as usize;
    let value = trim_end(&bytes[at..slot.end as usize]);
    let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    let len = match decimal(value).map(usize::try_from) {
        Some(Ok(len)) => len,
        // Digits, too many for any integer.
        _ if is_number => usize::MAX,
        _ => return Err(ParseError::ContentLength { at }),
    };
    if before.is_some_and(|before| before != len) {
        return Err(ParseError::ContentLengthConflict { at });
    }
    if len > limits.body_bytes {
        return Err(ParseError::BodyTooLarge { max: limits.body_bytes });
    }
    Ok(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &str) -> Result<Head, ParseError> {
        head(format!("A b:c SIP/2.0\r\n{headers}\r\n").as_bytes(), &Limits::default())
    }

    fn refused(headers: &str) -> ParseError {
        read(headers).map(|_| ()).expect_err("must be refused")
    }

    #[test]
    fn names_are_tokens_then_blanks_then_a_colon() {
        assert_eq!(read("Subject \t : x\r\n").map(|head| head.slots.len()), Ok(1));
        for bad in
            ["Subject\x01: x", "Sub ject: x", ": x", " Subject: x", "Subject\0: x", "Subject", "Sübject: x"]
        {
            assert!(matches!(refused(&format!("{bad}\r\n")), ParseError::HeaderName { .. }), "{bad:?}");
        }
    }

    #[test]
    fn a_lone_line_end_anywhere_in_the_head_is_refused() {
        for bad in
            ["S: a\rb\r\n", "S: a\nT: b\r\n", "S\n: a\r\n", "S: a\n\r\n", "S:\n a\r\n", "\n", "S: a\r\r\n"]
        {
            let error = refused(bad);
            assert!(
                matches!(error, ParseError::LineEnd { .. } | ParseError::HeaderName { .. }),
                "{bad:?} {error}"
            );
        }
    }

    #[test]
    fn content_length_is_one_number() {
        assert_eq!(read("l: 5\r\nContent-Length :\r\n\t5 \r\n").map(|head| head.body_len), Ok(Some(5)));
        assert_eq!(read("S: x\r\n").map(|head| head.body_len), Ok(None));
        for bad in ["", "-1", "+5", "5,5", "5 5", "0x5", "5;a", "\x35\x0b"] {
            let error = refused(&format!("Content-Length: {bad}\r\n"));
            assert!(matches!(error, ParseError::ContentLength { .. }), "{bad:?} {error}");
        }
        for twice in ["5\r\nl: 6", "99999999999999999999999\r\nl: 5", "6\r\nContent-Length: 5"] {
            let error = refused(&format!("CONTENT-LENGTH: {twice}\r\n"));
            let known =
                matches!(error, ParseError::ContentLengthConflict { .. } | ParseError::BodyTooLarge { .. });
            assert!(known, "{twice:?} {error}");
        }
        for big in ["1048577", "4294967296", "18446744073709551621", "99999999999999999999999999"] {
            let error = refused(&format!("Content-Length: {big}\r\n"));
            assert_eq!(error, ParseError::BodyTooLarge { max: 1024 * 1024 });
        }
    }

    #[test]
    fn limits_hold_to_the_byte_and_to_the_line() {
        let wire = b"A b:c SIP/2.0\r\nS: 1\r\nS: 2\r\n\r\nbody";
        let head_bytes = wire.len() - 4;
        let limits = |head_bytes, headers| Limits { head_bytes, headers, ..Limits::default() };
        assert!(head(wire, &limits(head_bytes, 2)).is_ok());
        assert_eq!(
            head(wire, &limits(head_bytes - 1, 2)).map(|_| ()),
            Err(ParseError::HeadTooLarge { max: head_bytes - 1 })
        );
        assert_eq!(
            head(wire, &limits(head_bytes, 1)).map(|_| ()),
            Err(ParseError::TooManyHeaders { max: 1 })
        );
    }
}
