//! What a REGISTER does, message in and reply out.

mod common;

use bstr::ByteSlice;
use common::*;
use sip_core::{HeaderName, Protocol, Source, StatusCode, Target};
use sip_registrar::{
    ChangeKind, Matching, NextHop, PathMode, Received, SaveError, SaveOptions, ShortExpires,
};

#[test]
fn phone_registers_refreshes_asks_and_leaves() {
    let (registrar, now) = (registrar(), start());

    let saved = save(&registrar, now, &register("a", 1, &["Contact: <sip:bob@192.0.2.4>", "Expires: 600"]));
    let saved = saved.expect("registered");
    assert_eq!(saved.code(), 1);
    assert_eq!(lines(&saved, now), ["Contact: <sip:bob@192.0.2.4>;expires=600"]);
    assert_eq!(saved.changes[0].kind, ChangeKind::Inserted);

    let later = now + seconds(300);
    let again = register("a", 2, &["Contact: <sip:bob@192.0.2.4>;expires=900"]);
    let saved = save(&registrar, later, &again).expect("refreshed");
    assert_eq!(saved.code(), 2);
    assert_eq!(lines(&saved, later), ["Contact: <sip:bob@192.0.2.4>;expires=900"]);

    let later = later + seconds(1);
    let saved = save(&registrar, later, &register("a", 3, &[])).expect("a question");
    assert_eq!(saved.code(), 4);
    assert!(saved.changes.is_empty());
    assert_eq!(lines(&saved, later), ["Contact: <sip:bob@192.0.2.4>;expires=899"]);

    let leave = register("a", 4, &["Contact: <sip:bob@192.0.2.4>", "Expires: 0"]);
    let saved = save(&registrar, later, &leave).expect("left");
    assert_eq!(saved.code(), 3);
    assert!(lines(&saved, later).is_empty());
    assert_eq!((registrar.location().bindings(), registrar.location().aors()), (0, 0));
    assert_eq!(registrar.poll_timeout(), None);
}

#[test]
fn lifetime_is_that_of_the_contact_then_of_the_header_then_the_default() {
    let (registrar, now) = (with(|config| config.max_expires = Some(7200)), start());
    let request = register(
        "a",
        1,
        &["Contact: <sip:a@h>;expires=100, <sip:b@h>, <sip:c@h>;expires=99999", "Expires: 200"],
    );
    let saved = save(&registrar, now, &request).expect("saved");
    assert_eq!(
        lines(&saved, now),
        [
            "Contact: <sip:a@h>;expires=100",
            "Contact: <sip:b@h>;expires=200",
            "Contact: <sip:c@h>;expires=7200"
        ]
    );
    let saved = save(&registrar, now, &register("a", 2, &["Contact: <sip:d@h>"])).expect("saved");
    assert_eq!(lines(&saved, now)[3], "Contact: <sip:d@h>;expires=3600");
}

#[test]
fn too_short_a_lifetime_is_refused_with_min_expires_and_stores_nothing() {
    let (registrar, now) = (registrar(), start());
    let request = register("a", 1, &["Contact: <sip:a@h>;expires=600, <sip:b@h>;expires=59"]);
    let error = save(&registrar, now, &request).expect_err("59 s are too short");
    assert_eq!(error, SaveError::IntervalTooBrief { asked: 59, min: 60 });
    assert_eq!(error.status(), StatusCode::INTERVAL_TOO_BRIEF);
    assert_eq!(error.headers(), [(HeaderName::MinExpires, b"60".to_vec())]);
    assert!(at(&registrar, now).is_empty(), "not even the contact that was fine");
}

#[test]
fn too_short_a_lifetime_is_raised_where_the_settings_say_so() {
    let (registrar, now) = (with(|config| config.short_expires = ShortExpires::Raise), start());
    let saved = save(&registrar, now, &register("a", 1, &["Contact: <sip:a@h>;expires=5"])).expect("saved");
    assert_eq!(lines(&saved, now), ["Contact: <sip:a@h>;expires=60"]);
}

#[test]
fn star_removes_all_and_only_with_expires_0_and_alone() {
    let (registrar, now) = (registrar(), start());
    save(&registrar, now, &register("a", 1, &["Contact: <sip:a@h>, <sip:b@h>"])).expect("saved");
    for lines in [
        &["Contact: *"][..],
        &["Contact: *", "Expires: 60"],
        &["Contact: *, <sip:a@h>", "Expires: 0"],
        &["Contact: <sip:a@h>", "Contact: *", "Expires: 0"],
    ] {
        let error = save(&registrar, now, &register("b", 1, lines)).expect_err("a bad star");
        assert_eq!((error.clone(), error.status()), (SaveError::StarNotAlone, StatusCode::BAD_REQUEST));
    }
    let star = ["Contact: *", "Expires: 0"];
    let error = save(&registrar, now, &register("a", 1, &star)).expect_err("no later than what it removes");
    assert_eq!(error, SaveError::OutOfOrder { got: 1, stored: 1 });
    assert_eq!(at(&registrar, now).len(), 2);

    let saved = save(&registrar, now, &register("a", 2, &star)).expect("removed");
    assert_eq!((saved.code(), saved.changes.len(), saved.bindings.len()), (3, 2, 0));
    let saved = save(&registrar, now, &register("a", 3, &star)).expect("nothing left to remove");
    assert_eq!(saved.code(), 3);
}

#[test]
fn older_request_of_a_call_id_is_refused_and_the_same_once_more_is_answered() {
    let (registrar, now) = (registrar(), start());
    let request = register("a", 7, &["Contact: <sip:a@h>;expires=600"]);
    save(&registrar, now, &request).expect("saved");

    let later = now + seconds(19);
    let saved = save(&registrar, later, &request).expect("a retransmission");
    assert_eq!((saved.code(), saved.changes.len()), (1, 0));
    assert_eq!(lines(&saved, later), ["Contact: <sip:a@h>;expires=581"], "not refreshed");

    let error = save(&registrar, now + seconds(20), &request).expect_err("too late for a retransmission");
    assert_eq!(error.status(), StatusCode::BAD_REQUEST);
    let older = register("a", 6, &["Contact: <sip:a@h>;expires=0"]);
    assert_eq!(
        save(&registrar, now, &older).expect_err("older"),
        SaveError::OutOfOrder { got: 6, stored: 7 }
    );
    save(&registrar, now, &register("b", 1, &["Contact: <sip:a@h>"])).expect("another Call-ID has no order");
}

#[test]
fn one_contact_out_of_order_refuses_all() {
    let (registrar, now) = (registrar(), start());
    save(&registrar, now, &register("a", 7, &["Contact: <sip:a@h>"])).expect("saved");
    save(&registrar, now, &register("b", 1, &["Contact: <sip:b@h>"])).expect("saved");
    let mixed = register("a", 6, &["Contact: <sip:b@h>;expires=0, <sip:c@h>, <sip:a@h>"]);
    save(&registrar, now, &mixed).expect_err("the last contact is out of order");
    assert_eq!(at(&registrar, now), ["sip:a@h", "sip:b@h"]);
}

#[test]
fn contact_is_the_same_by_the_rules_for_uris() {
    let (registrar, now) = (registrar(), start());
    save(&registrar, now, &register("a", 1, &["Contact: <sip:bob@Host.example>"])).expect("saved");
    let saved =
        save(&registrar, now, &register("b", 1, &["Contact: <sip:%62ob@host.EXAMPLE>"])).expect("saved");
    assert_eq!((saved.code(), saved.bindings.len()), (2, 1));
    let saved =
        save(&registrar, now, &register("b", 2, &["Contact: <sip:bob@host.example:5060>"])).expect("saved");
    assert_eq!((saved.code(), saved.bindings.len()), (1, 2), "a port that is written is another contact");
}

#[test]
fn matching_modes_tell_contacts_apart() {
    let now = start();
    let first = register("a", 1, &["Contact: <sip:a@h>", "Path: <sip:p;lr>"]);
    let cases = [
        (Matching::Contact, register("b", 1, &["Contact: <sip:a@h>"]), 1),
        (Matching::ContactAndCallId, register("b", 1, &["Contact: <sip:a@h>"]), 2),
        (Matching::ContactAndCallId, register("a", 2, &["Contact: <sip:a@h>"]), 1),
        (Matching::ContactAndPath, register("a", 2, &["Contact: <sip:a@h>"]), 2),
        (Matching::ContactAndPath, register("a", 2, &["Contact: <sip:a@h>", "Path: <sip:p;lr>"]), 1),
        (Matching::CallId, register("a", 2, &["Contact: <sip:b@h>"]), 1),
        (Matching::CallId, register("b", 1, &["Contact: <sip:a@h>"]), 2),
    ];
    for (mode, second, count) in cases {
        let registrar = with(|config| config.matching = mode);
        save(&registrar, now, &first).expect("saved");
        let saved = save(&registrar, now, &second).expect("saved");
        assert_eq!(saved.bindings.len(), count, "{mode:?} {:?}", second.header("Contact"));
    }
}

#[test]
fn instance_and_reg_id_are_the_contact_whatever_its_uri() {
    let (registrar, now) = (registrar(), start());
    let phone = |uri: &str, id: u32| format!("Contact: <{uri}>;+sip.instance=\"<urn:uuid:1>\";reg-id={id}");
    save(&registrar, now, &register("a", 9, &[&phone("sip:a@h:1", 1)])).expect("saved");
    let saved = save(&registrar, now, &register("b", 1, &[&phone("sip:a@h:2", 1)])).expect("saved");
    assert_eq!((saved.code(), saved.bindings.len()), (2, 1));
    let saved = save(&registrar, now, &register("a", 3, &[&phone("sip:a@h:3", 1)])).expect("no CSeq rule");
    assert_eq!(saved.code(), 2);
    assert_eq!(
        lines(&saved, now),
        ["Contact: <sip:a@h:3>;expires=3600;+sip.instance=\"<urn:uuid:1>\";reg-id=1"]
    );
    let saved = save(&registrar, now, &register("a", 4, &[&phone("sip:a@h:3", 2)])).expect("saved");
    assert_eq!((saved.code(), saved.bindings.len()), (1, 2), "another flow of that phone");
    let saved = save(&registrar, now, &register("c", 1, &["Contact: <sip:a@h:3>;reg-id=1"])).expect("saved");
    assert_eq!(saved.bindings.len(), 2, "a reg-id without instance is none: matched by URI");
    assert_eq!(saved.bindings[0].reg_id(), None);
}

#[test]
fn path_is_kept_in_order_and_repeated_to_who_supports_it() {
    let (registrar, now) = (registrar(), start());
    let headers = ["Contact: <sip:a@10.0.0.1>", "Path: <sip:p1;lr>,\r\n <sip:p2;lr>", "Path: <sip:p3;lr>"];
    let saved = save(&registrar, now, &register("a", 1, &headers)).expect("saved");
    assert_eq!(lines(&saved, now), ["Contact: <sip:a@10.0.0.1>;expires=3600"]);
    let found = registrar.lookup(now, &bob());
    assert_eq!(found[0].path().collect::<Vec<_>>(), ["<sip:p1;lr>", "<sip:p2;lr>", "<sip:p3;lr>"]);
    assert_eq!(found[0].next_hop(), NextHop::Path("<sip:p1;lr>".into()));
    assert_eq!(found[0].received(), None, "a proxy wrote to us, not the phone");

    let headers = [&headers[..], &["Supported: path"]].concat();
    let saved = save(&registrar, now, &register("a", 2, &headers)).expect("saved");
    assert_eq!(lines(&saved, now)[1..], ["Path: <sip:p1;lr>", "Path: <sip:p2;lr>", "Path: <sip:p3;lr>"]);
}

#[test]
fn path_without_support_is_refused_in_strict_mode_and_dropped_where_it_is_ignored() {
    let now = start();
    let request = register("a", 1, &["Contact: <sip:a@h>", "Path: <sip:p;lr>"]);
    let strict = with(|config| config.path = PathMode::Strict);
    let error = save(&strict, now, &request).expect_err("not supported");
    assert_eq!(error.status(), StatusCode::BAD_EXTENSION);
    assert_eq!(error.headers(), [(HeaderName::Unsupported, b"path".to_vec())]);

    let ignoring = with(|config| config.path = PathMode::Ignore);
    save(&ignoring, now, &request).expect("saved");
    assert_eq!(ignoring.lookup(now, &bob())[0].path().count(), 0);
}

#[test]
fn phone_behind_nat_is_called_where_it_wrote_from() {
    let (registrar, now) = (registrar(), start());
    let request = register("a", 1, &["Contact: <sip:bob@10.0.0.1:5060>"]);
    let saved = registrar.save(now, &request, &source()).expect("saved");
    assert_eq!(
        lines(&saved, now),
        ["Contact: <sip:bob@10.0.0.1:5060>;expires=3600;received=\"sip:192.0.2.4:5060\""]
    );
    let found = registrar.lookup(now, &bob());
    assert_eq!(found[0].next_hop(), NextHop::Received(Target::from(&source())));
    assert_eq!(found[0].local(), source().local);
}

#[test]
fn connection_is_kept_unless_a_proxy_made_it() {
    let now = start();
    let tcp = Source { protocol: Protocol::Tcp, flow: Some(flow()), ..source() };
    let direct = register("a", 1, &["Contact: <sip:bob@192.0.2.4:5060;transport=tcp>"]);
    let behind = register("a", 1, &["Contact: <sip:bob@10.0.0.1>", "Via: SIP/2.0/TCP 10.0.0.1"]);
    let nat = register("a", 1, &["Contact: <sip:bob@10.0.0.1;transport=tcp>"]);

    let registrar_1 = registrar();
    registrar_1.save(now, &direct, &tcp).expect("saved");
    let found = &registrar_1.lookup(now, &bob())[0];
    assert_eq!((found.flow(), found.received(), found.protocol()), (Some(flow()), None, Protocol::Tcp));

    let registrar_2 = registrar();
    registrar_2.save(now, &behind, &tcp).expect("saved");
    let found = &registrar_2.lookup(now, &bob())[0];
    assert_eq!((found.flow(), found.received()), (None, None));

    let registrar_3 = registrar();
    registrar_3.save(now, &nat, &tcp).expect("saved");
    let found = &registrar_3.lookup(now, &bob())[0];
    assert_eq!(found.received().and_then(|target| target.flow), Some(flow()));
}

#[test]
fn received_is_what_the_caller_says_where_nothing_else_counts() {
    let (registrar, now) = (with(|config| config.received = Received::Explicit), start());
    let request = register("a", 1, &["Contact: <sip:bob@10.0.0.1:5060>"]);
    registrar.save(now, &request, &source()).expect("saved");
    assert_eq!(registrar.lookup(now, &bob())[0].received(), None);

    let target = Target::new(Protocol::Udp, "192.0.2.77:5060".parse().expect("an address"));
    let mut options = SaveOptions::default();
    options.received = Some(target);
    let request = register("a", 2, &["Contact: <sip:bob@10.0.0.1:5060>"]);
    registrar.save_with(now, &request, &source(), &options).expect("saved");
    assert_eq!(registrar.lookup(now, &bob())[0].received(), Some(target));
}

#[test]
fn contacts_are_counted_and_one_too_many_refuses_all() {
    let (registrar, now) = (with(|config| config.max_contacts = Some(2)), start());
    save(&registrar, now, &register("a", 1, &["Contact: <sip:a@h>, <sip:b@h>"])).expect("two");
    let error =
        save(&registrar, now, &register("a", 2, &["Contact: <sip:a@h>;q=1, <sip:c@h>"])).expect_err("3");
    assert_eq!(error.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(error.code(), -2);
    assert_eq!(registrar.lookup(now, &bob())[0].q(), None, "nothing was changed");
    save(&registrar, now, &register("a", 2, &["Contact: <sip:a@h>;expires=0, <sip:c@h>"]))
        .expect("one for one");
    assert_eq!(at(&registrar, now), ["sip:b@h", "sip:c@h"]);
}

#[test]
fn full_location_answers_503_to_new_contacts_and_refreshes_the_old() {
    let (registrar, now) = (with(|config| config.max_bindings = 2), start());
    save(&registrar, now, &register("a", 1, &["Contact: <sip:a@h>, <sip:b@h>"])).expect("two");
    let other = register_of("carol", "c", 1, &["Contact: <sip:c@h>"]);
    let error = save(&registrar, now, &other).expect_err("full");
    assert_eq!((error.clone(), error.status()), (SaveError::Full, StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(error.headers()[0].0, HeaderName::RetryAfter);
    save(&registrar, now, &register("a", 2, &["Contact: <sip:a@h>"])).expect("a refresh needs no room");
    save(&registrar, now, &register("a", 3, &["Contact: <sip:a@h>;expires=0"])).expect("removed");
    save(&registrar, now, &other).expect("room again");
}

#[test]
fn texts_have_a_longest_length() {
    let (registrar, now) = (registrar(), start());
    let long = "x".repeat(600);
    for (request, status) in [
        (register("a", 1, &[&format!("Contact: <sip:{long}@h>")]), 400),
        (register("a", 1, &["Contact: <sip:a@h>", &format!("Path: <sip:{long};lr>")]), 400),
        (register(&long, 1, &["Contact: <sip:a@h>"]), 400),
        (register("a", 1, &[&format!("Contact: <sip:a@h>;+sip.instance=\"{long}\"")]), 400),
        (register_of(&long, "a", 1, &["Contact: <sip:a@h>"]), 500),
    ] {
        let error = save(&registrar, now, &request).expect_err("too long");
        assert_eq!(error.status().code(), status, "{error}");
    }
    let many = vec!["<sip:a@h>"; 100].join(", ");
    save(&registrar, now, &register("a", 1, &[&format!("Contact: {many}")])).expect_err("100 contacts");
    let agent = format!("User-Agent: {long}");
    save(&registrar, now, &register("a", 1, &["Contact: <sip:a@h>", &agent])).expect("cut, not refused");
    assert_eq!(registrar.lookup(now, &bob())[0].user_agent().len(), 255);
}

#[test]
fn malformed_headers_are_400_and_store_nothing() {
    let (registrar, now) = (registrar(), start());
    for lines in [
        &["Contact: <sip:a@h>, <nothing>"][..],
        &["Contact: <sip:a@h>", "Expires: soon"],
        &["Contact: <sip:a@h>", "Path: <sip:>"],
        &["Contact: <sip:a@h"],
    ] {
        let error = save(&registrar, now, &register("a", 1, lines)).expect_err("malformed");
        assert_eq!(error.status(), StatusCode::BAD_REQUEST, "{lines:?}: {error}");
    }
    assert_eq!(registrar.location().bindings(), 0);
}

#[test]
fn other_methods_are_not_saved() {
    let wire = "INVITE sip:a@b SIP/2.0\r\n\r\n";
    let invite = sip_core::parse(wire.into(), &Default::default()).expect("a message");
    let error = save(&registrar(), start(), &invite).expect_err("an INVITE");
    assert_eq!(error, SaveError::NotRegister);
}

#[test]
fn contact_named_twice_is_stored_once_and_the_last_word_counts() {
    let (registrar, now) = (registrar(), start());
    save(&registrar, now, &register("a", 1, &["Contact: <sip:a@h>;expires=100, <sip:a@h>;expires=200"]))
        .expect("saved");
    let found = registrar.lookup(now, &bob());
    assert_eq!((found.len(), found[0].seconds_left(now)), (1, 200));
    let saved = save(&registrar, now, &register("a", 2, &["Contact: <sip:a@h>, <sip:a@h>;expires=0"]));
    assert_eq!(saved.expect("saved").code(), 3);
}

#[test]
fn all_other_contacts_go_where_the_caller_says_so() {
    let (registrar, now) = (registrar(), start());
    save(&registrar, now, &register("a", 1, &["Contact: <sip:a@h>, <sip:b@h>"])).expect("saved");
    let mut options = SaveOptions::default();
    options.replace_others = true;
    let request = register("b", 1, &["Contact: <sip:c@h>, <sip:b@h>"]);
    let saved = registrar.save_with(now, &request, &source(), &options).expect("saved");
    assert_eq!(saved.changes.len(), 3);
    assert_eq!(at(&registrar, now), ["sip:b@h", "sip:c@h"]);
}

#[test]
fn address_of_record_may_be_another_than_in_to() {
    let (registrar, now) = (registrar(), start());
    let mut options = SaveOptions::default();
    options.aor = Some(bob());
    let request = register_of("carol", "a", 1, &["Contact: <sip:c@h>"]);
    registrar.save_with(now, &request, &source(), &options).expect("saved");
    assert_eq!(at(&registrar, now), ["sip:c@h"]);
}

#[test]
fn plan_changes_nothing_until_it_is_applied_and_only_if_nobody_else_did() {
    let (registrar, now) = (registrar(), start());
    let plan = |request| registrar.plan(now, &request, &source()).expect("a plan");
    let first = plan(register("a", 1, &["Contact: <sip:a@h>"]));
    let second = plan(register("b", 1, &["Contact: <sip:b@h>"]));
    assert_eq!((first.before().len(), first.after().len(), first.changes().len()), (0, 1, 1));
    assert!(at(&registrar, now).is_empty());

    registrar.apply(now, first).expect("applied");
    assert_eq!(registrar.apply(now, second).expect_err("made on nothing"), SaveError::Conflict);
    assert_eq!(at(&registrar, now), ["sip:a@h"]);

    let third = plan(register("c", 1, &["Contact: <sip:c@h>"]));
    assert!(registrar.remove(&bob())[0].binding.uri().contains_str("sip:a@h"));
    assert_eq!(registrar.apply(now, third).expect_err("made on what is gone"), SaveError::Conflict);
}
