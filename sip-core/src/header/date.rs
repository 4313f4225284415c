//! [`Date`]: when a message was sent first.
//!
//! Source: RFC 3261 20.17 and 25.1 (`SIP-date`): the form of RFC 1123, GMT alone.

use std::fmt;

use crate::ascii::{decimal, trim};
use crate::error::HeaderError;
use crate::header::view::HeaderView;
use crate::name::HeaderName;

const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY: u64 = 86_400;
/// The first second of the year 10000, which has no form.
const END: u64 = 253_402_300_800;

/// A moment in whole seconds since 1970-01-01 00:00 GMT, up to the year 9999.
///
/// Read as a header; written by `Display`.
///
/// # Examples
///
/// ```
/// use sip_core::{Date, HeaderView};
///
/// let date = Date::parse(b"Sat, 13 Nov 2010 23:29:00 GMT")?;
/// assert_eq!(date.unix_seconds(), 1289690940);
/// assert_eq!(date.to_string(), "Sat, 13 Nov 2010 23:29:00 GMT");
/// # Ok::<(), sip_core::HeaderError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(u64);

impl Date {
    /// This many seconds after 1970-01-01 00:00 GMT; `None` from the year 10000 on.
    pub const fn from_unix_seconds(seconds: u64) -> Option<Self> {
        if seconds < END { Some(Self(seconds)) } else { None }
    }

    /// Seconds since 1970-01-01 00:00 GMT.
    pub const fn unix_seconds(self) -> u64 {
        self.0
    }

    /// `Sat, 13 Nov 2010 23:29:00 GMT`, in fixed columns. A weekday that is not the date's is passed over.
    fn read(text: &[u8]) -> Option<Self> {
        let (weekday, text) = text.split_first_chunk::<3>()?;
        let (date, clock) = text.split_first_chunk::<14>()?;
        let [b',', b' ', d1, d2, b' ', m1, m2, m3, b' ', y1, y2, y3, y4, b' '] = date else { return None };
        let [h1, h2, b':', n1, n2, b':', s1, s2, b' ', b'G', b'M', b'T'] = clock else { return None };
        if !WEEKDAYS.iter().any(|name| name.as_bytes() == weekday) {
            return None;
        }
        let month = MONTHS.iter().position(|name| name.as_bytes() == [*m1, *m2, *m3])?;
        let year = decimal(&[*y1, *y2, *y3, *y4])?;
        let day = decimal(&[*d1, *d2])?;
        if year < 1970 || day == 0 || day > month_days(year, month) {
            return None;
        }
        let (hour, minute, second) = (decimal(&[*h1, *h2])?, decimal(&[*n1, *n2])?, decimal(&[*s1, *s2])?);
        // 60 is a leap second; it counts as the one before
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let before: u64 = (0..month).map(|month| month_days(year, month)).sum();
        let days = days_before(year) - days_before(1970) + before + day - 1;
        Some(Self(days * DAY + hour * 3600 + minute * 60 + second.min(59)))
    }
}

impl HeaderView<'_> for Date {
    fn name() -> HeaderName<'static> {
        HeaderName::Date
    }

    fn parse(value: &[u8]) -> Result<Self, HeaderError> {
        Self::read(trim(value)).ok_or(HeaderError::Malformed { name: "Date", at: 0 })
    }
}

/// As it stands in a Date header.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, second) = (self.0 / DAY, self.0 % DAY);
        let since_1 = days + days_before(1970);
        // 400 years are 146,097 days: never too late a year, at most one too early
        let mut year = since_1 * 400 / 146_097 + 1;
        if since_1 < days_before(year) {
            year -= 1;
        } else if since_1 >= days_before(year + 1) {
            year += 1;
        }
        let mut day = since_1 - days_before(year);
        let mut month = 0;
        while day >= month_days(year, month) {
            day -= month_days(year, month);
            month += 1;
        }
        let weekday = WEEKDAYS.get((days % 7) as usize).copied().unwrap_or_default();
        let name = MONTHS.get(month).copied().unwrap_or_default();
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{weekday}, {:02} {name} {year:04} {hour:02}:{minute:02}:{second:02} GMT", day + 1)
    }
}

/// Days from the first of January of the year 1 to that of `year`.
const fn days_before(year: u64) -> u64 {
    let past = year - 1;
    past * 365 + past / 4 - past / 100 + past / 400
}

fn month_days(year: u64, month: usize) -> u64 {
    let leap = (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
    match month {
        1 if leap => 29,
        1 => 28,
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_leap_years_are_counted() {
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600),
            ("Sun, 28 Feb 2100 23:59:59 GMT", 4_107_542_399),
            ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
            ("Fri, 31 Dec 9999 23:59:59 GMT", END - 1),
        ] {
            let date = Date::parse(text.as_bytes()).unwrap();
            assert_eq!((date.unix_seconds(), date.to_string().as_str()), (seconds, text));
        }
    }

    #[test]
    fn every_day_of_five_centuries_reads_back() {
        for day in (0..500 * 366).step_by(3) {
            let date = Date(day * DAY + day % DAY);
            assert_eq!(Date::parse(date.to_string().as_bytes()), Ok(date));
        }
        assert_eq!(Date::from_unix_seconds(END), None);
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for bad in [
            "",
            "Fri, 01 Jan 2010 16:00:00 EST",
            "Sat, 31 Nov 2010 23:29:00 GMT",
            "Sat, 29 Feb 2100 23:29:00 GMT",
            "Sat, 00 Nov 2010 23:29:00 GMT",
            "Sat, 13 Nov 2010 24:00:00 GMT",
            "Sat, 13 Nov 2010 23:60:00 GMT",
            "Sat, 13 Nov 1969 23:29:00 GMT",
            "sat, 13 Nov 2010 23:29:00 GMT",
            "Saturday, 13-Nov-10 23:29:00 GMT",
            "Sat, 13 Nov 2010 23:29:00",
            "Sat, +3 Nov 2010 23:29:00 GMT",
        ] {
            assert!(Date::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
