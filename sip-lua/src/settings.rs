//! What all VMs of a server share: limits, defines, queues and tables.

use std::sync::atomic::{AtomicI64, AtomicU32};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use parking_lot::Mutex;
use sip_async::{Queues, Table, TableSettings, Tables};

use sip_server::Shared;

use crate::error::ScriptError;
use crate::modparams::{KNOWN, ModParams};
use crate::names::RouteNames;
use crate::xhttp::Xhttp;

/// The settings of a script, with their defaults.
#[derive(Debug)]
pub struct Settings {
    pub(crate) instructions: u64,
    pub(crate) memory: usize,
    pub(crate) jit: bool,
    pub(crate) defines: Vec<String>,
    /// What stays under `KSR`, beside what is there without being loaded.
    pub(crate) modules: Option<Vec<String>>,
    /// What does not, where nothing is named.
    pub(crate) absent: Vec<&'static str>,
    pub(crate) queues: Queues,
    pub(crate) tables: Tables,
    pub(crate) xhttp: Xhttp,
    /// Counters of the script: group and name.
    counters: Vec<(String, String)>,
    pub(crate) modparams: ModParams,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            instructions: Self::INSTRUCTIONS,
            memory: Self::MEMORY,
            jit: false,
            defines: Vec::new(),
            modules: None,
            absent: Vec::new(),
            queues: Queues::new(),
            tables: Tables::new(),
            xhttp: Xhttp::default(),
            counters: Vec::new(),
            modparams: ModParams::default(),
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

    /// Which modules the script finds under `KSR`, as `loadmodule` in Kamailio; scripts test for them with
    /// `if KSR.nathelper then`. `pv`, `x`, `hdr`, `kx` and `await` are there in any case. Default: all. A name that
    /// no module has is an error when the script is loaded.
    pub fn modules(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.modules = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Leaves authentication (`KSR.auth`, `KSR.auth_db`) out unless [`modules`](Self::modules) names it or a parameter
    /// `auth.*` was set: for a server that knows no users. Kamailio's sample asks nobody for a password then.
    pub fn without_users(mut self) -> Self {
        if !self.modparams.has_auth() {
            self.absent = vec!["auth", "auth_db"];
        }
        self
    }

    /// Sets a parameter of a module, by Kamailio's names: `modparam("mqueue", "mqueue", "name=cdr;size=100")`.
    ///
    /// Known are `mqueue.mqueue`, `htable.htable`, `xhttp.event_callback`, `xhttp.url_match`, `xhttp.url_skip`,
    /// `counters.script_counter` and `statistics.variable`, and those of modules whose state is the server's, which
    /// [`Script::configure`](crate::Script::configure) hands to it: `auth.algorithm` (one or several, apart by commas),
    /// `auth.qop`, `auth.nonce_expire`, `auth.nonce_count`, `auth.one_time_nonce`, `auth.secret`,
    /// `permissions.address_file`, `pike.sampling_time_unit`, `pike.reqs_density_per_unit`, `pike.remove_latency`.
    /// A file is read at once.
    ///
    /// # Errors
    ///
    /// [`ScriptError::Setting`]: the parameter is unknown or its value is wrong.
    pub fn modparam(mut self, module: &str, name: &str, value: &str) -> Result<Self, ScriptError> {
        let wrong = |error: &dyn std::fmt::Display| ScriptError::Setting(format!("{module}.{name}: {error}"));
        match (module, name) {
            ("mqueue", "mqueue") => _ = self.queues.declare(value).map_err(|error| wrong(&error))?,
            ("htable", "htable") => _ = self.tables.declare(value).map_err(|error| wrong(&error))?,
            ("xhttp", _) => self.xhttp.set(name, value).map_err(|error| wrong(&error))?,
            // `[group.]name[ description]`
            ("counters", "script_counter") => {
                let counter = value.split([' ', ',']).next().unwrap_or_default();
                let (group, counter) = counter.rsplit_once('.').unwrap_or(("script", counter));
                self.counter(group, counter).ok_or_else(|| wrong(&"a name is expected"))?;
            }
            // `name[/no_reset]`
            ("statistics", "variable") => {
                let counter = value.split('/').next().unwrap_or_default().trim();
                self.counter("script", counter).ok_or_else(|| wrong(&"a name is expected"))?;
            }
            _ => match self.modparams.set(module, name, value) {
                Some(result) => result.map_err(|error| wrong(&error))?,
                None => {
                    let known = "this parameter is unknown; known are mqueue.mqueue, htable.htable, xhttp.event_callback, \
                                 xhttp.url_match, xhttp.url_skip, counters.script_counter, statistics.variable,";
                    return Err(wrong(&format_args!("{known} {KNOWN}")));
                }
            },
        }
        Ok(self)
    }

    fn counter(&mut self, group: &str, name: &str) -> Option<()> {
        let is_name = !name.is_empty() && !group.is_empty();
        is_name.then(|| self.counters.push((group.to_owned(), name.to_owned())))
    }

    /// Makes known to operators what the script has: its tables, queues and counters.
    pub(crate) fn offer(&self, shared: &Shared) {
        shared.offer_tables(&self.tables);
        shared.offer_queues(&self.queues);
        for (group, name) in &self.counters {
            if !shared.counters().declare(group, name) {
                tracing::warn!(name, "too many counters: this one is not there");
            }
        }
    }
}

/// The text of a script that was reloaded.
pub(crate) struct Newest {
    pub(crate) version: u32,
    pub(crate) text: Option<Arc<[u8]>>,
}

/// What all VMs of a server share.
pub(crate) struct Env {
    pub(crate) settings: Settings,
    pub(crate) names: Arc<RouteNames>,
    /// The version of the script that is in force, and its text.
    pub(crate) version: AtomicU32,
    pub(crate) newest: Mutex<Newest>,
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
            version: AtomicU32::new(1),
            newest: Mutex::new(Newest { version: 1, text: None }),
            shv: Table::new(shv),
            locks: Table::new(TableSettings::default()),
            chance: AtomicI64::new(0),
            started: OnceLock::new(),
        }
    }
}
