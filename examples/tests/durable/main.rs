//! A registrar that is killed (SIGKILL) under load, again and again, on each database: after the restart every contact
//! that was answered 200 is there, none that was removed is, and none twice.
//!
//! SQLite always; PostgreSQL and MariaDB where `SIP_TEST_POSTGRES` and `SIP_TEST_MYSQL` say where they are.
//! `SIP_TEST_KILLS` says how often; 4 by default.
#![cfg(feature = "sql")]
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, clippy::print_stdout, reason = "a test")]

mod load;
mod place;
mod server;

use std::time::Duration;

use crate::load::Load;
use crate::place::Place;
use crate::server::Server;

/// How long the load runs before each kill; a little longer each time, so that it hits another moment.
const ROUND: Duration = Duration::from_millis(700);

fn killed_under_load(place: &Place) {
    let kills: u32 = std::env::var("SIP_TEST_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(4);
    let mut load = Load::new();
    let mut answered = 0;
    for round in 0..kills {
        let server = Server::start(place.url());
        load.check(server.address());
        let time = ROUND + Duration::from_millis(37) * round;
        answered += load.run(server, time);
    }
    let server = Server::start(place.url());
    load.check(server.address());
    server.kill();
    assert_eq!(place.rows_that_are_there_twice(), 0);
    let seconds = (ROUND * kills).as_secs_f64();
    println!(
        "{}: {kills} kills, {answered} answered 200, some {:.0} a second",
        place.name(),
        f64::from(answered) / seconds
    );
    assert!(answered > 100 * kills, "{answered} in {kills} rounds is no load");
}

#[test]
fn nothing_that_was_answered_is_lost_in_sqlite() {
    let place = Place::sqlite();
    killed_under_load(&place);
    place.end();
}

#[test]
fn nothing_that_was_answered_is_lost_in_postgres() {
    let Some(place) = Place::postgres() else { return };
    killed_under_load(&place);
    place.end();
}

#[test]
fn nothing_that_was_answered_is_lost_in_mysql() {
    let Some(place) = Place::mysql() else { return };
    killed_under_load(&place);
    place.end();
}
