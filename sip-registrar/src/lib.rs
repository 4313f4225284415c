//! usrloc and registrar: where users can be reached.
//!
//! A REGISTER goes in, contacts come out. The crate does no I/O and reads no clock: `now` is an argument, and a
//! store lies between two calls.
//!
//! # Layout
//!
//! | name | what it is |
//! |---|---|
//! | [`Registrar`] | settings and location together: the calls below |
//! | [`Registrar::plan`], [`Registrar::apply`] | a REGISTER as a plan; whatever has to be stored is stored between |
//! | [`Registrar::save`] | both in one, for memory alone |
//! | [`Registrar::lookup`] | the contacts of a user, best first |
//! | [`Registrar::expire`], [`Registrar::poll_timeout`] | what ended, and when to ask again |
//! | [`Binding`] | one contact and the way to it: URI, Path, received address, connection |
//! | [`Location`] | all bindings: look, count, dump |
//! | [`Aor`] | an address of record in its one spelling |
//! | [`Change`] | what a store or an event has to know |
//!
//! # The run
//!
//! ```
//! use std::time::{Duration, Instant};
//! use sip_registrar::{Config, Registrar};
//!
//! let wire = "REGISTER sip:example.com SIP/2.0\r\n\
//!     Via: SIP/2.0/UDP 192.0.2.4;branch=z9hG4bK1\r\n\
//!     From: <sip:bob@example.com>;tag=1\r\n\
//!     To: <sip:bob@example.com>\r\n\
//!     Call-ID: 1\r\n\
//!     CSeq: 1 REGISTER\r\n\
//!     Contact: <sip:bob@192.0.2.4>;expires=600\r\n\r\n";
//! let request = sip_core::parse(wire.into(), &Default::default())?;
//! let source = sip_core::Source {
//!     protocol: sip_core::Protocol::Udp,
//!     remote: "192.0.2.4:5060".parse()?,
//!     local: "192.0.2.1:5060".parse()?,
//!     flow: None,
//! };
//! # #[allow(clippy::disallowed_methods)]
//! let now = Instant::now(); // the driver's clock
//!
//! let registrar = Registrar::new(Config::default());
//! let plan = registrar.plan(now, &request, &source)?; // or an error with its reply
//! // store.commit(&plan).await? lies here
//! let saved = registrar.apply(now, plan)?;
//! assert_eq!(saved.headers(now)[0].1, b"<sip:bob@192.0.2.4>;expires=600"); // the Contact of the 200
//!
//! let uri = sip_core::Uri::parse(b"sip:bob@example.com")?;
//! let found = registrar.lookup_uri(now, &uri)?;
//! assert_eq!(found[0].uri(), "sip:bob@192.0.2.4");
//!
//! let later = now + Duration::from_secs(600);
//! assert_eq!(registrar.poll_timeout(), Some(later));
//! let mut ended = Vec::new();
//! registrar.expire(later, &mut ended);
//! assert_eq!(ended.len(), 1);
//! assert!(registrar.lookup_uri(later, &uri)?.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod aor;
mod binding;
mod config;
mod error;
mod location;
mod lookup;
mod matching;
mod merge;
mod plan;
mod registrar;
mod reply;
mod request;
mod save;

pub use aor::Aor;
pub use binding::{Binding, Bindings, NextHop, Parts};
pub use config::{Config, Matching, PathMode, Received, ShortExpires};
pub use error::{AorError, SaveError};
pub use location::changes::{Change, ChangeKind};
pub use location::shard::Version;
pub use location::{Location, ReplaceError, Snapshot};
pub use lookup::Lookup;
pub use plan::{Outcome, Plan, SaveOptions, Saved};
pub use registrar::Registrar;
pub use reply::Headers;
