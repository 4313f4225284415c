//! Which keys or strings are meant: `eq`, `ne`, `sw`, `re` and their kin.

use bstr::{BStr, ByteSlice};
use regex::bytes::{Regex, RegexBuilder};

use crate::htable::slab::Item;
use crate::htable::value::Value;

/// What of an item a pattern looks at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Field {
    /// The key.
    Name,
    /// The value. An integer matches no pattern on strings.
    Value,
}

/// A rule that keys or values match or do not. Made once, used on every item of a table.
#[derive(Clone, Debug)]
pub struct Pattern(Rule);

#[derive(Clone, Debug)]
enum Rule {
    Everything,
    Equal(Box<BStr>),
    NotEqual(Box<BStr>),
    StartsWith(Box<BStr>),
    EndsWith(Box<BStr>),
    Contains(Box<BStr>),
    Number(i64),
    Regex(Regex),
}

/// Why a pattern is refused; the functions that take one answer -1.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// No operator has this name.
    #[error("operator `{operator}` is unknown; known are eq, ne, sw, ew, in, re")]
    Operator {
        /// The name as written.
        operator: Box<str>,
    },
    /// The text to compare with is empty.
    #[error("the text to compare with is empty")]
    Empty,
    /// The regular expression is none, or asks for too much.
    #[error("not a regular expression that is accepted here: {reason}")]
    Regex {
        /// What is wrong with it.
        reason: Box<str>,
    },
    /// The number is none.
    #[error("not an integer")]
    Number,
}

/// The longest regular expression, in bytes.
const REGEX_TEXT: usize = 4096;
/// The most bytes that a regular expression may become.
const REGEX_BYTES: usize = 1 << 20;
/// How deep groups may lie in one another.
const REGEX_DEPTH: u32 = 64;

impl Pattern {
    /// Every item.
    pub const EVERYTHING: Self = Self(Rule::Everything);

    /// A pattern of an operator and a text.
    ///
    /// | operator | matches |
    /// |---|---|
    /// | `eq`, `ne` | what equals the text, or does not |
    /// | `sw`, `ew`, `in` | what starts with it, ends with it, contains it |
    /// | `re` | what the regular expression finds a part of |
    ///
    /// A regular expression is searched for without regard to case, `^` and `$` are ends of lines and `.` is any
    /// byte but a line feed, as Kamailio has it. The time of a search is linear in the text; back references
    /// do not exist. It has at most 4 KiB.
    ///
    /// # Errors
    ///
    /// [`PatternError`]: who wrote the pattern is at fault.
    pub fn new(operator: &str, text: impl AsRef<[u8]>) -> Result<Self, PatternError> {
        let text = text.as_ref();
        let boxed = || Box::<BStr>::from(Box::<[u8]>::from(text));
        let rule = match operator {
            "eq" | "ne" | "sw" | "ew" | "in" | "re" if text.is_empty() => return Err(PatternError::Empty),
            "eq" => Rule::Equal(boxed()),
            "ne" => Rule::NotEqual(boxed()),
            "sw" => Rule::StartsWith(boxed()),
            "ew" => Rule::EndsWith(boxed()),
            "in" => Rule::Contains(boxed()),
            "re" => Rule::Regex(regex(text)?),
            _ => return Err(PatternError::Operator { operator: operator.into() }),
        };
        Ok(Self(rule))
    }

    /// A pattern as `$shtcn` and `$shtcv` write it: `~~` a regular expression, `~%` the end, `%~` the start,
    /// `==` the whole string, `eq` a number, `**` everything; without any of them a regular expression.
    ///
    /// # Errors
    ///
    /// As [`Pattern::new`], and [`PatternError::Number`].
    pub fn counting(text: impl AsRef<[u8]>) -> Result<Self, PatternError> {
        let text = text.as_ref();
        let (sign, rest) = text.split_at_checked(2).unwrap_or((text, b""));
        match sign {
            b"~~" => Self::new("re", rest),
            b"~%" => Self::new("ew", rest),
            b"%~" => Self::new("sw", rest),
            b"==" => Self::new("eq", rest),
            b"**" => Ok(Self::EVERYTHING),
            b"eq" => {
                let number = rest.to_str().ok().and_then(|digits| digits.trim().parse().ok());
                number.map(|number| Self(Rule::Number(number))).ok_or(PatternError::Number)
            }
            _ => Self::new("re", text),
        }
    }

    /// Whether a text matches.
    pub fn is_match(&self, text: impl AsRef<[u8]>) -> bool {
        let text = text.as_ref();
        match &self.0 {
            Rule::Everything => true,
            Rule::Equal(wanted) => text == &***wanted,
            Rule::NotEqual(wanted) => text != &***wanted,
            Rule::StartsWith(start) => text.starts_with(start),
            Rule::EndsWith(end) => text.ends_with(end),
            Rule::Contains(part) => text.contains_str(&***part),
            Rule::Number(_) => false,
            Rule::Regex(regex) => regex.is_match(text),
        }
    }

    pub(crate) fn is_match_of(&self, field: Field, item: &Item) -> bool {
        match (field, &item.value, &self.0) {
            (Field::Name, _, _) => self.is_match(&**item.key),
            (Field::Value, Value::Text(text), _) => self.is_match(&***text),
            (Field::Value, Value::Int(_), Rule::Everything) => true,
            (Field::Value, Value::Int(number), Rule::Number(wanted)) => number == wanted,
            (Field::Value, Value::Int(_), _) => false,
        }
    }
}

fn regex(text: &[u8]) -> Result<Regex, PatternError> {
    let wrong = |reason: String| PatternError::Regex { reason: reason.into() };
    if text.len() > REGEX_TEXT {
        return Err(wrong(format!("{} bytes, {REGEX_TEXT} are the limit", text.len())));
    }
    let text = text.to_str().map_err(|_| wrong("not UTF-8; write other bytes as \\xNN".into()))?;
    let mut builder = RegexBuilder::new(text);
    builder.unicode(false).case_insensitive(true).multi_line(true);
    builder.size_limit(REGEX_BYTES).dfa_size_limit(REGEX_BYTES).nest_limit(REGEX_DEPTH);
    builder.build().map_err(|error| wrong(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_compare_as_they_are_named() {
        let matches =
            |operator, pattern: &str, text: &str| Pattern::new(operator, pattern).unwrap().is_match(text);
        assert!(matches("eq", "ab", "ab") && !matches("eq", "ab", "aB") && !matches("eq", "ab", "abc"));
        assert!(matches("ne", "ab", "abc") && !matches("ne", "ab", "ab"));
        assert!(matches("sw", "ab", "abc") && !matches("sw", "abc", "ab"));
        assert!(matches("ew", "bc", "abc") && matches("in", "b", "abc") && !matches("in", "ca", "abc"));
        assert!(matches("re", "^b.+[[:digit:]]$", "a\nBx1\nc") && !matches("re", "a.b", "a\nb"));
    }

    #[test]
    fn what_would_cost_too_much_is_refused() {
        for bad in ["(", "(a)\\1", "((a{1000}){1000}){1000}", &"(".repeat(100), &"a".repeat(5000)] {
            assert!(matches!(Pattern::new("re", bad), Err(PatternError::Regex { .. })), "{bad:.20}");
        }
        assert_eq!(Pattern::new("eq", "").unwrap_err(), PatternError::Empty);
        assert!(Pattern::new("xx", "a").unwrap_err().to_string().starts_with("operator `xx` is unknown"));
    }

    #[test]
    fn counting_signs_are_those_of_the_pseudo_variable() {
        let count = |pattern: &str, text: &str| Pattern::counting(pattern).unwrap().is_match(text);
        assert!(
            count("~~^a", "abc") && count("~%bc", "abc") && count("%~ab", "abc") && count("==abc", "abc")
        );
        assert!(count("b", "abc") && count("**", "") && !count("==b", "abc"));
        assert_eq!(Pattern::counting("eqx").unwrap_err(), PatternError::Number);
    }
}
