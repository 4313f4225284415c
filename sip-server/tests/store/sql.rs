//! The location in SQLite, and in PostgreSQL and MariaDB where `SIP_TEST_POSTGRES` and `SIP_TEST_MYSQL` say where they
//! are. Each test has a database, a schema or a file of its own and takes it away again.

use std::time::{Duration, SystemTime};

use sip_async::sql::{Database, DatabaseUrl, Kind, Settings, Value};
use sip_modules::auth::Secret;
use sip_registrar::Aor;
use sip_server::store::{
    AddressTable, LocationStore, SqlLocation, StoreError, StoreMode, StoreSettings, Stored, Subscribers,
    Write,
};
use sip_server::{Server, Unavailable, UserStore, Wanted};

use crate::phone::{Phone, contacts, start, wait_until};
use crate::place::Place;

fn server(place: &Place, mode: StoreMode) -> Server {
    let mut settings = StoreSettings::default();
    settings.mode = mode;
    Server::new().database(place.url.clone()).store(settings)
}

const FULL: &str =
    "<sip:a@127.0.0.1:6001>;q=0.7;+sip.instance=\"<urn:uuid:1>\";reg-id=1, <sip:b@10.0.0.2;x=%25,y>";

#[tokio::test]
async fn a_server_that_starts_again_has_what_it_had_in_every_database() {
    for place in Place::all("again").await {
        let kind = place.url.kind();
        let first = start(server(&place, StoreMode::WriteThrough)).await;
        wait_until("loaded", || first.shared().is_loaded());
        let phone = Phone::of(&first);
        assert_eq!(phone.register("bob", FULL), 200, "{kind:?}");
        assert_eq!(phone.register("bob", FULL), 200, "a refresh, {kind:?}");
        assert_eq!(phone.register("carol", "<sip:c@127.0.0.1>"), 200);
        assert_eq!(phone.register("carol", "*"), 200);
        let bob = Aor::from_bytes(b"bob");
        let before = first.shared().registrar().location().snapshot(&bob).bindings;
        first.stop(Duration::from_secs(1)).await;

        let again = start(server(&place, StoreMode::WriteThrough)).await;
        wait_until("loaded", || again.shared().is_loaded());
        assert!(contacts(&again, "carol").is_empty());
        let after = again.shared().registrar().location().snapshot(&bob).bindings;
        assert_eq!(after.len(), 2, "{kind:?}");
        for (old, new) in before.iter().zip(&after) {
            assert_eq!((old.uri(), old.q(), old.cseq()), (new.uri(), new.q(), new.cseq()), "{kind:?}");
            assert_eq!((old.instance(), old.reg_id()), (new.instance(), new.reg_id()), "{kind:?}");
            assert_eq!((old.received(), old.local()), (new.received(), new.local()), "{kind:?}");
            assert_eq!(old.call_id(), new.call_id());
            let later = new.expires_at().checked_duration_since(old.expires_at()).unwrap_or_default();
            let earlier = old.expires_at().checked_duration_since(new.expires_at()).unwrap_or_default();
            assert!(
                later < Duration::from_millis(1500) && earlier.is_zero(),
                "{kind:?} {later:?} {earlier:?}"
            );
        }
        again.stop(Duration::from_secs(1)).await;
        place.end().await;
    }
}

async fn rows(db: &Database) -> i64 {
    let rows = db.query("SELECT COUNT(*) FROM location", vec![]).await.expect("a count");
    rows.first().and_then(|row| row[0].as_int()).expect("a number")
}

#[tokio::test]
async fn rows_that_kamailio_wrote_are_used_and_taken_over() {
    for place in Place::all("foreign").await {
        let (db, kind) = (place.open(), place.url.kind());
        let store = SqlLocation::new(db.clone(), false);
        store.prepare().await.expect("tables");
        store.prepare().await.expect("tables that are there");
        let soon = Value::time(kind, SystemTime::now() + Duration::from_secs(600));
        let time = if kind == Kind::Postgres { "CAST(? AS TIMESTAMP)" } else { "?" };
        for (ruid, user, contact, expires) in [
            ("uloc-5f1-1", "bob", "sip:bob@127.0.0.1:6001", soon.clone()),
            ("uloc-5f1-2", "bob", "sip:bob@127.0.0.1:6001", soon.clone()), // twice
            ("uloc-5f1-3", "Bob", "sip:other@127.0.0.1:6001", soon.clone()), // another user
            (
                "uloc-5f1-4",
                "old",
                "sip:old@127.0.0.1",
                Value::time(kind, SystemTime::now() - Duration::from_secs(60)),
            ),
            ("uloc-5f1-5", "ever", "sip:ever@127.0.0.1", Value::time(kind, SystemTime::UNIX_EPOCH)),
            ("uloc-5f1-6", "odd", "not a URI", soon.clone()),
        ] {
            let sql = format!(
                "INSERT INTO location (ruid, username, contact, expires, q, callid, cseq, user_agent, path, received) \
                 VALUES (?, ?, ?, {time}, -1, 'x', 3, 'k', '<sip:p1;lr>,\"a,b\" <sip:p2;lr>', 'sip:10.1.1.1:5')"
            );
            db.execute(sql, vec![ruid.into(), user.into(), contact.into(), expires]).await.expect("a row");
        }
        let running = start(server(&place, StoreMode::WriteThrough)).await;
        wait_until("loaded", || running.shared().is_loaded());
        assert_eq!(contacts(&running, "bob"), ["sip:bob@127.0.0.1:6001"], "{kind:?}");
        assert_eq!((contacts(&running, "old").len(), contacts(&running, "odd").len()), (0, 0));
        assert_eq!(contacts(&running, "ever").len(), 1);
        let bob = running.shared().registrar().location().snapshot(&Aor::from_bytes(b"bob")).bindings;
        assert_eq!(bob[0].path().collect::<Vec<_>>(), ["<sip:p1;lr>", "\"a,b\" <sip:p2;lr>"]);
        assert_eq!((bob[0].q(), bob[0].cseq()), (None, 3));
        assert_eq!(bob[0].received().map(|target| target.to_string()).as_deref(), Some("udp:10.1.1.1:5"));

        let phone = Phone::of(&running);
        assert_eq!(phone.register("bob", "<sip:new@127.0.0.1>"), 200);
        let of_bob = store.find(&Aor::from_bytes(b"bob")).await.expect("rows");
        let uris: Vec<_> = of_bob.iter().map(|row| row.record.contact.to_string()).collect();
        assert_eq!(uris, ["sip:bob@127.0.0.1:6001", "sip:new@127.0.0.1"], "{kind:?}");
        assert_eq!(store.find(&Aor::from_bytes(b"Bob")).await.expect("rows").len(), 1, "{kind:?}");
        running.stop(Duration::from_secs(1)).await;
        drop((db, store));
        place.end().await;
    }
}

#[tokio::test]
async fn what_has_ended_is_taken_out_of_the_store_and_nothing_else() {
    for place in Place::all("purge").await {
        let (db, kind) = (place.open(), place.url.kind());
        let store = SqlLocation::new(db.clone(), true);
        store.prepare().await.expect("tables");
        let running = start(server(&place, StoreMode::WriteThrough)).await;
        wait_until("loaded", || running.shared().is_loaded());
        let phone = Phone::of(&running);
        for n in 0..5 {
            assert_eq!(phone.register(&format!("user{n}"), "<sip:a@127.0.0.1>;expires=60"), 200);
        }
        assert_eq!(phone.register("long", "<sip:a@127.0.0.1>;expires=6000"), 200);
        running.stop(Duration::from_secs(1)).await;
        let later = SystemTime::now() + Duration::from_secs(120);
        assert_eq!(store.purge(SystemTime::now(), 10).await.expect("none"), 0, "{kind:?}");
        assert_eq!(store.purge(later, 3).await.expect("three"), 3, "{kind:?}");
        assert_eq!(store.purge(later, 3).await.expect("two"), 2);
        assert_eq!(rows(&db).await, 1);
        drop((db, store));
        place.end().await;
    }
}

#[tokio::test]
async fn a_commit_is_made_as_a_whole_or_not_at_all_and_the_same_twice_is_once() {
    for place in Place::all("whole").await {
        let (db, kind) = (place.open(), place.url.kind());
        let store = SqlLocation::new(db.clone(), true);
        store.prepare().await.expect("tables");
        let mut config = sip_registrar::Config::default();
        config.use_domain = true;
        let running = start(server(&place, StoreMode::WriteThrough).registrar(config)).await;
        wait_until("loaded", || running.shared().is_loaded());
        assert_eq!(Phone::of(&running).register("bob", FULL), 200);
        running.stop(Duration::from_secs(1)).await;
        let (page, last) = store.page(i64::MIN, 10).await.expect("two rows");
        assert_eq!((page.len(), last), (2, page.last().map(|row| row.id)), "{kind:?}");
        assert_eq!(store.page(last.expect("a place"), 10).await.expect("the end"), (vec![], None));
        let bob = Aor::from_bytes(b"bob@127.0.0.1");
        assert_eq!(store.find(&bob).await.expect("the same"), page, "{kind:?}");
        let [first, second]: [Stored; 2] = page.try_into().expect("two");

        let mut long = second.record.clone();
        long.call_id = vec![b'x'; 70_000].into();
        long.ruid = "x".repeat(65);
        let mut bytes = second.record.clone();
        bytes.contact = b"sip:\xff@x".to_vec().into();
        let clear = Write::Clear { aor: bob.clone() };
        let refused = store.commit(vec![clear.clone(), Write::Insert(bytes)]).await;
        assert!(matches!(refused, Err(StoreError::NotText { what: "Contact" })), "{refused:?}");
        if kind != Kind::Sqlite {
            // SQLite takes texts of any length.
            let refused = store.commit(vec![clear.clone(), Write::Insert(long)]).await;
            assert!(matches!(refused, Err(StoreError::Refused(_))), "{kind:?} {refused:?}");
        }
        assert_eq!(rows(&db).await, 2, "{kind:?}");

        let same = vec![Write::Insert(first.record.clone()), Write::Update(second.record.clone())];
        store.commit(same.clone()).await.expect("the same");
        assert_eq!(rows(&db).await, 2);
        let gone = Write::Remove { aor: bob.clone(), ruid: first.record.ruid.clone() };
        store.commit(vec![gone.clone(), gone]).await.expect("one");
        assert_eq!(rows(&db).await, 1);
        store.commit(same).await.expect("both");
        assert_eq!(rows(&db).await, 2);
        store.commit(vec![clear]).await.expect("none");
        assert_eq!(rows(&db).await, 0, "{kind:?}");
        drop((db, store));
        place.end().await;
    }
}

#[tokio::test]
async fn two_servers_on_one_database_find_each_others_phones() {
    for place in Place::all("two").await {
        let one = start(server(&place, StoreMode::StoreOnly)).await;
        let two = start(server(&place, StoreMode::StoreOnly)).await;
        let (here, there) = (Phone::of(&one), Phone::of(&two));
        wait_until("reached", || here.register("bob", "<sip:a@127.0.0.1:6001>") == 200);
        wait_until("reached", || there.register("carol", "<sip:c@127.0.0.1:6003>") == 200);
        assert!(there.finds("bob") && here.finds("carol"), "{:?}", place.url.kind());
        assert_eq!(there.register("bob", "<sip:b@127.0.0.1:6002>"), 200);
        assert!(here.finds("bob"));
        assert_eq!(contacts(&one, "bob").len(), 2);
        assert_eq!(here.register("bob", "*"), 200);
        assert!(!there.finds("bob"));
        one.stop(Duration::from_secs(1)).await;
        two.stop(Duration::from_secs(1)).await;
        place.end().await;
    }
}

#[tokio::test]
async fn a_table_of_another_version_is_refused() {
    let place = Place::sqlite("version");
    let db = place.open();
    let store = SqlLocation::new(db.clone(), false);
    store.prepare().await.expect("tables");
    db.execute("UPDATE version SET table_version = 7 WHERE table_name = 'location'", vec![])
        .await
        .expect("done");
    let error = store.prepare().await.expect_err("an old table");
    assert_eq!(error.to_string(), "table `location` has the version 7; known is 9");
    place.end().await;
}

const HA1: &str = "0123456789abcdef0123456789abcdef";
const HA1B: &str = "fedcba9876543210fedcba9876543210";

async fn ask(users: &Subscribers, user: &str, realm: &str) -> Option<Secret> {
    let hash = sip_core::digest::HashFunction::Md5;
    let wanted = Wanted::new(user.as_bytes(), realm.as_bytes(), hash, "subscriber");
    users.secret(wanted).found().await.expect("an answer")
}

#[tokio::test]
async fn subscribers_are_found_by_name_and_domain_with_whatever_secret_they_have() {
    for place in Place::all("users").await {
        let (db, kind) = (place.open(), place.url.kind());
        SqlLocation::new(db.clone(), false).prepare().await.expect("tables");
        for (user, domain, password, ha1, ha1b) in [
            ("bob", "a.example", "secret", "", ""),
            ("bob", "b.example", "other", "", ""),
            ("carol", "a.example", "", HA1, HA1B),
            ("nothing", "a.example", "", "", ""),
        ] {
            let sql = "INSERT INTO subscriber (username, domain, password, ha1, ha1b) VALUES (?, ?, ?, ?, ?)";
            let row = [user, domain, password, ha1, ha1b].map(Value::from);
            db.execute(sql, row.to_vec()).await.expect("a row");
        }
        let by_domain = Subscribers::new(db.clone(), true);
        let by_name = Subscribers::new(db.clone(), false);
        let password = |text: &str| Some(Secret::password(text));
        let ha1 = |digits: &str| Some(Secret::ha1(digits.as_bytes()).expect("digits"));
        assert_eq!(ask(&by_domain, "bob", "a.example").await, password("secret"), "{kind:?}");
        assert_eq!(ask(&by_domain, "bob", "b.example").await, password("other"));
        assert_eq!(ask(&by_domain, "bob", "c.example").await, None);
        assert_eq!(ask(&by_name, "carol", "x").await, ha1(HA1));
        assert_eq!(ask(&by_name, "carol@a.example", "x").await, ha1(HA1B));
        assert_eq!(ask(&by_name, "carol@b.example", "x").await, None);
        assert_eq!(ask(&by_name, "nothing", "x").await, None);
        assert_eq!(ask(&by_name, "' OR 1=1 --", "x").await, None);
        assert_eq!(ask(&by_name, "bo\0b", "x").await, None);
        drop((db, by_domain, by_name));
        place.end().await;
    }
}

#[tokio::test]
async fn a_database_that_is_down_and_a_table_that_is_none_are_no_answers_about_a_user() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address");
    let url: DatabaseUrl = format!("mysql://root@{free}/x").parse().expect("a URL");
    let mut settings = Settings::default();
    settings.timeout = Duration::from_millis(300);
    let users = Subscribers::new(Database::open("down", &url, settings).expect("a thread"), false);
    for table in ["subscriber", "subscriber; DROP TABLE location", ""] {
        let wanted = Wanted::new(b"bob", b"x", sip_core::digest::HashFunction::Md5, table);
        assert_eq!(users.secret(wanted).found().await, Err(Unavailable));
    }
}

#[tokio::test]
async fn address_rows_are_read_and_a_row_that_says_no_address_is_left_out() {
    for place in Place::all("address").await {
        let db = place.open();
        SqlLocation::new(db.clone(), false).prepare().await.expect("tables");
        for (group, ip, bits) in [
            (1, "10.0.0.0", 8),
            (2, "2001:db8::", 32),
            (3, "gw.example.org", 0),
            (1, "10.0.0", 8),
            (1, "10.0.0.1", 33),
        ] {
            let sql = "INSERT INTO address (grp, ip_addr, mask, port, tag) VALUES (?, ?, ?, 5060, 'x')";
            db.execute(sql, vec![group.into(), ip.into(), bits.into()]).await.expect("a row");
        }
        let list = AddressTable::new(db.clone()).load().await.expect("rows");
        assert_eq!(list.len(), 3, "{:?}", place.url.kind());
        assert!(list.allow_address(1, "10.9.9.9".parse().expect("an address"), 5060));
        assert!(!list.allow_address(1, "10.9.9.9".parse().expect("an address"), 5061));
        let found = list.find("2001:db8::1".parse().expect("an address"), 5060).expect("in group 2");
        assert_eq!((found.group, &*found.tag), (2, &b"x"[..]));
        assert!(list.find_text(Some(3), b"gw.example.org", 5060).is_some());
        drop(db);
        place.end().await;
    }
}
