//! `KSR.sanity`: see [`sip_modules::sanity`].

use sip_core::Method;
use sip_modules::sanity::{self, MessageChecks, UriChecks};

use crate::current::Current;
use crate::ksr::call::Module;

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    // 1 fine; -1 not, and requests but ACK have their answer.
    m.call("sanity_check", |current: &mut Current, (checks, uris): (i64, i64)| {
        check(current, MessageChecks::from_bits(checks as u32), UriChecks::from_bits(uris as u32))
    })?;
    m.call("sanity_check_defaults", |current: &mut Current, ()| {
        check(current, MessageChecks::DEFAULT, UriChecks::DEFAULT)
    })?;
    // A failed check has answered already: nothing is left to be sent.
    m.call("sanity_reply", |_: &mut Current, ()| 1)?;
    Ok(m)
}

fn check(current: &mut Current, checks: MessageChecks, uris: UriChecks) -> i64 {
    let Err(error) = sanity::check(current.msg(), checks, uris, &[]) else { return 1 };
    tracing::debug!(%error, "sanity_check");
    if let Some(ctx) = current.ctx_mut().filter(|ctx| ctx.method() != Method::Ack)
        && let Err(error) = ctx.reply_sanity(&error)
    {
        tracing::debug!(%error, "sanity_check: not answered");
    }
    -1
}
