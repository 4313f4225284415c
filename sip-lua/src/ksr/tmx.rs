//! `KSR.tmx`: kinds of routes, suspend and continue.

use sip_core::StatusCode;
use sip_server::{RouteError, Suspension, TmError, TransactionId};

use crate::current::{Current, Route};
use crate::ksr::call::Module;
use crate::ksr::tm::one;
use crate::value::Text;

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    // The same request is never worked on twice at a time: the stripe decides under its lock who has it.
    m.call("t_precheck_trans", |_: &mut Current, ()| -1)?;
    m.call("t_is_request_route", |current: &mut Current, ()| {
        one(matches!(current.route, Route::Request(_) | Route::Cancel(_)))
    })?;
    m.call("t_is_branch_route", |current: &mut Current, ()| one(matches!(current.route, Route::Branch(_))))?;
    m.call("t_is_failure_route", |current: &mut Current, ()| one(current.failure().is_some()))?;
    m.call("t_is_reply_route", |current: &mut Current, ()| {
        one(matches!(current.route, Route::Response(_) | Route::Reply(_)))
    })?;
    m.call("t_suspend", |current: &mut Current, ()| match current.ctx_mut().map(|ctx| ctx.suspend()) {
        Some(Ok(_) | Err(RouteError::Canceled)) => 1,
        _ => -1,
    })?;
    m.call(
        "t_reply_callid",
        |current: &mut Current, (call_id, cseq, code, reason): (Text, Text, i64, Text)| {
            let status = u16::try_from(code).ok().and_then(StatusCode::new);
            let (Some(ctx), Some(id), Some(status)) =
                (current.ctx(), called(current, &call_id, &cseq), status)
            else {
                return -1;
            };
            one(!reason.is_empty() && ctx.reply_to(id, status, &reason.to_utf8()).is_ok())
        },
    )?;
    // The flag is of the transaction's flags, which nothing reads once its request route has ended.
    m.call("t_cancel_callid", |current: &mut Current, (call_id, cseq, _flag): (Text, Text, i64)| {
        let (Some(ctx), Some(id)) = (current.ctx(), called(current, &call_id, &cseq)) else { return -1 };
        one(ctx.cancel_branches_of(id).is_ok())
    })?;
    // The branches are not told apart: of "all" and "others" each rings or does not; "this" has ended in a failure route.
    m.call("t_cancel_branches", |current: &mut Current, (which,): (Text,)| {
        match (which.first(), current.ctx_mut()) {
            (Some(b'a' | b'o'), Some(ctx)) if ctx.transaction().is_some() => {
                ctx.cancel_branches();
                1
            }
            _ => -1,
        }
    })?;
    // 0 is success.
    m.call("t_drop", |current: &mut Current, ()| {
        let ended = current.ctx_mut().is_some_and(|ctx| ctx.transaction().is_some() && ctx.release().is_ok());
        if ended { 0 } else { -1 }
    })?;
    // Flags stay with the transaction as they are set.
    m.call("t_flush_flags", |current: &mut Current, ()| one(current.transaction().is_some()))?;
    let hub = m.hub().clone();
    m.anywhere("t_continue", move |current, (index, label, route): (i64, i64, Text)| {
        let shared = current.as_deref().map(Current::shared).or(hub.shared.as_ref());
        let (Some(shared), Some(route)) = (shared, hub.route(&route.to_utf8())) else { return -1 };
        let (Ok(index), Ok(label)) = (index.try_into(), label.try_into()) else { return -1 };
        match shared.resume(Suspension::latest(TransactionId { index, label }), route) {
            Ok(()) | Err(RouteError::Canceled | RouteError::Tm(TmError::TimedOut | TmError::Answered)) => 1,
            Err(_) => -1,
        }
    })?;
    Ok(m)
}

/// The transaction of a request with this Call-ID and CSeq number.
fn called(current: &Current, call_id: &Text, cseq: &Text) -> Option<TransactionId> {
    current.ctx()?.find_call(call_id, cseq.to_utf8().trim().parse().ok()?)
}
