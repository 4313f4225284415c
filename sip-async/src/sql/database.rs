//! `Database`: one named database, on a thread of its own.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{Semaphore, oneshot};

use super::error::SqlError;
use super::pool::{Done, Pool, Work};
use super::settings::Settings;
use super::statement::Statement;
use super::url::{DatabaseUrl, Kind};
use super::value::{Rows, Value};

/// How long the connections may take to end; what is not closed by then is dropped.
const CLOSING: Duration = Duration::from_secs(2);

/// A database under a name, which its errors bear. Cheap to clone; it closes when the last clone is dropped.
///
/// It connects when it is asked first, and again whenever it has to. It may be used from any thread and
/// any runtime.
#[derive(Clone)]
pub struct Database(Arc<Inner>);

struct Inner {
    name: Arc<str>,
    kind: Kind,
    settings: Settings,
    pool: Pool,
    runtime: Handle,
    places: Arc<Semaphore>,
    /// Dropped with the last clone: the thread ends.
    _alive: oneshot::Sender<()>,
}

impl Database {
    /// A database that connects when it is asked first.
    ///
    /// # Errors
    ///
    /// [`SqlError::Closed`]: the operating system gave no thread.
    pub fn open(name: &str, url: &DatabaseUrl, settings: Settings) -> Result<Self, SqlError> {
        let name: Arc<str> = name.into();
        let closed =
            |cause: std::io::Error| SqlError::Closed { database: name.clone(), cause: Arc::new(cause) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(closed)?;
        let handle = runtime.handle().clone();
        let pool = {
            let _inside = runtime.enter();
            Pool::new(url, &settings)
        };
        let (alive, ended) = oneshot::channel();
        let thread = std::thread::Builder::new().name(format!("sql-{name}"));
        let last = pool.clone();
        thread
            .spawn(move || {
                runtime.block_on(async move {
                    let _ = ended.await;
                    let _ = tokio::time::timeout(CLOSING, last.close()).await;
                });
                runtime.shutdown_background();
            })
            .map_err(closed)?;
        let places = Arc::new(Semaphore::new(settings.waiting.clamp(1, Semaphore::MAX_PERMITS)));
        let kind = url.kind();
        Ok(Self(Arc::new(Inner { name, kind, settings, pool, runtime: handle, places, _alive: alive })))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Asks a query: each `?` outside of quotes is one of `params`.
    ///
    /// # Errors
    ///
    /// Any [`SqlError`].
    pub async fn query(
        &self,
        sql: impl Into<Cow<'static, str>>,
        params: Vec<Value>,
    ) -> Result<Rows, SqlError> {
        let work = Work::Query(Statement::new(sql, params), self.0.settings.rows);
        Ok(self.run(work).await?.rows)
    }

    /// Makes a change: how many rows it changed. Without `params` it may be several statements, with `;` between.
    ///
    /// # Errors
    ///
    /// Any [`SqlError`].
    pub async fn execute(
        &self,
        sql: impl Into<Cow<'static, str>>,
        params: Vec<Value>,
    ) -> Result<u64, SqlError> {
        let work = Work::Query(Statement::new(sql, params), self.0.settings.rows);
        Ok(self.run(work).await?.changed)
    }

    /// Makes all these changes or none: how many rows they changed.
    ///
    /// # Errors
    ///
    /// Any [`SqlError`]. After [`SqlError::Lost`] and [`SqlError::Slow`] nobody knows which of the two it was.
    pub async fn transaction(&self, statements: Vec<Statement>) -> Result<u64, SqlError> {
        if statements.is_empty() {
            return Ok(0);
        }
        Ok(self.run(Work::Transaction(statements)).await?.changed)
    }

    /// Runs on the thread of the database. Goes on there when nobody waits for the answer any more.
    async fn run(&self, work: Work) -> Result<Done, SqlError> {
        let inner = &self.0;
        let most = inner.settings.waiting;
        let place = Arc::clone(&inner.places).try_acquire_owned();
        let place = place.map_err(|_| SqlError::Busy { database: inner.name.clone(), most })?;
        let (pool, name, limit) = (inner.pool.clone(), inner.name.clone(), inner.settings.timeout);
        let task = inner.runtime.spawn(async move {
            let _place = place;
            pool.run(&name, limit, work).await
        });
        task.await.unwrap_or_else(|error| {
            Err(SqlError::Closed { database: inner.name.clone(), cause: Arc::new(error) })
        })
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("name", &self.0.name)
            .field("kind", &self.0.kind)
            .finish_non_exhaustive()
    }
}
