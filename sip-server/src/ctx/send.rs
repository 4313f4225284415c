//! `SendCtx`: what an onsend route may do.

use sip_core::Target;

/// The bytes of one relayed request, about to be sent for the first time.
#[derive(Debug)]
#[non_exhaustive]
pub struct SendCtx<'a> {
    /// Exactly what is sent.
    pub bytes: &'a [u8],
    /// Where to.
    pub target: &'a Target,
    pub(crate) dropped: bool,
}

impl SendCtx<'_> {
    /// This message is not sent. Its branch fails as if it could not be sent.
    pub fn set_drop(&mut self) {
        self.dropped = true;
    }
}
