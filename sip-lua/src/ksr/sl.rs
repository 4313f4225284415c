//! `KSR.sl`: replies.

use sip_core::{Method, StatusCode};
use sip_server::{Ctx, RouteError};

use crate::current::Current;
use crate::ksr::call::Module;
use crate::value::Text;

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    // Where there is a transaction a reply is the transaction's, so that a request never gets two final replies.
    m.call("sl_send_reply", |current: &mut Current, (code, reason): (i64, Text)| {
        send(current, code, &reason)
    })?;
    m.call("send_reply", |current: &mut Current, (code, reason): (i64, Text)| send(current, code, &reason))?;
    for name in ["sl_reply_error", "send_reply_error"] {
        m.call(name, |current: &mut Current, ()| reply_error(current))?;
    }
    m.call("send_reply_mode", |current: &mut Current, (code, reason, mode): (i64, Text, i64)| {
        if mode & NO_CONNECT != 0 {
            current.ctx_mut().into_iter().for_each(|ctx| ctx.set_reply_no_connect());
        }
        send(current, code, &reason)
    })?;
    Ok(m)
}

/// Bit 2 of `send_reply_mode`: the reply opens no connection.
const NO_CONNECT: i64 = 2;

/// 500 where there is no answer yet: -3 tm will answer, -2 it has.
fn reply_error(current: &mut Current) -> i64 {
    if current.queued.is_some() {
        return -3;
    }
    match current.ctx() {
        Some(ctx) if ctx.is_served() => -2,
        _ => send(current, 500, &Text::from(&b"Server Internal Error"[..])),
    }
}

/// Answers the request: 1 sent, -1 not (an ACK, an empty reason, a final reply is out already).
pub(crate) fn send(current: &mut Current, code: i64, reason: &Text) -> i64 {
    let Some(ctx) = current.ctx_mut() else { return -1 };
    let status = u16::try_from(code).ok().and_then(StatusCode::new);
    match status {
        Some(status) if !reason.is_empty() && ctx.method() != Method::Ack => sent(reply(ctx, status, reason)),
        _ => -1,
    }
}

/// Answers the request with a reason phrase of the script's own.
pub(crate) fn reply(ctx: &mut Ctx, status: StatusCode, reason: &Text) -> Result<(), RouteError> {
    let reason = reason.to_utf8().into_owned();
    ctx.reply_with(status, move |response| response.reason(reason))
}

/// Kamailio's code for how a reply went.
pub(crate) fn sent(result: Result<(), RouteError>) -> i64 {
    match result {
        Ok(()) => 1,
        Err(error) => {
            tracing::debug!(%error, "not answered");
            -1
        }
    }
}
