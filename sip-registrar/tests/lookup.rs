//! Where a user can be reached, and in which order.

mod common;

use common::*;
use sip_core::{Q, Uri};
use sip_registrar::AorError;

#[test]
fn contacts_come_by_q_then_as_registered_and_those_without_q_last() {
    let (registrar, now) = (registrar(), start());
    let contacts = "Contact: <sip:none1@h>, <sip:low@h>;q=0.1, <sip:high1@h>;q=0.9, <sip:none2@h>, \
                    <sip:high2@h>;q=0.9, <sip:zero@h>;q=0";
    save(&registrar, now, &register("a", 1, &[contacts])).expect("saved");
    let expected = ["sip:high1@h", "sip:high2@h", "sip:low@h", "sip:zero@h", "sip:none1@h", "sip:none2@h"];
    assert_eq!(at(&registrar, now), expected);

    let found = registrar.lookup(now, &bob());
    let groups: Vec<_> = found.groups().map(<[_]>::len).collect();
    assert_eq!(groups, [2, 1, 1, 2]);
    assert_eq!(found.code(), 1);
}

#[test]
fn refresh_keeps_the_place_of_a_contact() {
    let (registrar, now) = (registrar(), start());
    save(&registrar, now, &register("a", 1, &["Contact: <sip:a@h>, <sip:b@h>"])).expect("saved");
    save(&registrar, now, &register("a", 2, &["Contact: <sip:b@h>, <sip:a@h>"])).expect("saved");
    assert_eq!(at(&registrar, now), ["sip:a@h", "sip:b@h"]);
}

#[test]
fn contact_without_q_gets_the_one_of_the_settings() {
    let (registrar, now) = (with(|config| config.default_q = Q::parse(b"0.5")), start());
    save(&registrar, now, &register("a", 1, &["Contact: <sip:low@h>;q=0.4, <sip:none@h>"])).expect("saved");
    assert_eq!(at(&registrar, now), ["sip:none@h", "sip:low@h"]);
    let saved = save(&registrar, now, &register("a", 2, &[])).expect("a question");
    assert_eq!(
        lines(&saved, now),
        ["Contact: <sip:low@h>;q=0.4;expires=3600", "Contact: <sip:none@h>;q=0.5;expires=3600"]
    );
}

#[test]
fn user_is_found_by_any_spelling_of_the_address() {
    let (registrar, now) = (registrar(), start());
    save(&registrar, now, &register("a", 1, &["Contact: <sip:a@h>"])).expect("saved");
    for uri in ["sip:bob@example.com", "sips:BOB@192.0.2.1:5061;transport=tls", "sip:%62ob@[::1]"] {
        let uri = Uri::parse(uri.as_bytes()).expect("a URI");
        assert_eq!(uris(&registrar.lookup_uri(now, &uri).expect("a user")), ["sip:a@h"], "{uri}");
    }
    let nobody = Uri::parse(b"sip:carol@example.com").expect("a URI");
    let found = registrar.lookup_uri(now, &nobody).expect("a user");
    assert!(found.is_empty());
    assert_eq!(found.code(), -1);
    let host = Uri::parse(b"sip:example.com").expect("a URI");
    assert_eq!(registrar.lookup_uri(now, &host).expect_err("no user"), AorError::NoUser);
}

#[test]
fn domains_are_apart_where_they_count() {
    let (registrar, now) = (with(|config| config.use_domain = true), start());
    save(&registrar, now, &register("a", 1, &["Contact: <sip:a@h>"])).expect("saved");
    let find = |uri: &str| {
        let uri = Uri::parse(uri.as_bytes()).expect("a URI");
        registrar.lookup_uri(now, &uri).expect("an address").len()
    };
    assert_eq!(find("sip:bob@EXAMPLE.com"), 1);
    assert_eq!(find("sip:bob@example.org"), 0);
}

#[test]
fn what_was_looked_up_stays_while_the_location_changes() {
    let (registrar, now) = (registrar(), start());
    save(&registrar, now, &register("a", 1, &["Contact: <sip:a@h>"])).expect("saved");
    let found = registrar.lookup(now, &bob());
    assert_eq!(registrar.remove(&bob()).len(), 1);
    assert!(!registrar.is_registered(now, &bob()));
    assert_eq!(uris(&found), ["sip:a@h"]);
}

#[test]
fn dump_shows_everybody() {
    let (registrar, now) = (registrar(), start());
    for user in ["a", "b", "c"] {
        save(&registrar, now, &register_of(user, user, 1, &["Contact: <sip:x@h>"])).expect("saved");
    }
    let mut seen = Vec::new();
    registrar.location().for_each(|aor, bindings| seen.push((aor.to_string(), bindings.len())));
    seen.sort();
    assert_eq!(seen, [("a".into(), 1), ("b".into(), 1), ("c".into(), 1)]);
    assert_eq!((registrar.location().aors(), registrar.location().bindings()), (3, 3));
}
