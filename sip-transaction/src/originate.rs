//! What an application asks of the table about requests that start here: begin, acknowledge.

use std::time::Instant;

use bytes::Bytes;
use sip_core::{Message, Method, Target};

use crate::error::TmError;
use crate::handle::Asker;
use crate::id::{BranchId, TransactionId};
use crate::origin::Origin;
use crate::output::Outbox;
use crate::table::Table;
use crate::transaction::Upstream;
use crate::uas::Server;
use crate::uas::local::LocalServer;

impl Table {
    /// Makes the transaction of a request that starts here (`t_uac_send`): nobody is upstream, and `asker` is
    /// told what comes of it by an [`AskKind::Outcome`](crate::AskKind::Outcome), which comes exactly once
    /// unless it is an INVITE with several answers. Nothing is told after [`Table::release`].
    ///
    /// `request` is the message without a Via. It is sent as any other is: `reserve`, our Via, `commit`; to
    /// several targets at once or one after the other, with the routes that the [`Round`](crate::Round)
    /// arms. [`Table::cancel`] gives an INVITE up. A challenge is an outcome: answering it is another
    /// request with the next CSeq (RFC 3261 22.2).
    ///
    /// Any table will do; [`stripe_of`](crate::stripe_of) spreads them evenly.
    ///
    /// # Errors
    ///
    /// [`TmError::NotRequest`], [`TmError::Ack`], [`TmError::UseCancel`], [`TmError::Full`], and
    /// [`TmError::Request`] when From, To, Call-ID or CSeq is missing or malformed.
    pub fn originate(
        &mut self,
        now: Instant,
        request: &Message,
        asker: Asker,
        out: &mut Outbox,
    ) -> Result<TransactionId, TmError> {
        let invite = match request.method() {
            None => return Err(TmError::NotRequest),
            Some(Method::Ack) => return Err(TmError::Ack),
            Some(Method::Cancel) => return Err(TmError::UseCancel),
            Some(method) => method == Method::Invite,
        };
        if self.len() >= self.config.max_transactions {
            self.stats.refused += 1;
            return Err(TmError::Full { max: self.config.max_transactions });
        }
        request.from()?;
        request.to()?;
        request.call_id()?;
        request.cseq()?;
        let upstream = Upstream::Origin(Box::new(Origin { asker, dialogs: Vec::new() }));
        let id = self.insert(now, request, None, upstream, Server::Local(LocalServer::new(invite)))?;
        self.stats.originated += 1;
        // For its deadline: it ends at its lifetime, whatever its maker does.
        self.step(now, id, out, |_, _| ());
        Ok(id)
    }

    /// Sends the ACK of a 2xx that an INVITE of ours had from `branch`, and sends it again whenever that 2xx
    /// comes again (RFC 3261 13.2.2.4). `ack` is the whole message, its Via and To tag included.
    ///
    /// # Errors
    ///
    /// [`TmError::Unknown`] when that is 64*T1 ago; [`TmError::NoAnswer`] when that branch had no 2xx with the
    /// To tag of `ack`.
    pub fn acknowledge(
        &mut self,
        now: Instant,
        branch: BranchId,
        target: Target,
        ack: Bytes,
        out: &mut Outbox,
    ) -> Result<(), TmError> {
        self.step(now, branch.transaction, out, |transaction, step| {
            transaction.acknowledge_answer(step, branch.branch, target, ack)
        })
        .unwrap_or(Err(TmError::Unknown))
    }
}
