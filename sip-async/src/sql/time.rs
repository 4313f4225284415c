//! Times as Kamailio's tables have them: local time without a zone; in SQLite a number of days.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Local, LocalResult, NaiveDateTime, TimeZone as _};

use super::url::Kind;
use super::value::Value;

/// The Unix epoch in days of the Julian calendar.
const EPOCH: f64 = 2_440_587.5;
const DAY: f64 = 86_400.0;
/// A number above this is no day but a Unix time: the year 1973 as a time, the year 271,821 as a day.
const MOST_DAYS: f64 = 1e8;

impl Value {
    /// A time as a table of such a database has it, in whole seconds.
    pub fn time(kind: Kind, at: SystemTime) -> Self {
        let seconds = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        match kind {
            Kind::Sqlite => Self::Real(seconds as f64 / DAY + EPOCH),
            Kind::Postgres | Kind::MySql => {
                let at = DateTime::from_timestamp(i64::try_from(seconds).unwrap_or(i64::MAX), 0);
                let local = at.unwrap_or_default().with_timezone(&Local);
                Self::Text(local.format("%Y-%m-%d %H:%M:%S").to_string())
            }
        }
    }

    /// The time that a value says: local time as text, days of the Julian calendar, or seconds since 1970. In an hour
    /// that comes twice it is the later one. `None`: it says none.
    pub fn as_time(&self) -> Option<SystemTime> {
        let seconds = match self {
            Self::Int(number) => *number,
            Self::Real(number) if *number > MOST_DAYS => number.round() as i64,
            Self::Real(number) => ((number - EPOCH) * DAY).round() as i64,
            Self::Text(text) => {
                let naive = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok()?;
                match Local.from_local_datetime(&naive) {
                    LocalResult::Single(at) | LocalResult::Ambiguous(_, at) => at.timestamp(),
                    LocalResult::None => naive.and_utc().timestamp(), // in the hour that there is not
                }
            }
            _ => return None,
        };
        UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back_from_every_kind_of_database() {
        let at = UNIX_EPOCH + Duration::from_secs(1_795_284_305);
        for kind in [Kind::Sqlite, Kind::Postgres, Kind::MySql] {
            assert_eq!(Value::time(kind, at).as_time(), Some(at), "{kind:?}");
        }
        assert_eq!(Value::Int(1_795_284_305).as_time(), Some(at), "expires_type 1");
        assert_eq!(Value::from("never").as_time(), None);
        assert_eq!(Value::Null.as_time(), None);
    }

    #[test]
    fn sqlite_has_days_as_its_own_functions_count_them() {
        let noon = UNIX_EPOCH + Duration::from_secs(43_200);
        assert_eq!(Value::time(Kind::Sqlite, noon), Value::Real(2_440_588.0));
    }
}
