//! What a command is called with.

use std::borrow::Cow;

use serde_json::Value as Json;

use crate::jsonrpc::error::RpcError;

/// The parameters of a command, by place.
///
/// Values given by name are taken in the order of the names, since no command has names for them. Tools that send
/// every parameter as a text are understood: a text of digits is a number where one is wanted.
#[derive(Clone, Debug, Default)]
pub struct Params(Vec<Json>);

impl Params {
    /// `None`: neither an array nor an object.
    pub(crate) fn new(params: Option<Json>) -> Option<Self> {
        match params {
            None => Some(Self::default()),
            Some(Json::Array(values)) => Some(Self(values)),
            Some(Json::Object(values)) => Some(Self(values.into_iter().map(|(_, value)| value).collect())),
            Some(_) => None,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is one at this place.
    pub fn has(&self, at: usize) -> bool {
        at < self.0.len()
    }

    /// The text at this place; of a number, its digits.
    ///
    /// # Errors
    ///
    /// [`RpcError::params`]: there is none, or it is no text.
    pub fn text(&self, at: usize) -> Result<Cow<'_, str>, RpcError> {
        match self.0.get(at) {
            Some(Json::String(text)) => Ok(text.into()),
            Some(Json::Number(number)) => Ok(number.to_string().into()),
            Some(_) => Err(RpcError::params(format!("parameter {} is no text", at + 1))),
            None => Err(missing(at)),
        }
    }

    /// The whole number at this place.
    ///
    /// # Errors
    ///
    /// [`RpcError::params`]: there is none, or it is no whole number.
    pub fn int(&self, at: usize) -> Result<i64, RpcError> {
        let number = match self.0.get(at) {
            Some(Json::Number(number)) => number.as_i64(),
            Some(Json::String(text)) => text.trim().parse().ok(),
            Some(_) => None,
            None => return Err(missing(at)),
        };
        number.ok_or_else(|| RpcError::params(format!("parameter {} is no whole number", at + 1)))
    }

    /// The number at this place, whole or not.
    ///
    /// # Errors
    ///
    /// [`RpcError::params`]: there is none, or it is no number.
    pub fn float(&self, at: usize) -> Result<f64, RpcError> {
        let number = match self.0.get(at) {
            Some(Json::Number(number)) => number.as_f64(),
            Some(Json::String(text)) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            Some(_) => None,
            None => return Err(missing(at)),
        };
        number.ok_or_else(|| RpcError::params(format!("parameter {} is no number", at + 1)))
    }

    /// All of them as texts.
    ///
    /// # Errors
    ///
    /// [`RpcError::params`]: one is no text.
    pub fn texts(&self) -> Result<Vec<Cow<'_, str>>, RpcError> {
        (0..self.len()).map(|at| self.text(at)).collect()
    }
}

fn missing(at: usize) -> RpcError {
    RpcError::params(format!("parameter {} is missing", at + 1))
}
