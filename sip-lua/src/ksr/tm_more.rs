//! `KSR.tm`: contacts by preference, timers, what became of the branches, requests that start here.

use std::time::Duration;

use sip_server::{BranchState, Ctx, DropReplies, FailureCtx, NewRequest};

use crate::current::{Current, Route};
use crate::ksr::call::Module;
use crate::ksr::tm::{Consumed, one};
use crate::ksr::uac::with_text;
use crate::value::Text;

pub(crate) fn register(m: &mut Module<'_>) -> mlua::Result<()> {
    contacts(m)?;
    timers(m)?;
    branches(m)?;
    m.call("t_release", |current: &mut Current, ()| match &mut current.route {
        Route::Request(ctx) => one(ctx.release().is_ok()),
        _ => -1,
    })?;
    m.call("t_lookup_request", |current: &mut Current, ()| {
        one(current.ctx().is_some_and(|ctx| ctx.find_transaction().is_some()))
    })?;
    m.call("t_lookup_cancel", |current: &mut Current, ()| one(matches!(current.route, Route::Cancel(_))))?;
    type Uac = (Text, Text, Text, Text, Text, Text);
    m.call("t_uac_send", |current: &mut Current, (method, ruri, hop, socket, headers, body): Uac| {
        let request = uac(&method, &ruri, &hop, &socket, &headers, &body);
        match (request, current.ctx()) {
            (Some(request), Some(ctx)) => one(ctx.start_request(request, None).is_ok()),
            _ => -1,
        }
    })
}

fn contacts(m: &mut Module<'_>) -> mlua::Result<()> {
    m.call("t_load_contacts", |current: &mut Current, ()| {
        let consumed = current.scratch::<Consumed>().0.take();
        let Some(ctx) = current.ctx_mut() else { return -1 };
        let ruri = ctx.msg.request_uri();
        if consumed.as_deref().is_some_and(|uri| ruri.is_some_and(|ruri| *ruri == *uri)) {
            // The request URI was made a branch, and is none by itself.
            let branches = std::mem::take(&mut ctx.branches);
            ctx.load_contacts_from(branches);
        } else {
            ctx.load_contacts();
        }
        1
    })?;
    m.call("t_next_contacts", |current: &mut Current, ()| match current.ctx_mut().map(Ctx::next_contacts) {
        Some(Ok(true)) => 1,
        Some(Ok(false)) => -2,
        Some(Err(_)) | None => -1,
    })
}

/// A time in milliseconds; 0 and less: that of the server.
fn time(ms: i64) -> Option<Duration> {
    u64::try_from(ms).ok().filter(|ms| *ms > 0).map(Duration::from_millis)
}

fn set(current: &mut Current, set: impl FnOnce(&mut Ctx)) -> i64 {
    one(current.ctx_mut().map(set).is_some())
}

fn timers(m: &mut Module<'_>) -> mlua::Result<()> {
    m.call("t_set_max_lifetime", |current: &mut Current, (invite, other): (i64, i64)| {
        set(current, |ctx| ctx.set_max_lifetime(time(invite), time(other)))
    })?;
    m.call("t_reset_max_lifetime", |current: &mut Current, ()| {
        set(current, |ctx| ctx.set_max_lifetime(None, None))
    })?;
    m.call("t_set_retr", |current: &mut Current, (t1, t2): (i64, i64)| {
        set(current, |ctx| ctx.set_retr(time(t1), time(t2)))
    })?;
    m.call("t_reset_retr", |current: &mut Current, ()| set(current, |ctx| ctx.set_retr(None, None)))?;
    m.call("t_set_disable_6xx", |current: &mut Current, (state,): (i64,)| {
        set(current, |ctx| ctx.set_cancel_on_6xx(state == 0))
    })
}

fn states(current: &Current) -> Vec<BranchState> {
    current.ctx().map(Ctx::branch_states).unwrap_or_default()
}

/// The route that has a picked response in its hands.
fn failed(current: &Current) -> Option<&FailureCtx> {
    current.failure().filter(|failed| failed.branch().is_some())
}

fn branches(m: &mut Module<'_>) -> mlua::Result<()> {
    m.call("t_any_timeout", |current: &mut Current, ()| {
        one(states(current).iter().any(|branch| branch.timed_out))
    })?;
    m.call("t_any_replied", |current: &mut Current, ()| {
        one(states(current).iter().any(|branch| branch.status.is_some()))
    })?;
    m.call("t_grep_status", |current: &mut Current, (code,): (i64,)| {
        let is_it =
            |branch: &BranchState| branch.status.is_some_and(|status| i64::from(status.code()) == code);
        one(states(current).iter().any(is_it))
    })?;
    m.call("t_branch_timeout", |current: &mut Current, ()| {
        one(failed(current).is_some_and(FailureCtx::is_timeout))
    })?;
    m.call("t_branch_replied", |current: &mut Current, ()| {
        let number = failed(current).and_then(FailureCtx::branch).map(|branch| usize::from(branch.branch));
        let state = number.and_then(|number| states(current).get(number).copied());
        one(state.is_some_and(|state| state.status.is_some()))
    })?;
    m.call("t_get_branch_index", |current: &mut Current, ()| {
        let number = match &current.route {
            Route::Branch(ctx) => Some(ctx.number),
            Route::Reply(ctx) | Route::Response(ctx) => ctx.branch().map(|branch| branch.branch),
            _ => failed(current).and_then(FailureCtx::branch).map(|branch| branch.branch),
        };
        number.map_or(-1, i64::from)
    })?;
    m.call("t_get_status_code", |current: &mut Current, ()| {
        let status = match &current.route {
            Route::Reply(ctx) | Route::Response(ctx) => ctx.status(),
            _ => failed(current).and_then(FailureCtx::status).or(current.ctx().and_then(Ctx::last_status)),
        };
        status.map_or(-1, |status| i64::from(status.code()))
    })?;
    m.call("t_drop_replies", |current: &mut Current, (mode,): (Text,)| {
        let which = match mode.first() {
            Some(b'n') => DropReplies::None,
            Some(b'l') => DropReplies::Last,
            _ => DropReplies::All,
        };
        drop_replies(current, which)
    })?;
    m.call("t_drop_replies_all", |current: &mut Current, ()| drop_replies(current, DropReplies::All))
}

fn drop_replies(current: &mut Current, which: DropReplies) -> i64 {
    match &mut current.route {
        Route::Failure(ctx) => {
            ctx.drop_replies(which);
            1
        }
        _ => -1,
    }
}

/// What `t_uac_send` is told; `.` and nothing leave a part out, a `.` behind the method leaves out the ACK.
fn uac(
    method: &Text,
    ruri: &Text,
    hop: &Text,
    socket: &Text,
    headers: &Text,
    body: &Text,
) -> Option<NewRequest> {
    let given = |text: &Text| (!text.is_empty() && ***text != *b".").then(|| text.to_bytes());
    let method = method.to_utf8();
    let name = method.strip_suffix('.').unwrap_or(&method);
    let mut request = NewRequest::new(name, ruri.to_bytes());
    if name.len() < method.len() {
        request = request.without_ack();
    }
    if let Some(hop) = given(hop) {
        request = request.via(hop);
    }
    if given(socket).is_some() {
        tracing::warn!("t_uac_send: the socket is chosen by the next hop");
    }
    with_text(request, &given(headers).unwrap_or_default(), given(body))
}
