//! `ksr`: runs a SIP server by a Lua script that was written for Kamailio's KEMI.

use std::io::Write;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use mimalloc::MiMalloc;
use sip_lua::{Config, LuaRoutes, Script, ScriptError};
use sip_server::cli::{self, Access, Options};
use tokio::signal::unix::{Signal, SignalKind, signal};

// Every message takes memory and gives it back: a third of what that costs the C library.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[derive(Parser)]
#[command(name = "ksr", about = "A SIP server that is a Lua script", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs a script.
    Run {
        #[command(flatten)]
        script: ScriptOptions,
        #[command(flatten)]
        options: Options,
        #[command(flatten)]
        access: Access,
    },
    /// Has a server that runs load its script anew. A broken one leaves the old in force, and is told here.
    Reload {
        /// The socket for commands, as the server was told with `--rpc`.
        #[arg(long, value_name = "PATH")]
        rpc: PathBuf,
    },
    /// Loads a script and says what is wrong with it, as `FILE:LINE:COLUMN: TEXT`; fails where something is.
    Check {
        #[command(flatten)]
        script: ScriptOptions,
    },
    /// Writes what editors want to know of the functions under `KSR`: annotations of LuaLS.
    Stubs,
}

/// The script and its settings.
#[derive(clap::Args)]
struct ScriptOptions {
    /// The script.
    #[arg(value_name = "SCRIPT")]
    path: PathBuf,
    /// A file of settings (TOML); what the command line says comes first.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Defines a name, as `#!define NAME` does: `KSR.kx.ifdef("NAME")`; repeatable.
    #[arg(long, value_name = "NAME")]
    define: Vec<String>,
    /// A parameter of a module, by Kamailio's names: `mqueue.mqueue=name=cdr;size=100`; repeatable.
    #[arg(long, value_name = "MODULE.NAME=VALUE", value_parser = modparam)]
    modparam: Vec<ModParam>,
    /// How many Lua instructions a route may run before it waits or ends. 0: no limit. Default: 5,000,000.
    #[arg(long, value_name = "N")]
    instructions: Option<u64>,
    /// How many bytes the script may have on each worker. 0: no limit. Default: 256 MiB.
    #[arg(long, value_name = "BYTES")]
    memory: Option<usize>,
    /// Compiles hot code (LuaJIT only). There is no limit on instructions then.
    #[arg(long)]
    jit: bool,
}

#[derive(Clone)]
struct ModParam {
    module: String,
    name: String,
    value: String,
}

fn modparam(text: &str) -> Result<ModParam, String> {
    let split = || {
        let (key, value) = text.split_once('=')?;
        let (module, name) = key.split_once('.')?;
        Some(ModParam { module: module.into(), name: name.into(), value: value.into() })
    };
    split().ok_or_else(|| format!("`{text}` is not MODULE.NAME=VALUE"))
}

impl ScriptOptions {
    fn config(&self) -> Result<Config, ScriptError> {
        self.config.as_deref().map_or(Ok(Config::default()), Config::read)
    }

    /// Who may do what is known to the script as Kamailio's sample has it: `WITH_AUTH` where there are users,
    /// `WITH_IPAUTH` where there are addresses. Without users there is no authentication. `None`: nothing is known
    /// of it, everything is there.
    fn script(&self, config: &Config, access: Option<&Access>) -> Result<Script, ScriptError> {
        let mut settings = config.settings()?;
        if let Some(instructions) = self.instructions {
            settings = settings.instructions(instructions);
        }
        if let Some(memory) = self.memory {
            settings = settings.memory(memory);
        }
        if self.jit {
            settings = settings.jit(true);
        }
        for name in &self.define {
            settings = settings.define(name);
        }
        for ModParam { module, name, value } in &self.modparam {
            settings = settings.modparam(module, name, value)?;
        }
        if let Some(access) = access {
            settings = match access.users {
                Some(_) => settings.define("WITH_AUTH"),
                None => settings.without_users(),
            };
            if access.addresses.is_some() {
                settings = settings.define("WITH_IPAUTH");
            }
        }
        Script::read(&self.path, settings)
    }
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Run { script, mut options, mut access } => run(&script, &mut options, &mut access),
        Command::Check { script } => check(&script),
        Command::Reload { rpc } => reload(&rpc),
        Command::Stubs => stubs(),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            // Nothing is left to be told to, if this fails.
            let _ = writeln!(std::io::stderr(), "ksr: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(
    script: &ScriptOptions,
    options: &mut Options,
    access: &mut Access,
) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let config = script.config()?;
    config.complete(options, access)?;
    let server = options.server(); // before the script: what it says while it is loaded is seen in the log
    let script = script.script(&config, Some(access))?;
    let server = access.server(script.configure(server))?;
    let routes = LuaRoutes::factory(script.clone())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let running = server.start(routes).await?;
        let hangups = tokio::spawn(reload_on_hangup(signal(SignalKind::hangup())?, script));
        let served = cli::serve(running).await;
        hangups.abort();
        served?;
        Ok(ExitCode::SUCCESS)
    })
}

/// SIGHUP reloads the script; a broken one leaves the old in force.
async fn reload_on_hangup(mut hangups: Signal, script: Script) {
    while hangups.recv().await.is_some() {
        match script.reload() {
            Ok(version) => tracing::info!(version, "script reloaded"),
            Err(error) => tracing::error!("script not reloaded: {error}"),
        }
    }
}

fn check(script: &ScriptOptions) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let script = script.script(&script.config()?, None)?;
    let findings = sip_lua::check(&script)?;
    let mut out = std::io::stdout();
    for finding in &findings {
        writeln!(out, "{finding}")?;
    }
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn stubs() -> Result<ExitCode, Box<dyn std::error::Error>> {
    std::io::stdout().write_all(sip_lua::stubs()?.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// How long a server may take to answer a command.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);

fn reload(server: &Path) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let place = std::env::temp_dir().join(format!("ksr-reload-{}.sock", std::process::id()));
    let _ = std::fs::remove_file(&place); // one that was left by another process of this number
    let socket = UnixDatagram::bind(&place)?;
    let answer = ask(&socket, server, br#"{"jsonrpc":"2.0","method":"app_lua.reload","id":1}"#);
    std::fs::remove_file(&place)?;
    let answer: serde_json::Value = serde_json::from_slice(&answer?)?;
    if let Some(error) = answer.get("error") {
        return Err(error.get("message").and_then(|text| text.as_str()).unwrap_or("refused").into());
    }
    writeln!(std::io::stdout(), "reloaded: {}", answer.get("result").unwrap_or(&answer))?;
    Ok(ExitCode::SUCCESS)
}

fn ask(socket: &UnixDatagram, server: &Path, request: &[u8]) -> std::io::Result<Vec<u8>> {
    let named =
        |error: std::io::Error| std::io::Error::new(error.kind(), format!("{}: {error}", server.display()));
    socket.set_read_timeout(Some(ANSWERED_WITHIN))?;
    socket.send_to(request, server).map_err(named)?;
    let mut answer = vec![0; 65_536];
    let len = socket.recv(&mut answer).map_err(named)?;
    answer.truncate(len);
    Ok(answer)
}
