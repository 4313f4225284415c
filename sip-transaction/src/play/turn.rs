//! What a played route may do with its transaction.

use std::fmt;
use std::net::SocketAddr;
use std::time::Instant;

use sip_core::{HeaderName, Message, Protocol, StatusCode, Target, build};

use crate::error::TmError;
use crate::id::TransactionId;
use crate::input::{Armed, NewBranch, Round};
use crate::output::Outbox;
use crate::secret::Secret;
use crate::table::Table;

/// A transaction in the hands of a route.
pub struct Turn<'a> {
    /// The moment.
    pub now: Instant,
    /// The table of the transaction.
    pub table: &'a mut Table,
    /// The transaction.
    pub transaction: TransactionId,
    /// What its calls give out.
    pub out: &'a mut Outbox,
    pub(crate) secret: &'a Secret,
    pub(crate) here: SocketAddr,
}

impl Turn<'_> {
    /// Relays the request to all of `targets` at once, with nothing armed.
    ///
    /// # Errors
    ///
    /// As [`Table::reserve`] and [`Table::commit`].
    pub fn relay(&mut self, targets: &[Target]) -> Result<(), TmError> {
        self.relay_armed(targets, Armed::default())
    }

    /// Relays the request to all of `targets` at once.
    ///
    /// # Errors
    ///
    /// As [`Table::reserve`] and [`Table::commit`].
    pub fn relay_armed(&mut self, targets: &[Target], armed: Armed) -> Result<(), TmError> {
        let request = self.table.request(self.transaction).ok_or(TmError::Unknown)?;
        let ids = self.table.reserve(self.transaction, targets.len() as u16)?;
        let mut round = Round { armed, ..Round::default() };
        for (id, target) in ids.into_iter().zip(targets) {
            let mut copy = request.clone();
            copy.set_request_uri(format!("sip:callee@{}", target.remote))?;
            let branch = id.to_via(0, self.secret);
            copy.prepend(HeaderName::Via, via(self.here, target.protocol, branch.as_str()))?;
            round.branches.push(NewBranch {
                id,
                target: *target,
                bytes: copy.to_bytes(),
                fr: None,
                fr_inv: None,
                user: u64::from(target.remote.port()),
            });
        }
        self.table.commit(self.now, self.transaction, round, self.out)
    }

    /// Replies by itself.
    ///
    /// # Errors
    ///
    /// As [`Table::reply`]; [`TmError::Build`].
    pub fn reply(&mut self, status: StatusCode) -> Result<(), TmError> {
        let request = self.table.request(self.transaction).ok_or(TmError::Unknown)?;
        let tag = self.secret.to_tag(&request);
        let bytes = build::response(&request, status).to_tag(&tag).finish()?;
        self.table.reply(self.now, self.transaction, status, bytes, self.out)
    }

    /// The request as received.
    pub fn request(&self) -> Option<Message> {
        self.table.request(self.transaction)
    }
}

/// A Via of `here`.
pub(crate) fn via(here: SocketAddr, protocol: Protocol, branch: &str) -> String {
    format!("SIP/2.0/{} {here};branch={branch}", protocol.via_token())
}

impl fmt::Debug for Turn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").field("transaction", &self.transaction).finish_non_exhaustive()
    }
}
