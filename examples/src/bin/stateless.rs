//! The smallest server: answers OPTIONS with 200 and anything else with 405, without state.
//!
//! `cargo run --release -p examples --bin stateless -- --listen udp:127.0.0.1:5060`
//!
//! What it costs is what one message costs at least; monitors and load generators like it.

use clap::Parser;
use mimalloc::MiMalloc;
use sip_core::{Method, StatusCode};
use sip_server::{Ctx, Routed, Routes};

// Every message takes memory and gives it back: a third of what that costs the C library.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[derive(Parser)]
#[command(name = "stateless", about = "A SIP server that answers OPTIONS, without state", version)]
struct Cli {
    #[command(flatten)]
    options: sip_server::cli::Options,
}

/// What a worker does with a request.
struct Stateless;

impl Routes for Stateless {
    async fn request(&self, ctx: &mut Ctx) -> Routed {
        match ctx.method() {
            Method::Options => ctx.reply(StatusCode::OK),
            Method::Ack => Ok(()), // never answered
            _ => {
                ctx.reply_with(StatusCode::METHOD_NOT_ALLOWED, |response| response.header("Allow", "OPTIONS"))
            }
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cli = Cli::parse();
    let running = cli.options.server().start(|_| Stateless).await?;
    Ok(sip_server::cli::serve(running).await?)
}
