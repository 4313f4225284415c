//! Responses.

use serde_json::{Value as Json, json};

use crate::jsonrpc::error::RpcError;

/// What a response says in a word: 200 and OK, or the number and the text of its error. Of a batch: 200.
pub fn outcome(response: &[u8]) -> (i64, String) {
    let response: Json = serde_json::from_slice(response).unwrap_or_default();
    match response.get("error") {
        Some(error) => {
            let text = error["message"].as_str().unwrap_or_default();
            (error["code"].as_i64().unwrap_or_default(), text.to_owned())
        }
        None => (200, "OK".to_owned()),
    }
}

/// The response to what is no request.
pub(crate) fn refused(error: RpcError) -> Json {
    answer(Err(error), Json::Null)
}

/// The response with this result.
pub(crate) fn answer(result: Result<Json, RpcError>, id: Json) -> Json {
    match result {
        Ok(result) => json!({ "jsonrpc": "2.0", "result": result, "id": id }),
        Err(error) => {
            json!({ "jsonrpc": "2.0", "error": { "code": error.code, "message": error.message }, "id": id })
        }
    }
}
