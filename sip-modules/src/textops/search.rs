//! Searching and replacing in the text of a message, its headers, its body and its Request-URI.
//!
//! What is changed is read again before it becomes the message: a replacement that would make no message of it is
//! refused. Content-Length follows the body.

use bytes::Bytes;
use regex::bytes::Regex;
use sip_core::{HeaderName, Message};

use crate::parts::{UriPart, set_ruri_part};
use crate::textops::draft::{Draft, Line, head_end, line_end, put};
use crate::textops::error::TextopsError;
use crate::textops::subst::Subst;

/// Which of several matches, or headers, is meant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Which {
    /// All.
    All,
    /// The first.
    First,
    /// The last.
    Last,
}

impl Which {
    /// By its first letter: `a`, `f` or `l`.
    pub fn parse(text: &[u8]) -> Option<Self> {
        match text.first()?.to_ascii_lowercase() {
            b'a' => Some(Self::All),
            b'f' => Some(Self::First),
            b'l' => Some(Self::Last),
            _ => None,
        }
    }
}

/// A part of a message's text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part {
    /// All but the first line.
    Rest,
    /// The header lines.
    Headers,
    /// The body.
    Body,
}

/// Whether the expression matches anywhere in the message (`search`).
pub fn search(msg: &Message, regex: &Regex) -> bool {
    regex.is_match(&msg.to_bytes())
}

/// Whether it matches in the body (`search_body`).
pub fn search_body(msg: &Message, regex: &Regex) -> bool {
    regex.is_match(msg.body())
}

/// Whether it matches the value of the first or the last header of this name, or of any of them (`search_hf`).
pub fn search_hf(msg: &Message, name: HeaderName<'_>, regex: &Regex, which: Which) -> bool {
    let mut values = msg.headers(name);
    match which {
        Which::All => values.any(|value| regex.is_match(value)),
        Which::First => values.next().is_some_and(|value| regex.is_match(value)),
        Which::Last => values.last().is_some_and(|value| regex.is_match(value)),
    }
}

/// Puts a text in the place of what an expression matches: the first match or all (`replace`, `replace_all`,
/// `replace_hdrs`, `replace_body`). `false`: nothing matched.
///
/// # Errors
///
/// What comes of it is no message.
pub fn replace(
    msg: &mut Message,
    part: Part,
    regex: &Regex,
    text: &[u8],
    all: bool,
) -> Result<bool, TextopsError> {
    change(msg, part, |old| {
        regex.is_match(old).then(|| {
            let limit = usize::from(!all);
            regex.replacen(old, limit, regex::bytes::NoExpand(text)).into_owned()
        })
    })
}

/// The same for a text that stands for itself (`replace_str`, `replace_body_str`, `replace_hdrs_str`).
///
/// # Errors
///
/// What comes of it is no message.
pub fn replace_text(
    msg: &mut Message,
    part: Part,
    wanted: &[u8],
    text: &[u8],
    which: Which,
) -> Result<bool, TextopsError> {
    use bstr::ByteSlice as _;
    if wanted.is_empty() {
        return Ok(false);
    }
    change(msg, part, |old| {
        let first = old.find(wanted)?;
        let at = match which {
            Which::All => return Some(old.replace(wanted, text)),
            Which::First => first,
            Which::Last => old.rfind(wanted)?,
        };
        Some([&old[..at], text, &old[at + wanted.len()..]].concat())
    })
}

/// Puts a text behind what an expression matches (`search_append`). `false`: nothing matched.
///
/// # Errors
///
/// What comes of it is no message.
pub fn append_behind(
    msg: &mut Message,
    part: Part,
    regex: &Regex,
    text: &[u8],
) -> Result<bool, TextopsError> {
    change(msg, part, |old| {
        let end = regex.find(old)?.end();
        Some([&old[..end], text, &old[end..]].concat())
    })
}

/// Applies a substitution (`subst`, `subst_body`). `false`: nothing matched.
///
/// # Errors
///
/// What comes of it is no message.
pub fn subst(msg: &mut Message, part: Part, rule: &Subst) -> Result<bool, TextopsError> {
    change(msg, part, |old| rule.apply(old))
}

/// Applies one to the Request-URI (`subst_uri`). `false`: nothing matched.
///
/// # Errors
///
/// A response has none; what comes of it is no URI.
pub fn subst_uri(msg: &mut Message, rule: &Subst) -> Result<bool, TextopsError> {
    let Some(new) = msg.request_uri().and_then(|uri| rule.apply(uri)) else { return Ok(false) };
    msg.set_request_uri(new)?;
    Ok(true)
}

/// Applies one to the user of the Request-URI (`subst_user`). `false`: nothing matched.
///
/// # Errors
///
/// A response has none; what comes of it is no user.
pub fn subst_user(msg: &mut Message, rule: &Subst) -> Result<bool, TextopsError> {
    let user = msg.uri().ok().map(|uri| uri.user().unwrap_or_default().to_vec());
    let Some(new) = user.and_then(|user| rule.apply(&user)) else { return Ok(false) };
    set_ruri_part(msg, UriPart::User, Some(&new))?;
    Ok(true)
}

/// Applies one to the values of headers of this name (`subst_hf`). `false`: nothing matched.
///
/// # Errors
///
/// What comes of it is no message.
pub fn subst_hf(
    msg: &mut Message,
    name: HeaderName<'_>,
    rule: &Subst,
    which: Which,
) -> Result<bool, TextopsError> {
    let mut draft = Draft::of(msg);
    let mut lines: Vec<&mut Line> =
        draft.lines.iter_mut().filter(|line| HeaderName::parse(&line.name) == name).collect();
    let chosen = match which {
        Which::All => lines.as_mut_slice(),
        Which::First => lines.get_mut(..1).unwrap_or_default(),
        Which::Last => {
            let last = lines.len().saturating_sub(1);
            lines.get_mut(last..).unwrap_or_default()
        }
    };
    let mut found = false;
    for line in chosen {
        if let Some(new) = rule.apply(&line.value) {
            line.value = new;
            found = true;
        }
    }
    if found {
        draft.write_to(msg)?;
    }
    Ok(found)
}

/// Changes a part of the text. `None`: nothing is to be changed.
fn change(
    msg: &mut Message,
    part: Part,
    change: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
) -> Result<bool, TextopsError> {
    if part == Part::Body {
        let Some(body) = change(msg.body()) else { return Ok(false) };
        msg.set_body(None, Bytes::from(body))?;
        return Ok(true);
    }
    let text = msg.to_bytes();
    let start = line_end(&text).map_or(text.len(), |at| at + 2);
    let end = match part {
        Part::Headers => head_end(&text).saturating_sub(2).max(start),
        Part::Rest | Part::Body => text.len(),
    };
    let Some(new) = change(&text[start..end]) else { return Ok(false) };
    put(msg, &[&text[..start], &new, &text[end..]].concat())?;
    Ok(true)
}
