//! `ksr`: runs a SIP server by a Lua script that was written for Kamailio's KEMI.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use sip_lua::{LuaRoutes, Script, ScriptError, Settings};
use sip_server::cli::{self, Access, Options};

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
    /// Defines a name, as `#!define NAME` does: `KSR.kx.ifdef("NAME")`; repeatable.
    #[arg(long, value_name = "NAME")]
    define: Vec<String>,
    /// A parameter of a module, by Kamailio's names: `mqueue.mqueue=name=cdr;size=100`; repeatable.
    #[arg(long, value_name = "MODULE.NAME=VALUE", value_parser = modparam)]
    modparam: Vec<ModParam>,
    /// How many Lua instructions a route may run before it waits or ends. 0: no limit.
    #[arg(long, value_name = "N", default_value_t = Settings::INSTRUCTIONS)]
    instructions: u64,
    /// How many bytes the script may have on each worker. 0: no limit.
    #[arg(long, value_name = "BYTES", default_value_t = Settings::MEMORY)]
    memory: usize,
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
    /// Who may do what is known to the script as Kamailio's sample has it: `WITH_AUTH` where there are users,
    /// `WITH_IPAUTH` where there are addresses.
    fn script(&self, access: &Access) -> Result<Script, ScriptError> {
        let mut settings = Settings::new().instructions(self.instructions).memory(self.memory).jit(self.jit);
        for name in &self.define {
            settings = settings.define(name);
        }
        if access.users.is_some() {
            settings = settings.define("WITH_AUTH");
        }
        if access.addresses.is_some() {
            settings = settings.define("WITH_IPAUTH");
        }
        for ModParam { module, name, value } in &self.modparam {
            settings = settings.modparam(module, name, value)?;
        }
        Script::read(&self.path, settings)
    }
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Run { script, options, access } => run(&script, &options, &access),
        Command::Check { script } => check(&script),
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
    options: &Options,
    access: &Access,
) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let server = options.server(); // first of all the log: what the script says while it is loaded is seen
    let script = script.script(access)?;
    let server = access.server(script.configure(server))?;
    let routes = LuaRoutes::factory(script)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let running = server.start(routes).await?;
        cli::serve(running).await?;
        Ok(ExitCode::SUCCESS)
    })
}

fn check(script: &ScriptOptions) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let script = script.script(&Access::default())?;
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
