//! A registrar and proxy: phones register here and call each other.
//!
//! `cargo run --release -p examples --bin registrar-proxy -- --help`
//!
//! With `--users FILE` everybody is asked for his password, registers himself alone and calls under his own name.
//! Without, there is no authentication: do not put it on a public network like that.
//!
//! With `--db sqlite:location.db` (or `postgres://`, `mysql://`) phones stay registered when it starts again; without,
//! the location ends with the process.

use clap::Parser;
use mimalloc::MiMalloc;
use sip_core::{HeaderName, Method, StatusCode};
use sip_modules::sanity::{self, MessageChecks, UriChecks};
use sip_server::{Ctx, Routed, Routes};

/// What a request must be fit for before anything is done with it.
const CHECKS: MessageChecks =
    MessageChecks::DEFAULT.union(MessageChecks::PROXY_REQUIRE).union(MessageChecks::DUPLICATE_TAGS);

// Every message takes memory and gives it back: a third of what that costs the C library.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[derive(Parser)]
#[command(name = "registrar-proxy", about = "A SIP registrar and proxy on UDP and TCP", version)]
struct Cli {
    #[command(flatten)]
    options: sip_server::cli::Options,
    #[command(flatten)]
    access: sip_server::cli::Access,
}

/// What a worker does with a request.
pub(crate) struct RegistrarProxy;

impl Routes for RegistrarProxy {
    async fn request(&self, ctx: &mut Ctx) -> Routed {
        ctx.process_maxfwd(10)?;
        if let Err(error) = sanity::check(&ctx.msg, CHECKS, UriChecks::DEFAULT, &[]) {
            return ctx.reply_sanity(&error);
        }
        // Only within a call: a Route that a caller brings to its first request would have us send it anywhere.
        if ctx.has_totag() && ctx.loose_route()? {
            return ctx.relay().await;
        }
        match ctx.method() {
            Method::Ack => return Ok(()), // of no call that we know: never answered
            Method::Cancel => return Err(StatusCode::CALL_TRANSACTION_DOES_NOT_EXIST.into()),
            _ if ctx.has_totag() => return Err(StatusCode::CALL_TRANSACTION_DOES_NOT_EXIST.into()),
            _ => authenticate(ctx).await?,
        }
        if ctx.method() == Method::Register {
            return register(ctx).await;
        }
        if !ctx.is_myself_ruri()? {
            return Err(StatusCode::FORBIDDEN.into());
        }
        if ctx.msg.uri()?.user().is_none() {
            return for_server(ctx);
        }
        ctx.msg.remove(HeaderName::Route); // where a first request goes is decided here
        if matches!(ctx.method(), Method::Invite | Method::Subscribe) {
            ctx.record_route()?;
        }
        ctx.lookup().await?; // nobody there: 404
        ctx.relay().await
    }
}

/// Where there are users: goes on only with one who is who he says.
async fn authenticate(ctx: &mut Ctx) -> Routed {
    if ctx.shared().users().is_none() {
        return Ok(());
    }
    let realm = ctx.realm();
    ctx.authenticate(&realm).await?; // else 401 or 407
    if ctx.method() == Method::Register {
        return ctx.check_to(); // else 403
    }
    ctx.check_from()?;
    ctx.consume_credentials();
    Ok(())
}

async fn register(ctx: &mut Ctx) -> Routed {
    if !ctx.is_myself_turi()? {
        return Err(StatusCode::FORBIDDEN.into());
    }
    let saved = ctx.save().await?;
    tracing::info!(aor = %saved.aor, contacts = saved.bindings.len(), "registered");
    Ok(())
}

/// A request to the server itself: keep-alives of phones and monitors.
fn for_server(ctx: &mut Ctx) -> Routed {
    match ctx.method() {
        Method::Options => ctx.reply(StatusCode::OK),
        _ => Err(StatusCode::ADDRESS_INCOMPLETE.into()),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cli = Cli::parse();
    let server = cli.access.server(cli.options.server())?;
    let running = server.start(|_| RegistrarProxy).await?;
    Ok(sip_server::cli::serve(running).await?)
}
