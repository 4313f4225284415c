//! Write-through and write-back against a store that misbehaves.

use std::time::Duration;

use sip_server::Server;
use sip_server::store::{StoreMode, StoreSettings, Write};

use crate::fake::{Fake, Mood};
use crate::phone::{Phone, contacts, start, status, wait_until};

const A: &str = "<sip:a@127.0.0.1:6001>";
const B: &str = "<sip:b@127.0.0.1:6002>";

fn server(store: &Fake, mode: StoreMode) -> Server {
    let mut settings = StoreSettings::default();
    settings.mode = mode;
    Server::new().location_store(store.clone()).store(settings)
}

#[tokio::test]
async fn a_register_is_in_the_store_before_it_is_answered_and_out_of_it_when_removed() {
    let store = Fake::default();
    let running = start(server(&store, StoreMode::WriteThrough)).await;
    wait_until("loaded", || running.shared().is_loaded());
    let phone = Phone::of(&running);
    assert_eq!(phone.register("bob", A), 200);
    assert_eq!(store.contacts("bob"), ["sip:a@127.0.0.1:6001"]);
    assert_eq!(phone.register("bob", A), 200);
    assert!(matches!(&store.0.lock().commits[1][..], [Write::Update(_)]), "a refresh changes its row");
    assert_eq!(phone.register("bob", B), 200);
    assert_eq!(store.contacts("bob").len(), 2);
    assert_eq!(phone.register("bob", &format!("{A};expires=0")), 200);
    assert_eq!(store.contacts("bob"), ["sip:b@127.0.0.1:6002"]);
    assert_eq!(phone.register("bob", "*"), 200);
    assert_eq!((store.contacts("bob").len(), contacts(&running, "bob").len()), (0, 0));
    let commits = store.0.lock().commits.len();
    assert_eq!(phone.register("bob", ""), 200);
    assert_eq!(store.0.lock().commits.len(), commits, "a question writes nothing");
    running.stop(Duration::from_secs(1)).await;
}

#[tokio::test]
async fn a_store_that_is_down_means_503_and_nothing_has_changed() {
    let store = Fake::default();
    let running = start(server(&store, StoreMode::WriteThrough)).await;
    wait_until("loaded", || running.shared().is_loaded());
    let phone = Phone::of(&running);
    assert_eq!(phone.register("bob", A), 200);
    store.set(Mood::Down);
    phone.send("bob", B);
    let refused = phone.receive();
    assert_eq!(status(&refused), 503);
    assert!(refused.contains("\r\nRetry-After: "), "{refused}");
    assert_eq!(contacts(&running, "bob"), ["sip:a@127.0.0.1:6001"]);
    assert!(phone.finds("bob"), "calls go on from memory");
    assert_eq!(phone.register("bob", "*"), 503);
    assert!(phone.finds("bob"));
    store.set(Mood::Good);
    assert_eq!(phone.register("bob", B), 200);
    assert_eq!(store.contacts("bob"), contacts(&running, "bob"));
    running.stop(Duration::from_secs(1)).await;
}

#[tokio::test]
async fn what_nobody_knows_the_state_of_is_written_anew_before_the_next_200() {
    for mood in [Mood::DoneAndUnsure, Mood::LostAndUnsure] {
        let store = Fake::default();
        let running = start(server(&store, StoreMode::WriteThrough)).await;
        wait_until("loaded", || running.shared().is_loaded());
        let phone = Phone::of(&running);
        assert_eq!(phone.register("bob", A), 200);
        store.set(mood);
        assert_eq!(phone.register("bob", B), 503);
        assert_eq!(phone.register("carol", B), 503);
        store.set(Mood::Good);
        // Memory knows nothing of carol, the store perhaps does: removing all is a change all the same.
        assert_eq!(phone.register("carol", "*"), 200);
        assert_eq!(store.contacts("carol").len(), 0, "{mood:?}");
        assert_eq!(phone.register("bob", &format!("{B};expires=0")), 200);
        assert_eq!(store.contacts("bob"), ["sip:a@127.0.0.1:6001"], "{mood:?}");
        running.stop(Duration::from_secs(1)).await;
    }
}

#[tokio::test]
async fn what_nobody_knows_the_state_of_is_put_right_without_a_register() {
    let store = Fake::default();
    let running = start(server(&store, StoreMode::WriteThrough)).await;
    wait_until("loaded", || running.shared().is_loaded());
    let phone = Phone::of(&running);
    store.set(Mood::DoneAndUnsure);
    assert_eq!(phone.register("bob", A), 503);
    assert_eq!(store.contacts("bob").len(), 1);
    store.set(Mood::Good);
    wait_until("the store is as memory is", || store.contacts("bob").is_empty());
    running.stop(Duration::from_secs(1)).await;
}

#[tokio::test]
async fn one_register_that_does_not_fit_harms_no_other_of_its_group() {
    let store = Fake::default();
    let running = start(server(&store, StoreMode::WriteThrough)).await;
    wait_until("loaded", || running.shared().is_loaded());
    store.0.lock().delay = Duration::from_millis(50);
    store.set(Mood::Refuses("user7"));
    let phones: Vec<_> = (0..20).map(|_| Phone::of(&running)).collect();
    for (n, phone) in phones.iter().enumerate() {
        phone.send(&format!("user{n}"), A);
    }
    for (n, phone) in phones.iter().enumerate() {
        assert_eq!(status(&phone.receive()), if n == 7 { 500 } else { 200 }, "user{n}");
    }
    running.stop(Duration::from_secs(1)).await;
}

#[tokio::test]
async fn registers_of_many_share_a_commit_and_those_of_one_queue() {
    let store = Fake::default();
    let running = start(server(&store, StoreMode::WriteThrough)).await;
    wait_until("loaded", || running.shared().is_loaded());
    store.0.lock().delay = Duration::from_millis(100);
    let phones: Vec<_> = (0..60).map(|_| Phone::of(&running)).collect();
    for (n, phone) in phones.iter().enumerate() {
        // 40 users with a contact each, and one with 20.
        let user = if n < 40 { format!("user{n}") } else { "crowd".into() };
        phone.send(&user, &format!("<sip:c@127.0.0.1:{}>", 7_000 + n));
    }
    for phone in &phones {
        assert_eq!(status(&phone.receive()), 200);
    }
    assert_eq!(store.contacts("crowd").len(), 20);
    assert_eq!(contacts(&running, "crowd"), store.contacts("crowd"));
    let commits = store.0.lock().commits.clone();
    assert!(commits.len() <= 30, "{} commits for 60 REGISTERs", commits.len());
    for commit in &commits {
        let crowd = commit
            .iter()
            .filter(|write| matches!(write, Write::Insert(record) if record.aor.as_bstr() == "crowd"));
        assert!(crowd.count() <= 1, "each is planned on what the one before it left");
    }
    running.stop(Duration::from_secs(1)).await;
}

#[tokio::test]
async fn a_slow_store_holds_up_no_call() {
    let store = Fake::default();
    let running = start(server(&store, StoreMode::WriteThrough)).await;
    wait_until("loaded", || running.shared().is_loaded());
    let phone = Phone::of(&running);
    assert_eq!(phone.register("bob", A), 200);
    store.0.lock().delay = Duration::from_millis(700);
    let slow = Phone::of(&running);
    slow.send("carol", A);
    let began = std::time::Instant::now();
    for _ in 0..20 {
        assert!(phone.finds("bob"));
    }
    assert!(began.elapsed() < Duration::from_millis(600), "{:?} for 20 look-ups", began.elapsed());
    assert_eq!(status(&slow.receive()), 200);
    running.stop(Duration::from_secs(1)).await;
}

#[tokio::test]
async fn write_back_answers_at_once_and_catches_up_with_a_store_that_was_down() {
    let store = Fake::default();
    let running = start(server(&store, StoreMode::WriteBack(Duration::from_millis(600)))).await;
    wait_until("loaded", || running.shared().is_loaded());
    let phone = Phone::of(&running);
    store.set(Mood::Down);
    assert_eq!(phone.register("bob", A), 200);
    assert_eq!(phone.register("bob", B), 200);
    assert_eq!(phone.register("bob", &format!("{A};expires=0")), 200);
    assert_eq!(phone.register("carol", A), 200);
    assert_eq!(store.contacts("bob").len(), 0);
    store.set(Mood::Good);
    wait_until("written back", || !store.contacts("bob").is_empty() && !store.contacts("carol").is_empty());
    assert_eq!(store.contacts("bob"), ["sip:b@127.0.0.1:6002"]);
    assert_eq!(phone.register("carol", "*"), 200);
    wait_until("removed", || store.contacts("carol").is_empty());
    running.stop(Duration::from_secs(1)).await;
}

#[tokio::test]
async fn write_back_writes_the_rest_when_the_server_ends() {
    let store = Fake::default();
    let running = start(server(&store, StoreMode::WriteBack(Duration::from_secs(3600)))).await;
    wait_until("loaded", || running.shared().is_loaded());
    let phone = Phone::of(&running);
    for n in 0..300 {
        assert_eq!(phone.register(&format!("user{n}"), A), 200);
    }
    assert_eq!(store.0.lock().rows.len(), 0);
    running.stop(Duration::from_secs(1)).await;
    assert_eq!(store.0.lock().rows.len(), 300);
}

#[tokio::test]
async fn unregister_takes_the_contacts_out_of_the_store() {
    let store = Fake::default();
    let running = start(server(&store, StoreMode::WriteThrough)).await;
    wait_until("loaded", || running.shared().is_loaded());
    let phone = Phone::of(&running);
    assert_eq!(phone.register("bob", &format!("{A}, {B}")), 200);
    let bob = sip_registrar::Aor::from_bytes(b"bob");
    store.set(Mood::Down);
    assert!(running.shared().unregister(&bob).await.is_err());
    assert!(phone.finds("bob"));
    store.set(Mood::Good);
    assert_eq!(running.shared().unregister(&bob).await.ok(), Some(2));
    assert_eq!((store.contacts("bob").len(), contacts(&running, "bob").len()), (0, 0));
    running.stop(Duration::from_secs(1)).await;
}

#[tokio::test]
async fn servers_that_share_a_store_find_each_others_phones() {
    let store = Fake::default();
    let one = start(server(&store, StoreMode::StoreOnly)).await;
    let two = start(server(&store, StoreMode::StoreOnly)).await;
    let (here, there) = (Phone::of(&one), Phone::of(&two));
    wait_until("reached", || here.register("bob", A) == 200);
    wait_until("reached", || there.register("carol", B) == 200);
    assert!(there.finds("bob") && here.finds("carol"));
    assert_eq!(there.register("bob", B), 200);
    assert!(here.finds("bob"));
    assert_eq!(contacts(&one, "bob").len(), 2);
    assert_eq!(here.register("bob", "*"), 200);
    assert!(!there.finds("bob"));
    store.set(Mood::Down);
    assert!(here.finds("carol"), "what this server knew");
    one.stop(Duration::from_secs(1)).await;
    two.stop(Duration::from_secs(1)).await;
}
