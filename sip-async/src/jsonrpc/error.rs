//! What may go wrong with a command.

use std::borrow::Cow;

/// An error as JSON-RPC tells it: a number and a line of text.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{code} {message}")]
pub struct RpcError {
    /// Below -32000 the protocol's; above 0 the command's own, as a status.
    pub code: i64,
    /// One line.
    pub message: Cow<'static, str>,
}

impl RpcError {
    /// The request is no JSON.
    pub const PARSE: Self = Self::fixed(-32_700, "Parse error");
    /// The JSON is no request.
    pub const INVALID_REQUEST: Self = Self::fixed(-32_600, "Invalid Request");
    /// There is no such command.
    pub const METHOD_NOT_FOUND: Self = Self::fixed(-32_601, "Method not found");

    const fn fixed(code: i64, message: &'static str) -> Self {
        Self { code, message: Cow::Borrowed(message) }
    }

    /// An error of a command.
    pub fn new(code: i64, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into() }
    }

    /// A parameter is missing or of another kind.
    pub fn params(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(-32_602, message)
    }
}
