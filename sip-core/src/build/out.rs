//! What all builders share: checked header lines, and the end of a head.

use bytes::Bytes;

use crate::ascii::is_token_text;
use crate::error::EditError;
use crate::header::grammar;
use crate::message::Message;
use crate::name::HeaderName;
use crate::text::push_number;

/// How many bytes the Content-Length line and the empty line take.
pub(crate) fn length_line(body: usize) -> usize {
    "Content-Length: \r\n\r\n".len() + digits(body as u64)
}

/// Appends `name: value CRLF` as it is.
#[inline]
pub(crate) fn line(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// Appends all headers called `name`, each a line of its own as it was.
pub(crate) fn copy_all(out: &mut Vec<u8>, from: &Message, name: HeaderName<'static>) {
    for value in from.headers(name) {
        line(out, name.canonical(), value);
    }
}

/// Ends the head and appends the body.
pub(crate) fn end(mut out: Vec<u8>, body: &[u8]) -> Bytes {
    out.extend_from_slice(b"Content-Length: ");
    push_number(&mut out, body.len() as u64);
    out.extend_from_slice(b"\r\n\r\n");
    out.extend_from_slice(body);
    Bytes::from(out)
}

/// How many digits a number has.
pub(crate) fn digits(number: u64) -> usize {
    number.checked_ilog10().unwrap_or(0) as usize + 1
}

/// Header lines that the caller gave, checked as they come; the first error is kept.
#[derive(Debug, Default)]
pub(crate) struct Extra {
    text: Vec<u8>,
    error: Option<EditError>,
}

impl Extra {
    pub(crate) fn push(&mut self, name: &[u8], value: &[u8]) {
        if self.error.is_some() {
            return;
        }
        match check_line(name, value) {
            Ok(()) => line(&mut self.text, name, value),
            Err(error) => self.error = Some(error),
        }
    }

    pub(crate) fn fail(&mut self, error: EditError) {
        self.error.get_or_insert(error);
    }

    /// All lines.
    pub(crate) fn finish(self) -> Result<Vec<u8>, EditError> {
        match self.error {
            Some(error) => Err(error),
            None => Ok(self.text),
        }
    }
}

/// The same as for an edit: a name, and a value that this header can have.
fn check_line(name: &[u8], value: &[u8]) -> Result<(), EditError> {
    let header = HeaderName::parse(name);
    if header == HeaderName::ContentLength {
        return Err(EditError::ContentLength);
    }
    if !is_token_text(name) {
        return Err(EditError::InvalidName);
    }
    check_value(value)?;
    grammar::value(header, value).map_err(|error| EditError::InvalidValue { at: error.at() })
}

/// No control byte but HTAB: nothing that could end a line.
pub(crate) fn check_value(value: &[u8]) -> Result<(), EditError> {
    grammar::line(value).map_err(|at| EditError::InvalidValue { at })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_counted() {
        for (value, count) in [(0, 1), (7, 1), (10, 2), (1200, 4), (u64::MAX, 20)] {
            assert_eq!(digits(value), count);
        }
    }
}
