//! Sockets: what a SIP server receives from and sends to. UDP in batches, TCP, a network in memory.
//!
//! [`Net`] is what the workers of a server share: the addresses it listens on, the table of connections,
//! the limits. Each worker has an [`Endpoint`] of its own: [`NetEndpoint`] with real sockets, which it alone
//! reads, or [`memory::MemoryEndpoint`] in a test. No locks are held while anything waits, and nothing here
//! knows what a transaction is.
//!
//! ```
//! use sip_core::{build, StatusCode, Target};
//! use sip_transport::{Config, Endpoint, Inbound, Net};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let config = Config { listen: vec!["udp:127.0.0.1:0".parse()?], ..Config::default() };
//! let net = Net::bind(config).await?;
//! let mut endpoint = net.endpoint()?; // one in each worker
//! # let phone = tokio::net::UdpSocket::bind("127.0.0.1:0").await?;
//! # let options = "OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1\r\n\
//! #     From: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:127.0.0.1>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n";
//! # phone.send_to(options.as_bytes(), net.locals()[0].addr).await?;
//!
//! // A worker's loop, once around: every request is answered with 200.
//! let mut batch = Vec::new();
//! endpoint.recv(&mut batch).await;
//! for inbound in batch.drain(..) {
//!     if let Inbound::Message { msg, source } = inbound
//!         && msg.is_request()
//!     {
//!         let reply = build::response(&msg, StatusCode::OK).finish()?;
//!         endpoint.send(&Target::from(&source), reply, None)?;
//!     }
//! }
//! endpoint.flush();
//! # let mut reply = [0; 500];
//! # let len = phone.recv(&mut reply).await?;
//! # assert!(reply[..len].starts_with(b"SIP/2.0 200 "));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is bounded, and what happens at the bound
//!
//! | what | bound | beyond |
//! |---|---|---|
//! | datagrams that wait for a socket | [`Config::udp_backlog`] | dropped and counted, as the network does |
//! | bytes that wait on a connection | [`Config::write_queue`], [`Config::write_timeout`] | the connection is closed; all that waits comes back as [`Inbound::SendFailed`] |
//! | bytes that all connections hold | [`Config::max_buffered`] | large messages are not received, and no second message waits: [`SendError::TooMuchBuffered`] |
//! | messages that wait for a worker | [`Config::inbound_queue`] | its connections are not read |
//! | connections, in all and a source | [`Config::max_connections`], [`Config::max_connections_per_source`] | accepted and closed, or [`SendError::TooManyConnections`], [`SendError::TooManyWithAddress`] |
//! | a message on a stream | [`Config::limits`], [`Config::message_timeout`] | [`Inbound::Malformed`] and closed, or closed |
//! | an HTTP request that waits for its answer | one a connection | the connection is not read; what is malformed or beyond a limit is refused here (400, 413, 414, 417, 431, 501, 505) |
//! | silence on a connection | [`Config::idle_timeout`] | closed |
//!
//! Each is counted in [`Stats`], and a line in the log names the setting, at most one in ten seconds.
//!
//! # Layout
//!
//! From the ground up: `listen`, `config`, `error`, `answer`, `inbound`, `stats` (words); `limit`, `budget`, `files` (bounds);
//! `endpoint` (the seam); `locals`, `sockets` (addresses and how they are opened); `udp`; `stream` and `table`
//! (connections);
//! `net`, `net_endpoint` (all of it together); `resolve` (URI to target); `memory`.
//!
//! TLS and WebSocket will stand beside `stream/tcp.rs`: a connection is served over any byte stream.
//! Names in URIs need DNS, which will stand in `resolve`. Until then both are refused in clear words.

mod answer;
mod budget;
mod config;
mod endpoint;
mod error;
mod files;
mod inbound;
mod limit;
mod listen;
mod locals;
pub mod memory;
mod net;
mod net_endpoint;
pub mod resolve;
mod sockets;
mod stats;
mod stream;
mod table;
mod udp;

pub use answer::HttpAnswer;
pub use config::Config;
pub use endpoint::Endpoint;
pub use error::{BindError, SendError};
pub use inbound::{Inbound, SendTag};
pub use listen::{Listen, ListenError};
pub use net::Net;
pub use net_endpoint::NetEndpoint;
pub use stats::Stats;
