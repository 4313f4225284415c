//! `bench-server SCENARIO`: a server that does one scenario, to be measured from outside.
//!
//! It says nothing and counts nothing that a real one would not. SIGTERM or Ctrl-C ends it at once.

use std::time::Duration;

use benches::scenario::Scenario;
use clap::Parser;
use mimalloc::MiMalloc;
use sip_server::Server;
use sip_transport::Listen;
use tokio::signal::unix::{SignalKind, signal};

// As in the other programs: what every message takes and gives back costs a third of what it costs the C library.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[derive(Parser)]
#[command(name = "bench-server", about = "A SIP server that does one benchmark scenario", version)]
struct Cli {
    /// What to do.
    #[arg(value_enum, ignore_case = true)]
    scenario: Scenario,
    /// Where to listen; repeatable. Default: UDP and TCP port 5060 of 127.0.0.1.
    #[arg(long, value_name = "PROTO:IP:PORT", default_values = ["udp:127.0.0.1:5060", "tcp:127.0.0.1:5060"])]
    listen: Vec<Listen>,
    /// Worker threads. Default: one a core.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: Option<u16>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cli = Cli::parse();
    let mut registrar = sip_registrar::Config::default();
    (registrar.max_contacts, registrar.max_expires) = (Some(10), Some(7200));
    let mut server = cli.listen.into_iter().fold(Server::new(), Server::listen).registrar(registrar);
    if let Some(workers) = cli.workers {
        server = server.workers(workers.into());
    }
    let running = cli.scenario.start(server).await?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    running.stop(Duration::ZERO).await;
    Ok(())
}
