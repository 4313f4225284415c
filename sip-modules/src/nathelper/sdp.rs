//! SDP of phones behind a NAT.

use std::net::IpAddr;

use sip_core::{EditError, Limits, Message, Sdp};

use super::address;

/// What `fix_nated_sdp` does.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct SdpFixes(u32);

impl SdpFixes {
    /// Adds `a=direction:active` to the session.
    pub const DIRECTION_ACTIVE: Self = Self(1);
    /// Writes the address into the `c=` lines, but for those that hold (`0.0.0.0`).
    pub const MEDIA_ADDRESS: Self = Self(2);
    /// Adds `a=nortpproxy:yes` to the session.
    pub const NO_RTPPROXY: Self = Self(4);
    /// Writes the address into the `o=` line.
    pub const ORIGIN: Self = Self(8);

    /// From the number that a script gives. Unknown bits do nothing.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    const fn has(self, fix: Self) -> bool {
        self.0 & fix.0 != 0
    }
}

/// Mends the SDP of a message with this address: where it came from (`fix_nated_sdp`), or another
/// (`fix_nated_sdp_ip`). `false`: nothing had to be changed.
///
/// # Errors
///
/// [`EditError::NotThere`]: there is no SDP, or no `o=` line where it is to be changed; [`EditError::Body`]: it cannot
/// be read. Nothing is changed.
pub fn fix_nated_sdp(msg: &mut Message, fixes: SdpFixes, ip: IpAddr) -> Result<bool, EditError> {
    const TYPE: &str = "application/sdp";
    let limits = Limits::default();
    let ip = ip.to_canonical();
    let part = msg.find_body(TYPE, &limits)?.ok_or(EditError::NotThere)?;
    let old = part.body().to_vec();
    let mut sdp = Sdp::parse(&old, &limits)?;
    if fixes.has(SdpFixes::MEDIA_ADDRESS) {
        let is_one = |text: Option<&[u8]>| {
            text.is_some_and(|text| !address(text).is_some_and(|ip| ip.is_unspecified()))
        };
        let session = is_one(sdp.session().connection().map(|text| &**text));
        let own: Vec<_> = sdp
            .media()
            .enumerate()
            .filter(|(_, media)| is_one(media.connection().map(|text| &**text)))
            .map(|(at, _)| at)
            .collect();
        if session {
            sdp.set_connection(None, ip)?;
        }
        for at in own {
            sdp.set_connection(Some(at), ip)?;
        }
    }
    if fixes.has(SdpFixes::ORIGIN) {
        sdp.set_origin(ip)?;
    }
    let marks = [
        (SdpFixes::DIRECTION_ACTIVE, "direction", &b"active"[..]),
        (SdpFixes::NO_RTPPROXY, "nortpproxy", b"yes"),
    ];
    for (fix, name, value) in marks {
        if fixes.has(fix) && sdp.session().attribute(name).is_none() {
            sdp.add_attribute(None, name, Some(value))?;
        }
    }
    let new = sdp.to_bytes();
    if new == old {
        return Ok(false);
    }
    msg.replace_body(TYPE, &new, &limits)?;
    Ok(true)
}
