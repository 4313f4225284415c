//! What a server was told to keep its location in, and what became of it.

use std::sync::Arc;
use std::thread::JoinHandle;

#[cfg(feature = "sql")]
use sip_async::sql::{Database, DatabaseUrl, Settings};
use sip_registrar::Registrar;

use crate::error::StartError;
use crate::store::keeper::Keeper;
use crate::store::location::LocationStore;
use crate::store::settings::StoreSettings;
#[cfg(feature = "sql")]
use crate::store::sql::location::SqlLocation;

/// What a server was told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Storing {
    pub(crate) location: Option<Arc<dyn LocationStore>>,
    pub(crate) settings: StoreSettings,
    #[cfg(feature = "sql")]
    pub(crate) database: Option<DatabaseUrl>,
}

/// What a running server has.
#[derive(Debug)]
pub(crate) struct Storage {
    keeper: Option<Arc<Keeper>>,
    #[cfg(feature = "sql")]
    database: Option<Database>,
}

impl Storing {
    /// Opens it: the rest is done beside the traffic.
    pub(crate) fn open(&self, registrar: &Arc<Registrar>) -> Result<Storage, StartError> {
        let start = |store| Keeper::start(registrar.clone(), store, self.settings.clone()).map(Arc::new);
        #[cfg(feature = "sql")]
        {
            let open = |url| Database::open("db", url, Settings::default());
            let database = self.database.as_ref().map(open).transpose()?;
            let in_database = || {
                let store = SqlLocation::new(database.clone()?, registrar.config().use_domain);
                Some(Arc::new(store) as Arc<dyn LocationStore>)
            };
            let keeper = self.location.clone().or_else(in_database).map(start).transpose()?;
            Ok(Storage { keeper, database })
        }
        #[cfg(not(feature = "sql"))]
        Ok(Storage { keeper: self.location.clone().map(start).transpose()? })
    }
}

impl Storage {
    /// Who keeps the location in a store.
    pub(crate) fn keeper(&self) -> Option<&Arc<Keeper>> {
        self.keeper.as_ref()
    }

    /// The database that the server was given.
    #[cfg(feature = "sql")]
    pub(crate) fn database(&self) -> Option<&Database> {
        self.database.as_ref()
    }

    /// Ends it: whom to wait for.
    pub(crate) fn end(&self) -> Option<JoinHandle<()>> {
        self.keeper.as_ref().and_then(|keeper| keeper.end())
    }
}
