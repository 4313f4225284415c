//! Byte classes of the SIP grammar as one table, and case-blind comparison.
//!
//! Source: RFC 3261 25.1.

const TOKEN: u8 = 1 << 0;
const CONTROL: u8 = 1 << 1;
const LWS: u8 = 1 << 2;
const HOST: u8 = 1 << 3;
const LABEL: u8 = 1 << 4;

static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0u8; 256];
    let mut byte = 0usize;
    while byte < 256 {
        let b = byte as u8;
        let mut class = 0;
        if b.is_ascii_alphanumeric()
            || matches!(b, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~')
        {
            class |= TOKEN;
        }
        if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_') {
            class |= HOST;
        }
        if class & HOST != 0 && b != b'.' {
            class |= LABEL;
        }
        if b < 0x20 || b == 0x7f {
            class |= CONTROL;
        }
        if matches!(b, b' ' | b'\t' | b'\r' | b'\n') {
            class |= LWS;
        }
        table[byte] = class;
        byte += 1;
    }
    table
}

/// `token` characters: letters, digits and ``-.!%*_+`'~``.
#[inline]
pub(crate) fn is_token(b: u8) -> bool {
    CLASS[b as usize] & TOKEN != 0
}

/// Characters of a host name: letters, digits, `-`, `.` and `_` (not in RFC 3261, but in use).
#[inline]
pub(crate) fn is_host(b: u8) -> bool {
    CLASS[b as usize] & HOST != 0
}

/// Characters of one label of a host name: those of [`is_host`] without the dot.
#[inline]
pub(crate) fn is_label(b: u8) -> bool {
    CLASS[b as usize] & LABEL != 0
}

/// Control bytes: 0 to 31 and 127.
#[inline]
pub(crate) fn is_control(b: u8) -> bool {
    CLASS[b as usize] & CONTROL != 0
}

/// White space inside a header value: SP, HTAB, and the CR and LF of a folded line.
#[inline]
pub(crate) fn is_lws(b: u8) -> bool {
    CLASS[b as usize] & LWS != 0
}

/// Whether `text` is a `token`: at least one byte, all of them token characters.
pub(crate) fn is_token_text(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&b| is_token(b))
}

/// `text` without white space at both ends; folded line ends count as white space.
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    trim_end(trim_start(text))
}

/// `text` without white space in front.
pub(crate) fn trim_start(mut text: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = text
        && is_lws(*first)
    {
        text = rest;
    }
    text
}

/// `text` without white space at the end.
#[inline]
pub(crate) fn trim_end(mut text: &[u8]) -> &[u8] {
    while let [rest @ .., last] = text
        && is_lws(*last)
    {
        text = rest;
    }
    text
}

/// A decimal number: digits only, at least one. `None` also above `u64::MAX`.
pub(crate) fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |sum, &b| {
        let digit = b.wrapping_sub(b'0');
        if digit > 9 { None } else { sum.checked_mul(10)?.checked_add(u64::from(digit)) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_table_is_the_one_of_the_rfc() {
        let tokens: Vec<u8> = (0..=255).filter(|&b| is_token(b)).collect();
        let rfc: &[u8] = b"!%'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_`abcdefghijklmnopqrstuvwxyz~";
        assert_eq!(tokens, rfc);
    }

    #[test]
    fn decimals_are_digits_only_and_do_not_wrap() {
        assert_eq!(decimal(b"0068"), Some(68));
        assert_eq!(decimal(b"18446744073709551615"), Some(u64::MAX));
        for bad in [&b""[..], b"-1", b"+1", b"1 ", b"0x1", b"18446744073709551616"] {
            assert_eq!(decimal(bad), None, "{}", bstr::BStr::new(bad));
        }
    }

    #[test]
    fn trim_takes_folded_line_ends_too() {
        assert_eq!(trim(b" \r\n\ta b\r\n "), b"a b");
        assert_eq!(trim(b" \t"), b"");
    }
}
