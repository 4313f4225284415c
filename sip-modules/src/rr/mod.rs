//! `rr`: staying on the path of a dialog, and following the path that a request brings.
//!
//! ```text
//! first request                                      later requests
//!   record_route   our Record-Route on top             loose_route   our Route taken off
//!   settle         a second one, for each branch       next_hop      where to send, for each branch
//!                  that leaves by another socket
//! ```
//!
//! [`State`] is what has to be remembered while one message is handled, since edits are seen at once:
//! the driver makes one for each message and keeps it as long as the message.
//!
//! Source: RFC 3261 16.4, 16.6 and 16.12; two Record-Routes RFC 5658.

mod direction;
mod error;
mod loose;
mod options;
mod outcome;
pub(crate) mod record;
pub(crate) mod side;
mod state;

pub use direction::{Direction, check_route_param, direction, is_direction};
pub use error::RrError;
pub use loose::{NextHop, loose_route, next_hop};
pub use options::{Double, Options};
pub use outcome::{LooseRoute, Way};
pub use record::{add_rr_param, record_route, settle};
pub use side::Side;
pub use state::State;
