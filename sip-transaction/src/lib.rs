//! tm: SIP transactions without I/O.
//!
//! A stateful proxy in the sense of RFC 3261 16 and 17, as amended by RFC 6026 and RFC 4320, with the
//! manners of Kamailio's `tm`: forking, CANCEL, best response, failure routes, suspended requests.
//! It has no socket, no clock and no lock. What comes in is an argument, and so is `now`; what goes
//! out lands in the caller's [`Outbox`].
//!
//! # The run loop
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Instant;
//! use sip_core::{HeaderName, Limits, Message, Protocol, Source, StatusCode, Target, build};
//! use sip_transaction::*;
//!
//! /// A proxy that relays everything to one place.
//! struct Proxy { table: Table, secret: Secret, out: Outbox }
//!
//! impl Proxy {
//!     fn receive(&mut self, now: Instant, mut msg: Message, from: &Source) -> Result<(), Box<dyn std::error::Error>> {
//!         if msg.is_response() {
//!             let ours = BranchId::from_via(msg.top_via()?.branch().unwrap_or_default(), &self.secret);
//!             let Some((branch, _)) = ours else { return Ok(()) };
//!             self.table.handle_response(now, branch, msg, &mut self.out);
//!             return Ok(());
//!         }
//!         msg.stamp_received(from);
//!         match self.table.handle_request(now, &msg, from, &mut self.out) {
//!             Matched::New if msg.method() == Some(sip_core::Method::Ack) => {} // forwarded without a transaction
//!             Matched::New => {
//!                 let call = self.table.create(now, &msg, from, &mut self.out)?;
//!                 let id = self.table.reserve(call, 1)?[0];
//!                 let via = format!("SIP/2.0/UDP 192.0.2.9;branch={}", id.to_via(0, &self.secret));
//!                 msg.prepend(HeaderName::Via, via)?;
//!                 let target = Target::new(Protocol::Udp, "192.0.2.2:5060".parse()?);
//!                 let branch = NewBranch { id, target, bytes: msg.to_bytes(), fr: None, fr_inv: None, user: 0 };
//!                 let round = Round { branches: [branch].into(), armed: Armed::default() };
//!                 self.table.commit(now, call, round, &mut self.out)?;
//!                 self.table.finish(now, call, &mut self.out);
//!             }
//!             Matched::Cancel(invite) => {
//!                 let ok = build::response(&msg, StatusCode::OK).to_tag(&self.secret.to_tag(&msg)).finish()?;
//!                 self.table.cancel_reply(now, &msg, StatusCode::OK, ok, &mut self.out)?;
//!                 self.table.cancel(now, invite, None, &mut self.out)?;
//!             }
//!             Matched::Absorbed | Matched::Taken | Matched::Stray => {}
//!         }
//!         Ok(()) // then: send `out.transmits`, and sleep until `table.poll_timeout()`
//!     }
//! }
//!
//! # fn now() -> Instant { Instant::now() }
//! let secret = Secret::new([7; 16]); // from the random source of the system
//! let table = Table::new(Arc::new(Config::default()), 0, 0, secret);
//! let mut proxy = Proxy { table, secret, out: Outbox::default() };
//! let wire = "INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
//!             From: <sip:a@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\nCall-ID: c\r\n\
//!             CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n";
//! let invite = sip_core::parse(wire.into(), &Limits::default())?;
//! let from = Source {
//!     protocol: Protocol::Udp,
//!     remote: "192.0.2.1:5060".parse()?,
//!     local: "192.0.2.9:5060".parse()?,
//!     flow: None,
//! };
//! proxy.receive(now(), invite, &from)?;
//! assert_eq!(proxy.out.transmits.len(), 2); // 100 to the caller, the INVITE to Bob
//! assert!(proxy.table.poll_timeout().is_some()); // timer A
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Ask and answer
//!
//! The table never calls back. Where a route was armed ([`Armed`]), a transaction *asks*: an [`Ask`]
//! leaves in the outbox, the transaction waits, and goes on with [`Table::answer`]. News of that
//! transaction queues meanwhile (bounded); ACKs, retransmissions and timers do not. The caller runs
//! the route without holding the table, and may relay, reply or park from it: those calls act at
//! once. A CANCEL, a parked route's own time and the transaction's lifetime can end an ask; its
//! answer is [`TmError::Stale`] then, which is no fault.
//!
//! # Ids
//!
//! A [`TransactionId`] is slot and generation, a [`BranchId`] adds the number of the branch and is
//! written, with a keyed checksum, into our Via: a response finds its branch without a search, a
//! stale or forged one finds nothing. Tables are striped by [`stripe_of`]; see [`Table`].
//!
//! # Layout
//!
//! From the ground up: `id`, `handle`, `secret`, `config`, `error`, `stats`, `timer`, `key`, `arrival`, `kept` (words);
//! `uas` and `uac` (four pure machines, drawn above their types); `origin`, `branch`, `transaction` (data);
//! `reply`, `local`, `ack`, `cancel`, `best`, `collect`, `ask`, `relay`, `park`, `suspend`, `timeout` (what
//! happens to one transaction); `table`, `calls`, `originate`, `settings`, `waits` (finding it, and the public
//! calls); `play`
//! (the network to test it in, feature `play`).

mod ack;
mod arrival;
mod ask;
mod best;
mod branch;
mod calls;
mod cancel;
mod collect;
mod config;
mod error;
mod handle;
mod id;
mod input;
mod kept;
mod key;
mod local;
mod origin;
mod originate;
mod output;
mod park;
#[cfg(feature = "play")]
pub mod play;
mod relay;
mod reply;
mod secret;
mod settings;
mod slab;
mod stats;
mod step;
mod suspend;
mod table;
mod timeout;
mod timer;
mod transaction;
mod uac;
mod uas;
mod waits;

pub use self::arrival::Arrival;
pub use self::config::Config;
pub use self::error::TmError;
pub use self::handle::{AskId, Asker, RouteId, Suspension, Ticket};
pub use self::id::{BranchId, TransactionId, ViaBranch, stripe_of};
pub use self::input::{Answer, Armed, DropReplies, Matched, NewBranch, Round, Wait};
pub use self::output::{Ask, AskKind, Gone, Notice, Outbox, Transmit};
pub use self::secret::Secret;
pub use self::stats::Stats;
pub use self::table::Table;
