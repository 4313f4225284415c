//! What the later routes of a transaction start from.

use sip_core::Message;
use sip_modules::rr;

use crate::added::Added;
use crate::vars::Vars;

/// Kept beside a transaction from its first relay until it ends: the request as the route left it.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    /// The request with the edits made before the relay.
    pub(crate) msg: Message,
    /// Message flags, as `setflag` counts them.
    pub(crate) flags: u32,
    /// What `record_route` and `loose_route` did.
    pub(crate) rr: rr::State,
    /// Max-Forwards was counted down.
    pub(crate) counted: bool,
    /// Named values; the place itself, which every route of the transaction shares.
    pub(crate) vars: Vars,
    /// What replies to it get beside what each says.
    pub(crate) added: Option<Box<Added>>,
}
