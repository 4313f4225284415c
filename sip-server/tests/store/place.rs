//! Databases of the tests' own.

use std::path::PathBuf;

use sip_async::sql::{Database, DatabaseUrl, Settings};

/// A place for one test.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) url: DatabaseUrl,
    /// The same as a text.
    pub(crate) text: String,
    file: Option<PathBuf>,
    drop: Option<(DatabaseUrl, String)>,
}

impl Place {
    pub(crate) fn sqlite(name: &str) -> Self {
        let file = std::env::temp_dir().join(format!("sip-server-{name}-{}.db", std::process::id()));
        let place = Self::at(format!("sqlite:{}", file.display()), Some(file), None);
        place.remove_files();
        place
    }

    fn at(text: String, file: Option<PathBuf>, drop: Option<(DatabaseUrl, String)>) -> Self {
        Self { url: text.parse().expect("a URL"), text, file, drop }
    }

    fn remove_files(&self) {
        for end in ["", "-wal", "-shm"] {
            if let Some(file) = &self.file {
                let _ = std::fs::remove_file(format!("{}{end}", file.display()));
            }
        }
    }

    /// One of each kind that there is here.
    pub(crate) async fn all(name: &str) -> Vec<Self> {
        let mut places = vec![Self::sqlite(name)];
        let own = format!("sip_server_{name}_{}", std::process::id());
        match std::env::var("SIP_TEST_POSTGRES") {
            Ok(url) => {
                let server: DatabaseUrl = url.parse().expect("a URL");
                run(&server, &format!("CREATE SCHEMA {own}")).await;
                let drop = Some((server, format!("DROP SCHEMA {own} CASCADE")));
                places.push(Self::at(format!("{url}?options=-csearch_path%3D{own}"), None, drop));
            }
            Err(_) => eprintln!("skipped: SIP_TEST_POSTGRES does not say where a database is"),
        }
        match std::env::var("SIP_TEST_MYSQL") {
            Ok(url) => {
                let server: DatabaseUrl = url.parse().expect("a URL");
                run(&server, &format!("CREATE DATABASE {own}")).await;
                let drop = Some((server, format!("DROP DATABASE {own}")));
                places.push(Self::at(format!("{}/{own}", url.trim_end_matches('/')), None, drop));
            }
            Err(_) => eprintln!("skipped: SIP_TEST_MYSQL does not say where a database is"),
        }
        places
    }

    pub(crate) fn open(&self) -> Database {
        Database::open("test", &self.url, Settings::default()).expect("a thread")
    }

    pub(crate) async fn end(self) {
        self.remove_files();
        if let Some((server, sql)) = &self.drop {
            run(server, sql).await;
        }
    }
}

async fn run(url: &DatabaseUrl, sql: &str) {
    let db = Database::open("setup", url, Settings::default()).expect("a thread");
    db.execute(sql.to_owned(), vec![]).await.expect("a statement of the test");
}
