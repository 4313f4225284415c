//! The tables: what a database has, and what is made where it is missing.
//!
//! Names, columns and versions are Kamailio's, so that its tools and its servers can share them.

use sip_async::sql::{Database, Kind};

use crate::store::error::StoreError;

/// A table that this server uses.
struct Table {
    name: &'static str,
    /// The versions that it can work with; the last one is the one that it makes.
    versions: [i64; 2],
    columns: &'static str,
    indexes: &'static [(&'static str, &'static str)],
}

const VERSION: &str = "table_name VARCHAR(32) NOT NULL UNIQUE, table_version INTEGER DEFAULT 0 NOT NULL";

const TABLES: [Table; 3] = [
    Table {
        name: "location",
        versions: [8, 9],
        columns: "ruid VARCHAR(64) DEFAULT '' NOT NULL UNIQUE, username VARCHAR(64) DEFAULT '' NOT NULL, \
            domain VARCHAR(64) DEFAULT NULL, contact VARCHAR(512) DEFAULT '' NOT NULL, \
            received VARCHAR(255) DEFAULT NULL, path VARCHAR(512) DEFAULT NULL, \
            expires TIME_TYPE DEFAULT '2030-05-28 21:32:15' NOT NULL, q REAL_TYPE DEFAULT 1.0 NOT NULL, \
            callid VARCHAR(255) DEFAULT 'Default-Call-ID' NOT NULL, cseq INTEGER DEFAULT 1 NOT NULL, \
            last_modified TIME_TYPE DEFAULT '2000-01-01 00:00:01' NOT NULL, flags INTEGER DEFAULT 0 NOT NULL, \
            cflags INTEGER DEFAULT 0 NOT NULL, user_agent VARCHAR(255) DEFAULT '' NOT NULL, \
            socket VARCHAR(64) DEFAULT NULL, methods INTEGER DEFAULT NULL, \
            instance VARCHAR(255) DEFAULT NULL, reg_id INTEGER DEFAULT 0 NOT NULL, \
            server_id INTEGER DEFAULT 0 NOT NULL, connection_id INTEGER DEFAULT 0 NOT NULL, \
            keepalive INTEGER DEFAULT 0 NOT NULL, PARTITION_NAME INTEGER DEFAULT 0 NOT NULL",
        indexes: &[
            ("location_account_contact_idx", "username, domain, contact"),
            ("location_expires_idx", "expires"),
            ("location_connection_idx", "server_id, connection_id"),
        ],
    },
    Table {
        name: "subscriber",
        versions: [6, 7],
        columns: "username VARCHAR(64) DEFAULT '' NOT NULL, domain VARCHAR(64) DEFAULT '' NOT NULL, \
            password VARCHAR(64) DEFAULT '' NOT NULL, ha1 VARCHAR(128) DEFAULT '' NOT NULL, \
            ha1b VARCHAR(128) DEFAULT '' NOT NULL, UNIQUE (username, domain)",
        indexes: &[("subscriber_username_idx", "username")],
    },
    Table {
        name: "address",
        versions: [5, 6],
        columns: "grp INTEGER DEFAULT 1 NOT NULL, ip_addr VARCHAR(50) NOT NULL, mask INTEGER DEFAULT 32 NOT NULL, \
            port INTEGER DEFAULT 0 NOT NULL, tag VARCHAR(64)",
        indexes: &[],
    },
];

/// Makes the tables that are missing and checks the versions of those that are there.
pub(super) async fn prepare(database: &Database) -> Result<(), StoreError> {
    if versions(database).await.is_err_and(|error| error.is_refusal()) {
        database.execute(format!("CREATE TABLE IF NOT EXISTS version ({VERSION})"), vec![]).await?;
    }
    let found = versions(database).await?;
    for table in &TABLES {
        let found = found.iter().find(|(name, _)| name == table.name).map(|(_, version)| *version);
        match found {
            Some(found) if table.versions.contains(&found) => {}
            Some(found) => {
                let [_, known] = table.versions;
                return Err(StoreError::Layout { table: table.name, found, known });
            }
            None => make(database, table).await?,
        }
    }
    Ok(())
}

async fn versions(database: &Database) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = database.query("SELECT table_name, table_version FROM version", vec![]).await?;
    Ok(rows
        .iter()
        .filter_map(|row| match row {
            [name, version] => Some((name.to_text().into_owned(), version.as_int()?)),
            _ => None,
        })
        .collect())
}

async fn make(database: &Database, table: &Table) -> Result<(), StoreError> {
    let (id, time, real, partition) = match database.kind() {
        Kind::Sqlite => ("id INTEGER PRIMARY KEY NOT NULL", "TIMESTAMP", "REAL", "partition"),
        Kind::Postgres => {
            ("id SERIAL PRIMARY KEY NOT NULL", "TIMESTAMP WITHOUT TIME ZONE", "REAL", "partition")
        }
        _ => (
            "id INT(10) UNSIGNED AUTO_INCREMENT PRIMARY KEY NOT NULL",
            "DATETIME",
            "FLOAT(10,2)",
            "`partition`",
        ),
    };
    let Table { name, columns, indexes, versions: [_, version] } = table;
    let columns =
        columns.replace("TIME_TYPE", time).replace("REAL_TYPE", real).replace("PARTITION_NAME", partition);
    tracing::info!(database = database.name(), table = name, "the table is made");
    database.execute(format!("CREATE TABLE IF NOT EXISTS {name} ({id}, {columns})"), vec![]).await?;
    for (index, columns) in *indexes {
        // MySQL has no IF NOT EXISTS here; one that is there already is a refusal, and that is fine.
        let made = database.execute(format!("CREATE INDEX {index} ON {name} ({columns})"), vec![]).await;
        if let Err(error) = made.map_err(StoreError::from)
            && !error.is_refusal()
        {
            return Err(error);
        }
    }
    let params = vec![(*name).into(), (*version).into()];
    database.execute("INSERT INTO version (table_name, table_version) VALUES (?, ?)", params).await?;
    Ok(())
}
