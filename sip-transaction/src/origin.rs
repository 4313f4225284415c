//! What is kept of a request that starts here: who is told its outcome, and the dialogs that it began.

use bytes::Bytes;
use sip_core::Target;

use crate::handle::Asker;

/// What is kept of a request that starts here.
#[derive(Debug)]
pub(crate) struct Origin {
    /// Who is told the outcome.
    pub(crate) asker: Asker,
    /// The dialogs that its INVITE has begun.
    pub(crate) dialogs: Vec<Dialog>,
}

/// One 2xx to an INVITE of ours, and its ACK.
#[derive(Debug)]
pub(crate) struct Dialog {
    pub(crate) branch: u16,
    pub(crate) to_tag: Bytes,
    pub(crate) ack: Option<(Target, Bytes)>,
}

impl Origin {
    pub(crate) fn kept_bytes(&self) -> usize {
        let dialog = |dialog: &Dialog| dialog.to_tag.len() + dialog.ack.as_ref().map_or(0, |ack| ack.1.len());
        self.dialogs.iter().map(dialog).sum()
    }
}
