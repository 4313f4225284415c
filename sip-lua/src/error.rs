//! What may be wrong with a script. Always its author's fault, never a peer's.

use std::path::PathBuf;

/// Why a script was not loaded, or why a route of it ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScriptError {
    /// The file could not be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A syntax error, or an error at the top level of the script or in a route. The text begins with
    /// file and line, as Lua writes them: `routing.lua:12: attempt to ...`.
    #[error("{0}")]
    Lua(String),
    /// The script has no function `ksr_request_route`.
    #[error("{}: no function ksr_request_route: nothing would be done with a request", path.display())]
    NoRequestRoute {
        /// The file.
        path: PathBuf,
    },
    /// It ran for too long without waiting or ending.
    #[error("{at}: stopped after {limit} instructions: does it loop for ever? (the setting is instructions)")]
    Instructions {
        /// File and line where it was stopped.
        at: String,
        /// The limit.
        limit: u64,
    },
    /// It needs more memory than it may have.
    #[error("{at}: out of memory: the script may have {limit} bytes on each worker (the setting is memory)")]
    Memory {
        /// The function that ran, or the file.
        at: String,
        /// The limit.
        limit: usize,
    },
    /// A setting cannot be used.
    #[error("{0}")]
    Setting(String),
}
