//! SQLite's values.

use sqlx::error::BoxDynError;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, Row, TypeInfo, ValueRef};

use super::value::Value;

/// Adds a parameter.
pub(super) fn add(args: &mut SqliteArguments, value: Value) -> Result<(), BoxDynError> {
    match value {
        Value::Null => args.add(None::<i64>),
        Value::Int(number) => args.add(number),
        Value::Real(number) => args.add(number),
        Value::Text(text) => args.add(text),
        Value::Bytes(bytes) => args.add(bytes),
    }
}

/// Reads a column: by what is stored, for SQLite lets any type stand in any column. `None`: it cannot be read.
pub(super) fn read(row: &SqliteRow, at: usize) -> Result<Option<Value>, sqlx::Error> {
    let raw = row.try_get_raw(at)?;
    if raw.is_null() {
        return Ok(Some(Value::Null));
    }
    Ok(Some(match raw.type_info().name() {
        "INTEGER" | "BOOLEAN" => Value::Int(row.try_get_unchecked(at)?),
        "REAL" => Value::Real(row.try_get_unchecked(at)?),
        "BLOB" => Value::Bytes(row.try_get_unchecked(at)?),
        _ => match row.try_get_unchecked::<String, _>(at) {
            Ok(text) => Value::Text(text),
            Err(_) => Value::Bytes(row.try_get_unchecked(at)?), // a text that is not UTF-8
        },
    }))
}

/// Whether an error of this code will go away: busy, locked, I/O, full, cannot open.
pub(super) fn is_passing(code: &str) -> bool {
    // The low byte of an extended code is the code itself.
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 9 | 10 | 13 | 14))
}
