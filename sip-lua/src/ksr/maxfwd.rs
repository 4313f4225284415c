//! `KSR.maxfwd`: see [`sip_modules::maxfwd`].

use sip_modules::maxfwd;

use crate::current::Current;
use crate::ksr::call::Module;

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    m.call("process_maxfwd", |current: &mut Current, (limit,): (i64,)| {
        current.ctx_mut().map_or(-2, |ctx| ctx.count_maxfwd(number(limit)).code())
    })?;
    m.call("is_maxfwd_lt", |current: &mut Current, (limit,): (i64,)| {
        maxfwd::is_below(current.msg(), number(limit)).code()
    })?;
    Ok(m)
}

/// As many hops as can be.
fn number(limit: i64) -> u32 {
    limit.clamp(0, 255) as u32
}
