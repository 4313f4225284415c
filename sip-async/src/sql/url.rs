//! Which database: a URL, read once.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use sqlx::ConnectOptions;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use super::error::UrlError;

/// The kind of a database.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// SQLite: a file, or memory.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL or MariaDB.
    MySql,
}

/// The URL of a database: `sqlite:location.db`, `postgres://user:password@host/name`,
/// `mysql://user:password@host/name`.
///
/// A SQLite file is made where there is none. It is written with a log (WAL) and a sync for each
/// transaction (`synchronous=FULL`), so that what was committed outlives a crash and a power cut; `sqlite::memory:`
/// lives as long as its connection. TLS to the others is asked for as their own tools do: `?sslmode=require`,
/// `?ssl-mode=REQUIRED`. Written out, it has no password.
#[derive(Clone)]
pub struct DatabaseUrl {
    pub(super) options: Options,
    shown: Arc<str>,
}

/// What the driver needs.
#[derive(Clone)]
pub(super) enum Options {
    Sqlite { options: Box<SqliteConnectOptions>, in_memory: bool },
    Postgres(Box<PgConnectOptions>),
    MySql(Box<MySqlConnectOptions>),
}

impl DatabaseUrl {
    /// The kind of database that it leads to.
    pub fn kind(&self) -> Kind {
        match &self.options {
            Options::Sqlite { .. } => Kind::Sqlite,
            Options::Postgres(_) => Kind::Postgres,
            Options::MySql(_) => Kind::MySql,
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let malformed = |error: sqlx::Error| UrlError::Malformed(Arc::new(error));
        let (scheme, rest) = text.split_once(':').ok_or(UrlError::Scheme)?;
        let options = match scheme {
            "sqlite" => Options::Sqlite {
                options: Box::new(
                    SqliteConnectOptions::from_str(text)
                        .map_err(malformed)?
                        .create_if_missing(true)
                        .journal_mode(SqliteJournalMode::Wal)
                        .synchronous(SqliteSynchronous::Full)
                        .disable_statement_logging(),
                ),
                in_memory: rest.contains(":memory:") || rest.contains("mode=memory"),
            },
            "postgres" | "postgresql" => Options::Postgres(Box::new(
                PgConnectOptions::from_str(text).map_err(malformed)?.disable_statement_logging(),
            )),
            "mysql" | "mariadb" => Options::MySql(Box::new(
                // The time zone stays the server's: that is what others write into the same tables by.
                MySqlConnectOptions::from_str(text)
                    .map_err(malformed)?
                    .timezone(None)
                    .pipes_as_concat(false)
                    .disable_statement_logging(),
            )),
            _ => return Err(UrlError::Scheme),
        };
        Ok(Self { options, shown: without_password(text).into() })
    }
}

/// The URL without the password in `scheme://user:password@host`.
fn without_password(text: &str) -> String {
    let found = || {
        let (scheme, rest) = text.split_once("://")?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (login, host) = rest.get(..end)?.rsplit_once('@')?;
        let user = login.split(':').next()?;
        Some(format!("{scheme}://{user}@{host}{}", rest.get(end..)?))
    };
    let shown = found().unwrap_or_else(|| text.to_owned());
    // Parameters may hold a password, too.
    shown.split('?').next().unwrap_or_default().to_owned()
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({})", self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_its_kind_and_hides_its_password() {
        for (text, kind, shown) in [
            ("sqlite:location.db", Kind::Sqlite, "sqlite:location.db"),
            ("sqlite::memory:", Kind::Sqlite, "sqlite::memory:"),
            ("postgres://a:s%40c@h:5432/db?x=1", Kind::Postgres, "postgres://a@h:5432/db"),
            ("mysql://root@127.0.0.1/kamailio", Kind::MySql, "mysql://root@127.0.0.1/kamailio"),
        ] {
            let url: DatabaseUrl = text.parse().expect(text);
            assert_eq!((url.kind(), url.to_string()), (kind, shown.to_owned()), "{text}");
        }
        for text in ["", "location.db", "redis://h", "postgres://h:notaport/x"] {
            assert!(text.parse::<DatabaseUrl>().is_err(), "{text}");
        }
    }
}
