//! What the rules share: the workspace as read, and a failure that says where and what to do.

pub(crate) mod arrows;
pub(crate) mod imports;
pub(crate) mod limits;
pub(crate) mod rust;
pub(crate) mod workspace;

use std::fmt;

/// One place that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// From the root of the workspace.
    pub(crate) file: String,
    /// Counted from 1.
    pub(crate) line: usize,
    /// What is wrong there.
    pub(crate) wrong: String,
    /// What to do about it.
    pub(crate) remedy: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}\n    {}", self.file, self.line, self.wrong, self.remedy)
    }
}
