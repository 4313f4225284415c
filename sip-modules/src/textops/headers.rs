//! Headers by name, by expression, by place.

use bstr::BStr;
use regex::bytes::Regex;
use sip_core::{HeaderName, Message};

use crate::textops::draft::{Draft, Line};
use crate::textops::error::TextopsError;

/// Whether a header has a name that the expression matches (`is_present_hf_re`).
pub fn is_present_re(msg: &Message, regex: &Regex) -> bool {
    msg.iter().any(|(_, name, _)| regex.is_match(name))
}

/// Takes the headers away whose name the expression matches and, where there is one, the other does not
/// (`remove_hf_re`, `remove_hf_exp`). Tells how many.
///
/// # Errors
///
/// What is left is no message.
pub fn remove_re(msg: &mut Message, regex: &Regex, except: Option<&Regex>) -> Result<usize, TextopsError> {
    remove_if(msg, |line| {
        regex.is_match(&line.name) && except.is_none_or(|except| !except.is_match(&line.name))
    })
}

/// Takes one of the headers of a name away, counted from 0, or from the end where the number is negative
/// (`remove_hf_idx`). `false`: there is none.
///
/// # Errors
///
/// What is left is no message.
pub fn remove_at(msg: &mut Message, name: HeaderName<'_>, at: i64) -> Result<bool, TextopsError> {
    let count = i64::try_from(msg.headers(name).count()).unwrap_or(i64::MAX);
    let wanted = if at < 0 { count.saturating_add(at) } else { at };
    let mut place = -1;
    let gone = remove_if(msg, |line| {
        place += i64::from(HeaderName::parse(&line.name) == name);
        HeaderName::parse(&line.name) == name && place == wanted
    })?;
    Ok(gone > 0)
}

/// Takes all headers away but those without which there is no call, and those that the expression matches
/// (`keep_hf`, `keep_hf_re`). Tells how many.
///
/// # Errors
///
/// What is left is no message.
pub fn keep(msg: &mut Message, regex: Option<&Regex>) -> Result<usize, TextopsError> {
    remove_if(msg, |line| {
        !is_needed(HeaderName::parse(&line.name)) && !regex.is_some_and(|regex| regex.is_match(&line.name))
    })
}

fn is_needed(name: HeaderName<'_>) -> bool {
    matches!(
        name,
        HeaderName::Via
            | HeaderName::From
            | HeaderName::To
            | HeaderName::CallId
            | HeaderName::CSeq
            | HeaderName::MaxForwards
            | HeaderName::Contact
            | HeaderName::Route
            | HeaderName::RecordRoute
            | HeaderName::ContentType
            | HeaderName::ContentLength
    )
}

fn remove_if(msg: &mut Message, mut gone: impl FnMut(&Line) -> bool) -> Result<usize, TextopsError> {
    let mut draft = Draft::of(msg);
    let before = draft.lines.len();
    draft.lines.retain(|line| !gone(line));
    let removed = before - draft.lines.len();
    if removed > 0 {
        draft.write_to(msg)?;
    }
    Ok(removed)
}

/// Whether Privacy asks for this: `id`, `user`, `header`, `session`, `none` ... (`is_privacy`; RFC 3323 4.2).
pub fn is_privacy(msg: &Message, kind: &[u8]) -> bool {
    let asked = msg.headers(HeaderName::from("Privacy"));
    let mut words = asked.flat_map(|value| value.split(|byte| matches!(byte, b';' | b',')));
    words.any(|word| word.trim_ascii().eq_ignore_ascii_case(kind))
}

/// How `match_content` compares.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Comparison {
    /// `eq`
    Equal,
    /// `ne`
    NotEqual,
    /// `sw`
    StartsWith,
    /// `in`: the value holds the text.
    Contains,
}

impl Comparison {
    /// By its two letters.
    pub fn parse(text: &[u8]) -> Option<Self> {
        match text {
            b"eq" => Some(Self::Equal),
            b"ne" => Some(Self::NotEqual),
            b"sw" => Some(Self::StartsWith),
            b"in" => Some(Self::Contains),
            _ => None,
        }
    }

    fn holds(self, value: &BStr, text: &[u8]) -> bool {
        use bstr::ByteSlice as _;
        match self {
            Self::Equal => **value == *text,
            Self::NotEqual => **value != *text,
            Self::StartsWith => value.starts_with(text),
            Self::Contains => value.contains_str(text),
        }
    }
}

/// Whether the headers of a name compare like this: `f` the first, `l` the last, `a` all, `o` one at least
/// (`hdr.match_content`). `None`: there is no such choice.
pub fn match_content(
    msg: &Message,
    name: HeaderName<'_>,
    comparison: Comparison,
    text: &[u8],
    which: u8,
) -> Option<bool> {
    let mut values = msg.headers(name);
    let holds = |value: &BStr| comparison.holds(value, text);
    Some(match which {
        b'f' => values.next().is_some_and(holds),
        b'l' => values.last().is_some_and(holds),
        b'a' => msg.has_header(name) && values.all(holds),
        b'o' => values.any(holds),
        _ => return None,
    })
}

/// Takes the headers of a name away whose value compares like this (`remove_hf_match`). Tells how many.
///
/// # Errors
///
/// What is left is no message.
pub fn remove_matching(
    msg: &mut Message,
    name: HeaderName<'_>,
    comparison: Comparison,
    text: &[u8],
) -> Result<usize, TextopsError> {
    remove_if(msg, |line| {
        HeaderName::parse(&line.name) == name && comparison.holds(BStr::new(&line.value), text)
    })
}
