//! What is in the store at start comes into memory, beside the traffic.

use std::time::Duration;

use sip_server::Server;
use sip_server::store::{StoreMode, StoreSettings};

use crate::fake::{Fake, Mood};
use crate::phone::{Phone, contacts, start, wait_until};

/// A store with `users` users, user0 and so on, with a contact each.
async fn stored(users: usize) -> Fake {
    let store = Fake::default();
    let running = start(Server::new().location_store(store.clone())).await;
    wait_until("loaded", || running.shared().is_loaded());
    let phone = Phone::of(&running);
    for n in 0..users {
        assert_eq!(phone.register(&format!("user{n}"), &format!("<sip:c@127.0.0.1:{}>", 7_000 + n)), 200);
    }
    running.stop(Duration::from_secs(1)).await;
    assert_eq!(store.0.lock().rows.len(), users);
    store
}

fn paged(store: &Fake, mode: StoreMode) -> Server {
    let mut settings = StoreSettings::default();
    settings.page = 10;
    settings.mode = mode;
    Server::new().location_store(store.clone()).store(settings)
}

#[tokio::test]
async fn a_server_that_starts_again_has_what_it_had() {
    let store = stored(35).await;
    let running = start(paged(&store, StoreMode::WriteThrough)).await;
    wait_until("loaded", || running.shared().is_loaded());
    assert_eq!(running.shared().registrar().location().bindings(), 35);
    assert_eq!(contacts(&running, "user34"), ["sip:c@127.0.0.1:7034"]);
    running.stop(Duration::from_secs(1)).await;
}

#[tokio::test]
async fn who_is_asked_for_while_the_location_is_loaded_is_found() {
    let store = stored(35).await;
    store.0.lock().page_delay = Duration::from_millis(300);
    let running = start(paged(&store, StoreMode::WriteThrough)).await;
    let phone = Phone::of(&running);
    wait_until("reached", || phone.finds("user34"));
    assert!(!running.shared().is_loaded());
    assert!(!phone.finds("nobody"));
    wait_until("loaded", || running.shared().is_loaded());
    assert_eq!(running.shared().registrar().location().bindings(), 35);
    running.stop(Duration::from_secs(1)).await;
}

#[tokio::test]
async fn what_is_removed_while_the_location_is_loaded_does_not_come_back() {
    let store = stored(35).await;
    store.0.lock().page_delay = Duration::from_millis(300);
    let running = start(paged(&store, StoreMode::WriteThrough)).await;
    let phone = Phone::of(&running);
    // All but the last pages were read before this is removed.
    wait_until("reached", || phone.register("user5", "*") == 200);
    assert_eq!(phone.register("user30", "*"), 200);
    assert_eq!(phone.register("user20", "<sip:second@127.0.0.1:6000>"), 200);
    wait_until("loaded", || running.shared().is_loaded());
    assert!(contacts(&running, "user5").is_empty() && store.contacts("user5").is_empty());
    assert!(contacts(&running, "user30").is_empty() && store.contacts("user30").is_empty());
    assert_eq!(contacts(&running, "user20").len(), 2);
    assert_eq!(running.shared().registrar().location().bindings(), 34);
    running.stop(Duration::from_secs(1)).await;
}

#[tokio::test]
async fn a_server_starts_without_its_store_and_takes_registers_when_that_comes() {
    let store = stored(5).await;
    store.set(Mood::Down);
    let running = start(paged(&store, StoreMode::WriteThrough)).await;
    let phone = Phone::of(&running);
    assert_eq!(phone.register("bob", "<sip:a@127.0.0.1:6001>"), 503);
    assert!(!phone.finds("user1"));
    store.set(Mood::Good);
    wait_until("reached", || phone.register("bob", "<sip:a@127.0.0.1:6001>") == 200);
    assert!(phone.finds("user1"));
    running.stop(Duration::from_secs(1)).await;
}

#[tokio::test]
async fn write_back_takes_registers_without_its_store_and_loads_the_others_later() {
    let store = stored(5).await;
    store.set(Mood::Down);
    let running = start(paged(&store, StoreMode::WriteBack(Duration::from_millis(500)))).await;
    let phone = Phone::of(&running);
    assert_eq!(phone.register("user1", "<sip:second@127.0.0.1:6001>"), 200);
    assert!(phone.finds("user1"));
    store.set(Mood::Good);
    wait_until("loaded", || running.shared().is_loaded());
    assert_eq!(contacts(&running, "user1").len(), 2);
    wait_until("written back", || store.contacts("user1").len() == 2);
    running.stop(Duration::from_secs(1)).await;
}
