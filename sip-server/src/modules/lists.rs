//! Lists in files: users and addresses.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sip_modules::auth::{Users, UsersError};
use sip_modules::permissions::{Addresses, AddressesError};

/// A list in a file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {wrong}", path.display())]
pub struct ListError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    #[source]
    pub wrong: ListFault,
}

/// What is wrong with a list.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListFault {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// The database that has the users has no thread to run on.
    #[cfg(feature = "sql")]
    #[error(transparent)]
    Database(#[from] sip_async::sql::SqlError),
    /// A line of a list of users.
    #[error(transparent)]
    Users(#[from] UsersError),
    /// A line of a list of addresses.
    #[error(transparent)]
    Addresses(#[from] AddressesError),
}

/// Reads a list of users; [`Users`] tells its lines. It blocks: not for a route.
///
/// # Errors
///
/// [`ListError`]: the file cannot be read, or a line of it.
pub fn users_from(path: &Path) -> Result<Arc<Users>, ListError> {
    read(path, |text| Ok(Users::parse(text)?)).map(Arc::new)
}

/// Reads a list of addresses; [`Addresses`] tells its lines. It blocks: not for a route.
///
/// # Errors
///
/// [`ListError`]: the file cannot be read, or a line of it.
pub fn addresses_from(path: &Path) -> Result<Arc<Addresses>, ListError> {
    read(path, |text| Ok(Addresses::parse(text)?)).map(Arc::new)
}

fn read<T>(path: &Path, parse: impl FnOnce(&[u8]) -> Result<T, ListFault>) -> Result<T, ListError> {
    let text = fs::read(path).map_err(ListFault::from);
    text.and_then(|text| parse(&text)).map_err(|wrong| ListError { path: path.to_owned(), wrong })
}
