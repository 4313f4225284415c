//! `KSR.corex`: branches, and small questions about the request.

use sip_core::HeaderName;
use sip_server::Destination;

use crate::current::Current;
use crate::ksr::call::Module;
use crate::ksr::tm::{append_branch, one};
use crate::value::Text;

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    m.call("append_branch", |current: &mut Current, ()| append_branch(current))?;
    m.call("append_branch_uri", |current: &mut Current, (uri,): (Text,)| {
        if uri.is_empty() {
            return append_branch(current);
        }
        let Some(ctx) = current.ctx_mut() else { return -1 };
        ctx.branches.push(Destination::new(uri.to_bytes()));
        1
    })?;
    m.call("has_ruri_user", |current: &mut Current, ()| {
        let uri = current.msg().uri();
        one(uri.is_ok_and(|uri| uri.user().is_some_and(|user| !user.is_empty())))
    })?;
    m.call("has_user_agent", |current: &mut Current, ()| {
        let agent = current.msg().header(HeaderName::UserAgent);
        one(agent.is_some_and(|agent| !agent.is_empty()))
    })?;
    Ok(m)
}
