//! The values of MySQL and MariaDB.

use sqlx::error::BoxDynError;
use sqlx::mysql::{MySqlArguments, MySqlRow};
use sqlx::types::chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use sqlx::{Arguments, Row, TypeInfo, ValueRef};

use super::value::Value;

/// Adds a parameter.
pub(super) fn add(args: &mut MySqlArguments, value: Value) -> Result<(), BoxDynError> {
    match value {
        Value::Null => args.add(None::<i64>),
        Value::Int(number) => args.add(number),
        Value::Real(number) => args.add(number),
        Value::Text(text) => args.add(text),
        Value::Bytes(bytes) => args.add(bytes),
    }
}

/// Reads a column. `None`: it cannot be read.
pub(super) fn read(row: &MySqlRow, at: usize) -> Result<Option<Value>, sqlx::Error> {
    let raw = row.try_get_raw(at)?;
    if raw.is_null() {
        return Ok(Some(Value::Null));
    }
    let info = raw.type_info();
    Ok(Some(match info.name() {
        "BIGINT UNSIGNED" => {
            let number = row.try_get_unchecked::<u64, _>(at)?;
            i64::try_from(number).map_or_else(|_| Value::Text(number.to_string()), Value::Int)
        }
        name if name.ends_with("UNSIGNED") => Value::Int(row.try_get_unchecked::<u32, _>(at)?.into()),
        "BOOLEAN" | "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" => {
            Value::Int(row.try_get_unchecked(at)?)
        }
        "YEAR" => Value::Int(row.try_get_unchecked::<u16, _>(at)?.into()),
        "FLOAT" => Value::Real(row.try_get_unchecked::<f32, _>(at)?.into()),
        "DOUBLE" => Value::Real(row.try_get_unchecked(at)?),
        "DATETIME" | "TIMESTAMP" => Value::Text(row.try_get_unchecked::<NaiveDateTime, _>(at)?.to_string()),
        "DATE" => Value::Text(row.try_get_unchecked::<NaiveDate, _>(at)?.to_string()),
        "TIME" => Value::Text(row.try_get_unchecked::<NaiveTime, _>(at)?.to_string()),
        "GEOMETRY" | "BIT" => return Ok(None),
        // Texts of all lengths, also those that compare byte by byte, which the driver calls binary.
        _ => match String::from_utf8(row.try_get_unchecked(at)?) {
            Ok(text) => Value::Text(text),
            Err(error) => Value::Bytes(error.into_bytes()),
        },
    }))
}

/// Whether an error of this number will go away: connections, shutdown, locks, disk.
pub(super) fn is_passing(number: u16) -> bool {
    matches!(number, 1021 | 1037..=1044 | 1053 | 1077..=1080 | 1158..=1161 | 1205 | 1213 | 1290 | 1927)
}
