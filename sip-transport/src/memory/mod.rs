//! A network in memory, for whole-server tests that repeat exactly.
//!
//! Hosts send datagrams to each other; a [`Link`] delays, loses, doubles or reorders them by a seed; a log
//! keeps what was sent and what became of it. Time is tokio's: in a single-threaded runtime with a paused
//! clock (`start_paused`) waiting costs nothing and a run repeats packet by packet.
//!
//! The server under test holds [`MemoryEndpoint`]s, one a worker; played phones hold [`MemorySocket`]s.
//! Streams are not played.
//!
//! ```
//! use std::time::Duration;
//! use sip_transport::memory::{Link, Network};
//! use sip_transport::{Endpoint, Inbound};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?.block_on(async {
//! let network = Network::new(7);
//! network.set_default_link(Link { delay: Duration::from_millis(20), ..Link::default() });
//! let mut server = network.endpoint(&["udp:192.0.2.1:5060".parse()?])?;
//! let phone = network.socket("192.0.2.2:5060".parse()?)?;
//!
//! phone.send_to("OPTIONS sip:192.0.2.1 SIP/2.0\r\nContent-Length: 0\r\n\r\n", "192.0.2.1:5060".parse()?);
//! let mut inbound = Vec::new();
//! server.recv(&mut inbound).await;
//! assert!(matches!(&inbound[..], [Inbound::Message { source, .. }] if source.remote == phone.local_addr()));
//! assert!(network.packets()[0].to_string().contains("OPTIONS sip:192.0.2.1"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod clock;
mod endpoint;
mod inbox;
mod link;
mod network;
mod packet;
mod socket;

pub use endpoint::{MemoryEndpoint, local_for};
pub use link::Link;
pub use network::Network;
pub use packet::{Outcome, Packet, Verdict};
pub use socket::MemorySocket;
