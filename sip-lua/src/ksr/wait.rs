//! `KSR.await`: what waits, and is not in Kamailio. The call is parked; the worker serves others.

use std::time::Duration;

use sip_server::{Destination, RouteError};

use crate::current::Current;
use crate::ksr::call::Module;
use crate::ksr::uac;

/// Longest sleep: a day. The transaction ends much sooner, by its timer.
pub(crate) const LONGEST: u64 = 86_400_000;

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    // 1, when the time is over. A caller that gives up meanwhile ends the route here.
    m.waits("sleep", async |_: &mut Current, (ms,): (i64,)| {
        let ms = u64::try_from(ms).unwrap_or_default().min(LONGEST);
        tokio::time::sleep(Duration::from_millis(ms)).await;
        1
    })?;
    // Relays to the request URI and all branches and waits for what comes of it: the status of the 2xx that is
    // on its way to the caller, or of the best failure, which goes upstream unless the route relays or replies.
    m.waits("relay", async |current: &mut Current, ()| relay(current).await)?;
    uac::register_waiting(&mut m)?;
    Ok(m)
}

async fn relay(current: &mut Current) -> i64 {
    let Some(ctx) = current.ctx_mut() else { return -1 };
    let mut destinations = vec![std::mem::take(&mut ctx.destination)];
    destinations.extend(ctx.branches.drain(..).collect::<Vec<Destination>>());
    match ctx.relay_and_wait(destinations).await {
        Ok(outcome) => outcome.status().map_or(-1, |status| status.code().into()),
        Err(RouteError::Canceled) => -487,
        Err(error) => {
            tracing::debug!(%error, "not relayed");
            current.queued = Some(error);
            -1
        }
    }
}
