//! `nathelper`, `permissions`, `pike` and `path`, with what a turn and the server know.

use sip_modules::nathelper::{self, Alias, NatTests, SdpFixes};
use sip_modules::path;
use sip_modules::pike::Flood;

use crate::clock;
use crate::ctx::Ctx;
use crate::error::RouteError;
use crate::routed::Routed;

impl Ctx {
    /// Whether the sender sits behind a NAT, as these tests see it (`nat_uac_test`).
    pub fn nat_uac_test(&self, tests: NatTests) -> bool {
        nathelper::nat_uac_test(&self.msg, self.source(), tests)
    }

    /// The contacts that this REGISTER saves are called where it came from, whatever the registrar would have chosen
    /// (`fix_nated_register`).
    pub fn fix_nated_register(&mut self) {
        self.turn.natted.set(true);
    }

    /// Writes where the request came from into its SDP (`fix_nated_sdp`). `false`: nothing had to be changed.
    ///
    /// # Errors
    ///
    /// [`RouteError::Edit`]: there is no SDP that can be read.
    pub fn fix_nated_sdp(&mut self, fixes: SdpFixes) -> Result<bool, RouteError> {
        let ip = self.source().remote.ip();
        Ok(nathelper::fix_nated_sdp(&mut self.msg, fixes, ip)?)
    }

    /// Adds to Contact where the request came from, so that requests of the dialog find back (`set_contact_alias`).
    ///
    /// # Errors
    ///
    /// [`RouteError::Edit`]: there is no Contact that can be written, or it has its alias.
    pub fn set_contact_alias(&mut self) -> Routed {
        let source = *self.source();
        nathelper::set_contact_alias(&mut self.msg, &source, false)?;
        Ok(())
    }

    /// Sends the request where the alias in its URI says, which goes (`handle_ruri_alias`). `false`: there is none.
    ///
    /// # Errors
    ///
    /// [`RouteError::Edit`]: the alias or the URI cannot be read.
    pub fn handle_ruri_alias(&mut self) -> Result<bool, RouteError> {
        match nathelper::handle_ruri_alias(&mut self.msg, false)? {
            Alias::Done(hop) => {
                self.destination.set_next_hop(Some(hop.into()));
                Ok(true)
            }
            Alias::None => Ok(false),
        }
    }

    /// Whether the source of the request is in this address group (`allow_source_address`).
    pub fn allow_source_address(&self, group: u32) -> bool {
        let from = self.source().remote;
        self.shared().addresses().allow_address(group, from.ip(), from.port())
    }

    /// The address group of the source: that of the longest mask (`allow_source_address_group`).
    pub fn source_address_group(&self) -> Option<u32> {
        let from = self.source().remote;
        self.shared().addresses().find(from.ip(), from.port()).map(|entry| entry.group)
    }

    /// Counts the request for its source (`pike_check_req`).
    pub fn pike_check_req(&self) -> Flood {
        self.shared().pike().check(clock::now(), self.source().remote.ip())
    }

    /// Puts a Path on top that names the address of ours that was asked (`add_path` and its kin).
    ///
    /// # Errors
    ///
    /// [`RouteError::Edit`]: the options hold what no URI can.
    pub fn add_path(&mut self, options: &path::Options<'_>) -> Routed {
        let source = *self.source();
        Ok(path::add(&mut self.msg, &source, options)?)
    }
}
