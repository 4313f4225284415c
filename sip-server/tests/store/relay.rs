//! A database that goes away for a while, and comes back.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use sip_async::sql::Kind;
use sip_registrar::Aor;
use sip_server::Server;
use sip_server::store::{LocationStore, SqlLocation};

use crate::phone::{Phone, contacts, start, wait_until};
use crate::place::Place;

/// How long the database says nothing: longer than a statement may take.
const AWAY: Duration = Duration::from_secs(7);
const LOOK: Duration = Duration::from_millis(20);

/// Passes bytes on between a server and its database, unless it is told to hold them back.
struct Relay {
    address: SocketAddr,
    holds: Arc<AtomicBool>,
    is_over: Arc<AtomicBool>,
}

impl Relay {
    fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a flag");
        let address = listener.local_addr().expect("bound");
        let relay = Self { address, holds: Arc::default(), is_over: Arc::default() };
        let (holds, is_over) = (relay.holds.clone(), relay.is_over.clone());
        thread::spawn(move || {
            while !is_over.load(Ordering::Acquire) {
                let Ok((near, _)) = listener.accept() else {
                    thread::sleep(LOOK);
                    continue;
                };
                let Ok(far) = TcpStream::connect(target) else { continue };
                near.set_nonblocking(false).expect("a flag");
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let streams = (from.try_clone().expect("a copy"), to.try_clone().expect("a copy"));
                    let (holds, is_over) = (holds.clone(), is_over.clone());
                    thread::spawn(move || pass(streams, &holds, &is_over));
                }
            }
        });
        relay
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
    }
}

fn pass((mut from, mut to): (TcpStream, TcpStream), holds: &AtomicBool, is_over: &AtomicBool) {
    from.set_read_timeout(Some(LOOK)).expect("a timeout");
    let mut buffer = vec![0; 64 * 1024];
    while !is_over.load(Ordering::Acquire) {
        let len = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(len) => len,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
            Err(_) => break,
        };
        while holds.load(Ordering::Acquire) && !is_over.load(Ordering::Acquire) {
            thread::sleep(LOOK);
        }
        if to.write_all(&buffer[..len]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Both);
}

#[tokio::test]
async fn calls_go_on_while_the_database_is_away_and_registers_when_it_is_back() {
    for place in Place::all("away").await {
        if place.url.kind() == Kind::Sqlite {
            continue; // nothing lies between
        }
        let (before, rest) = place.text.split_once('@').expect("a user");
        let (target, after) = rest.split_once('/').expect("a path");
        let relay = Relay::to(target.parse().expect("an address"));
        let url = format!("{before}@{}/{after}", relay.address);
        let running = start(Server::new().database(url.parse().expect("a URL"))).await;
        wait_until("loaded", || running.shared().is_loaded());
        let phones: Vec<_> = (0..8).map(|_| Phone::of(&running)).collect();
        for (n, phone) in phones.iter().enumerate() {
            assert_eq!(phone.register(&format!("user{n}"), "<sip:a@127.0.0.1:6001>"), 200);
        }

        relay.holds.store(true, Ordering::Release);
        let away = Instant::now();
        phones[0].send("user0", "<sip:b@127.0.0.1:6002>");
        phones[1].send("user1", "*");
        let mut longest = Duration::ZERO;
        while away.elapsed() < AWAY {
            let began = Instant::now();
            assert!(phones[7].finds("user7"));
            longest = longest.max(began.elapsed());
            thread::sleep(LOOK);
        }
        assert!(longest < Duration::from_secs(1), "{longest:?} for a look-up");
        assert!(phones[0].receive().starts_with("SIP/2.0 503"));
        assert!(phones[1].receive().starts_with("SIP/2.0 503"));
        assert_eq!((contacts(&running, "user0").len(), contacts(&running, "user1").len()), (1, 1));

        relay.holds.store(false, Ordering::Release);
        wait_until("back", || phones[2].register("user2", "<sip:b@127.0.0.1:6002>") == 200);
        // Whatever became of what was under way: the store is as memory is in the end.
        let store = SqlLocation::new(place.open(), false);
        let end = Instant::now() + Duration::from_secs(10);
        for n in 0..8 {
            let user = format!("user{n}");
            loop {
                let rows = store.find(&Aor::from_bytes(user.as_bytes())).await.expect("rows");
                let mut stored: Vec<_> = rows.iter().map(|row| row.record.contact.to_string()).collect();
                stored.sort();
                if stored == contacts(&running, &user) {
                    break;
                }
                assert!(Instant::now() < end, "{user}: {stored:?} is stored");
                tokio::time::sleep(LOOK).await;
            }
        }
        running.stop(Duration::from_secs(1)).await;
        drop(store);
        place.end().await;
    }
}
