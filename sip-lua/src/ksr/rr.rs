//! `KSR.rr`: see [`sip_modules::rr`].

use std::rc::Rc;

use sip_modules::rr::{self, Direction, LooseRoute};
use sip_server::{Ctx, RouteError};

use crate::current::{Current, Route};
use crate::ksr::call::Module;
use crate::ksr::state::State;
use crate::ksr::tm::one;
use crate::value::Text;

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    m.call("record_route", |current: &mut Current, ()| done(record_route(current)))?;
    m.call("loose_route", |current: &mut Current, ()| match current.ctx_mut().map(Ctx::follow_route) {
        Some(Ok(found)) => found.code(),
        Some(Err(_)) | None => -1,
    })?;
    m.call("loose_route_preloaded", |current: &mut Current, ()| {
        let found = current.ctx_mut().map(Ctx::follow_route);
        one(matches!(found, Some(Ok(LooseRoute::Preloaded(_)))))
    })?;
    m.call("record_route_params", |current: &mut Current, (params,): (Text,)| {
        let recorded = done(record_route(current));
        if recorded < 0 { recorded } else { done(add_param(current, &params)) }
    })?;
    m.call("add_rr_param", |current: &mut Current, (param,): (Text,)| done(add_param(current, &param)))?;
    let state = State::of(&m);
    let s = Rc::clone(&state);
    m.call("check_route_param", move |current: &mut Current, (expression,): (Text,)| {
        let Some(regex) = s.regex(&expression) else { return -1 };
        one(with_state(current, |state, _| rr::check_route_param(state, |params| regex.is_match(params))))
    })?;
    m.call("is_direction", |current: &mut Current, (wanted,): (Text,)| {
        let wanted = match wanted.to_ascii_lowercase().as_slice() {
            b"downstream" => Direction::Downstream,
            b"upstream" => Direction::Upstream,
            _ => return -1,
        };
        one(with_state(current, |state, msg| rr::is_direction(state, msg, wanted)))
    })?;
    Ok(m)
}

fn add_param(current: &mut Current, param: &Text) -> Option<Result<(), RouteError>> {
    match &mut current.route {
        Route::Branch(ctx) => Some(ctx.add_rr_param(param)),
        _ => current.ctx_mut().map(|ctx| ctx.add_rr_param(param)),
    }
}

fn record_route(current: &mut Current) -> Option<Result<(), RouteError>> {
    match &mut current.route {
        Route::Branch(ctx) => Some(ctx.record_route_with(&rr::Options::default())),
        _ => current.ctx_mut().map(Ctx::record_route),
    }
}

/// 1, or -1 with the reason in the log.
fn done(result: Option<Result<(), RouteError>>) -> i64 {
    match result {
        Some(Ok(())) => 1,
        Some(Err(error)) => {
            tracing::debug!(%error, "KSR.rr: nothing is done");
            -1
        }
        None => -1,
    }
}

/// Responses bring no Route: `false` there.
fn with_state(current: &Current, ask: impl FnOnce(&rr::State, &sip_core::Message) -> bool) -> bool {
    match &current.route {
        Route::Branch(ctx) => ask(ctx.rr(), &ctx.msg),
        _ => current.ctx().is_some_and(|ctx| ask(&ctx.rr(), &ctx.msg)),
    }
}
