//! Why a text operation was not done.

use sip_core::{BodyError, EditError, ParseError};

/// Why a text operation was not done. The caller's mistake, always; the message is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TextopsError {
    /// The text is no regular expression, or becomes too large a one.
    #[error("no regular expression: {0}")]
    Expression(#[from] regex::Error),
    /// The text is no `/expression/replacement/flags`.
    #[error("a substitution is written /expression/replacement/flags")]
    Rule,
    /// What would come of it is no message.
    #[error("what comes of it is no message: {0}")]
    Damaged(#[from] ParseError),
    /// A request would become a response, or the other way round.
    #[error("a request stays a request, and a response a response")]
    Kind,
    /// The parts of the body cannot be read.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The message did not take it.
    #[error(transparent)]
    Edit(#[from] EditError),
}
