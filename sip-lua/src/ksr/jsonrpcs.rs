//! `KSR.jsonrpcs`: commands of operators.

use std::rc::Rc;

use sip_server::Shared;

use crate::current::Current;
use crate::ksr::call::Module;
use crate::ksr::state::State;
use crate::value::{Kemi, Text};

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    let state = State::of(&m);
    m.call("dispatch", |current: &mut Current, ()| {
        let done = current.http_mut().is_some_and(|ctx| ctx.jsonrpc().is_ok());
        if done { 1 } else { -1 }
    })?;
    for name in ["exec", "execx"] {
        let state = Rc::clone(&state);
        m.anywhere(name, move |_, (request,): (Text,)| {
            let Some(shared) = &state.store.shared else { return -1 };
            exec(&state, shared, &request)
        })?;
    }
    m.anywhere("response", move |_, ()| match &*state.store.jsonrpl.borrow() {
        Some(response) => Kemi::from(&**response),
        None => Kemi::Null,
    })?;
    Ok(m)
}

/// -1: what was asked is no request.
fn exec(state: &State, shared: &Shared, request: &[u8]) -> i64 {
    let response = shared.jsonrpc(request);
    let is_request = response.as_ref().is_none_or(|text| sip_async::jsonrpc::outcome(text).0 != -32_700);
    state.store.jsonrpl.replace(response);
    if is_request { 1 } else { -1 }
}
