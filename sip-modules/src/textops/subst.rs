//! Regular expressions, and substitutions as `sed` writes them.

use bstr::{BStr, ByteSlice};
use regex::bytes::{Captures, Regex, RegexBuilder};

use crate::textops::error::TextopsError;

/// Most bytes that an expression may become.
const LARGEST: usize = 1 << 20;

/// An expression as the text functions take it: `^` and `$` are ends of lines, `.` is no line end; bytes, not letters of
/// some alphabet. Its time is linear in the text; there are no back references.
///
/// # Errors
///
/// [`TextopsError::Expression`].
pub fn expression(text: &[u8], ignore_case: bool) -> Result<Regex, TextopsError> {
    build(text, ignore_case, false)
}

fn build(text: &[u8], ignore_case: bool, dot_all: bool) -> Result<Regex, TextopsError> {
    let text = text.to_str().map_err(|_| regex::Error::Syntax("it is not UTF-8".into()))?;
    let with = |unicode| {
        RegexBuilder::new(text)
            .case_insensitive(ignore_case)
            .multi_line(true)
            .dot_matches_new_line(dot_all)
            .size_limit(LARGEST)
            .unicode(unicode)
            .build()
    };
    // A class with a letter beyond ASCII cannot be had in bytes.
    Ok(with(false).or_else(|_| with(true))?)
}

/// A substitution as it is written: `/expression/replacement/flags`, with any byte for `/`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rule {
    expression: Vec<u8>,
    /// What is put in its place: `\1` to `\9` are what groups matched, `\0` all of it, `\n`, `\r`, `\t` what they are
    /// elsewhere, `\\` a backslash.
    pub replacement: Vec<u8>,
    flags: Vec<u8>,
}

impl Rule {
    /// Takes a rule apart. Behind a backslash the separator stands for itself.
    ///
    /// # Errors
    ///
    /// [`TextopsError::Rule`].
    pub fn parse(text: &[u8]) -> Result<Self, TextopsError> {
        let (mark, rest) = text.split_first().ok_or(TextopsError::Rule)?;
        let mut parts = vec![Vec::new()];
        let mut bytes = rest.iter();
        while let Some(byte) = bytes.next() {
            let next = bytes.as_slice().first();
            let Some(part) = parts.last_mut() else { return Err(TextopsError::Rule) };
            match byte {
                b'\\' if next == Some(mark) => part.extend(bytes.next()),
                b'\\' => {
                    part.push(*byte);
                    part.extend(bytes.next());
                }
                _ if byte == mark => parts.push(Vec::new()),
                _ => part.push(*byte),
            }
        }
        let [expression, replacement, flags] =
            <[Vec<u8>; 3]>::try_from(parts).map_err(|_| TextopsError::Rule)?;
        if expression.is_empty() || flags.iter().any(|flag| !b"gis".contains(flag)) {
            return Err(TextopsError::Rule);
        }
        Ok(Self { expression, replacement, flags })
    }

    /// The rule, ready to be applied.
    ///
    /// # Errors
    ///
    /// [`TextopsError::Expression`].
    pub fn compile(&self) -> Result<Subst, TextopsError> {
        let has = |flag: u8| self.flags.contains(&flag);
        let regex = build(&self.expression, has(b'i'), has(b's'))?;
        Ok(Subst { regex, replacement: pieces(&self.replacement), all: has(b'g') })
    }
}

/// A substitution. Flags: `i` without regard to case, `g` everywhere, `s` dots are line ends, too.
#[derive(Clone, Debug)]
pub struct Subst {
    regex: Regex,
    replacement: Vec<Piece>,
    all: bool,
}

#[derive(Clone, Debug)]
enum Piece {
    Text(Vec<u8>),
    Group(usize),
}

impl Subst {
    /// A substitution from its text; see [`Rule`].
    ///
    /// # Errors
    ///
    /// [`TextopsError::Rule`], [`TextopsError::Expression`].
    ///
    /// # Examples
    ///
    /// ```
    /// use sip_modules::textops::Subst;
    ///
    /// let rule = Subst::parse(br"/^sip:0(\d+)@/sip:+49\1@/")?;
    /// assert_eq!(rule.apply(b"sip:0301234@a").as_deref(), Some(&b"sip:+49301234@a"[..]));
    /// assert_eq!(rule.apply(b"sip:bob@a"), None);
    /// # Ok::<(), sip_modules::textops::TextopsError>(())
    /// ```
    pub fn parse(text: &[u8]) -> Result<Self, TextopsError> {
        Rule::parse(text)?.compile()
    }

    /// The same expression with the replacement of a rule.
    #[must_use]
    pub fn with_replacement(&self, rule: &Rule) -> Self {
        Self { replacement: pieces(&rule.replacement), ..self.clone() }
    }

    /// The text with it applied; `None`: nothing of it matched.
    pub fn apply(&self, text: &[u8]) -> Option<Vec<u8>> {
        if !self.regex.is_match(text) {
            return None;
        }
        let replace = |found: &Captures<'_>| {
            let mut out = Vec::new();
            for piece in &self.replacement {
                match piece {
                    Piece::Text(text) => out.extend_from_slice(text),
                    Piece::Group(number) => {
                        out.extend_from_slice(found.get(*number).map_or(&b""[..], |group| group.as_bytes()));
                    }
                }
            }
            out
        };
        Some(self.regex.replacen(text, usize::from(!self.all), replace).into_owned())
    }
}

fn pieces(replacement: &[u8]) -> Vec<Piece> {
    let (mut all, mut plain, mut bytes) = (Vec::new(), Vec::new(), replacement.iter());
    while let Some(byte) = bytes.next() {
        if *byte != b'\\' {
            plain.push(*byte);
            continue;
        }
        match bytes.next() {
            Some(digit @ b'0'..=b'9') => {
                all.push(Piece::Text(std::mem::take(&mut plain)));
                all.push(Piece::Group(usize::from(digit - b'0')));
            }
            Some(b'n') => plain.push(b'\n'),
            Some(b'r') => plain.push(b'\r'),
            Some(b't') => plain.push(b'\t'),
            Some(other) => plain.push(*other),
            None => plain.push(b'\\'),
        }
    }
    all.push(Piece::Text(plain));
    all
}

/// A text that stands for itself in a [`Rule::replacement`]: what comes from outside must not bring groups.
pub fn literal(text: &BStr) -> Vec<u8> {
    text.replace(b"\\", b"\\\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_says_what_is_put_in_the_place_of_what() {
        for (rule, text, expected) in [
            (r"/a/b/", "xaxa", Some("xbxa")),
            (r"/a/b/g", "xaxa", Some("xbxb")),
            (r"/A/b/gi", "xaxa", Some("xbxb")),
            (r"|a/|b|", "xa/", Some("xb")),
            (r"/a\/b/\/\\/", "a/b", Some(r"/\")),
            (r"/(\w+) (\w+)/\2 \1\n/", "one two", Some("two one\n")),
            (r"/a.b/x/", "a\nb", None),
            (r"/a.b/x/s", "a\nb", Some("x")),
            (r"/^b$/x/", "a\nb", Some("a\nx")),
            (r"/c/x/", "ab", None),
            (r"/é/e/", "né", Some("ne")),
        ] {
            let found = Subst::parse(rule.as_bytes()).expect(rule).apply(text.as_bytes());
            assert_eq!(found.as_deref().map(BStr::new), expected.map(BStr::new), "{rule} {text:?}");
        }
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for rule in ["", "/", "/a/b", "/a/b/x", "/a/b/g/", "//b/"] {
            assert!(matches!(Subst::parse(rule.as_bytes()), Err(TextopsError::Rule)), "{rule}");
        }
        for rule in [&b"/(/b/"[..], b"/\xff/b/", b"/(?:a{1000}){1000}/b/"] {
            assert!(matches!(Subst::parse(rule), Err(TextopsError::Expression(_))), "{:?}", BStr::new(rule));
        }
    }

    #[test]
    fn a_literal_brings_no_groups() {
        let mut rule = Rule::parse(b"/(a)/x/").expect("a rule");
        rule.replacement = literal(br"\1".into());
        assert_eq!(rule.compile().expect("compiles").apply(b"a").as_deref(), Some(&br"\1"[..]));
    }
}
