//! The driver: workers, routes, and the context of a route.
//!
//! An application is a type with the trait [`Routes`]; only its request route is required. A [`Server`] makes
//! one value of it for each worker and runs it. A proxy in 20 lines:
//!
//! ```no_run
//! use sip_core::{HeaderName, Method, StatusCode};
//! use sip_server::{Ctx, Routed, Routes, Server};
//!
//! struct Proxy;
//!
//! impl Routes for Proxy {
//!     async fn request(&self, ctx: &mut Ctx) -> Routed {
//!         ctx.process_maxfwd(10)?; // 483 when it has run out
//!         if ctx.has_totag() && ctx.loose_route()? {
//!             return ctx.relay().await; // within a call
//!         }
//!         match ctx.method() {
//!             Method::Register => return ctx.save().await.map(drop),
//!             Method::Ack | Method::Cancel => return Ok(()), // of no call that we know
//!             _ if !ctx.is_myself_ruri()? => return Err(StatusCode::FORBIDDEN.into()),
//!             _ => ctx.record_route()?,
//!         }
//!         ctx.msg.remove(HeaderName::Route); // where a first request goes is decided here
//!         ctx.lookup().await?; // 404 when nobody is registered
//!         ctx.relay().await
//!     }
//! }
//!
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Server::new().listen("udp:127.0.0.1:5060".parse()?).start(|_| Proxy).await?;
//! # server.stop(std::time::Duration::ZERO).await; Ok(()) }
//! ```
//!
//! # Waiting
//!
//! A route may `await` anything. It is polled once at once; if it has to wait, its transaction is parked
//! (the caller of an INVITE gets 100, retransmissions are absorbed, a CANCEL answers the caller and drops the
//! route, the timer `fr` likewise) and the worker serves other messages. The route goes on at the next
//! line. An HTTP look-up with serial forking in 40 lines:
//!
//! ```
//! use sip_core::{HeaderName, Method, StatusCode};
//! use sip_server::{Ctx, RouteError, Routed, Routes};
//!
//! struct LeastCost {
//!     http: reqwest::Client,
//!     service: reqwest::Url,
//! }
//!
//! impl LeastCost {
//!     /// The gateways for a number, best first, one a line.
//!     async fn gateways(&self, number: &str) -> Result<String, reqwest::Error> {
//!         let mut url = self.service.clone();
//!         url.query_pairs_mut().append_pair("number", number);
//!         self.http.get(url).send().await?.error_for_status()?.text().await
//!     }
//! }
//!
//! impl Routes for LeastCost {
//!     async fn request(&self, ctx: &mut Ctx) -> Routed {
//!         ctx.process_maxfwd(10)?;
//!         if ctx.has_totag() && ctx.loose_route()? {
//!             return ctx.relay().await;
//!         }
//!         if ctx.method() != Method::Invite {
//!             return Err(StatusCode::METHOD_NOT_ALLOWED.into());
//!         }
//!         let number = ctx.msg.uri()?.user().ok_or(StatusCode::ADDRESS_INCOMPLETE)?.to_string();
//!         ctx.msg.remove(HeaderName::Route);
//!         ctx.record_route()?;
//!         let gateways = self.gateways(&number).await; // parked; a CANCEL ends the route here
//!         for gateway in gateways.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?.lines() {
//!             let outcome = ctx.relay_and_wait([format!("sip:{number}@{gateway}")]).await?;
//!             if outcome.is_answered() || outcome.status() == Some(StatusCode::BUSY_HERE) {
//!                 break;
//!             }
//!         }
//!         Ok(()) // not answered: the best of the failures goes upstream
//!     }
//! }
//! ```
//!
//! # How a message travels
//!
//! 1. `sip-transport` receives a batch; `sip-core` has parsed each message.
//! 2. The request meets its stripe (`stripes.rs`): new, a retransmission, an ACK, a CANCEL.
//! 3. What is new runs a route (`driver/runner.rs`), with no lock held.
//! 4. What the route asks for is a step on the stripe: lock, step, unlock (`local.rs`, `ctx/`).
//! 5. At the end of the batch the steps' outputs are sent, and asks run further routes (`driver/worker.rs`).
//!
//! Files import downwards: `clock`, `error`, `counter`, `counts`, `latency`, `stats`, `lot`, `stripes`, `modules/`,
//! `store/`, `shared`; then `statistics` (names), `metrics`, `rpc/` (commands of operators), `stored`, `local`, `turn`;
//! then `ctx/`, `routes`; on top `driver/`, `cli` for programs (feature `cli`) and `play/` for tests (feature `play`).

mod added;
mod checked;
#[cfg(feature = "cli")]
pub mod cli;
mod clock;
mod counter;
mod counts;
mod ctx;
mod driver;
mod error;
mod event;
mod kept;
mod latency;
mod local;
mod lot;
mod memory;
mod metrics;
mod modules;
mod no_connect;
#[cfg(feature = "play")]
pub mod play;
mod post;
mod routed;
mod routes;
mod rpc;
mod settings;
mod shared;
mod statistics;
mod stats;
pub mod store;
mod stored;
mod stripes;
mod task;
mod turn;
mod uac;
mod vars;

pub use ctx::Ctx;
pub use ctx::branch::BranchCtx;
pub use ctx::calls::BranchState;
pub use ctx::destination::Destination;
pub use ctx::event::EventCtx;
pub use ctx::failure::FailureCtx;
pub use ctx::http::HttpCtx;
pub use ctx::reply::ReplyCtx;
pub use ctx::send::SendCtx;
pub use ctx::suspend::Resume;
pub use ctx::wait::Outcome;
pub use driver::builder::{Running, Server};
pub use error::{QueueFull, RouteError, StartError};
pub use event::Event;
pub use latency::{Latency, RouteKind};
pub use metrics::METRICS_TYPE;
pub use modules::lists::{ListError, ListFault, addresses_from, users_from};
pub use modules::users::{Found, Lookup, Unavailable, UserStore, Wanted};
pub use routed::Routed;
pub use routes::Routes;
pub use shared::Shared;
pub use statistics::Statistic;
pub use stats::Stats;
pub use uac::{NewRequest, RequestOutcome};
pub use vars::{VarValue, Vars};

// What the signatures above speak of.
pub use sip_transaction::{BranchId, DropReplies, RouteId, Suspension, TmError, TransactionId};
