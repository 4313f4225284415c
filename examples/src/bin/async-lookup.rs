//! A proxy that asks an HTTP service where each call should go.
//!
//! `cargo run --release -p examples --bin async-lookup -- --lookup http://127.0.0.1:8080/where`
//!
//! For a call to `sip:bob@...` it asks `GET /where?user=bob`. The first line of a 200 is the URI that the
//! call is relayed to; a 404 means that there is no such user. While the answer is awaited the call is
//! parked and the worker serves other calls; no answer in time is 503, and a caller that gives up gets 487
//! at once. An ACK or a BYE goes the way of its call and asks nobody.

use std::time::Duration;

use clap::Parser;
use mimalloc::MiMalloc;
use reqwest::{Client, StatusCode as Http, Url};
use sip_core::{HeaderName, Method, StatusCode};
use sip_server::{Ctx, Destination, RouteError, Routed, Routes};

// Every message takes memory and gives it back: a third of what that costs the C library.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[derive(Parser)]
#[command(name = "async-lookup", about = "A SIP proxy that asks an HTTP service where calls go", version)]
struct Cli {
    #[command(flatten)]
    options: sip_server::cli::Options,
    /// The HTTP service; the user is added as `?user=`.
    #[arg(long, value_name = "URL")]
    lookup: Url,
    /// How long the service may take, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 800)]
    timeout: u64,
}

struct AsyncLookup {
    http: Client,
    service: Url,
}

impl Routes for AsyncLookup {
    async fn request(&self, ctx: &mut Ctx) -> Routed {
        ctx.process_maxfwd(10)?;
        if ctx.has_totag() && ctx.loose_route()? {
            return ctx.relay().await; // within a call that runs through here
        }
        match ctx.method() {
            Method::Ack => return Ok(()), // of no call that we know: never answered
            Method::Options => return ctx.reply(StatusCode::OK),
            _ if ctx.has_totag() => return Err(StatusCode::CALL_TRANSACTION_DOES_NOT_EXIST.into()),
            Method::Cancel => return Err(StatusCode::CALL_TRANSACTION_DOES_NOT_EXIST.into()),
            Method::Invite => {}
            _ => return Err(StatusCode::METHOD_NOT_ALLOWED.into()),
        }
        ctx.msg.remove(HeaderName::Route);
        ctx.record_route()?;
        let target = self.ask(ctx).await?; // parked here
        ctx.relay_to([target]).await
    }
}

impl AsyncLookup {
    /// Where the service says that the call should go.
    async fn ask(&self, ctx: &Ctx) -> Result<Destination, RouteError> {
        let user = ctx.msg.uri()?.user().ok_or(StatusCode::ADDRESS_INCOMPLETE)?.to_string();
        let mut url = self.service.clone();
        url.query_pairs_mut().append_pair("user", &user);
        let unavailable = |error: reqwest::Error| {
            tracing::warn!(%error, user, "no answer from the look-up service");
            StatusCode::SERVICE_UNAVAILABLE
        };
        let answer = self.http.get(url).send().await.map_err(unavailable)?;
        match answer.status() {
            Http::OK => {}
            Http::NOT_FOUND => return Err(StatusCode::NOT_FOUND.into()),
            other => {
                tracing::warn!(status = %other, user, "the look-up service refused");
                return Err(StatusCode::SERVICE_UNAVAILABLE.into());
            }
        }
        let text = answer.text().await.map_err(unavailable)?;
        let uri = text.lines().next().unwrap_or_default().trim();
        Ok(Destination::from(uri))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cli = Cli::parse();
    let timeout = Duration::from_millis(cli.timeout);
    let running = cli
        .options
        .server()
        .start(move |_| AsyncLookup {
            http: Client::builder().timeout(timeout).build().unwrap_or_default(),
            service: cli.lookup.clone(),
        })
        .await?;
    Ok(sip_server::cli::serve(running).await?)
}
