//! The proxy that most stories are played with.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::panic, reason = "one of the routes is a bug on purpose")]

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use sip_core::{HeaderName, Method, StatusCode};
use sip_server::{Ctx, FailureCtx, RouteId, Routed, Routes};

/// How a [`Proxy`] relays a first request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mode {
    /// To all contacts at once.
    Fork,
    /// To the user's contact, and when that fails to `next@10.0.1.3` by a failure route.
    FailureRoute,
    /// The same as straight-line code.
    RelayAndWait,
    /// After waiting this long.
    Wait(Duration),
    /// Its route panics.
    Panic,
}

/// A registrar and proxy. `runs` counts the request routes that were run for INVITEs.
pub(crate) struct Proxy {
    pub(crate) mode: Mode,
    pub(crate) runs: Rc<Cell<u32>>,
}

pub(crate) const NEXT: &str = "sip:next@10.0.1.3:5060";
const FAILED: RouteId = RouteId::new(1);

impl Proxy {
    pub(crate) fn new(mode: Mode) -> Self {
        Self { mode, runs: Rc::default() }
    }
}

impl Routes for Proxy {
    async fn request(&self, ctx: &mut Ctx) -> Routed {
        ctx.process_maxfwd(10)?;
        if ctx.loose_route()? {
            return ctx.relay().await;
        }
        match ctx.method() {
            Method::Register => return ctx.save().await.map(drop),
            Method::Ack => return Ok(()),
            Method::Cancel => return Err(StatusCode::CALL_TRANSACTION_DOES_NOT_EXIST.into()),
            Method::Options => return ctx.reply(StatusCode::OK),
            _ => {}
        }
        self.runs.set(self.runs.get() + 1);
        ctx.record_route()?;
        match self.mode {
            Mode::Fork => {}
            Mode::FailureRoute => ctx.on_failure(FAILED),
            Mode::RelayAndWait => {
                let first = ctx.msg.request_uri().unwrap_or_default().to_string();
                ctx.msg.append("X-Tried", "1")?;
                if ctx.relay_and_wait([to_phone(&first)]).await?.is_answered() {
                    return Ok(());
                }
                ctx.msg.append("X-Failed-Over", "yes")?;
                return ctx.relay_and_wait([NEXT]).await.map(drop);
            }
            Mode::Wait(time) => {
                ctx.msg.append("X-Before", "kept")?;
                tokio::time::sleep(time).await;
            }
            Mode::Panic => panic!("a bug of the application"),
        }
        if self.mode == Mode::FailureRoute {
            let first = ctx.msg.request_uri().unwrap_or_default().to_string();
            ctx.msg.append("X-Tried", "1")?;
            return ctx.relay_to([to_phone(&first)]).await;
        }
        ctx.lookup().await?;
        ctx.relay().await
    }

    async fn failure(&self, route: RouteId, ctx: &mut FailureCtx) -> Routed {
        assert_eq!(route, FAILED);
        assert!(ctx.msg.has_header(HeaderName::from("X-Tried")), "the request is as it was relayed");
        ctx.msg.append("X-Failed-Over", "yes")?;
        ctx.relay_to([NEXT]).await
    }
}

/// `sip:bob@10.0.0.1` is at the second phone.
fn to_phone(uri: &str) -> String {
    uri.replace("10.0.0.1", "10.0.1.2:5060")
}
