//! Why a text is no pseudo-variable.

/// Why a text is no pseudo-variable or format. The script is at fault. Getters answer nil then, setters false.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum PvError {
    /// It does not read as `$name`, `$name(inner)` or `$(name(inner)[index]{transformation})`.
    #[error("not a pseudo-variable, at byte {at}")]
    Syntax {
        /// Where it stops being one.
        at: usize,
    },
    /// There is no variable of this name here.
    #[error("pseudo-variable `${name}` is unknown")]
    Name {
        /// The name as written.
        name: String,
    },
    /// What stands in its brackets does not suit it.
    #[error("`${name}({inner})`: expected {expected}")]
    Inner {
        /// The name.
        name: &'static str,
        /// What stands in the brackets.
        inner: String,
        /// What should.
        expected: &'static str,
    },
    /// There is no transformation of this name, or it has other arguments.
    #[error("transformation `{{{name}}}` is unknown or has other arguments")]
    Transformation {
        /// The name as written.
        name: String,
    },
    /// Variables within variables, too deep.
    #[error("variables stand in one another deeper than {most}")]
    Depth {
        /// The limit.
        most: usize,
    },
}
