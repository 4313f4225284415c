//! What commands have in common.

use std::borrow::Cow;

use sip_async::jsonrpc::{Params, RpcError};

/// A text that may be no UTF-8, for JSON.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The parameter at this place, which may be missing.
pub(super) fn text_or<'p>(params: &'p Params, at: usize, default: &'p str) -> Result<Cow<'p, str>, RpcError> {
    if params.has(at) { params.text(at) } else { Ok(default.into()) }
}
