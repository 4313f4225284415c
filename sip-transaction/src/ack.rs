//! ACK: absorbed upstream, made downstream, or handed on.
//!
//! The ACK of a negative final reply ends here, hop by hop (RFC 3261 17.1.1.3, 17.2.1), and so does
//! the ACK of a 2xx that this server sent itself. The ACK of a relayed 2xx is a request like any
//! other, without a transaction.

use bytes::Bytes;
use sip_core::{Message, build};

use crate::input::Matched;
use crate::key;
use crate::step::{Step, reread};
use crate::transaction::Transaction;
use crate::uas::Server;
use crate::uas::action::Action;

impl Transaction {
    /// The ACK of this INVITE came.
    pub(crate) fn on_ack(&mut self, step: &mut Step<'_>, ack: &Message) -> Matched {
        if !self.is_ack_of_last_reply(ack) {
            return Matched::New;
        }
        let Server::Invite(server) = &mut self.server else { return Matched::New };
        if server.on_ack(step.now) == Action::PassUp {
            return Matched::New;
        }
        if !self.server.keeps_reply() {
            self.last_reply = Bytes::new();
        }
        step.stats.absorbed += 1;
        Matched::Absorbed
    }

    /// The ACK of a client without unique branches looks the same whatever it is for, but for the To tag: it
    /// may be that of a 2xx that came after our negative reply (RFC 3261 17.2.3).
    fn is_ack_of_last_reply(&self, ack: &Message) -> bool {
        if key::has_unique_branch(ack) || self.is_open() {
            return true;
        }
        let Some(reply) = reread(&self.last_reply) else { return true };
        match (reply.to(), ack.to()) {
            (Ok(reply), Ok(ack)) => reply.tag() == ack.tag(),
            _ => true,
        }
    }

    /// Acknowledges the negative final response of a branch. From the first time on the ACK is kept
    /// in place of the request, and sent again with each repetition.
    pub(crate) fn acknowledge(&mut self, step: &mut Step<'_>, number: u16, response: &Message) {
        let id = self.branch_id(number);
        let Some(sent) = self.branch_mut(number).and_then(|branch| branch.sent_mut()) else { return };
        if !sent.acked {
            // Without the request there was a 2xx, and nothing negative to acknowledge.
            let Some(request) = reread(&sent.bytes) else { return };
            let Some(ack) = step.built(build::ack(&request, response)) else { return };
            sent.bytes = ack;
            sent.acked = true;
        }
        step.send(sent.target, sent.bytes.clone(), Some(id));
    }
}
