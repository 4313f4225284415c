//! What a server is measured with: the scenarios, each as its routes.
//!
//! Each does, step by step, what the configuration of another server does in a scenario of the same name.

use std::fmt::Write;

use clap::ValueEnum;
use sip_core::digest::{HashFunction, ha1};
use sip_core::{Method, StatusCode};
use sip_modules::auth::{ChallengeFlags, Guard, Secret};
use sip_modules::rr;
use sip_server::{Ctx, HttpCtx, Routed, Routes, Running, Server, StartError};

/// A scenario.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Scenario {
    /// OPTIONS answered without state.
    #[value(name = "S1")]
    Options,
    /// REGISTER saved in memory.
    #[value(name = "S2")]
    Register,
    /// The same, once the sender has shown to know a password.
    #[value(name = "S2B")]
    AuthenticatedRegister,
    /// Calls relayed to the request URI, record-routed.
    #[value(name = "S3")]
    Call,
    /// Calls relayed to where the callee is registered.
    #[value(name = "S4")]
    LookedUpCall,
    /// HTTP on the SIP port: a page with statistics.
    #[value(name = "S6")]
    Http,
}

impl Scenario {
    /// Starts a server that does this.
    ///
    /// # Errors
    ///
    /// Those of [`Server::start`].
    pub async fn start(self, server: Server) -> Result<Running, StartError> {
        match self {
            Self::Options => server.start(|_| Answer).await,
            Self::Register => server.start(|_| Save).await,
            Self::AuthenticatedRegister => server.start(|_| SaveWithPassword::new()).await,
            Self::Call => server.start(|_| Relay::new(false)).await,
            Self::LookedUpCall => server.start(|_| Relay::new(true)).await,
            Self::Http => server.start(|_| Page).await,
        }
    }
}

/// S1.
struct Answer;

impl Routes for Answer {
    async fn request(&self, ctx: &mut Ctx) -> Routed {
        match ctx.method() {
            Method::Options => ctx.reply_stateless(StatusCode::OK),
            _ => ctx.reply_stateless(StatusCode::METHOD_NOT_ALLOWED),
        }
    }
}

/// S2.
struct Save;

impl Routes for Save {
    async fn request(&self, ctx: &mut Ctx) -> Routed {
        ctx.process_maxfwd(10)?;
        match ctx.method() {
            Method::Register => ctx.save().await.map(drop),
            _ => ctx.reply_stateless(StatusCode::METHOD_NOT_ALLOWED),
        }
    }
}

/// S2B: the realm is `bench.local`, the user `bench`, the password `secret`.
struct SaveWithPassword {
    secret: Secret,
}

const REALM: &[u8] = b"bench.local";

impl SaveWithPassword {
    fn new() -> Self {
        let hash = HashFunction::Md5;
        let ha1 = ha1(hash, b"bench", REALM, b"secret"); // made once, as where it is stored
        Self { secret: Secret::Ha1(hash, ha1) }
    }
}

impl Routes for SaveWithPassword {
    async fn request(&self, ctx: &mut Ctx) -> Routed {
        ctx.process_maxfwd(10)?;
        if ctx.method() != Method::Register {
            return ctx.reply_stateless(StatusCode::METHOD_NOT_ALLOWED);
        }
        if ctx.check_secret(Guard::Server, REALM, &self.secret, None).is_err() {
            return ctx.challenge(Guard::Server, REALM, ChallengeFlags::QOP_AUTH);
        }
        ctx.consume_credentials();
        ctx.save().await.map(drop)
    }
}

/// S3 and S4.
struct Relay {
    lookup: bool,
    record_route: rr::Options,
}

impl Relay {
    fn new(lookup: bool) -> Self {
        let mut record_route = rr::Options::default();
        record_route.append_fromtag = false; // as the other servers are configured
        Self { lookup, record_route }
    }
}

impl Routes for Relay {
    async fn request(&self, ctx: &mut Ctx) -> Routed {
        ctx.process_maxfwd(10)?;
        if self.lookup && ctx.method() == Method::Register {
            return ctx.save().await.map(drop);
        }
        if ctx.method() == Method::Cancel {
            return Ok(()); // of no call: one that matched goes to `cancel`
        }
        if ctx.has_totag() {
            if ctx.loose_route()? {
                return ctx.relay().await;
            }
            return match ctx.method() {
                Method::Ack => Ok(()),
                _ => ctx.reply_stateless(StatusCode::NOT_FOUND),
            };
        }
        if matches!(ctx.method(), Method::Invite | Method::Subscribe) {
            ctx.record_route_with(&self.record_route)?;
        }
        if self.lookup {
            ctx.lookup().await?; // 404 when nobody is registered
        }
        ctx.relay().await
    }
}

/// S6.
struct Page;

/// What the page tells.
const NAMES: [&str; 6] =
    ["rcv_requests", "rcv_replies", "fwd_requests", "fwd_replies", "drop_requests", "err_requests"];

impl Routes for Page {
    async fn request(&self, ctx: &mut Ctx) -> Routed {
        match ctx.method() {
            Method::Options => ctx.reply_stateless(StatusCode::OK),
            _ => ctx.reply_stateless(StatusCode::METHOD_NOT_ALLOWED),
        }
    }

    async fn http(&self, ctx: &mut HttpCtx) -> Routed {
        if !ctx.url().starts_with(b"/stats") {
            let page = "<html><body>not found</body></html>\n";
            return ctx.xhttp_reply(StatusCode::NOT_FOUND, "Not Found", "text/html", page);
        }
        let mut page = String::with_capacity(512);
        page.push_str("<html><head><title>stats</title></head><body><h1>stats</h1><table>");
        for name in NAMES {
            let count = ctx.shared().statistic(name).unwrap_or(0);
            // Writing to a text cannot fail.
            let _ = write!(page, "<tr><td>{name}</td><td>{count}</td></tr>");
        }
        page.push_str("</table></body></html>\n");
        ctx.xhttp_reply(StatusCode::OK, "OK", "text/html", page)
    }
}
