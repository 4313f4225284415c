//! Requests that start here (`t_uac`): a transaction without a server half on the wire.
//!
//! Its branches are those of any other request: forked, retried, cancelled, timed out. Where another transaction
//! would reply upstream, this one tells whoever started it: an [`AskKind::Outcome`], once, and for an INVITE
//! once for each dialog that a 2xx begins (RFC 3261 13.2.2.4). The ACK of such a 2xx is the starter's, who
//! knows the route of the dialog; it is kept here and sent again with each repetition of the 2xx.

use bytes::Bytes;
use sip_core::{Message, StatusCode, Target};

use crate::error::TmError;
use crate::origin::{Dialog, Origin};
use crate::output::{Ask, AskKind};
use crate::step::{Step, reread};
use crate::transaction::{Transaction, Upstream};
use crate::uas::action::Action;

impl Transaction {
    /// What is kept of a request that starts here.
    pub(crate) fn origin(&mut self) -> Option<&mut Origin> {
        match &mut self.upstream {
            Upstream::Origin(origin) => Some(origin),
            Upstream::Peer { .. } => None,
        }
    }

    /// Whether it starts here.
    pub(crate) fn is_local(&self) -> bool {
        matches!(self.upstream, Upstream::Origin(_))
    }

    /// A 2xx: told, unless it is one that was told before.
    pub(crate) fn deliver_answer(&mut self, step: &mut Step<'_>, number: u16, response: Message) {
        let invite = self.is_invite();
        let id = self.branch_id(number);
        if invite && let Some(origin) = self.origin() {
            let to_tag = to_tag(&response);
            let known =
                origin.dialogs.iter().find(|dialog| dialog.branch == number && dialog.to_tag == to_tag);
            if let Some(dialog) = known {
                step.stats.absorbed_responses += 1;
                if let Some((target, bytes)) = dialog.ack.clone() {
                    step.send(target, bytes, Some(id));
                }
                return;
            }
            origin.dialogs.push(Dialog { branch: number, to_tag, ack: None });
        }
        self.deliver(step, number, response, false);
    }

    /// The outcome is a status of our own making.
    pub(crate) fn deliver_local(&mut self, step: &mut Step<'_>, status: StatusCode) {
        let number = self.branches.last().map_or(0, |branch| branch.number);
        match self.own_response(step, status).and_then(|bytes| reread(&bytes)) {
            Some(response) => self.deliver(step, number, response, true),
            None => self.end(step),
        }
    }

    /// Tells the outcome to whoever started the request.
    pub(crate) fn deliver(&mut self, step: &mut Step<'_>, number: u16, response: Message, local: bool) {
        let Some(status) = response.status() else { return };
        let branch = self.branch_id(number);
        let was_open = self.is_open();
        let action = match status.class() {
            2 => self.server.on_success(step.now, false),
            _ => self.server.on_failure(step.now),
        };
        let id = self.ask_id(0);
        let Some(origin) = self.origin().filter(|_| action == Action::Send) else { return };
        let kind = AskKind::Outcome { branch, response, local };
        step.out.asks.push(Ask { id, asker: origin.asker, kind });
        if was_open {
            self.last_status = Some(status);
            self.close(step);
        }
    }

    /// Keeps and sends the ACK of a 2xx.
    pub(crate) fn acknowledge_answer(
        &mut self,
        step: &mut Step<'_>,
        number: u16,
        target: Target,
        bytes: Bytes,
    ) -> Result<(), TmError> {
        let id = self.branch_id(number);
        let ack = reread(&bytes).ok_or(TmError::NoAnswer)?;
        let to_tag = to_tag(&ack);
        let dialogs = self.origin().map(|origin| origin.dialogs.iter_mut()).ok_or(TmError::NoAnswer)?;
        let dialog = dialogs.into_iter().find(|dialog| dialog.branch == number && dialog.to_tag == to_tag);
        dialog.ok_or(TmError::NoAnswer)?.ack = Some((target, bytes.clone()));
        step.send(target, bytes, Some(id));
        Ok(())
    }
}

fn to_tag(message: &Message) -> Bytes {
    let tag = message.to().ok().and_then(|to| to.tag().map(|tag| Bytes::copy_from_slice(tag)));
    tag.unwrap_or_default()
}
