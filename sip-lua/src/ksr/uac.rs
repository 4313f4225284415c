//! `KSR.uac`: requests that start here, as `$uac_req(..)` describes them; and what `t_uac_send` is told.

use std::rc::Rc;

use bytes::Bytes;
use sip_server::{NewRequest, RequestOutcome};

use crate::current::Current;
use crate::ksr::call::Module;
use crate::ksr::state::State;
use crate::ksr::tm::one;
use crate::pv::store::Store;
use crate::pv::value::Value;

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    let state = State::of(&m);
    // 1: on its way. What comes of it is told to nobody: KSR.await.uac_req_send waits for it.
    m.call("uac_req_send", move |current: &mut Current, ()| {
        match (described(&state.store), current.ctx()) {
            (Some(request), Some(ctx)) => one(ctx.start_request(request, None).is_ok()),
            _ => -1,
        }
    })?;
    Ok(m)
}

/// `KSR.await.uac_req_send()`: the status of the final response, 408 where there is none; -1: nothing was sent.
pub(crate) fn register_waiting(m: &mut Module<'_>) -> mlua::Result<()> {
    let state = State::of(m);
    m.waits("uac_req_send", async move |current: &mut Current, ()| {
        let (Some(request), Some(ctx)) = (described(&state.store), current.ctx_mut()) else { return -1 };
        match ctx.send_request(request).await {
            Ok(outcome) => told(&state, &outcome),
            Err(error) => {
                tracing::debug!(%error, "not sent");
                -1
            }
        }
    })
}

fn told(state: &Rc<State>, outcome: &RequestOutcome) -> i64 {
    let code = i64::from(outcome.status().code());
    state.store.uac.set(b"evcode", Value::Int(code));
    state.store.uac.set(b"evtype", Value::Int(if outcome.is_local { 2 } else { 1 }));
    code
}

/// The request that `$uac_req(..)` describes; `None` without a request URI or with headers that are none.
fn described(store: &Store) -> Option<NewRequest> {
    let part = |name: &str| {
        let text = store.uac.with(name.as_bytes(), |value| Bytes::copy_from_slice(&value.to_text()))?;
        (!text.is_empty()).then_some(text)
    };
    let method = part("method").map_or("OPTIONS".into(), |text| String::from_utf8_lossy(&text).into_owned());
    let mut request = NewRequest::new(method.clone(), part("ruri")?);
    for (name, header) in [("furi", "From"), ("turi", "To")] {
        if let Some(uri) = part(name) {
            request = request.header(header, [b"<", &uri[..], b">"].concat());
        }
    }
    if let Some(call_id) = part("callid") {
        request = request.header("Call-ID", call_id);
    }
    if let Some(number) = part("cseq") {
        request = request.header("CSeq", [&number[..], b" ", method.as_bytes()].concat());
    }
    if let Some(hop) = part("ouri") {
        request = request.via(hop);
    }
    if part("sock").is_some() {
        tracing::warn!("$uac_req(sock): the socket is chosen by the next hop");
    }
    if let (Some(user), Some(password)) = (part("auser"), part("apasswd")) {
        request = request.credentials(user, password);
    }
    with_text(request, &part("hdrs").unwrap_or_default(), part("body"))
}

/// Adds header lines and a body. The body's type stands among the headers, else it is plain text. `None`: a line is no
/// header.
pub(crate) fn with_text(mut request: NewRequest, headers: &[u8], body: Option<Bytes>) -> Option<NewRequest> {
    let mut content_type = String::new();
    for line in headers.split(|&byte| byte == b'\n') {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let colon = line.iter().position(|&byte| byte == b':')?;
        let (name, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"Content-Type") || name.eq_ignore_ascii_case(b"c") {
            content_type = String::from_utf8_lossy(value).into_owned();
        } else if !name.eq_ignore_ascii_case(b"Content-Length") && !name.eq_ignore_ascii_case(b"l") {
            request = request.header(name.to_vec(), value.to_vec());
        }
    }
    Some(match body {
        Some(body) if content_type.is_empty() => request.body("text/plain", body),
        Some(body) => request.body(content_type, body),
        None => request,
    })
}
