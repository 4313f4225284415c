//! Settings of the location, and of what outlives the server.

use std::sync::Arc;

#[cfg(feature = "sql")]
use sip_async::sql::DatabaseUrl;

use crate::driver::builder::Server;
use crate::store::location::LocationStore;
use crate::store::settings::StoreSettings;

impl Server {
    /// Settings of the registrar.
    pub fn registrar(mut self, config: sip_registrar::Config) -> Self {
        self.registrar = config;
        self
    }

    /// Keeps the location in this store. Default: in memory alone, and it ends with the process.
    pub fn location_store(mut self, store: impl LocationStore) -> Self {
        self.storage.location = Some(Arc::new(store));
        self
    }

    /// How the location is kept in its store. Default: what was answered 200 is stored.
    pub fn store(mut self, settings: StoreSettings) -> Self {
        self.storage.settings = settings;
        self
    }

    /// Keeps the location in this database, unless [`Self::location_store`] says another place, and gives it to the
    /// routes: [`Shared::database`](crate::Shared::database). Default: none.
    #[cfg(feature = "sql")]
    pub fn database(mut self, url: DatabaseUrl) -> Self {
        self.storage.database = Some(url);
        self
    }
}
