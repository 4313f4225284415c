//! The calendar: `$TS`, `$TV(u)`, `$utime(hour)`.

use std::time::{Duration, UNIX_EPOCH};

use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::pv::class::{Named, Plain, named, read};
use crate::pv::made::{Word, by_name, by_word, reads};
use crate::pv::store::Store;
use crate::pv::value::Value;

pub(super) const PLAIN: &[Plain] = &[
    read("Ts", |_, store| seconds(store)),
    read("TS", |_, store| seconds(store)),
    read("Tf", |_, store| local_text(store, READABLE)),
    read("TF", |_, store| local_text(store, READABLE)),
    read("Tb", |_, store| {
        let since = store.env.started.get().and_then(|started| started.duration_since(UNIX_EPOCH).ok());
        since.map_or(Value::Null, |since| Value::Int(since.as_secs().try_into().unwrap_or(i64::MAX)))
    }),
];

/// As C writes a moment: `Thu Jan  1 00:00:00 1970`.
const READABLE: &[u8] = b"%a %b %e %H:%M:%S %Y";

pub(super) const NAMED: &[Named] = &[
    named("TV", |inner| by_word(inner, PARTS, "s, u, sn, un or Sn")),
    named("time", |inner| by_word(inner, LOCAL, "sec, min, hour, mday, mon, year, wday, yday or isdst")),
    named("timef", |inner| by_name(inner, reads(|_, store, asked| local_text(store, asked.name)))),
    named("utime", |inner| by_word(inner, FIELDS, "sec, min, hour, mday, mon, year, wday or yday")),
];

const PARTS: &[Word] = &[
    ("s", |_, store| seconds(store)),
    ("sn", |_, store| seconds(store)),
    ("u", |_, store| micros(store)),
    ("un", |_, store| micros(store)),
    ("Sn", |_, store| {
        let text = since(store).map(|since| format!("{}.{:06}", since.as_secs(), since.subsec_micros()));
        text.map_or(Value::Null, Value::made)
    }),
];

const FIELDS: &[Word] = &[
    ("sec", |_, store| utc(store, |date| date.second_of_day % 60)),
    ("min", |_, store| utc(store, |date| date.second_of_day / 60 % 60)),
    ("hour", |_, store| utc(store, |date| date.second_of_day / 3600)),
    ("mday", |_, store| utc(store, |date| date.day)),
    ("mon", |_, store| utc(store, |date| date.month)),
    ("year", |_, store| utc(store, |date| date.year)),
    ("wday", |_, store| utc(store, |date| date.weekday)),
    ("yday", |_, store| utc(store, |date| date.day_of_year)),
];

const LOCAL: &[Word] = &[
    ("sec", |_, store| local(store, |now| now.second().into())),
    ("min", |_, store| local(store, |now| now.minute().into())),
    ("hour", |_, store| local(store, |now| now.hour().into())),
    ("mday", |_, store| local(store, |now| now.day().into())),
    ("mon", |_, store| local(store, |now| now.month().into())),
    ("year", |_, store| local(store, |now| now.year().into())),
    ("wday", |_, store| local(store, |now| i64::from(now.weekday().to_sunday_zero_offset()) + 1)),
    ("yday", |_, store| local(store, |now| now.day_of_year().into())),
    ("isdst", |_, store| {
        local(store, |now| now.time_zone().to_offset_info(now.timestamp()).dst().is_dst().into())
    }),
];

/// A moment as the calendar of this machine has it.
fn zoned(unix: i64) -> Option<Zoned> {
    Some(Timestamp::from_second(unix).ok()?.to_zoned(TimeZone::system()))
}

fn local(store: &Store, field: fn(&Zoned) -> i64) -> Value<'_> {
    let now = since(store).and_then(|since| zoned(since.as_secs().try_into().ok()?));
    now.map_or(Value::Null, |now| Value::Int(field(&now)))
}

fn local_text<'v>(store: &Store, format: &[u8]) -> Value<'v> {
    let now = since(store).and_then(|since| i64::try_from(since.as_secs()).ok());
    now.and_then(|now| formatted(now, format)).map_or(Value::Null, Value::made)
}

/// A moment in seconds since 1970 as a text, by the rules of `strftime`; `None` where the format is none.
pub(crate) fn formatted(unix: i64, format: &[u8]) -> Option<String> {
    strtime::format(format, &zoned(unix)?).ok()
}

fn since(store: &Store) -> Option<Duration> {
    store.wall()?.duration_since(UNIX_EPOCH).ok()
}

fn seconds(store: &Store) -> Value<'_> {
    since(store).map_or(Value::Null, |since| Value::Int(since.as_secs().try_into().unwrap_or(i64::MAX)))
}

fn micros(store: &Store) -> Value<'_> {
    since(store).map_or(Value::Null, |since| Value::Int(since.subsec_micros().into()))
}

fn utc(store: &Store, field: fn(&Date) -> i64) -> Value<'_> {
    let date = since(store).and_then(|since| Some(Date::of(since.as_secs().try_into().ok()?)));
    date.map_or(Value::Null, |date| Value::Int(field(&date)))
}

/// A moment as the calendar of Greenwich has it, counted as `$time` counts: months from 1, Sunday is 1, days of the
/// year from 1.
#[derive(Debug, Eq, PartialEq)]
struct Date {
    year: i64,
    month: i64,
    day: i64,
    weekday: i64,
    day_of_year: i64,
    second_of_day: i64,
}

impl Date {
    /// Years are counted from March, so that the leap day is the last of one; 400 of them repeat.
    fn of(unix: i64) -> Self {
        let (days, second_of_day) = (unix.div_euclid(86_400), unix.rem_euclid(86_400));
        let from_march = days + 719_468; // days since 1 March of the year 0
        let (era, day_of_era) = (from_march.div_euclid(146_097), from_march.rem_euclid(146_097));
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day + 2) / 153; // 0 is March
        let year = era * 400 + year_of_era + i64::from(month > 9);
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let day_of_year = if month > 9 { day - 306 } else { day + 59 + i64::from(is_leap) };
        Self {
            year,
            month: if month > 9 { month - 9 } else { month + 3 },
            day: day - (153 * month + 2) / 5 + 1,
            weekday: (days + 4).rem_euclid(7) + 1,
            day_of_year: day_of_year + 1,
            second_of_day,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_the_days_that_the_calendar_says() {
        let all = [
            (0, (1970, 1, 1), 5, 1),
            (951_782_400, (2000, 2, 29), 3, 60),
            (1_709_251_199, (2024, 2, 29), 5, 60),
            (1_709_251_200, (2024, 3, 1), 6, 61),
            (1_735_689_599, (2024, 12, 31), 3, 366),
            (4_107_542_400, (2100, 3, 1), 2, 60),
        ];
        for (unix, (year, month, day), weekday, day_of_year) in all {
            let second_of_day = unix % 86_400;
            assert_eq!(
                Date::of(unix),
                Date { year, month, day, weekday, day_of_year, second_of_day },
                "{unix}"
            );
        }
    }
}
