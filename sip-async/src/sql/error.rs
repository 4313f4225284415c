//! What may go wrong between us and a database. Every error names the connection, none its password.

use std::sync::Arc;
use std::time::Duration;

/// What the driver said.
pub(super) type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// Why a statement was not done, or not known to be.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqlError {
    /// There is no connection and none could be made: nothing was asked. Try again later.
    #[error("database `{database}` cannot be reached: {cause}")]
    Unreachable {
        /// The name of the connection.
        database: Arc<str>,
        /// What the driver said.
        cause: Cause,
    },
    /// The connection ended, or the database was too busy, while it worked: a change may have been made or not.
    #[error("database `{database}` did not finish: {cause}")]
    Lost {
        /// The name of the connection.
        database: Arc<str>,
        /// What the driver said.
        cause: Cause,
    },
    /// No answer in time: a change may have been made or not.
    #[error("database `{database}` did not answer within {limit:?}")]
    Slow {
        /// The name of the connection.
        database: Arc<str>,
        /// The time limit.
        limit: Duration,
    },
    /// The database says no: a wrong statement, a value that does not fit, a rule that is broken. Nothing was
    /// changed, and it would say so again.
    #[error("database `{database}` refused: {cause}")]
    Refused {
        /// The name of the connection.
        database: Arc<str>,
        /// What the driver said.
        cause: Cause,
    },
    /// A column has a type that there is no [`Value`](crate::sql::Value) for: cast it to text in the statement.
    #[error("database `{database}`: column `{column}` has the type {kind}; cast it to text")]
    Column {
        /// The name of the connection.
        database: Arc<str>,
        /// The name of the column.
        column: String,
        /// Its type, as the database calls it.
        kind: String,
    },
    /// There are more rows than one query may bring.
    #[error("database `{database}`: more than {most} rows")]
    TooManyRows {
        /// The name of the connection.
        database: Arc<str>,
        /// The bound.
        most: usize,
    },
    /// Too many statements wait already: nothing was asked.
    #[error("database `{database}` is busy: {most} statements wait")]
    Busy {
        /// The name of the connection.
        database: Arc<str>,
        /// The bound.
        most: usize,
    },
    /// The operating system gave no thread for the connection, or that has ended.
    #[error("database `{database}` is closed: {cause}")]
    Closed {
        /// The name of the connection.
        database: Arc<str>,
        /// Why.
        cause: Cause,
    },
}

impl SqlError {
    /// Whether the database itself said no, so that the same statement will fail again.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::Column { .. } | Self::TooManyRows { .. })
    }

    /// Whether the statement may have been carried out all the same.
    pub fn may_be_done(&self) -> bool {
        matches!(self, Self::Lost { .. } | Self::Slow { .. })
    }
}

/// Why a text is no URL of a database.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// It starts with none of the schemes.
    #[error("a database URL starts with sqlite:, postgres: or mysql:")]
    Scheme,
    /// What follows the scheme cannot be read.
    #[error("not a database URL: {0}")]
    Malformed(#[source] Cause),
}
