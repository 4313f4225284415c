//! Declaration strings: `name=value;name=value`, as Kamailio's `modparam` has them.

/// Why a declaration is refused. The writer of the configuration is at fault; the text names the setting.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DeclarationError {
    /// There is no name, or one with other signs than letters, digits, `_`, `-`, `.` and `:`.
    #[error("`{declaration}` has no proper name: {expected}")]
    Name {
        /// The declaration as written.
        declaration: Box<str>,
        /// How it should look.
        expected: &'static str,
    },
    /// No setting has this name.
    #[error("setting `{setting}` is unknown; known are {known}")]
    Unknown {
        /// The name as written.
        setting: Box<str>,
        /// The names that exist.
        known: &'static str,
    },
    /// Kamailio has this setting, this crate does not.
    #[error("setting `{setting}` is Kamailio's and not supported here")]
    Unsupported {
        /// The name as written.
        setting: Box<str>,
    },
    /// The value does not suit the setting.
    #[error("setting `{setting}` has the value `{value}`, but takes {expected}")]
    Value {
        /// The setting.
        setting: Box<str>,
        /// The value as written.
        value: Box<str>,
        /// What the setting takes.
        expected: &'static str,
    },
    /// The setting stands there twice.
    #[error("setting `{setting}` stands there twice")]
    Repeated {
        /// The setting.
        setting: Box<str>,
    },
    /// The name is taken.
    #[error("`{name}` is declared already")]
    Exists {
        /// The name.
        name: Box<str>,
    },
}

/// One setting of a declaration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: &'a str,
}

impl Setting<'_> {
    /// The value as a number of at most `most`; `expected` says so in words.
    pub(crate) fn number(&self, most: u64, expected: &'static str) -> Result<u64, DeclarationError> {
        let digits = !self.value.is_empty() && self.value.bytes().all(|b| b.is_ascii_digit());
        let number = self.value.parse().ok().filter(|&n: &u64| digits && n <= most);
        number.ok_or_else(|| self.wrong(expected))
    }

    /// Accepts 0, which asks for nothing; anything else is not supported.
    pub(crate) fn must_be_off(&self) -> Result<(), DeclarationError> {
        match self.value {
            "0" => Ok(()),
            _ => Err(self.unsupported()),
        }
    }

    pub(crate) fn wrong(&self, expected: &'static str) -> DeclarationError {
        DeclarationError::Value { setting: self.name.into(), value: self.value.into(), expected }
    }

    pub(crate) fn unknown(&self, known: &'static str) -> DeclarationError {
        DeclarationError::Unknown { setting: self.name.into(), known }
    }

    pub(crate) fn unsupported(&self) -> DeclarationError {
        DeclarationError::Unsupported { setting: self.name.into() }
    }
}

/// The settings of `text`, in order; space around names and values and one pair of quotes are taken off.
pub(crate) fn settings(text: &str) -> Result<Vec<Setting<'_>>, DeclarationError> {
    let mut found: Vec<Setting<'_>> = Vec::new();
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let setting = Setting { name: name.trim(), value: unquoted(value.trim()) };
        if found.iter().any(|earlier| earlier.name == setting.name) {
            return Err(DeclarationError::Repeated { setting: setting.name.into() });
        }
        found.push(setting);
    }
    Ok(found)
}

/// `name` if it can be the name of a queue or table.
pub(crate) fn proper_name(name: &str) -> Option<&str> {
    let proper = |b: u8| b.is_ascii_alphanumeric() || b"_-.:".contains(&b);
    (!name.is_empty() && name.bytes().all(proper)).then_some(name)
}

fn unquoted(value: &str) -> &str {
    let inside = |quote| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inside('"').or_else(|| inside('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space_quotes_and_a_last_semicolon_are_taken_off() {
        let found = settings(" a = 1 ;b=\"x y\";; c='';d;").unwrap();
        let pairs: Vec<_> = found.iter().map(|s| (s.name, s.value)).collect();
        assert_eq!(pairs, [("a", "1"), ("b", "x y"), ("c", ""), ("d", "")]);
    }

    #[test]
    fn numbers_are_digits_within_their_bound() {
        let number = |value| Setting { name: "n", value }.number(10, "a number up to 10");
        assert_eq!(number("10"), Ok(10));
        for wrong in ["", "11", "-1", "+1", "1s", " 1", "99999999999999999999999"] {
            assert!(number(wrong).is_err(), "{wrong}");
        }
        assert_eq!(
            number("11").unwrap_err().to_string(),
            "setting `n` has the value `11`, but takes a number up to 10"
        );
    }
}
