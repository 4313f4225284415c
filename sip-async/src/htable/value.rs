//! What a table keeps: a string or an integer, and what is handed out of it.

use std::fmt;
use std::time::Instant;

use bstr::BStr;

/// A value of a table.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Value {
    /// An integer.
    Int(i64),
    /// A string.
    Text(Box<BStr>),
}

impl Value {
    /// The number, of an integer.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Text(_) => None,
        }
    }

    /// The text, of a string.
    pub fn as_text(&self) -> Option<&BStr> {
        match self {
            Self::Int(_) => None,
            Self::Text(text) => Some(text),
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.as_text().map_or(0, |text| text.len())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

impl From<&[u8]> for Value {
    fn from(text: &[u8]) -> Self {
        Self::Text(Box::<[u8]>::from(text).into())
    }
}

impl From<&BStr> for Value {
    fn from(text: &BStr) -> Self {
        Self::from(&**text)
    }
}

impl From<Vec<u8>> for Value {
    fn from(text: Vec<u8>) -> Self {
        Self::Text(text.into_boxed_slice().into())
    }
}

/// A copy of one item: of an iteration, or of what expired.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Record {
    /// The key.
    pub key: Box<BStr>,
    /// The value.
    pub value: Value,
    /// When it ends or ended; `None`: never.
    pub expires: Option<Instant>,
}
