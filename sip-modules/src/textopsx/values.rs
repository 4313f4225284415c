//! Values of headers: added, changed, taken away at their place; lists of words (`Supported`, `Require`).

use bstr::BStr;
use sip_core::{HeaderName, Message, quote};

use crate::textops::draft::{Draft, Line};
use crate::textops::error::TextopsError;
use crate::textopsx::place::{At, Place};

/// Puts a value behind the one at the place; behind all headers where the place says no number, or there is none of this
/// name (`append_hf_value`). A place with a parameter: the parameter is set. `false`: there is no such value.
///
/// # Errors
///
/// What comes of it is no message.
pub fn append_value(msg: &mut Message, place: &Place, value: &[u8]) -> Result<bool, TextopsError> {
    add(msg, place, value, 1)
}

/// Puts a value before the one at the place; before the first where the place says no number (`insert_hf_value`).
/// `false`: there is no such value.
///
/// # Errors
///
/// What comes of it is no message.
pub fn insert_value(msg: &mut Message, place: &Place, value: &[u8]) -> Result<bool, TextopsError> {
    add(msg, place, value, 0)
}

fn add(msg: &mut Message, place: &Place, value: &[u8], behind: usize) -> Result<bool, TextopsError> {
    if place.param.is_some() {
        return assign_value(msg, place, value);
    }
    edit(msg, place, |draft, lines| {
        if place.at == At::Any {
            let at = match (behind, lines.first()) {
                (0, Some(first)) => first.line,
                _ => draft.lines.len(),
            };
            draft.lines.insert(at, Line { name: place.spelling().to_vec(), value: value.to_vec() });
            return true;
        }
        let Some((line, at)) = find(lines, place.at) else { return false };
        lines[line].values.insert(at + behind, value.to_vec());
        true
    })
}

/// Gives the value at the place another text, or its parameter another value: an empty one leaves the parameter without
/// (`assign_hf_value`). Without a number the first is meant, and all with `[*]`. `false`: there is no such value.
///
/// # Errors
///
/// What comes of it is no message.
pub fn assign_value(msg: &mut Message, place: &Place, value: &[u8]) -> Result<bool, TextopsError> {
    each(msg, place, |old| {
        Some(match &place.param {
            None => value.to_vec(),
            Some(param) => with_param(old, param.as_ref(), Some(value)),
        })
    })
}

/// Takes the value at the place away, or its parameter (`remove_hf_value`). Without a number the first is meant, all with
/// `[*]`. `false`: there is no such value.
///
/// # Errors
///
/// What comes of it is no message.
pub fn remove_value(msg: &mut Message, place: &Place) -> Result<bool, TextopsError> {
    each(msg, place, |old| place.param.as_ref().map(|param| with_param(old, param.as_ref(), None)))
}

/// Whether a list names a word, in any case (`hf_value_exists`).
pub fn has_word(msg: &Message, name: HeaderName<'_>, word: &[u8]) -> bool {
    msg.values(name).any(|value| value.eq_ignore_ascii_case(word))
}

/// Adds a word to a list that does not name it (`include_hf_value`).
///
/// # Errors
///
/// The header cannot have it.
pub fn include_word(msg: &mut Message, name: HeaderName<'_>, word: &[u8]) -> Result<(), TextopsError> {
    if has_word(msg, name, word) {
        return Ok(());
    }
    let mut lines: Vec<Vec<u8>> = msg.headers(name).map(|value| value.to_vec()).collect();
    match (lines.len(), lines.last_mut()) {
        (1, Some(only)) if !only.is_empty() => {
            only.extend_from_slice(b", ");
            only.extend_from_slice(word);
            Ok(msg.replace(name, &lines[0])?)
        }
        _ => Ok(msg.append(name, word)?),
    }
}

/// Takes a word out of a list (`exclude_hf_value`). `false`: it is not there.
///
/// # Errors
///
/// What is left is no message.
pub fn exclude_word(msg: &mut Message, name: HeaderName<'_>, word: &[u8]) -> Result<bool, TextopsError> {
    let place = Place::parse(&[&**name.canonical(), b"[*]"].concat()).map_err(|_| TextopsError::Rule)?;
    let mut found = false;
    each(msg, &place, |old| {
        let gone = old.trim_ascii().eq_ignore_ascii_case(word);
        found |= gone;
        if gone { None } else { Some(old.to_vec()) }
    })?;
    Ok(found)
}

/// The values of one header line.
struct Values {
    /// Where the line stands in the draft.
    line: usize,
    values: Vec<Vec<u8>>,
}

/// Changes the values of a header; lines that have none left go.
fn edit(
    msg: &mut Message,
    place: &Place,
    change: impl FnOnce(&mut Draft, &mut Vec<Values>) -> bool,
) -> Result<bool, TextopsError> {
    let mut draft = Draft::of(msg);
    let named = |line: &Line| HeaderName::parse(&line.name) == place.name();
    let mut lines: Vec<Values> = draft
        .lines
        .iter()
        .enumerate()
        .filter(|(_, line)| named(line))
        .map(|(at, line)| Values { line: at, values: parted(&line.value) })
        .collect();
    let count = draft.lines.len();
    if !change(&mut draft, &mut lines) {
        return Ok(false);
    }
    if draft.lines.len() == count {
        for line in lines.iter().rev() {
            match line.values.as_slice() {
                [] => _ = draft.lines.remove(line.line),
                values => draft.lines[line.line].value = values.join(&b", "[..]),
            }
        }
    }
    draft.write_to(msg)?;
    Ok(true)
}

/// Gives every value at the place another text; `None` takes it away.
fn each(
    msg: &mut Message,
    place: &Place,
    mut change: impl FnMut(&[u8]) -> Option<Vec<u8>>,
) -> Result<bool, TextopsError> {
    edit(msg, place, |_, lines| {
        if place.at == At::All {
            for line in lines.iter_mut() {
                line.values = line.values.iter().filter_map(|value| change(value)).collect();
            }
            return !lines.is_empty();
        }
        let Some((line, at)) = find(lines, place.at) else { return false };
        match change(&lines[line].values[at]) {
            Some(new) => lines[line].values[at] = new,
            None => _ = lines[line].values.remove(at),
        }
        true
    })
}

/// The line and the value that a place means.
fn find(lines: &[Values], at: At) -> Option<(usize, usize)> {
    let count = lines.iter().map(|line| line.values.len()).sum::<usize>();
    let number = match at {
        At::Any | At::All | At::Number(0) => 1,
        At::Number(number) if number < 0 => i64::try_from(count).ok()?.checked_add(number)?.checked_add(1)?,
        At::Number(number) => number,
    };
    let mut left = usize::try_from(number).ok()?.checked_sub(1)?;
    for (at, line) in lines.iter().enumerate() {
        match left.checked_sub(line.values.len()) {
            None => return Some((at, left)),
            Some(rest) => left = rest,
        }
    }
    None
}

/// What stands between commas that are not in quotes or angle brackets.
fn parted(value: &[u8]) -> Vec<Vec<u8>> {
    let (mut parts, mut start, mut quoted, mut escaped, mut inside) = (Vec::new(), 0, false, false, false);
    for (at, byte) in value.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'<' if !quoted => inside = true,
            b'>' if !quoted => inside = false,
            b',' if !quoted && !inside => {
                parts.push(value[start..at].trim_ascii().to_vec());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(value[start..].trim_ascii().to_vec());
    parts
}

/// The value with a parameter: set, or taken away.
fn with_param(value: &[u8], name: &BStr, text: Option<&[u8]>) -> Vec<u8> {
    let at = params_at(value);
    let (head, params) = value.split_at(at);
    let mut out = head.trim_ascii_end().to_vec();
    let mut is_set = false;
    for param in params.split(|byte| *byte == b';').map(<[u8]>::trim_ascii).filter(|param| !param.is_empty())
    {
        let key = param.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii();
        if !key.eq_ignore_ascii_case(name) {
            out.push(b';');
            out.extend_from_slice(param);
        } else if let Some(text) = text.filter(|_| !is_set) {
            is_set = true;
            push_param(&mut out, name, text);
        }
    }
    if let Some(text) = text.filter(|_| !is_set) {
        push_param(&mut out, name, text);
    }
    out
}

fn push_param(out: &mut Vec<u8>, name: &BStr, text: &[u8]) {
    out.push(b';');
    out.extend_from_slice(name);
    if !text.is_empty() {
        out.push(b'=');
        let plain = text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~:[]@/".contains(byte));
        let done = plain || text.starts_with(b"\"");
        if done { out.extend_from_slice(text) } else { out.extend_from_slice(&quote(text)) }
    }
}

/// Where the parameters of a value begin, with their `;`.
fn params_at(value: &[u8]) -> usize {
    let (mut quoted, mut inside) = (false, false);
    for (at, byte) in value.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'<' if !quoted => inside = true,
            b'>' if !quoted => inside = false,
            b';' if !quoted && !inside => return at,
            _ => {}
        }
    }
    value.len()
}
