//! Settings of routing modules.

use std::path::PathBuf;
use std::sync::Arc;

use sip_modules::permissions::Addresses;
use sip_modules::{auth, pike};

use crate::driver::builder::Server;
use crate::modules::users::UserStore;

impl Server {
    /// Settings of authentication.
    pub fn auth(mut self, config: auth::Config) -> Self {
        self.modules.auth = config;
        self
    }

    /// The settings of authentication as they are, to change one of them.
    pub fn auth_config(&self) -> &auth::Config {
        &self.modules.auth
    }

    /// Where passwords are kept: [`Users`](auth::Users) in memory, or a store that is asked.
    pub fn users(mut self, store: Arc<dyn UserStore>) -> Self {
        self.modules.users = Some(store);
        self
    }

    /// Settings of the count of requests by source.
    pub fn pike(mut self, config: pike::Config) -> Self {
        self.modules.pike = config;
        self
    }

    /// The address groups; [`Shared::set_addresses`](crate::Shared::set_addresses) swaps them later.
    pub fn addresses(mut self, addresses: Arc<Addresses>) -> Self {
        self.modules.addresses = addresses;
        self
    }

    /// The file that the address groups came from: `permissions.addressReload` reads it again.
    pub fn address_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.modules.address_file = Some(path.into());
        self
    }
}
