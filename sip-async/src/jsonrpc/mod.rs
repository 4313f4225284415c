//! JSON-RPC 2.0: commands by name, for whoever operates a server. Names and parameters are Kamailio's (`jsonrpcs`).
//!
//! A command is a function of the server and its parameters. It runs where the request came in: a long one belongs on
//! a socket of its own ([`UnixServer`], feature `unix`), not on the connection of a worker.
//!
//! ```
//! use sip_async::jsonrpc::{Commands, RpcError};
//!
//! let commands = Commands::<u32>::new();
//! commands.add("core.add", "adds a number to the server's", |server, params| {
//!     Ok((i64::from(*server) + params.int(0)?).into())
//! });
//! commands.add("core.fail", "fails", |_, _| Err(RpcError::new(500, "not today")));
//!
//! let ask = |text: &str| commands.dispatch(&40, text.as_bytes()).map(|text| String::from_utf8_lossy(&text).into_owned());
//! assert_eq!(
//!     ask(r#"{"jsonrpc":"2.0","method":"core.add","params":[2],"id":7}"#).unwrap(),
//!     r#"{"id":7,"jsonrpc":"2.0","result":42}"#
//! );
//! assert_eq!(
//!     ask(r#"{"jsonrpc":"2.0","method":"core.fail","id":"x"}"#).unwrap(),
//!     r#"{"error":{"code":500,"message":"not today"},"id":"x","jsonrpc":"2.0"}"#
//! );
//! assert_eq!(ask(r#"{"jsonrpc":"2.0","method":"core.add","params":[2]}"#), None); // a notification
//! ```

mod answer;
mod error;
mod params;
#[cfg(feature = "unix")]
mod unix;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::RwLock;
use serde_json::Value as Json;

use answer::{answer, refused};

pub use answer::outcome;
pub use error::RpcError;
pub use params::Params;
#[cfg(feature = "unix")]
pub use unix::{UnixError, UnixServer};

/// Most requests in a batch.
const MOST_IN_BATCH: usize = 256;

/// What a command does.
type Handler<S> = dyn Fn(&S, &Params) -> Result<Json, RpcError> + Send + Sync;

struct Command<S> {
    help: Box<str>,
    run: Arc<Handler<S>>,
}

/// The commands of a server of type `S`.
///
/// Commands may be added while others run. `system.listMethods` and `system.methodHelp` are always there.
pub struct Commands<S> {
    by_name: RwLock<BTreeMap<Box<str>, Command<S>>>,
}

impl<S> Default for Commands<S> {
    fn default() -> Self {
        Self { by_name: RwLock::default() }
    }
}

impl<S> fmt::Debug for Commands<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_name.read().keys()).finish()
    }
}

impl<S> Commands<S> {
    /// No commands.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a command, in the place of one of the same name. `help` says in a line what it does.
    pub fn add(
        &self,
        name: &str,
        help: &str,
        run: impl Fn(&S, &Params) -> Result<Json, RpcError> + Send + Sync + 'static,
    ) {
        self.by_name.write().insert(name.into(), Command { help: help.into(), run: Arc::new(run) });
    }

    /// The names of all commands, in order.
    pub fn names(&self) -> Vec<String> {
        let mut names = vec!["system.listMethods".to_owned(), "system.methodHelp".to_owned()];
        names.extend(self.by_name.read().keys().map(|name| name.to_string()));
        names.sort_unstable();
        names
    }

    /// Runs one command.
    ///
    /// # Errors
    ///
    /// [`RpcError::METHOD_NOT_FOUND`], or what the command says.
    pub fn run(&self, server: &S, name: &str, params: &Params) -> Result<Json, RpcError> {
        // The lock is not held while the command runs: it may add others.
        let found = self.by_name.read().get(name).map(|command| Arc::clone(&command.run));
        match (found, name) {
            (Some(run), _) => run(server, params),
            (None, "system.listMethods") => Ok(self.names().into()),
            (None, "system.methodHelp") => self.help(params.text(0)?.as_ref()),
            (None, _) => Err(RpcError::METHOD_NOT_FOUND),
        }
    }

    fn help(&self, name: &str) -> Result<Json, RpcError> {
        match (self.by_name.read().get(name), name) {
            (Some(command), _) => Ok((*command.help).into()),
            (None, "system.listMethods") => Ok("the names of all commands".into()),
            (None, "system.methodHelp") => Ok("what a command does".into()),
            (None, _) => Err(RpcError::new(404, "no such command")),
        }
    }

    /// Does what a request says, or a batch of them, and returns the response; `None` where none is wanted: to a
    /// notification, or a batch of nothing else.
    ///
    /// A batch of more than 256 is refused.
    pub fn dispatch(&self, server: &S, request: &[u8]) -> Option<Vec<u8>> {
        let response = match serde_json::from_slice(request) {
            Err(_) => Some(refused(RpcError::PARSE)),
            Ok(Json::Array(batch)) if batch.is_empty() || batch.len() > MOST_IN_BATCH => {
                Some(refused(RpcError::INVALID_REQUEST))
            }
            Ok(Json::Array(batch)) => {
                let responses: Vec<_> = batch.into_iter().filter_map(|one| self.one(server, one)).collect();
                (!responses.is_empty()).then(|| responses.into())
            }
            Ok(one) => self.one(server, one),
        };
        response.map(|response| response.to_string().into_bytes())
    }

    fn one(&self, server: &S, request: Json) -> Option<Json> {
        let Json::Object(mut request) = request else { return Some(refused(RpcError::INVALID_REQUEST)) };
        let id = request.remove("id");
        let is_id = matches!(id, None | Some(Json::Null | Json::String(_) | Json::Number(_)));
        let is_2 = request.get("jsonrpc").is_some_and(|version| version == "2.0");
        let params = Params::new(request.remove("params"));
        let result = match (request.get("method"), params) {
            (Some(Json::String(name)), Some(params)) if is_2 && is_id => self.run(server, name, &params),
            _ => {
                return Some(answer(
                    Err(RpcError::INVALID_REQUEST),
                    id.filter(|_| is_id).unwrap_or_default(),
                ));
            }
        };
        id.map(|id| answer(result, id))
    }
}
