//! Questions about texts.

use std::cmp::Ordering;

use bstr::ByteSlice;

/// How two texts compare: 1 the same, -1 the first is greater, -2 less (`cmp_str`; `cmp_istr` without regard to case).
pub fn compare(a: &[u8], b: &[u8], ignore_case: bool) -> i32 {
    let order = match ignore_case {
        true => a.to_ascii_lowercase().cmp(&b.to_ascii_lowercase()),
        false => a.cmp(b),
    };
    match order {
        Ordering::Equal => 1,
        Ordering::Greater => -1,
        Ordering::Less => -2,
    }
}

/// Whether a text begins with another: 1, -1 or -2 where it compares greater or less (`starts_with`).
pub fn starts_with(text: &[u8], start: &[u8]) -> i32 {
    match text.get(..start.len()) {
        Some(have) if !start.is_empty() => compare(have, start, false),
        _ => -1,
    }
}

/// Whether a text ends with another: 1, -1 or -2 where it compares greater or less (`ends_with`).
pub fn ends_with(text: &[u8], end: &[u8]) -> i32 {
    match text.len().checked_sub(end.len()).and_then(|at| text.get(at..)) {
        Some(have) if !end.is_empty() => compare(have, end, false),
        _ => -1,
    }
}

/// Whether a list names a text: blanks round its items do not count (`in_list`).
pub fn in_list(text: &[u8], list: &[u8], separator: u8) -> bool {
    items(list, separator).any(|item| item == text)
}

/// Whether a text begins with one of the items of a list (`in_list_prefix`).
pub fn in_list_prefix(text: &[u8], list: &[u8], separator: u8) -> bool {
    items(list, separator).any(|item| text.starts_with(item))
}

fn items(list: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    list.split(move |byte| *byte == separator).map(<[u8]>::trim_ascii).filter(|item| !item.is_empty())
}

/// Where a text stands in another, from 1; -1: nowhere (`str_find`, `str_ifind`).
pub fn find(text: &[u8], wanted: &[u8], ignore_case: bool) -> i64 {
    let at = match ignore_case {
        _ if wanted.is_empty() => None,
        true => text.to_ascii_lowercase().find(wanted.to_ascii_lowercase()),
        false => text.find(wanted),
    };
    at.and_then(|at| i64::try_from(at + 1).ok()).unwrap_or(-1)
}

/// Whether a text is what a pattern of a file name says: `*`, `?`, `[a-z]`, `[!a-z]`, and `\` before what stands for
/// itself (`fnmatch`). The time is at most the product of both lengths.
pub fn fnmatch(text: &[u8], pattern: &[u8], ignore_case: bool) -> bool {
    let (mut at, mut place) = (0, 0);
    let mut star: Option<(usize, usize)> = None; // the pattern behind it, and where its match ends
    while at < text.len() {
        match one(pattern.get(place..).unwrap_or_default(), text[at], ignore_case) {
            One::Star => {
                star = Some((place + 1, at));
                place += 1;
            }
            One::Yes(length) => {
                at += 1;
                place += length;
            }
            One::No => match &mut star {
                Some((behind, end)) => {
                    *end += 1;
                    (place, at) = (*behind, *end);
                }
                None => return false,
            },
        }
    }
    pattern.get(place..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

enum One {
    Star,
    /// It matches, with so many bytes of the pattern.
    Yes(usize),
    No,
}

fn one(pattern: &[u8], byte: u8, ignore_case: bool) -> One {
    let fold = |byte: u8| if ignore_case { byte.to_ascii_lowercase() } else { byte };
    let yes = |is: bool, length| if is { One::Yes(length) } else { One::No };
    match pattern {
        [] => One::No,
        [b'*', ..] => One::Star,
        [b'?', ..] => One::Yes(1),
        [b'\\', literal, ..] => yes(fold(*literal) == fold(byte), 2),
        [b'[', rest @ ..] => {
            let (not, set) = match rest {
                [b'!' | b'^', set @ ..] => (1, set),
                set => (0, set),
            };
            // `]` stands for itself at the front.
            match set.iter().skip(1).position(|byte| *byte == b']') {
                Some(end) => yes(in_set(&set[..=end], fold, byte) != (not == 1), end + 3 + not),
                None => yes(byte == b'[', 1),
            }
        }
        [literal, ..] => yes(fold(*literal) == fold(byte), 1),
    }
}

fn in_set(set: &[u8], fold: impl Fn(u8) -> u8, byte: u8) -> bool {
    let (mut rest, byte) = (set, fold(byte));
    while let [first, behind @ ..] = rest {
        match behind {
            [b'-', last, behind @ ..] => {
                if (fold(*first)..=fold(*last)).contains(&byte) {
                    return true;
                }
                rest = behind;
            }
            _ => {
                if fold(*first) == byte {
                    return true;
                }
                rest = behind;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_compared_by_their_bytes() {
        for (a, b, exact, blind) in
            [("a", "a", 1, 1), ("A", "a", -2, 1), ("b", "a", -1, -1), ("a", "ab", -2, -2), ("", "", 1, 1)]
        {
            let all = (compare(a.as_bytes(), b.as_bytes(), false), compare(a.as_bytes(), b.as_bytes(), true));
            assert_eq!(all, (exact, blind), "{a} {b}");
        }
        assert_eq!(
            [starts_with(b"sip:a", b"sip:"), starts_with(b"si", b"sip:"), starts_with(b"a", b"")],
            [1, -1, -1]
        );
        assert_eq!(
            [ends_with(b"a.org", b".org"), ends_with(b"org", b".org"), ends_with(b"b", b"c")],
            [1, -1, -2]
        );
        assert_eq!(
            [find(b"abc", b"bc", false), find(b"aBc", b"bC", true), find(b"abc", b"", false)],
            [2, 2, -1]
        );
    }

    #[test]
    fn lists_have_items_between_separators() {
        assert!(
            in_list(b"b", b"a, b ,c", b',') && !in_list(b"d", b"a,b", b',') && !in_list(b"", b"a,,b", b',')
        );
        assert!(in_list_prefix(b"+4930", b"+1;+49", b';') && !in_list_prefix(b"+44", b"+1;+49;", b';'));
    }

    #[test]
    fn patterns_of_file_names_match() {
        for (text, pattern, expected) in [
            ("abc", "a*c", true),
            ("abc", "a?c", true),
            ("abc", "*", true),
            ("", "*", true),
            ("", "", true),
            ("abc", "ab", false),
            ("abcabd", "*abd", true),
            ("a*c", r"a\*c", true),
            ("abc", r"a\*c", false),
            ("b", "[a-c]", true),
            ("d", "[a-c]", false),
            ("d", "[!a-c]x", false),
            ("dx", "[!a-c]x", true),
            ("]", "[]a]", true),
            ("[", "[", true),
            ("aXb", "a[xy]b", false),
        ] {
            assert_eq!(fnmatch(text.as_bytes(), pattern.as_bytes(), false), expected, "{text} {pattern}");
        }
        assert!(fnmatch(b"aXb", b"A[xy]B", true));
        assert!(!fnmatch(&[b'a'; 2000], &[b"*a".repeat(500), b"b".to_vec()].concat(), false));
    }
}
