//! Kamailio's tables in SQLite, PostgreSQL and MySQL. Feature `sql`.

pub(crate) mod address;
mod columns;
pub(crate) mod location;
mod schema;
pub(crate) mod subscriber;
