//! What all workers share of the modules.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sip_modules::auth::Auth;
use sip_modules::permissions::Addresses;
use sip_modules::pike::Pike;

use crate::clock;
use crate::modules::lists::addresses_from;
use crate::modules::users::UserStore;
use crate::shared::Shared;

impl Shared {
    /// Nonces and credentials.
    pub fn auth(&self) -> &Auth {
        &self.modules().auth
    }

    /// Where passwords are kept, if the server was told.
    pub fn users(&self) -> Option<&Arc<dyn UserStore>> {
        self.modules().users.as_ref()
    }

    /// The count of requests by source.
    pub fn pike(&self) -> &Pike {
        &self.modules().pike
    }

    /// The address groups, as they are now.
    pub fn addresses(&self) -> Arc<Addresses> {
        self.modules().addresses()
    }

    /// Reads the file again that the address groups came from ([`Server::address_file`](crate::Server::address_file)),
    /// on a thread of its own, and swaps them whole; what is wrong with it is logged, and nothing is changed then.
    /// `false`: there is no such file, or it is being read.
    pub fn reload_addresses(&self) -> bool {
        let modules = self.modules();
        let Some(path) = modules.address_file.clone() else { return false };
        if modules.reloading.swap(true, Ordering::AcqRel) {
            return false;
        }
        let shared = self.clone();
        let read = move || {
            match addresses_from(&path) {
                Ok(addresses) => {
                    tracing::info!(path = %path.display(), addresses = addresses.len(), "address groups read");
                    shared.set_addresses(addresses);
                }
                Err(error) => tracing::error!(%error, "the address groups stay as they are"),
            }
            shared.modules().reloading.store(false, Ordering::Release);
        };
        let started = std::thread::Builder::new().name("addresses".into()).spawn(read);
        if started.is_err() {
            modules.reloading.store(false, Ordering::Release);
        }
        started.is_ok()
    }

    /// Puts other address groups in the place of all that are there. Routes that look meanwhile see the old or the new.
    pub fn set_addresses(&self, addresses: Arc<Addresses>) {
        self.modules().set_addresses(addresses);
    }

    /// The time since 1970 that nonces are made with: the calendar at the start, and what the clock has counted since.
    pub(crate) fn calendar(&self) -> Duration {
        self.modules().calendar(clock::now())
    }
}
