//! What is asked of a response: that its Via lines lead somewhere.
//!
//! Source: RFC 3261 8.1.3.3, 16.7 step 3; RFC 4475 3.3.10.

use crate::header::received::leads_to_nobody;
use crate::header::via::Via;
use crate::header::view::HeaderView;
use crate::message::Message;
use crate::name::HeaderName;
use crate::validate::fault::Fault;

/// Adds what is wrong with the way of a response.
pub(crate) fn judge(msg: &Message, is_proxy: bool, faults: &mut Vec<Fault>) {
    let Some(below) = msg.values(HeaderName::Via).nth(1) else { return };
    if !is_proxy {
        faults.push(Fault::NotOurs);
    } else if Via::parse(below).is_ok_and(|via| leads_to_nobody(&via)) {
        faults.push(Fault::NoWayBack);
    }
}
