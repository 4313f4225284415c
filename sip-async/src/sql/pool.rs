//! The connections of one database, whichever it is.
//!
//! The driver has a type of its own for each database. One macro makes the same three functions for each; what
//! differs is how a value goes in and comes out.

use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use sqlx::pool::PoolOptions;
use sqlx::{
    AssertSqlSafe, Column as _, Connection as _, Executor as _, MySql, Postgres, Row as _, Sqlite,
    TypeInfo as _,
};

use super::error::SqlError;
use super::settings::Settings;
use super::statement::{Statement, numbered};
use super::url::{DatabaseUrl, Options};
use super::value::Rows;
use super::{mysql, postgres, sqlite};

/// A pool of one of three kinds.
#[derive(Clone)]
pub(super) enum Pool {
    Sqlite(sqlx::Pool<Sqlite>),
    Postgres(sqlx::Pool<Postgres>),
    MySql(sqlx::Pool<MySql>),
}

/// What is to be done on one connection.
pub(super) enum Work {
    /// A query, and the most rows that it may bring.
    Query(Statement, usize),
    /// All of them or none, in one transaction. The result tells in no row how many rows were changed.
    Transaction(Vec<Statement>),
}

/// What came of it.
#[derive(Default)]
pub(super) struct Done {
    pub(super) rows: Rows,
    pub(super) changed: u64,
}

impl Pool {
    /// A pool that connects when it is used. Runs inside the runtime that serves it.
    pub(super) fn new(url: &DatabaseUrl, settings: &Settings) -> Self {
        match &url.options {
            Options::Sqlite { options, in_memory } => {
                // Each connection to memory would be a database of its own, and end with it.
                let pool = if *in_memory {
                    options_of(settings).max_connections(1).idle_timeout(None).max_lifetime(None)
                } else {
                    options_of(settings)
                };
                Self::Sqlite(pool.connect_lazy_with((**options).clone().busy_timeout(settings.timeout / 2)))
            }
            Options::Postgres(options) => {
                Self::Postgres(options_of(settings).connect_lazy_with((**options).clone()))
            }
            Options::MySql(options) => {
                Self::MySql(options_of(settings).connect_lazy_with((**options).clone()))
            }
        }
    }

    /// Does the work on one connection, in the time that it may take.
    pub(super) async fn run(&self, name: &Arc<str>, limit: Duration, work: Work) -> Result<Done, SqlError> {
        match self {
            Self::Sqlite(pool) => on_sqlite::run(pool, name, limit, work).await,
            Self::Postgres(pool) => on_postgres::run(pool, name, limit, work).await,
            Self::MySql(pool) => on_mysql::run(pool, name, limit, work).await,
        }
    }

    /// Closes what is open.
    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
            Self::MySql(pool) => pool.close().await,
        }
    }
}

fn options_of<DB: sqlx::Database>(settings: &Settings) -> PoolOptions<DB> {
    PoolOptions::new()
        .max_connections(settings.connections.max(1))
        .acquire_timeout(settings.timeout)
        .acquire_slow_threshold(Duration::MAX)
        .test_before_acquire(false) // costs a round trip; a dead connection is found by its first statement
}

fn unreachable(name: &Arc<str>, error: sqlx::Error) -> SqlError {
    SqlError::Unreachable { database: name.clone(), cause: Arc::new(error) }
}

/// Whose fault an error of the driver is.
fn judge(name: &Arc<str>, error: sqlx::Error) -> SqlError {
    let database = name.clone();
    let lost = match &error {
        sqlx::Error::Database(said) => {
            if let Some(said) = said.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
                mysql::is_passing(said.number())
            } else if let Some(said) = said.try_downcast_ref::<sqlx::postgres::PgDatabaseError>() {
                postgres::is_passing(said.code())
            } else {
                said.code().is_some_and(|code| sqlite::is_passing(&code))
            }
        }
        sqlx::Error::Encode(_) | sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => false,
        _ => true,
    };
    let cause = Arc::new(error);
    if lost { SqlError::Lost { database, cause } } else { SqlError::Refused { database, cause } }
}

macro_rules! on {
    ($module:ident, $db:ty, $values:ident, $sql:expr) => {
        mod $module {
            use super::*;

            type Connection = <$db as sqlx::Database>::Connection;
            type Arguments = <$db as sqlx::Database>::Arguments;

            pub(super) async fn run(
                pool: &sqlx::Pool<$db>,
                name: &Arc<str>,
                limit: Duration,
                work: Work,
            ) -> Result<Done, SqlError> {
                let mut connection = pool.acquire().await.map_err(|error| unreachable(name, error))?;
                let done = tokio::time::timeout(limit, perform(&mut connection, name, work)).await;
                let result = done.unwrap_or_else(|_| Err(SqlError::Slow { database: name.clone(), limit }));
                if result.as_ref().is_err_and(SqlError::may_be_done) {
                    // Nobody knows what state it is in: it ends now, and does not wait for an answer.
                    drop(connection.detach());
                }
                result
            }

            async fn perform(
                connection: &mut Connection,
                name: &Arc<str>,
                work: Work,
            ) -> Result<Done, SqlError> {
                match work {
                    Work::Query(statement, most) => query(connection, name, statement, most).await,
                    Work::Transaction(statements) => transaction(connection, name, statements).await,
                }
            }

            async fn query(
                connection: &mut Connection,
                name: &Arc<str>,
                statement: Statement,
                most: usize,
            ) -> Result<Done, SqlError> {
                let mut done = Done::default();
                let wrong = |error| judge(name, error);
                let plain = statement.params.is_empty();
                let (sql, args) = ready(statement).map_err(wrong)?;
                let mut stream = if plain {
                    connection.fetch_many(sqlx::raw_sql(AssertSqlSafe(sql)))
                } else {
                    connection.fetch_many(sqlx::query_with(AssertSqlSafe(sql), args))
                };
                while let Some(step) = stream.try_next().await.map_err(wrong)? {
                    let row = match step {
                        sqlx::Either::Left(result) => {
                            done.changed += result.rows_affected();
                            continue;
                        }
                        sqlx::Either::Right(row) => row,
                    };
                    if done.rows.rows.len() >= most {
                        return Err(SqlError::TooManyRows { database: name.clone(), most });
                    }
                    if done.rows.columns.is_empty() {
                        done.rows.columns = row.columns().iter().map(|c| c.name().to_owned()).collect();
                    }
                    let mut values = Vec::with_capacity(row.len());
                    for (at, column) in row.columns().iter().enumerate() {
                        let value = $values::read(&row, at).map_err(wrong)?;
                        values.push(value.ok_or_else(|| SqlError::Column {
                            database: name.clone(),
                            column: column.name().to_owned(),
                            kind: column.type_info().name().to_owned(),
                        })?);
                    }
                    done.rows.rows.push(values);
                }
                Ok(done)
            }

            async fn transaction(
                connection: &mut Connection,
                name: &Arc<str>,
                statements: Vec<Statement>,
            ) -> Result<Done, SqlError> {
                let wrong = |error| judge(name, error);
                let mut done = Done::default();
                let mut transaction = connection.begin().await.map_err(wrong)?;
                for mut statement in statements {
                    loop {
                        let otherwise = statement.otherwise.take();
                        let (sql, args) = ready(statement).map_err(wrong)?;
                        let query = sqlx::query_with(AssertSqlSafe(sql), args);
                        let changed = query.execute(&mut *transaction).await.map_err(wrong)?.rows_affected();
                        done.changed += changed;
                        match otherwise {
                            Some(other) if changed == 0 => statement = *other,
                            _ => break,
                        }
                    }
                }
                transaction.commit().await.map_err(wrong)?;
                Ok(done)
            }

            fn ready(statement: Statement) -> Result<(String, Arguments), sqlx::Error> {
                let mut args = Arguments::default();
                let sql = $sql(&statement);
                for value in statement.params {
                    $values::add(&mut args, value).map_err(sqlx::Error::Encode)?;
                }
                Ok((sql, args))
            }
        }
    };
}

on!(on_sqlite, Sqlite, sqlite, |statement: &Statement| statement.sql.clone().into_owned());
on!(on_mysql, MySql, mysql, |statement: &Statement| statement.sql.clone().into_owned());
on!(on_postgres, Postgres, postgres, |statement: &Statement| {
    if statement.params.is_empty() { statement.sql.clone().into_owned() } else { numbered(&statement.sql) }
});
