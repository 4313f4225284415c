//! A message taken apart into its lines, changed freely, and read again: what no message can be is refused.

use bytes::Bytes;
use sip_core::{Limits, Message};

use crate::textops::error::TextopsError;

/// One header line.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) name: Vec<u8>,
    pub(crate) value: Vec<u8>,
}

/// The lines of a message.
#[derive(Debug)]
pub(crate) struct Draft {
    start: Vec<u8>,
    pub(crate) lines: Vec<Line>,
    body: Vec<u8>,
}

impl Draft {
    /// The lines of a message as they are.
    pub(crate) fn of(msg: &Message) -> Self {
        let text = msg.to_bytes();
        let end = line_end(&text).unwrap_or(text.len());
        let lines = msg.iter().map(|(_, name, value)| Line { name: name.to_vec(), value: value.to_vec() });
        Self { start: text[..end].to_vec(), lines: lines.collect(), body: msg.body().to_vec() }
    }

    /// Makes them those of the message.
    ///
    /// # Errors
    ///
    /// They are no message.
    pub(crate) fn write_to(self, msg: &mut Message) -> Result<(), TextopsError> {
        let mut text = self.start;
        text.extend_from_slice(b"\r\n");
        for line in self.lines {
            text.extend_from_slice(&line.name);
            text.extend_from_slice(b": ");
            text.extend_from_slice(&line.value);
            text.extend_from_slice(b"\r\n");
        }
        text.extend_from_slice(b"\r\n");
        text.extend_from_slice(&self.body);
        put(msg, &text)
    }
}

/// Makes a text the message. Its Content-Length follows the body, whatever the text says.
///
/// # Errors
///
/// The text is no message, or one of the other kind.
pub(crate) fn put(msg: &mut Message, text: &[u8]) -> Result<(), TextopsError> {
    let new = sip_core::parse(Bytes::from(with_length(text)), &Limits::default())?;
    if new.is_request() != msg.is_request() {
        return Err(TextopsError::Kind);
    }
    *msg = new;
    Ok(())
}

/// Where a message's start line ends, without its line end.
pub(crate) fn line_end(text: &[u8]) -> Option<usize> {
    text.windows(2).position(|two| two == b"\r\n")
}

/// Where the head ends, with its empty line.
pub(crate) fn head_end(text: &[u8]) -> usize {
    text.windows(4).position(|four| four == b"\r\n\r\n").map_or(text.len(), |at| at + 4)
}

/// The text with the Content-Length that its body has, where it has one.
fn with_length(text: &[u8]) -> Vec<u8> {
    let (head, body) = text.split_at(head_end(text));
    let (mut out, mut rest, mut dropping, mut had) = (Vec::with_capacity(text.len() + 8), head, false, false);
    while !rest.is_empty() {
        let (line, behind) = rest.split_at(line_end(rest).map_or(rest.len(), |at| at + 2));
        rest = behind;
        let folded = matches!(line.first(), Some(b' ' | b'\t'));
        dropping = if folded { dropping } else { is_length(line) };
        if !dropping {
            out.extend_from_slice(line);
        } else if !had {
            had = true;
            out.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
        }
    }
    out.extend_from_slice(body);
    out
}

fn is_length(line: &[u8]) -> bool {
    let Some(colon) = line.iter().position(|byte| *byte == b':') else { return false };
    let name = line[..colon].trim_ascii();
    name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"l")
}
