//! What of a server outlives it, as everybody sees it who has a [`Shared`].

use std::sync::Arc;

#[cfg(feature = "sql")]
use sip_async::sql::Database;
use sip_registrar::Aor;

use crate::error::RouteError;
use crate::shared::Shared;
use crate::store::keeper::Keeper;

impl Shared {
    /// Whether the location has all that its store has. True where it has no store; false while it is loaded, and
    /// always in [`StoreMode::StoreOnly`](crate::store::StoreMode::StoreOnly).
    pub fn is_loaded(&self) -> bool {
        self.keeper().is_none_or(|keeper| keeper.is_complete())
    }

    /// Takes all contacts of an address of record away (`unregister`), in its store as well. How many there were.
    ///
    /// # Errors
    ///
    /// [`RouteError::Store`] and [`RouteError::Busy`]: the location has a store that cannot take it now; nothing was
    /// changed.
    pub async fn unregister(&self, aor: &Aor) -> Result<usize, RouteError> {
        match self.keeper() {
            Some(keeper) => keeper.unregister(aor, |_| true).await,
            None => Ok(self.registrar().remove(aor).len()),
        }
    }

    /// The database that the server was given, for whatever else is in it: users, addresses.
    #[cfg(feature = "sql")]
    pub fn database(&self) -> Option<&Database> {
        self.storage().database()
    }

    /// Who keeps the location in a store.
    pub(crate) fn keeper(&self) -> Option<&Arc<Keeper>> {
        self.storage().keeper()
    }
}
