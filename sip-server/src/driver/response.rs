//! Responses: into tm, or on their way by their Via.

use std::net::SocketAddr;

use sip_core::{HeaderName, Host, Message, Source, Target, Via};
use sip_transaction::{BranchId, Matched};

use crate::clock;
use crate::ctx::reply::ReplyCtx;
use crate::local::Local;

/// The branch of ours that a response answers; `None` for a response of no transaction of ours.
pub(super) fn branch_of(local: &Local, msg: &Message) -> Option<BranchId> {
    let via = msg.top_via().ok()?;
    BranchId::from_via(via.branch()?, local.shared.secret()).map(|(branch, _)| branch)
}

/// After the response route: tm has it, unless the route dropped it.
pub(super) fn enter_tm(local: &Local, ctx: ReplyCtx) {
    let ReplyCtx { msg, branch, dropped, .. } = ctx;
    if dropped {
        return;
    }
    let Some(branch) = branch else { return forward(local, msg) };
    let mut outbox = local.outbox.borrow_mut();
    let mut stripe = local.shared.stripes().of_branch(branch);
    let matched = stripe.table.handle_response(clock::now(), branch, msg, &mut outbox);
    if matches!(matched, Matched::Stray) {
        // A branch of ours that has ended: a stateful proxy does not pass it on (RFC 6026 8.6).
        local.stats().stray.one();
    }
}

/// A response of no transaction: if our Via is on top, it goes where the next one says (RFC 3261 16.11),
/// else it is dropped (18.1.2).
fn forward(local: &Local, mut msg: Message) {
    local.stats().stray.one();
    let ours = msg.top_via().is_ok_and(|via| is_ours(local, &via));
    if !ours {
        return;
    }
    msg.pop_value(HeaderName::Via);
    let Ok(via) = msg.top_via() else { return };
    if let Some(target) = target_of(&via) {
        local.send(target, msg.to_bytes(), None);
    }
}

fn is_ours(local: &Local, via: &Via<'_>) -> bool {
    let (Some(protocol), Some(addr)) = (via.transport(), sent_by(via)) else { return false };
    local.shared.listens().iter().any(|listen| listen.protocol == protocol && listen.addr == addr)
}

/// RFC 3261 18.2.2 without the source, which a stateless hop has forgotten: `received` and `rport`, else
/// the address in `sent-by`. A host name there would have to be asked for: not without state.
fn target_of(via: &Via<'_>) -> Option<Target> {
    let sent_by = sent_by(via);
    let port = via.rport().flatten().or(via.port()).unwrap_or(via.transport()?.default_port());
    let addr = match via.received() {
        Some(host) => SocketAddr::new(host, port),
        None => SocketAddr::new(sent_by?.ip(), port),
    };
    Some(Target::new(via.transport()?, addr))
}

fn sent_by(via: &Via<'_>) -> Option<SocketAddr> {
    let port = via.port().unwrap_or(via.transport()?.default_port());
    match via.host() {
        Host::V4(ip) => Some(SocketAddr::new(ip.into(), port)),
        Host::V6(ip) => Some(SocketAddr::new(ip.into(), port)),
        Host::Name(_) => None,
    }
}

/// Keeps the source beside the response for its route.
pub(super) fn context(local: &std::rc::Rc<Local>, msg: Message, source: Source) -> ReplyCtx {
    let branch = branch_of(local, &msg);
    ReplyCtx { msg, local: local.clone(), source: Some(source), branch, dropped: false }
}
