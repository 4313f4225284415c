//! `KSR.sanity`: see [`sip_modules::sanity`].

use sip_core::Method;
use sip_modules::sanity::{self, MessageChecks, UriChecks};

use crate::current::Current;
use crate::ksr::call::Module;

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    // 1 fine; -1 not, and requests but ACK have their answer.
    m.call("sanity_check", |current: &mut Current, (checks, uris): (i64, i64)| {
        let checks = MessageChecks::from_bits(checks as u32);
        let uris = UriChecks::from_bits(uris as u32);
        let Err(error) = sanity::check(current.msg(), checks, uris, &[]) else { return 1 };
        tracing::debug!(%error, "sanity_check");
        if let Some(ctx) = current.ctx_mut().filter(|ctx| ctx.method() != Method::Ack)
            && let Err(error) = ctx.reply_sanity(&error)
        {
            tracing::debug!(%error, "sanity_check: not answered");
        }
        -1
    })?;
    Ok(m)
}
