//! What the programs have in common: the command line, the log, the end. Feature `cli`.
//!
//! ```no_run
//! use clap::Parser;
//! use sip_server::cli::{self, Options};
//! # use sip_server::{Ctx, Routed, Routes};
//! # struct Proxy;
//! # impl Routes for Proxy { async fn request(&self, ctx: &mut Ctx) -> Routed { ctx.relay().await } }
//!
//! #[derive(Parser)]
//! struct Cli {
//!     #[command(flatten)]
//!     options: Options,
//! }
//!
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! let running = Cli::parse().options.server().start(|_| Proxy).await?;
//! cli::serve(running).await?; // until Ctrl-C
//! # Ok(()) }
//! ```

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
#[cfg(feature = "sql")]
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
#[cfg(feature = "sql")]
use sip_async::sql::{Database, DatabaseUrl, Settings};
use sip_transport::Listen;
use tracing_subscriber::EnvFilter;

use crate::driver::builder::{Running, Server};
use crate::modules::lists::{ListError, addresses_from, users_from};
#[cfg(feature = "sql")]
use crate::store::settings::{StoreMode, StoreSettings};
#[cfg(feature = "sql")]
use crate::store::sql::subscriber::Subscribers;

/// How long calls that are being set up may take to finish after Ctrl-C.
const PATIENCE: Duration = Duration::from_secs(5);

/// Options that every program takes.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Where to listen: udp:IP:PORT or tcp:IP:PORT; repeatable. A wildcard IP becomes one UDP socket
    /// for each local address.
    #[arg(long, value_name = "PROTO:IP:PORT")]
    pub listen: Vec<Listen>,
    /// A domain that this server serves; repeatable. Default: the addresses it listens on.
    #[arg(long, value_name = "NAME")]
    pub domain: Vec<String>,
    /// Worker threads. Default: one a core.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub workers: Option<u16>,
    /// Where the location is kept, and users and addresses are looked for: sqlite:FILE, postgres://..., mysql://...
    /// Default: the location lives in memory and ends with the process.
    #[cfg(feature = "sql")]
    #[arg(long, value_name = "URL")]
    pub db: Option<DatabaseUrl>,
    /// When the database learns of a REGISTER.
    #[cfg(feature = "sql")]
    #[arg(long, value_enum, default_value_t = DbMode::WriteThrough)]
    pub db_mode: DbMode,
    /// Write-back: the seconds of changes that a crash may lose.
    #[cfg(feature = "sql")]
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub db_interval: u32,
    /// Threads for work that is no message: timers, queues, tasks. Default: 1.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub task_workers: Option<u16>,
    /// Takes commands as JSON-RPC (as kamcli sends them) from a unix datagram socket at this path.
    #[arg(long, value_name = "PATH")]
    pub rpc: Option<PathBuf>,
    /// Answers GET /metrics on the TCP listeners with all statistics, for Prometheus.
    #[arg(long)]
    pub http: bool,
    /// How to log; what to log is in the environment variable LOG, such as LOG=debug.
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub log: LogFormat,
}

/// Options of programs that know who may do what.
#[derive(Args, Clone, Debug, Default)]
pub struct Access {
    /// A file of users, who are asked for their passwords then. One a line: USER:PASSWORD, or USER@REALM:HA1 with
    /// the hash of user:realm:password in hex digits (32 are MD5, 64 SHA-256). The realm is the domain. Or the URL
    /// of a database with Kamailio's table `subscriber`: sqlite:FILE, postgres://..., mysql://...
    #[arg(long, value_name = "FILE")]
    pub users: Option<PathBuf>,
    /// A file of addresses in numbered groups. One a line: GROUP ADDRESS MASK PORT TAG,
    /// the last three if they are needed.
    #[arg(long, value_name = "FILE")]
    pub addresses: Option<PathBuf>,
}

impl Access {
    /// The server, with what the files say.
    ///
    /// # Errors
    ///
    /// [`ListError`]: a file cannot be read, or a line of it.
    pub fn server(&self, mut server: Server) -> Result<Server, ListError> {
        if let Some(path) = &self.users {
            #[cfg(feature = "sql")]
            if let Some(Ok(url)) = path.to_str().map(str::parse) {
                let database = Database::open("users", &url, Settings::default());
                let database =
                    database.map_err(|error| ListError { path: path.clone(), wrong: error.into() })?;
                return self.with_addresses(server.users(Arc::new(Subscribers::new(database, false))));
            }
            server = server.users(users_from(path)?);
        }
        self.with_addresses(server)
    }

    fn with_addresses(&self, server: Server) -> Result<Server, ListError> {
        match &self.addresses {
            Some(path) => Ok(server.addresses(addresses_from(path)?).address_file(path)),
            None => Ok(server),
        }
    }
}

/// How to log.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// When the database learns of a REGISTER.
#[cfg(feature = "sql")]
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum DbMode {
    /// Before it is answered: a database that is down means 503.
    WriteThrough,
    /// A little later: a crash may lose it.
    WriteBack,
    /// Before it is answered, and it is asked for every call: several servers share it.
    StoreOnly,
}

impl Options {
    /// A server with these settings, and a log. Without `--listen`: UDP and TCP port 5060 of every
    /// address.
    pub fn server(&self) -> Server {
        self.start_log();
        let mut server = Server::new();
        let default = ["udp:0.0.0.0:5060", "tcp:0.0.0.0:5060"].map(str::parse);
        let listens = if self.listen.is_empty() {
            default.into_iter().flatten().collect()
        } else {
            self.listen.clone()
        };
        for listen in listens {
            server = server.listen(listen);
        }
        for domain in &self.domain {
            server = server.domain(domain);
        }
        if let Some(path) = &self.rpc {
            server = server.commands(path);
        }
        server = server.metrics(self.http);
        if let Some(workers) = self.workers {
            server = server.workers(usize::from(workers));
        }
        #[cfg(feature = "sql")]
        if let Some(url) = &self.db {
            server = server.database(url.clone()).store(self.store());
        }
        if let Some(workers) = self.task_workers {
            server = server.task_workers(usize::from(workers));
        }
        server
    }

    #[cfg(feature = "sql")]
    fn store(&self) -> StoreSettings {
        let mode = match self.db_mode {
            DbMode::WriteThrough => StoreMode::WriteThrough,
            DbMode::WriteBack => StoreMode::WriteBack(Duration::from_secs(self.db_interval.into())),
            DbMode::StoreOnly => StoreMode::StoreOnly,
        };
        StoreSettings { mode, ..StoreSettings::default() }
    }

    fn start_log(&self) {
        let filter = EnvFilter::try_from_env("LOG").unwrap_or_else(|_| EnvFilter::new("info"));
        let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
        match self.log {
            LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).init(),
            LogFormat::Json => log.json().init(),
        }
    }
}

/// Says where the server listens and what it serves, waits for Ctrl-C (or SIGTERM) and ends it cleanly.
///
/// # Errors
///
/// Standard output or the signals cannot be used.
pub async fn serve(running: Running) -> std::io::Result<()> {
    let mut out = std::io::stdout();
    let shared = running.shared();
    for listen in shared.listens() {
        writeln!(out, "listening on {listen}")?;
    }
    match shared.domains() {
        [] => writeln!(out, "serving domains: the addresses above")?,
        domains => writeln!(out, "serving domains: {}", domains.join(", "))?,
    }
    writeln!(out, "ready")?;
    out.flush()?;

    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    writeln!(out, "ending: calls that are being set up may finish within {} s", PATIENCE.as_secs())?;
    let stats = running.stop(PATIENCE).await;
    writeln!(out, "requests {}, replies {}, sent {}", stats.requests, stats.replies, stats.sent)?;
    writeln!(out, "transactions left: {}", stats.unfinished)?;
    out.flush()
}
