//! `{s.escape.*}`, `{s.encode.*}`, `{s.urlencode.param}`: codings, and back.

use bstr::{BStr, ByteSlice};

use crate::pv::class::{Transformation, text};
use crate::pv::value::Value;

pub(super) const ALL: &[Transformation] = &[
    text("s.escape.common", (0, 0), |text, _| Value::made(escape_common(text))),
    text("s.unescape.common", (0, 0), |text, _| Value::made(unescape_common(text))),
    text("s.escape.user", (0, 0), |text, _| Value::made(percent(text, is_user))),
    text("s.unescape.user", (0, 0), |text, _| Value::made(unpercent(text))),
    text("s.escape.param", (0, 0), |text, _| Value::made(percent(text, is_param))),
    text("s.unescape.param", (0, 0), |text, _| Value::made(unpercent(text))),
    text("s.urlencode.param", (0, 0), |text, _| {
        let coded = percent(text, |byte| byte == b' ' || is_unreserved(byte));
        Value::made(coded.into_iter().map(|byte| if byte == b' ' { b'+' } else { byte }).collect::<Vec<_>>())
    }),
    text("s.urldecode.param", (0, 0), |text, _| {
        let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
        Value::made(unpercent(&spaced))
    }),
    text("s.escape.crlf", (0, 0), |text, _| {
        Value::made(text.replace("\\", "\\\\").replace("\r", "\\r").replace("\n", "\\n"))
    }),
    text("s.unescape.crlf", (0, 0), |text, _| Value::made(unescape_crlf(text))),
    text("s.escape.csv", (0, 0), |text, _| {
        Value::made([&b"\""[..], &text.replace("\"", "\"\""), b"\""].concat())
    }),
    text("s.encode.hexa", (0, 0), |text, _| {
        Value::made(text.iter().flat_map(|byte| hex(*byte)).collect::<Vec<_>>())
    }),
    text("s.decode.hexa", (0, 0), |text, _| unhex(text).map_or(Value::Null, Value::made)),
    text("s.encode.base64", (0, 0), |text, _| Value::made(base64(text, STANDARD, true))),
    text("s.encode.base64t", (0, 0), |text, _| Value::made(base64(text, STANDARD, false))),
    text("s.encode.base64url", (0, 0), |text, _| Value::made(base64(text, URL, true))),
    text("s.encode.base64urlt", (0, 0), |text, _| Value::made(base64(text, URL, false))),
    text("s.decode.base64", (0, 0), |text, _| unbase64(text, STANDARD)),
    text("s.decode.base64t", (0, 0), |text, _| unbase64(text, STANDARD)),
    text("s.decode.base64url", (0, 0), |text, _| unbase64(text, URL)),
    text("s.decode.base64urlt", (0, 0), |text, _| unbase64(text, URL)),
];

fn escape_common(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            0 => out.extend_from_slice(b"\\0"),
            b'\'' | b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            _ => out.push(*byte),
        }
    }
    out
}

fn unescape_common(text: &[u8]) -> Vec<u8> {
    let (mut out, mut bytes) = (Vec::with_capacity(text.len()), text.iter());
    while let Some(byte) = bytes.next() {
        out.push(match (byte, bytes.as_slice().first()) {
            (b'\\', Some(b'0')) => 0,
            (b'\\', Some(next @ (b'\'' | b'"' | b'\\'))) => *next,
            _ => {
                out.push(*byte);
                continue;
            }
        });
        bytes.next();
    }
    out
}

fn unescape_crlf(text: &[u8]) -> Vec<u8> {
    let (mut out, mut bytes) = (Vec::with_capacity(text.len()), text.iter());
    while let Some(byte) = bytes.next() {
        let known = match (byte, bytes.as_slice().first()) {
            (b'\\', Some(b'r')) => Some(b'\r'),
            (b'\\', Some(b'n')) => Some(b'\n'),
            (b'\\', Some(b'\\')) => Some(b'\\'),
            _ => None,
        };
        out.push(known.unwrap_or(*byte));
        known.into_iter().for_each(|_| _ = bytes.next());
    }
    out
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)
}

/// What may stand in the user of a URI (RFC 3261 25.1).
fn is_user(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&byte)
}

/// What may stand in a parameter of a URI.
fn is_param(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.!~*'()[]/:&+$".contains(&byte)
}

pub(super) fn hex(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn percent(text: &[u8], stays: fn(u8) -> bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        if stays(*byte) {
            out.push(*byte);
        } else {
            out.push(b'%');
            out.extend_from_slice(&hex(*byte));
        }
    }
    out
}

fn unpercent(text: &[u8]) -> Vec<u8> {
    sip_core::unescape(text).into_owned()
}

fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let pairs = text.chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    pairs.collect()
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// RFC 4648 4 and 5.
fn base64(text: &[u8], letters: &[u8; 64], pad: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len().div_ceil(3) * 4);
    for three in text.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            if place <= three.len() {
                out.push(letters[(bits >> (18 - 6 * place)) as usize & 63]);
            } else if pad {
                out.push(b'=');
            }
        }
    }
    out
}

fn unbase64(text: &BStr, letters: &[u8; 64]) -> Value<'static> {
    let end = text.iter().rposition(|byte| *byte != b'=').map_or(0, |at| at + 1);
    let Some(digits) = text.get(..end) else { return Value::Null };
    let mut out = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    for four in digits.chunks(4) {
        let mut bits = 0;
        for (place, wanted) in four.iter().enumerate() {
            let Some(six) = letters.iter().position(|letter| letter == wanted) else { return Value::Null };
            bits |= six << (18 - 6 * place);
        }
        if four.len() == 1 {
            return Value::Null;
        }
        out.extend([bits >> 16, bits >> 8, bits].into_iter().take(four.len() - 1).map(|byte| byte as u8));
    }
    Value::made(out)
}
