//! The table `location`.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sip_async::sql::{Database, Kind, Rows, Statement, Value};
use sip_registrar::Aor;

use crate::store::error::StoreError;
use crate::store::location::{LocationStore, StoreFuture, Stored, Write};
use crate::store::record::Record;

use super::columns::{READ, WRITTEN, account, stored, values};
use super::schema;

/// What Kamailio stores for ever ends at the epoch, in any time zone: that is never taken out.
const FOR_EVER: Duration = Duration::from_secs(2 * 86_400);

/// Bindings in the table `location` of a database, as Kamailio lays it out.
///
/// Times are in the local time zone, as there (in SQLite a number of days). In the hour that a change to winter time
/// repeats, a contact may live an hour longer after a restart.
#[derive(Debug)]
pub struct SqlLocation {
    database: Database,
    use_domain: bool,
    texts: Texts,
}

/// The statements, as the database wants them.
struct Texts {
    insert: String,
    update: String,
    clear: String,
    find: String,
    page: String,
    purge: String,
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Texts")
    }
}

impl SqlLocation {
    /// The table of this database. `use_domain`: whether the domain is part of an address of record, as in
    /// [`sip_registrar::Config::use_domain`].
    pub fn new(database: Database, use_domain: bool) -> Self {
        let texts = Texts::new(database.kind(), use_domain);
        Self { database, use_domain, texts }
    }

    fn statements(&self, write: Write) -> Result<Statement, StoreError> {
        Ok(match write {
            Write::Insert(record) => self.insert(&record)?,
            Write::Update(record) => {
                let update = Statement::new(self.texts.update.clone(), self.values(&record)?);
                update.or(self.insert(&record)?)
            }
            Write::Remove { ruid, .. } => {
                Statement::new("DELETE FROM location WHERE ruid = ?", vec![ruid.into()])
            }
            Write::Clear { aor } => Statement::new(self.texts.clear.clone(), self.account(&aor)?),
        })
    }

    fn insert(&self, record: &Record) -> Result<Statement, StoreError> {
        Ok(Statement::new(self.texts.insert.clone(), self.values(record)?))
    }

    fn values(&self, record: &Record) -> Result<Vec<Value>, StoreError> {
        values(record, self.use_domain, self.database.kind())
    }

    fn account(&self, aor: &Aor) -> Result<Vec<Value>, StoreError> {
        let (user, domain) = account(aor, self.use_domain)?;
        let mut params = vec![user.into()];
        params.extend(domain.map(Value::from));
        Ok(params)
    }

    fn read(&self, rows: &Rows) -> Vec<Stored> {
        let read = |row: &[Value]| match stored(row, self.use_domain) {
            Ok(stored) => Some(stored),
            Err(column) => {
                let id = row.first().map(|id| id.to_text().into_owned());
                tracing::warn!(id, column, "a row of location is not understood");
                None
            }
        };
        rows.iter().filter_map(read).collect()
    }
}

impl Texts {
    fn new(kind: Kind, use_domain: bool) -> Self {
        let is_mysql = kind == Kind::MySql;
        let mark = |column: &str| match column {
            "expires" | "last_modified" if kind == Kind::Postgres => "CAST(? AS TIMESTAMP)",
            _ => "?",
        };
        let columns = WRITTEN.join(", ");
        let marks = WRITTEN.map(mark).join(", ");
        let same = WRITTEN.map(|column| match kind {
            Kind::MySql => format!("{column} = VALUES({column})"),
            _ => format!("{column} = excluded.{column}"),
        });
        let conflict = if is_mysql { "ON DUPLICATE KEY UPDATE" } else { "ON CONFLICT (ruid) DO UPDATE SET" };
        let (_ruid, others) = WRITTEN.split_last().unwrap_or((&"", &[]));
        let sets: Vec<String> = others.iter().map(|column| format!("{column} = {}", mark(column))).collect();
        // MySQL takes letters of either case for the same, unless it is told not to.
        let exact = |column: &str| if is_mysql { format!("BINARY {column}") } else { column.to_owned() };
        let user = format!("{} = ?", exact("username"));
        let account = if use_domain { format!("{user} AND domain = ?") } else { user };
        let mut before = format!("expires < {} AND expires > {}", mark("expires"), mark("expires"));
        before = match kind {
            Kind::MySql => format!("{before} LIMIT ?"),
            _ => format!("ruid IN (SELECT ruid FROM location WHERE {before} LIMIT ?)"),
        };
        Self {
            insert: format!(
                "INSERT INTO location ({columns}) VALUES ({marks}) {conflict} {}",
                same.join(", ")
            ),
            update: format!("UPDATE location SET {} WHERE ruid = ?", sets.join(", ")),
            clear: format!("DELETE FROM location WHERE {account}"),
            find: format!("SELECT {READ} FROM location WHERE {account} ORDER BY id"),
            page: format!("SELECT {READ} FROM location WHERE id > ? ORDER BY id LIMIT ?"),
            purge: format!("DELETE FROM location WHERE {before}"),
        }
    }
}

impl LocationStore for SqlLocation {
    fn prepare(&self) -> StoreFuture<'_, ()> {
        Box::pin(schema::prepare(&self.database))
    }

    fn page(&self, after: i64, most: usize) -> StoreFuture<'_, (Vec<Stored>, Option<i64>)> {
        Box::pin(async move {
            let params = vec![after.into(), i64::try_from(most).unwrap_or(i64::MAX).into()];
            let rows = self.database.query(self.texts.page.clone(), params).await?;
            let last = rows.iter().last().and_then(|row| row.first()?.as_int());
            Ok((self.read(&rows), last))
        })
    }

    fn find<'a>(&'a self, aor: &'a Aor) -> StoreFuture<'a, Vec<Stored>> {
        Box::pin(async move {
            let rows = self.database.query(self.texts.find.clone(), self.account(aor)?).await?;
            let mut found = self.read(&rows);
            found.retain(|stored| stored.record.aor == *aor);
            Ok(found)
        })
    }

    fn commit(&self, writes: Vec<Write>) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let statements = writes.into_iter().map(|write| self.statements(write));
            self.database.transaction(statements.collect::<Result<_, _>>()?).await?;
            Ok(())
        })
    }

    fn purge(&self, before: SystemTime, most: usize) -> StoreFuture<'_, usize> {
        Box::pin(async move {
            let kind = self.database.kind();
            let most = i64::try_from(most).unwrap_or(i64::MAX);
            let params =
                vec![Value::time(kind, before), Value::time(kind, UNIX_EPOCH + FOR_EVER), most.into()];
            let purged = self.database.execute(self.texts.purge.clone(), params).await?;
            Ok(usize::try_from(purged).unwrap_or(usize::MAX))
        })
    }
}
