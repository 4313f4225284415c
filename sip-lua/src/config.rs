//! The settings of `ksr` in a file.
//!
//! ```toml
//! listen = ["udp:192.0.2.1:5060", "tcp:192.0.2.1:5060"]
//! domains = ["example.org"]
//! workers = 4
//! users = "users.txt"
//! modules = ["tm", "sl", "rr", "maxfwd", "textops", "siputils", "registrar", "htable"]
//!
//! [define]                    # KSR.kx.ifdef
//! WITH_ANTIFLOOD = true
//! GATEWAY = "192.0.2.7"
//!
//! [modparam]                  # Kamailio's names and values
//! htable.htable = ["ipban=>size=8;autoexpire=300"]
//! auth.nonce_expire = 300
//! ```
//!
//! A name that is unknown, or a value of the wrong kind, is an error that says where. File names, not URLs, are relative to the
//! directory of the file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[cfg(feature = "sql")]
use clap::ValueEnum;
use serde::Deserialize;
#[cfg(feature = "sql")]
use sip_server::cli::DbMode;
use sip_server::cli::{Access, Options};

use crate::error::ScriptError;
use crate::settings::Settings;

/// What a file of settings may say; all of it may be left out.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where to listen, as `--listen`.
    listen: Vec<String>,
    /// The domains that are served, as `--domain`.
    domains: Vec<String>,
    workers: Option<u16>,
    task_workers: Option<u16>,
    /// A file of users or the URL of a database, as `--users`.
    users: Option<String>,
    /// The database, as `--db`, and when it learns of a REGISTER: `write-through`, `write-back`, `store-only`.
    db: Option<String>,
    db_mode: Option<String>,
    db_interval: Option<u32>,
    /// A file of addresses, as `--addresses`.
    addresses: Option<PathBuf>,
    /// The socket for commands, as `--rpc`.
    rpc: Option<PathBuf>,
    /// Whether `/metrics` is answered, as `--http`.
    http: bool,
    /// The modules that the script finds under `KSR`; all where this is left out.
    modules: Option<Vec<String>>,
    instructions: Option<u64>,
    memory: Option<usize>,
    jit: Option<bool>,
    define: BTreeMap<String, Define>,
    modparam: BTreeMap<String, BTreeMap<String, Parameter>>,
}

/// `NAME = true` defines a name, any other value gives it one; `NAME = false` does not define it.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Define {
    Is(bool),
    Number(i64),
    Text(String),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Parameter {
    One(Value),
    Many(Vec<Value>),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Value {
    Is(bool),
    Number(i64),
    Text(String),
}

impl Value {
    fn text(&self) -> String {
        match self {
            Self::Is(is) => i32::from(*is).to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`ScriptError::Read`], and [`ScriptError::Setting`] with the place in the file.
    pub fn read(path: &Path) -> Result<Self, ScriptError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ScriptError::Read { path: path.into(), source })?;
        let mut config: Self = toml::from_str(&text)
            .map_err(|error| ScriptError::Setting(format!("{}: {error}", path.display())))?;
        let directory = path.parent().unwrap_or(Path::new(""));
        for file in [&mut config.addresses, &mut config.rpc].into_iter().flatten() {
            *file = directory.join(&*file);
        }
        if let Some(users) = config.users.as_mut().filter(|users| !users.contains(':')) {
            *users = directory.join(&*users).display().to_string();
        }
        config.files(directory);
        Ok(config)
    }

    /// Parameters that name files, from the directory of the file of settings.
    fn files(&mut self, directory: &Path) {
        let Some(parameters) = self.modparam.get_mut("permissions") else { return };
        if let Some(Parameter::One(Value::Text(file))) = parameters.get_mut("address_file") {
            *file = directory.join(&*file).display().to_string();
        }
    }

    /// Fills in what the command line has left out.
    ///
    /// # Errors
    ///
    /// [`ScriptError::Setting`]: an address to listen on that is none.
    pub fn complete(&self, options: &mut Options, access: &mut Access) -> Result<(), ScriptError> {
        if options.listen.is_empty() {
            for listen in &self.listen {
                let wrong = |error| ScriptError::Setting(format!("listen: `{listen}`: {error}"));
                options.listen.push(listen.parse().map_err(wrong)?);
            }
        }
        if options.domain.is_empty() {
            options.domain.clone_from(&self.domains);
        }
        options.workers = options.workers.or(self.workers.map(|workers| workers.clamp(1, 1024)));
        options.task_workers = options.task_workers.or(self.task_workers.map(|workers| workers.clamp(1, 64)));
        options.rpc = options.rpc.take().or(self.rpc.clone());
        options.http |= self.http;
        self.database(options)?;
        access.users = access.users.take().or(self.users.clone().map(Into::into));
        access.addresses = access.addresses.take().or(self.addresses.clone());
        Ok(())
    }

    #[cfg(not(feature = "sql"))]
    fn database(&self, _options: &mut Options) -> Result<(), ScriptError> {
        match self.db.is_some() || self.db_mode.is_some() || self.db_interval.is_some() {
            true => Err(ScriptError::Setting("db: this program was built without databases".into())),
            false => Ok(()),
        }
    }

    #[cfg(feature = "sql")]
    fn database(&self, options: &mut Options) -> Result<(), ScriptError> {
        let (Some(url), None) = (&self.db, &options.db) else { return Ok(()) };
        let wrong = |error: &dyn std::fmt::Display| ScriptError::Setting(format!("db: {error}"));
        options.db = Some(url.parse().map_err(|error| wrong(&error))?);
        if let Some(mode) = &self.db_mode {
            options.db_mode = DbMode::from_str(mode, false).map_err(|error| wrong(&error))?;
        }
        if let Some(seconds) = self.db_interval {
            options.db_interval = seconds.clamp(1, 3600);
        }
        Ok(())
    }

    /// The settings of the script, as the file has them.
    ///
    /// # Errors
    ///
    /// [`ScriptError::Setting`]: a parameter or a module that is unknown, or a value that is wrong.
    pub fn settings(&self) -> Result<Settings, ScriptError> {
        let mut settings = Settings::new();
        if let Some(instructions) = self.instructions {
            settings = settings.instructions(instructions);
        }
        if let Some(memory) = self.memory {
            settings = settings.memory(memory);
        }
        settings = settings.jit(self.jit.unwrap_or(false));
        if let Some(modules) = &self.modules {
            settings = settings.modules(modules);
        }
        for (name, define) in &self.define {
            settings = match define {
                Define::Is(false) => settings,
                Define::Is(true) => settings.define(name),
                Define::Number(number) => settings.define(format!("{name}={number}")),
                Define::Text(text) => settings.define(format!("{name}={text}")),
            };
        }
        for (module, parameters) in &self.modparam {
            for (name, parameter) in parameters {
                let values = match parameter {
                    Parameter::One(value) => std::slice::from_ref(value),
                    Parameter::Many(values) => values,
                };
                for value in values {
                    settings = settings.modparam(module, name, &value.text())?;
                }
            }
        }
        Ok(settings)
    }
}
