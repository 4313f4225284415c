//! The words of a Lua script, with their places. Comments are left out; what is no Lua makes words, too, since it has
//! been loaded before.

/// One word.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Word {
    /// Where it stands, in bytes.
    pub(crate) at: usize,
    pub(crate) kind: Kind,
}

/// What a word is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// A name or a keyword.
    Name(String),
    /// A string, its escapes resolved.
    Text(Vec<u8>),
    /// A number.
    Number,
    /// Anything else, byte by byte; `..` and `...` are one.
    Mark(&'static str),
}

/// All words of a text.
pub(crate) fn words(text: &[u8]) -> Vec<Word> {
    let mut lexer = Lexer { text, at: 0 };
    let mut words = Vec::new();
    while let Some(word) = lexer.next() {
        words.push(word);
    }
    words
}

struct Lexer<'t> {
    text: &'t [u8],
    at: usize,
}

impl Lexer<'_> {
    fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn next(&mut self) -> Option<Word> {
        loop {
            match self.rest() {
                [] => return None,
                [byte, ..] if byte.is_ascii_whitespace() => self.at += 1,
                [b'-', b'-', ..] => {
                    self.at += 2;
                    if self.long().is_none() {
                        self.skip(|byte| byte != b'\n');
                    }
                }
                _ => break,
            }
        }
        let at = self.at;
        let kind = match self.rest() {
            [quote @ (b'"' | b'\''), ..] => self.quoted(*quote),
            [b'[', b'[' | b'=', ..] => match self.long() {
                Some(text) => Kind::Text(text),
                None => self.mark(),
            },
            [byte, ..] if byte.is_ascii_alphabetic() || *byte == b'_' => {
                self.skip(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                Kind::Name(String::from_utf8_lossy(&self.text[at..self.at]).into_owned())
            }
            [byte, ..] if byte.is_ascii_digit() => {
                self.number();
                Kind::Number
            }
            _ => self.mark(),
        };
        Some(Word { at, kind })
    }

    fn skip(&mut self, wanted: impl Fn(u8) -> bool) {
        let length = self.rest().iter().take_while(|byte| wanted(**byte)).count();
        self.at += length;
    }

    /// A number, without the `..` that may follow it.
    fn number(&mut self) {
        self.skip(|byte| byte.is_ascii_alphanumeric());
        if matches!(self.rest(), [b'.', next, ..] if *next != b'.') {
            self.at += 1;
            self.skip(|byte| byte.is_ascii_alphanumeric());
        }
    }

    fn mark(&mut self) -> Kind {
        const MARKS: [&str; 9] = ["...", "..", ".", ",", "(", ")", "{", "}", ":"];
        let found = MARKS.into_iter().find(|mark| self.rest().starts_with(mark.as_bytes()));
        self.at += found.map_or(1, str::len);
        Kind::Mark(found.unwrap_or(match self.text.get(self.at - 1) {
            Some(b'[') => "[",
            Some(b']') => "]",
            Some(b';') => ";",
            Some(b'=') => "=",
            _ => "?",
        }))
    }

    /// `[[text]]` or `[==[text]==]`, without the line end that it may begin with.
    fn long(&mut self) -> Option<Vec<u8>> {
        let rest = self.rest().strip_prefix(b"[")?;
        let level = rest.iter().take_while(|byte| **byte == b'=').count();
        let inner = rest.get(level..)?.strip_prefix(b"[")?;
        let close = [&b"]"[..], &b"=".repeat(level), b"]"].concat();
        let end = inner.windows(close.len()).position(|window| window == close);
        let (text, skipped) = match end {
            Some(end) => (&inner[..end], end + close.len()),
            None => (inner, inner.len()),
        };
        let text = text.strip_prefix(b"\r\n").or_else(|| text.strip_prefix(b"\n")).unwrap_or(text).to_vec();
        self.at += level + 2 + skipped;
        Some(text)
    }

    fn quoted(&mut self, quote: u8) -> Kind {
        let mut text = Vec::new();
        self.at += 1;
        loop {
            match self.rest() {
                [] | [b'\n', ..] => break,
                [byte, ..] if *byte == quote => {
                    self.at += 1;
                    break;
                }
                [b'\\', escape, ..] => {
                    let escape = *escape;
                    self.at += 2;
                    match escape {
                        b'n' => text.push(b'\n'),
                        b'r' => text.push(b'\r'),
                        b't' => text.push(b'\t'),
                        b'0'..=b'9' => {
                            let from = self.at - 1;
                            let more =
                                self.rest().iter().take(2).take_while(|byte| byte.is_ascii_digit()).count();
                            self.at += more;
                            let digits = std::str::from_utf8(&self.text[from..self.at]).unwrap_or_default();
                            text.push(digits.parse().unwrap_or(b'?'));
                        }
                        b'z' => self.skip(|byte| byte.is_ascii_whitespace()),
                        other => text.push(other),
                    }
                }
                [byte, ..] => {
                    text.push(*byte);
                    self.at += 1;
                }
            }
        }
        Kind::Text(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_their_places_and_comments_are_left_out() {
        let text = b"a.b('x\\n' .. [==[y]]]==]) -- c\n--[[ d\n]] e 1..2 0x1p4 \"q\"";
        let found: Vec<_> = words(text).into_iter().map(|word| (word.at, word.kind)).collect();
        let text_of = |text: &[u8]| Kind::Text(text.to_vec());
        assert_eq!(
            found,
            [
                (0, Kind::Name("a".into())),
                (1, Kind::Mark(".")),
                (2, Kind::Name("b".into())),
                (3, Kind::Mark("(")),
                (4, text_of(b"x\n")),
                (10, Kind::Mark("..")),
                (13, text_of(b"y]]")),
                (24, Kind::Mark(")")),
                (41, Kind::Name("e".into())),
                (43, Kind::Number),
                (44, Kind::Mark("..")),
                (46, Kind::Number),
                (48, Kind::Number),
                (54, text_of(b"q")),
            ]
        );
    }

    #[test]
    fn nonsense_ends() {
        for text in [&b"'"[..], b"[[", b"[=", b"--[[", b"\\", b"\"\\", b"\xff\xfe", b"1.", b"[==["] {
            assert!(words(text).len() <= text.len());
        }
    }
}
