//! PostgreSQL's values.

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgRow, PgTypeInfo, PgValueFormat};
use sqlx::types::chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use sqlx::{Arguments, Encode, Postgres, Row, Type, TypeInfo, ValueRef};

use super::value::Value;

/// No value, of a type that the database works out.
struct Null;

impl Type<Postgres> for Null {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(0))
    }
}

impl Encode<'_, Postgres> for Null {
    fn encode_by_ref(&self, _: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Ok(IsNull::Yes)
    }
}

/// Adds a parameter.
pub(super) fn add(args: &mut PgArguments, value: Value) -> Result<(), BoxDynError> {
    match value {
        Value::Null => args.add(Null),
        Value::Int(number) => args.add(number),
        Value::Real(number) => args.add(number),
        Value::Text(text) => args.add(text),
        Value::Bytes(bytes) => args.add(bytes),
    }
}

/// Reads a column. `None`: it cannot be read. A statement without parameters brings everything as text.
pub(super) fn read(row: &PgRow, at: usize) -> Result<Option<Value>, sqlx::Error> {
    let raw = row.try_get_raw(at)?;
    if raw.is_null() {
        return Ok(Some(Value::Null));
    }
    let info = raw.type_info();
    let is_text = raw.format() == PgValueFormat::Text;
    Ok(Some(match info.name() {
        "INT2" => Value::Int(row.try_get::<i16, _>(at)?.into()),
        "INT4" => Value::Int(row.try_get::<i32, _>(at)?.into()),
        "INT8" => Value::Int(row.try_get(at)?),
        "OID" => Value::Int(row.try_get::<Oid, _>(at)?.0.into()),
        "BOOL" => Value::Int(row.try_get::<bool, _>(at)?.into()),
        "FLOAT4" => Value::Real(row.try_get::<f32, _>(at)?.into()),
        "FLOAT8" => Value::Real(row.try_get(at)?),
        "BYTEA" => Value::Bytes(row.try_get(at)?),
        "TEXT" | "VARCHAR" | "CHAR" | "NAME" | "CITEXT" | "UNKNOWN" | "\"CHAR\"" => {
            Value::Text(row.try_get_unchecked(at)?)
        }
        _ if is_text => Value::Text(raw.as_str().map_err(sqlx::Error::Decode)?.to_owned()),
        "TIMESTAMP" => Value::Text(row.try_get::<NaiveDateTime, _>(at)?.to_string()),
        "TIMESTAMPTZ" => Value::Text(row.try_get::<DateTime<Utc>, _>(at)?.to_string()),
        "DATE" => Value::Text(row.try_get::<NaiveDate, _>(at)?.to_string()),
        "TIME" => Value::Text(row.try_get::<NaiveTime, _>(at)?.to_string()),
        "VOID" => Value::Null,
        _ => return Ok(None),
    }))
}

/// Whether an error of this code will go away: connection, resources, operator, serialisation, internal.
pub(super) fn is_passing(code: &str) -> bool {
    ["08", "40", "53", "55", "57", "58", "XX"].iter().any(|class| code.starts_with(class))
}
