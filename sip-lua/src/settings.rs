//! What all VMs of a server share: limits, defines, queues and tables.

use std::sync::atomic::AtomicI64;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use sip_async::{Queues, Table, TableSettings, Tables};

use crate::error::ScriptError;
use crate::names::RouteNames;

/// The settings of a script, with their defaults.
#[derive(Debug)]
pub struct Settings {
    pub(crate) instructions: u64,
    pub(crate) memory: usize,
    pub(crate) jit: bool,
    pub(crate) defines: Vec<String>,
    pub(crate) queues: Queues,
    pub(crate) tables: Tables,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            instructions: Self::INSTRUCTIONS,
            memory: Self::MEMORY,
            jit: false,
            defines: Vec::new(),
            queues: Queues::new(),
            tables: Tables::new(),
        }
    }
}

impl Settings {
    /// The default of [`instructions`](Self::instructions).
    pub const INSTRUCTIONS: u64 = 5_000_000;
    /// The default of [`memory`](Self::memory).
    pub const MEMORY: usize = 256 << 20;

    /// The default settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many instructions of Lua a route may run between two waits. Default: 5,000,000, some tens of
    /// milliseconds. 0: no limit.
    pub fn instructions(mut self, limit: u64) -> Self {
        self.instructions = limit;
        self
    }

    /// How many bytes the script may have on each worker. Default: 256 MiB. 0: no limit.
    pub fn memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// Compiles hot code to machine code (LuaJIT only). Compiled code does not count its instructions: the limit
    /// is not enforced then. Default: off.
    pub fn jit(mut self, on: bool) -> Self {
        self.jit = on;
        self
    }

    /// Defines a name, as `#!define WITH_NAT` does (`KSR.kx.ifdef`).
    pub fn define(mut self, name: impl Into<String>) -> Self {
        self.defines.push(name.into());
        self
    }

    /// Sets a parameter of a module, by Kamailio's names: `modparam("mqueue", "mqueue", "name=cdr;size=100")`.
    ///
    /// Known are `mqueue.mqueue` and `htable.htable`.
    ///
    /// # Errors
    ///
    /// [`ScriptError::Setting`]: the parameter is unknown or its value is wrong.
    pub fn modparam(mut self, module: &str, name: &str, value: &str) -> Result<Self, ScriptError> {
        let wrong = |error: &dyn std::fmt::Display| ScriptError::Setting(format!("{module}.{name}: {error}"));
        match (module, name) {
            ("mqueue", "mqueue") => _ = self.queues.declare(value).map_err(|error| wrong(&error))?,
            ("htable", "htable") => _ = self.tables.declare(value).map_err(|error| wrong(&error))?,
            _ => return Err(wrong(&"this parameter is unknown; known are mqueue.mqueue and htable.htable")),
        }
        Ok(self)
    }
}

/// What all VMs of a server share.
pub(crate) struct Env {
    pub(crate) settings: Settings,
    pub(crate) names: Arc<RouteNames>,
    /// `$shv`: variables that all workers share; 0 until they are set.
    pub(crate) shv: Table,
    /// Locks by name (`cfgutils.lock`): no item is ever in it.
    pub(crate) locks: Table,
    /// How probable `cfgutils.rand_event` is, in percent.
    pub(crate) chance: AtomicI64,
    /// When the server started, as the calendar says.
    pub(crate) started: OnceLock<SystemTime>,
}

impl Env {
    /// What a script with these settings begins with.
    pub(crate) fn new(settings: Settings) -> Self {
        let shv = TableSettings {
            initval: Some(0),
            max_items: 1 << 16,
            max_bytes: 1 << 26,
            ..TableSettings::default()
        };
        Self {
            settings,
            names: Arc::default(),
            shv: Table::new(shv),
            locks: Table::new(TableSettings::default()),
            chance: AtomicI64::new(0),
            started: OnceLock::new(),
        }
    }
}
