//! `KSR.maxfwd`: see [`sip_modules::maxfwd`].

use sip_core::{HeaderName, StatusCode};
use sip_modules::maxfwd;

use crate::current::Current;
use crate::ksr::call::Module;

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    m.call("process_maxfwd", |current: &mut Current, (limit,): (i64,)| {
        let Some(ctx) = current.ctx_mut() else { return -2 };
        let was_there = ctx.msg.has_header(HeaderName::MaxForwards);
        let limit = limit.clamp(0, maxfwd::MAX_LIMIT.into()) as u32;
        match ctx.process_maxfwd(limit) {
            Ok(()) if was_there => 1,
            Ok(()) => 2,
            Err(error) if error.status() == Some(StatusCode::TOO_MANY_HOPS) => -1,
            Err(_) => -2,
        }
    })?;
    Ok(m)
}
