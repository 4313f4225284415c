//! `KSR.xhttp`: the reply to an HTTP request; `KSR.xhttp_prom`: statistics for Prometheus.

use sip_core::StatusCode;

use crate::current::Current;
use crate::ksr::call::Module;
use crate::value::{Kemi, Text};

/// The page of `KSR.xhttp_prom`.
const PAGE: &str = "/metrics";

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    m.call("xhttp_reply", |current: &mut Current, (code, reason, kind, body): (i64, Text, Text, Text)| {
        let status = u16::try_from(code).ok().and_then(StatusCode::new);
        let (Some(ctx), Some(status)) = (current.http_mut(), status) else { return -1 };
        done(ctx.xhttp_reply(status, &reason.to_utf8(), &kind.to_utf8(), &**body))
    })?;
    m.call("get_hu", |current: &mut Current, ()| match current.http_mut() {
        Some(ctx) => Kemi::from(ctx.url()),
        None => Kemi::Null,
    })?;
    Ok(m)
}

/// `KSR.xhttp_prom`.
pub(crate) fn prometheus(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    m.call("check_uri", |current: &mut Current, ()| match current.http_mut() {
        Some(ctx) if ctx.path() == PAGE => 1,
        _ => -1,
    })?;
    m.call("dispatch", |current: &mut Current, ()| match current.http_mut() {
        Some(ctx) => done(ctx.reply_metrics("kamailio_")),
        None => -1,
    })?;
    Ok(m)
}

/// 0 is success, as there.
fn done(result: sip_server::Routed) -> i64 {
    match result {
        Ok(()) => 0,
        Err(error) => {
            tracing::debug!(%error, "no reply to an HTTP request");
            -1
        }
    }
}
