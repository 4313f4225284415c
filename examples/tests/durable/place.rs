//! Databases of the tests' own.

use std::path::PathBuf;

use sip_async::sql::{Database, DatabaseUrl, Settings, Value};

/// A database for one test.
#[derive(Debug)]
pub(crate) struct Place {
    name: &'static str,
    url: String,
    file: Option<PathBuf>,
    drop: Option<(String, String)>,
}

fn own() -> String {
    format!("sip_durable_{}", std::process::id())
}

fn given(variable: &str) -> Option<String> {
    let url = std::env::var(variable).ok();
    if url.is_none() {
        eprintln!("skipped: {variable} does not say where a database is");
    }
    url
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        let file = std::env::temp_dir().join(format!("{}.db", own()));
        let place =
            Self { name: "SQLite", url: format!("sqlite:{}", file.display()), file: Some(file), drop: None };
        place.remove_files();
        place
    }

    pub(crate) fn postgres() -> Option<Self> {
        let url = given("SIP_TEST_POSTGRES")?;
        run(&url, &format!("CREATE SCHEMA {}", own()));
        Some(Self {
            name: "PostgreSQL",
            file: None,
            drop: Some((url.clone(), format!("DROP SCHEMA {} CASCADE", own()))),
            url: format!("{url}?options=-csearch_path%3D{}", own()),
        })
    }

    pub(crate) fn mysql() -> Option<Self> {
        let url = given("SIP_TEST_MYSQL")?;
        run(&url, &format!("CREATE DATABASE {}", own()));
        Some(Self {
            name: "MariaDB",
            file: None,
            drop: Some((url.clone(), format!("DROP DATABASE {}", own()))),
            url: format!("{}/{}", url.trim_end_matches('/'), own()),
        })
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Contacts of a user that stand in more than one row.
    pub(crate) fn rows_that_are_there_twice(&self) -> usize {
        let sql = "SELECT username, contact FROM location GROUP BY username, contact HAVING COUNT(*) > 1";
        run(&self.url, sql).len()
    }

    pub(crate) fn end(self) {
        self.remove_files();
        if let Some((url, sql)) = &self.drop {
            run(url, sql);
        }
    }

    fn remove_files(&self) {
        for end in ["", "-wal", "-shm"] {
            if let Some(file) = &self.file {
                let _ = std::fs::remove_file(format!("{}{end}", file.display()));
            }
        }
    }
}

fn run(url: &str, sql: &str) -> Vec<Vec<Value>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let url: DatabaseUrl = url.parse().expect("a URL");
        let db = Database::open("setup", &url, Settings::default()).expect("a thread");
        let rows = db.query(sql.to_owned(), vec![]).await.expect("a statement of the test");
        rows.iter().map(<[Value]>::to_vec).collect()
    })
}
