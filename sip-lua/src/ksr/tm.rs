//! `KSR.tm`: transactions, relaying, arming.

use std::time::Duration;

use bytes::Bytes;
use sip_core::Method;
use sip_server::{Ctx, Destination, RouteError, RouteId, TmError};

use crate::current::{Current, Route};
use crate::ksr::call::Module;
use crate::ksr::sl;
use crate::value::Text;

/// Arms a route.
type Arm = fn(&mut Ctx, RouteId);

/// The request URI that [`append_branch`] made a branch of: it is no second branch of its own.
#[derive(Default)]
pub(crate) struct Consumed(pub(crate) Option<Bytes>);

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    m.waits("t_relay", async |current: &mut Current, ()| relay(current).await)?;
    m.call("t_check_trans", |current: &mut Current, ()| check_trans(current))?;
    m.call("t_newtran", |current: &mut Current, ()| new_transaction(current))?;
    m.call("t_reply", |current: &mut Current, (code, reason): (i64, Text)| {
        if current.transaction().is_none() && !matches!(current.route, Route::Cancel(_)) {
            return -1;
        }
        sl::send(current, code, &reason)
    })?;
    m.call("t_send_reply", |current: &mut Current, (code, reason): (i64, Text)| {
        match new_transaction(current) {
            1 | -10 => sl::send(current, code, &reason),
            _ => -1,
        }
    })?;
    m.call("t_is_canceled", |current: &mut Current, ()| one(current.ctx().is_some_and(Ctx::is_canceled)))?;
    m.call("t_exists", |current: &mut Current, ()| one(current.transaction().is_some()))?;
    arm(&mut m)?;
    m.call("t_set_fr", |current: &mut Current, (invite, other): (i64, i64)| {
        let time = |ms: i64| u64::try_from(ms).ok().filter(|ms| *ms > 0).map(Duration::from_millis);
        one(current.ctx_mut().map(|ctx| ctx.set_fr(time(invite), time(other))).is_some())
    })?;
    m.call("t_reset_fr", |current: &mut Current, ()| {
        one(current.ctx_mut().map(|ctx| ctx.set_fr(None, None)).is_some())
    })?;
    Ok(m)
}

/// 1 for yes, -1 for no.
pub(crate) fn one(yes: bool) -> i64 {
    if yes { 1 } else { -1 }
}

fn arm(m: &mut Module<'_>) -> mlua::Result<()> {
    let arms: [(&str, Arm); 4] = [
        ("t_on_branch", Ctx::on_branch),
        ("t_on_reply", Ctx::on_reply),
        ("t_on_failure", Ctx::on_failure),
        ("t_on_branch_failure", Ctx::on_branch_failure),
    ];
    for (name, arm) in arms {
        let hub = m.hub().clone();
        m.call(name, move |current: &mut Current, (route,): (Text,)| {
            let (Some(ctx), Some(route)) = (current.ctx_mut(), hub.route(&route.to_utf8())) else {
                return -1;
            };
            arm(ctx, route);
            1
        })?;
    }
    m.call("t_is_set", |current: &mut Current, (what,): (Text,)| {
        let Some(ctx) = current.ctx() else { return -1 };
        let armed = match what.first() {
            Some(b'b') => ctx.armed_branch(),
            Some(b'f') => ctx.armed_failure(),
            Some(b'o') => ctx.armed_reply(),
            _ => None,
        };
        one(armed.is_some())
    })
}

/// What the driver has decided before the route ran: retransmissions and ACKs of negative replies never come here.
fn check_trans(current: &Current) -> i64 {
    match &current.route {
        Route::Request(ctx) => one(ctx.transaction().is_some()),
        Route::Response(ctx) => one(ctx.branch().is_some()),
        _ => 1,
    }
}

/// 1 made (an ACK has none, and that is fine), 0 another worker has it, -10 there is one already, -1 refused.
fn new_transaction(current: &mut Current) -> i64 {
    let Some(ctx) = current.ctx_mut() else { return -1 };
    if ctx.method() == Method::Ack {
        return 1;
    }
    if ctx.transaction().is_some() {
        return -10;
    }
    match ctx.new_transaction() {
        Ok(_) => 1,
        Err(RouteError::Tm(TmError::Exists(_))) => 0,
        Err(RouteError::Header(_) | RouteError::Tm(TmError::Request(_))) => -400,
        Err(_) => -1,
    }
}

/// 1 on its way; below 0 why not, and tm answers when the route ends; 0 where a relay means nothing.
async fn relay(current: &mut Current) -> i64 {
    let Some(ctx) = current.ctx_mut() else { return 0 };
    let ruri = ctx.msg.request_uri().map(|uri| Bytes::copy_from_slice(uri));
    let consumed = current.scratch::<Consumed>().0.take();
    let Some(ctx) = current.ctx_mut() else { return 0 };
    let only_branches = consumed.is_some() && consumed == ruri && ctx.destination == Destination::default();
    let result = match only_branches {
        true => {
            let branches = std::mem::take(&mut ctx.branches);
            ctx.relay_to(branches).await
        }
        false => ctx.relay().await,
    };
    let Err(error) = result else { return 1 };
    tracing::debug!(%error, "not relayed");
    let code = code(&error);
    if matches!(current.route, Route::Failure(_) | Route::BranchFailure(_)) {
        return -1;
    }
    if code < 0 {
        current.queued = Some(error);
    }
    code
}

/// Kamailio's code for why a relay failed.
fn code(error: &RouteError) -> i64 {
    match error {
        RouteError::Tm(TmError::Exists(_)) => 1, // a retransmission: absorbed
        RouteError::Canceled => -487,
        RouteError::Send(_) => -477,
        RouteError::Resolve(_) => -478,
        RouteError::Header(_) | RouteError::Edit(_) => -479,
        RouteError::Tm(TmError::Request(_)) => -400,
        RouteError::NoBranch => -6,
        _ => -1,
    }
}

/// The request URI and its next hop become one more branch; the request URI is then no branch by itself until it
/// is changed.
pub(crate) fn append_branch(current: &mut Current) -> i64 {
    let Some(ctx) = current.ctx_mut() else { return -1 };
    let Some(uri) = ctx.msg.request_uri().map(|uri| Bytes::copy_from_slice(uri)) else { return -1 };
    let mut branch = std::mem::take(&mut ctx.destination);
    branch.uri = uri.clone();
    ctx.branches.push(branch);
    current.branch_flags = 0;
    current.scratch::<Consumed>().0 = Some(uri);
    1
}
