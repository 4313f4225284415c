//! Replies that go upstream: relayed ones, the application's, and those made here.

use bytes::Bytes;
use sip_core::{EditError, Message, StatusCode, build};

use crate::handle::Asker;
use crate::key::Key;
use crate::output::{Gone, Notice};
use crate::secret::Secret;
use crate::step::{Step, reread};
use crate::transaction::{Transaction, Upstream};
use crate::uas::action::Action;

impl Transaction {
    /// Sends a reply and keeps it for as long as it may have to be sent again. `ours` when this
    /// server, not a phone behind it, is who answers.
    ///
    /// `false` when there is nothing to be said any more; every 2xx to an INVITE goes out.
    pub(crate) fn send_reply(
        &mut self,
        step: &mut Step<'_>,
        status: StatusCode,
        bytes: Bytes,
        ours: bool,
    ) -> bool {
        let was_open = self.is_open();
        let action = match status.class() {
            1 => self.server.on_provisional(),
            2 => self.server.on_success(step.now, ours),
            _ => self.server.on_failure(step.now),
        };
        if action != Action::Send {
            return false;
        }
        if let Upstream::Peer { target, .. } = self.upstream {
            step.send(target, bytes.clone(), None);
        }
        step.stats.replies_sent += 1;
        step.stats.replies_generated += u64::from(ours);
        if was_open {
            self.last_status = Some(status);
            self.last_reply = if self.server.keeps_reply() { bytes } else { Bytes::new() };
        }
        if was_open && !self.is_open() {
            step.stats.completed[usize::from(status.class()) % 7] += 1;
            self.close(step);
        }
        true
    }

    /// Sends the last reply again.
    pub(crate) fn send_last_reply(&self, step: &mut Step<'_>) {
        if let Upstream::Peer { target, .. } = self.upstream {
            step.send(target, self.last_reply.clone(), None);
        }
    }

    /// Sends a reply of our own making.
    pub(crate) fn reply_locally(&mut self, step: &mut Step<'_>, status: StatusCode) {
        if self.is_local() {
            return self.deliver_local(step, status);
        }
        match self.own_response(step, status) {
            Some(bytes) => {
                self.send_reply(step, status, bytes, true);
            }
            None => self.end(step),
        }
    }

    /// The bytes of a reply of our own making.
    pub(crate) fn own_response(&self, step: &mut Step<'_>, status: StatusCode) -> Option<Bytes> {
        let bytes = self.request.message().map(|request| local_response(&request, status, step.secret));
        // Without a message nothing was built, which counts as a failure too.
        step.built(bytes.unwrap_or(Err(EditError::NotARequest)))
    }

    /// Nobody has answered in time. To anything but an INVITE that is not said (RFC 4320 4.2), except here, to
    /// whoever started it.
    pub(crate) fn stay_silent(&mut self, step: &mut Step<'_>) {
        if self.is_local() && self.is_open() {
            self.deliver_local(step, StatusCode::REQUEST_TIMEOUT);
        } else {
            self.end(step);
        }
    }

    /// Ends it without a reply; what comes again is absorbed.
    pub(crate) fn end(&mut self, step: &mut Step<'_>) {
        if self.is_open() {
            self.server.on_silence(step.now);
            self.last_reply = Bytes::new();
            self.close(step);
        }
    }

    /// The application answers by itself.
    pub(crate) fn reply_by_route(&mut self, step: &mut Step<'_>, status: StatusCode, bytes: Bytes) {
        if !self.is_invite() && status == StatusCode::REQUEST_TIMEOUT {
            return self.end(step);
        }
        if self.is_invite() && status.is_success() {
            // Its ACK has a branch of its own and is found by Call-ID, CSeq and tags.
            self.answer_key = reread(&bytes).and_then(|reply| Key::of_answer(&reply, step.secret).ok());
        }
        self.send_reply(step, status, bytes, true);
        if status.is_final() {
            self.cancel_losers(step, status, None);
        }
    }

    /// What ends with the first final reply.
    pub(crate) fn close(&mut self, step: &mut Step<'_>) {
        self.until = None;
        self.forget_responses();
        self.dismiss_waiter(step, Gone::Answered);
        self.armed.on_failure = None;
    }

    /// Tells the route that waits for the outcome that there will be none.
    pub(crate) fn dismiss_waiter(&mut self, step: &mut Step<'_>, why: Gone) {
        if let Some(Asker::Waiter(ticket)) = self.armed.on_failure {
            self.armed.on_failure = None;
            step.out.notices.push(Notice::Gone { ticket, why });
        }
    }
}

/// A reply of our own making to `request`.
fn local_response(request: &Message, status: StatusCode, secret: &Secret) -> Result<Bytes, EditError> {
    if status == StatusCode::TRYING {
        return build::response(request, status).finish();
    }
    build::response(request, status).to_tag(&secret.to_tag(request)).finish()
}
