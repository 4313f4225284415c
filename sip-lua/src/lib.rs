//! `KSR`: Kamailio's Lua API over the Rust API.
//!
//! A script written for Kamailio's `app_lua` runs here: `ksr_request_route` is called for each request, the
//! functions under `KSR` do what they do there and return the same codes. The program is `ksr`:
//!
//! ```text
//! ksr run routing.lua --listen udp:192.0.2.1:5060 --domain example.org
//! ksr check routing.lua
//! ksr stubs > ksr.lua
//! ```
//!
//! In a program of one's own, a script is a kind of [`Routes`](sip_server::Routes):
//!
//! ```no_run
//! use sip_lua::{LuaRoutes, Script, Settings};
//! use sip_server::Server;
//!
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! let script = Script::read("routing.lua", Settings::new())?;
//! let routes = LuaRoutes::factory(script)?; // loads it once: what is wrong with it shows here
//! let server = Server::new().listen("udp:127.0.0.1:5060".parse()?).start(routes).await?;
//! # server.stop(std::time::Duration::ZERO).await; Ok(()) }
//! ```
//!
//! # Waiting
//!
//! Each route runs as a Lua coroutine. A function that has to wait (`KSR.tm.t_relay` with a slow branch route,
//! `KSR.await.sleep`) parks the call, not the worker: thousands of calls wait at once, and a
//! script is written as if nothing ever waited. What Kamailio does not have is under `KSR.await`.
//!
//! # What a script cannot do
//!
//! Loop for ever or eat the machine's memory: both end the route with an error that is logged with
//! file and line, its caller gets 500, and the next call works. See [`Settings`].
//!
//! # Layout
//!
//! | file | what it holds |
//! |---|---|
//! | `error` | what may be wrong with a script |
//! | `modparams`, `settings`, `names`, `script` | what all workers share: limits, queues and tables, names of routes, the text |
//! | `config` | [`Config`]: the file of settings |
//! | `xhttp` | which function an HTTP request runs |
//! | `value` | arguments and return values, as KEMI has them |
//! | `current` | the message that a VM works on now |
//! | `ksr/call` | how a Lua call becomes a Rust call |
//! | `pv/`, `ksr/NAME` | pseudo-variables; one file a KSR module |
//! | `budget` | the instruction limit |
//! | `engine` | one VM: its coroutines, its errors |
//! | `reload` | another text for a script that runs |
//! | `routes` | [`LuaRoutes`]: which function of the script runs when |
//! | `check/` | [`check`]: what can be said of a script without a message |
//! | `stubs` | [`stubs`]: what editors are told of the functions |

#[cfg(not(any(feature = "luajit", feature = "lua54")))]
compile_error!("choose an interpreter: feature `luajit` (default) or `lua54`");

mod budget;
mod check;
mod config;
mod current;
mod engine;
mod error;
mod ksr;
mod modparams;
mod names;
mod pv;
mod reload;
mod routes;
mod script;
mod settings;
mod stubs;
mod value;
mod xhttp;

pub use check::{Finding, check};
pub use config::Config;
pub use error::ScriptError;
pub use routes::LuaRoutes;
pub use script::Script;
pub use settings::Settings;
pub use stubs::stubs;
