//! `core.*`: the server itself.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value as Json, json};
use sip_async::jsonrpc::Commands;

use crate::memory;
use crate::shared::Shared;

const VERSION: &str = concat!("sip-server ", env!("CARGO_PKG_VERSION"));

pub(super) fn register(commands: &Commands<Shared>) {
    commands.add("core.version", "the version of the server", |_, _| Ok(VERSION.into()));
    commands.add("core.uptime", "since when the server runs", |shared, _| {
        let (now, up) = (shared.wall(), shared.started());
        let uptime = now.duration_since(up).unwrap_or_default().as_secs();
        Ok(json!({ "now": date(now), "up_since": date(up), "uptime": uptime }))
    });
    commands.add("core.info", "what the server is and has", |shared, _| {
        let listens: Vec<String> = shared.listens().iter().map(ToString::to_string).collect();
        Ok(json!({
            "version": VERSION,
            "id": std::process::id(),
            "workers": shared.workers(),
            "listen": listens,
            "domains": shared.domains(),
            "memory": memory::resident(),
        }))
    });
    for name in ["core.psx", "core.ps"] {
        commands.add(name, "the workers", |shared, _| Ok(workers(shared)));
    }
    commands.add("core.sockets_list", "where the server listens", |shared, _| {
        let one = |listen: &sip_transport::Listen| {
            json!({
                "PROTO": listen.protocol.name(),
                "NAME": listen.addr.ip().to_string(),
                "PORT": listen.addr.port().to_string(),
            })
        };
        Ok(json!({ "SOCKETS": shared.listens().iter().map(one).collect::<Vec<Json>>() }))
    });
    commands.add("core.echo", "its parameters", |_, params| {
        let texts: Vec<String> = params.texts()?.into_iter().map(std::borrow::Cow::into_owned).collect();
        Ok(texts.into())
    });
}

/// Workers are threads of one process; each is known by its number.
fn workers(shared: &Shared) -> Json {
    let id = std::process::id();
    (0..shared.workers())
        .map(|number| json!({ "IDX": number, "PID": id, "DSC": format!("worker {number}") }))
        .collect::<Vec<Json>>()
        .into()
}

/// A moment as `Sun Nov  6 08:49:37 1994`, of Greenwich.
fn date(time: SystemTime) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    format!(
        "{} {} {day:2} {:02}:{:02}:{:02} {year}",
        DAYS[(days % 7) as usize],
        MONTHS[month],
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// Year, month from 0 and day of a day that is counted from 1970 on.
fn civil(mut days: u64) -> (u64, usize, u64) {
    let leap = |year: u64| year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let mut year = 1970;
    loop {
        let length = if leap(year) { 366 } else { 365 };
        if days < length {
            break;
        }
        days -= length;
        year += 1;
    }
    let february = if leap(year) { 29 } else { 28 };
    let mut month = 0;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_that_of_the_calendar() {
        for (seconds, text) in [
            (0, "Thu Jan  1 00:00:00 1970"),
            (784_111_777, "Sun Nov  6 08:49:37 1994"),
            (951_782_399, "Mon Feb 28 23:59:59 2000"),
            (951_782_400, "Tue Feb 29 00:00:00 2000"),
            (1_735_689_599, "Tue Dec 31 23:59:59 2024"),
            (4_107_542_400, "Mon Mar  1 00:00:00 2100"),
        ] {
            assert_eq!(date(UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
    }
}
