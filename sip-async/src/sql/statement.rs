//! One statement of a transaction.

use std::borrow::Cow;

use super::value::Value;

/// A statement with its parameters, one for each `?` that stands outside of quotes.
#[derive(Clone, Debug)]
pub struct Statement {
    pub(super) sql: Cow<'static, str>,
    pub(super) params: Vec<Value>,
    pub(super) otherwise: Option<Box<Self>>,
}

impl Statement {
    /// A statement.
    pub fn new(sql: impl Into<Cow<'static, str>>, params: Vec<Value>) -> Self {
        Self { sql: sql.into(), params, otherwise: None }
    }

    /// The same, and `other` where it changes no row: an UPDATE that becomes an INSERT.
    #[must_use]
    pub fn or(mut self, other: Self) -> Self {
        self.otherwise = Some(Box::new(other));
        self
    }
}

/// The statement with PostgreSQL's placeholders: `?` becomes `$1`, `$2` ..., but for what stands in quotes.
pub(super) fn numbered(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() + 8);
    let mut quote = None;
    let mut count = 0;
    for c in sql.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '?') => {
                count += 1;
                out.push('$');
                out.push_str(&count.to_string());
                continue;
            }
            _ => {}
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_numbered_but_not_within_quotes() {
        assert_eq!(
            numbered("SELECT '?', \"?\", 'it''s ?' WHERE a = ? AND b = ?"),
            "SELECT '?', \"?\", 'it''s ?' WHERE a = $1 AND b = $2"
        );
    }
}
