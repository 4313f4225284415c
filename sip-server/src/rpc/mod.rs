//! Commands for operators, by Kamailio's names: one file a module.
//!
//! They come as JSON-RPC over HTTP ([`HttpCtx::jsonrpc`](crate::HttpCtx::jsonrpc)) or a unix socket
//! ([`Running::serve_commands`](crate::Running::serve_commands)); an application adds its own to
//! [`Shared::commands`].

mod args;
mod core;
mod htable;
mod mqueue;
mod permissions;
mod pike;
mod sl;
mod stats;
mod tm;
mod ul;

use sip_async::{Queues, Tables};

use crate::shared::Shared;

/// Adds the commands that every server has.
pub(crate) fn register(shared: &Shared) {
    core::register(shared.commands());
    stats::register(shared.commands());
    tm::register(shared.commands());
    ul::register(shared.commands());
    sl::register(shared.commands());
    permissions::register(shared.commands());
    pike::register(shared.commands());
}

impl Shared {
    /// Adds the commands `htable.*` for these tables.
    pub fn offer_tables(&self, tables: &Tables) {
        htable::register(self.commands(), tables);
    }

    /// Adds the commands `mqueue.*` for these queues.
    pub fn offer_queues(&self, queues: &Queues) {
        mqueue::register(self.commands(), queues);
    }

    /// Does what a JSON-RPC request says, or a batch of them, and returns the response; `None` where none is wanted.
    pub fn jsonrpc(&self, request: &[u8]) -> Option<Vec<u8>> {
        self.commands().dispatch(self, request)
    }
}
