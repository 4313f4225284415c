//! `hdr`: header lines as a script writes them, `Name: value\r\n`, one or several.

use bstr::{BStr, ByteSlice};
use sip_core::{EditError, HeaderName, Message};

/// Why header lines were not added. The caller's mistake, always; the message is as it was.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum HdrError {
    /// A line is no `Name: value`.
    #[error("line {line} is no `Name: value`")]
    Line {
        /// Its number, from 1.
        line: usize,
    },
    /// The message did not take it.
    #[error(transparent)]
    Edit(#[from] EditError),
}

/// Adds header lines behind all others.
///
/// Line ends at the end of the text may be left out.
///
/// # Errors
///
/// [`HdrError`].
///
/// # Examples
///
/// ```
/// let mut msg = sip_core::parse("OPTIONS sip:a@b SIP/2.0\r\n\r\n".into(), &Default::default())?;
/// sip_modules::hdr::append(&mut msg, b"X-A: 1\r\nX-B: 2\r\n")?;
/// assert_eq!(msg.to_bytes(), "OPTIONS sip:a@b SIP/2.0\r\nX-A: 1\r\nX-B: 2\r\n\r\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn append(msg: &mut Message, text: &[u8]) -> Result<(), HdrError> {
    edit(msg, |msg| {
        lines(text)?.into_iter().try_for_each(|(name, value)| Ok(msg.append(HeaderName::parse(name), value)?))
    })
}

/// Checks header lines that are to be added later, and gives them back as names and values.
///
/// # Errors
///
/// [`HdrError`].
pub fn checked(text: &[u8]) -> Result<Vec<(&BStr, &BStr)>, HdrError> {
    append(&mut Message::default(), text)?;
    lines(text)
}

/// Adds header lines on top.
///
/// # Errors
///
/// [`HdrError`].
pub fn insert(msg: &mut Message, text: &[u8]) -> Result<(), HdrError> {
    let first = msg.iter().next().map(|(name, _, _)| name.canonical().to_vec());
    match first {
        Some(first) => insert_before(msg, text, &first),
        None => append(msg, text),
    }
}

/// Adds header lines behind the last line called `anchor`; behind all others if there is none.
///
/// # Errors
///
/// [`HdrError`].
pub fn append_after(msg: &mut Message, text: &[u8], anchor: &[u8]) -> Result<(), HdrError> {
    edit(msg, |msg| {
        // Each goes straight behind the anchor: the last one first.
        lines(text)?.into_iter().rev().try_for_each(|(name, value)| {
            Ok(msg.insert_after(HeaderName::parse(anchor), HeaderName::parse(name), value)?)
        })
    })
}

/// Adds header lines before the first line called `anchor`; on top if there is none.
///
/// # Errors
///
/// [`HdrError`].
pub fn insert_before(msg: &mut Message, text: &[u8], anchor: &[u8]) -> Result<(), HdrError> {
    edit(msg, |msg| {
        lines(text)?.into_iter().try_for_each(|(name, value)| {
            Ok(msg.insert_before(HeaderName::parse(anchor), HeaderName::parse(name), value)?)
        })
    })
}

/// All lines or none.
fn edit(msg: &mut Message, edit: impl FnOnce(&mut Message) -> Result<(), HdrError>) -> Result<(), HdrError> {
    let mut edited = msg.clone();
    edit(&mut edited)?;
    *msg = edited;
    Ok(())
}

/// Names and values; one at least.
pub(crate) fn lines(text: &[u8]) -> Result<Vec<(&BStr, &BStr)>, HdrError> {
    let text = text.trim_end_with(|c| matches!(c, '\r' | '\n'));
    text.split_str("\r\n")
        .enumerate()
        .map(|(at, line)| header(line).ok_or(HdrError::Line { line: at + 1 }))
        .collect()
}

fn header(line: &[u8]) -> Option<(&BStr, &BStr)> {
    let (name, value) = line.split_at(line.find_byte(b':')?);
    Some((BStr::new(name.trim_ascii()), BStr::new(value.get(1..)?.trim_ascii())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(edit: impl FnOnce(&mut Message) -> Result<(), HdrError>) -> Result<Vec<String>, HdrError> {
        let wire = "OPTIONS sip:a@b SIP/2.0\r\nVia: 1\r\nTo: 2\r\nVia: 3\r\nFrom: 4\r\n\r\n";
        let mut msg = sip_core::parse(wire.into(), &Default::default()).expect("a message");
        let before = msg.to_bytes();
        let result = edit(&mut msg);
        if result.is_err() {
            assert_eq!(msg.to_bytes(), before);
        }
        result.map(|()| msg.iter().map(|(_, name, value)| format!("{name}:{value}")).collect())
    }

    #[test]
    fn lines_go_where_they_are_told() {
        let two = b"X-1: a\r\nX-2: b\r\n";
        let all = |lines: [&str; 6]| Ok(lines.map(String::from).to_vec());
        assert_eq!(
            edited(|msg| append(msg, two)),
            all(["Via:1", "To:2", "Via:3", "From:4", "X-1:a", "X-2:b"])
        );
        assert_eq!(
            edited(|msg| insert(msg, two)),
            all(["X-1:a", "X-2:b", "Via:1", "To:2", "Via:3", "From:4"])
        );
        assert_eq!(
            edited(|msg| append_after(msg, two, b"v")),
            all(["Via:1", "To:2", "Via:3", "X-1:a", "X-2:b", "From:4"])
        );
        assert_eq!(
            edited(|msg| insert_before(msg, two, b"from")),
            all(["Via:1", "To:2", "Via:3", "X-1:a", "X-2:b", "From:4"])
        );
    }

    #[test]
    fn a_line_end_may_be_left_out() {
        assert_eq!(edited(|msg| append(msg, b"X-1: a")).map(|lines| lines.len()), Ok(5));
    }

    #[test]
    fn what_is_no_header_line_changes_nothing() {
        for (text, line) in [(&b""[..], 1), (b"X: a\r\nno header\r\n", 2), (b"X: a\r\n\r\nbody: x\r\n", 2)] {
            assert_eq!(
                edited(|msg| append(msg, text)),
                Err(HdrError::Line { line }),
                "{:?}",
                BStr::new(text)
            );
        }
        for text in ["X Y: a\r\n", "X: a\nY: b\r\n", "X: a\rb\r\n", "Content-Length: 9\r\n"] {
            let refused = edited(|msg| append(msg, text.as_bytes()));
            assert!(matches!(refused, Err(HdrError::Edit(_))), "{text:?}: {refused:?}");
        }
    }
}
