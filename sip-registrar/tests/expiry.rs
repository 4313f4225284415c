//! Bindings end when they said they would.

mod common;

use common::*;
use sip_registrar::ChangeKind;

#[test]
fn binding_is_gone_when_its_time_is_over_and_told_once() {
    let (registrar, now) = (registrar(), start());
    save(&registrar, now, &register("a", 1, &["Contact: <sip:a@h>;expires=100, <sip:b@h>;expires=200"]))
        .expect("saved");
    assert_eq!(registrar.poll_timeout(), Some(now + seconds(100)));

    let mut out = Vec::new();
    registrar.expire(now + seconds(99), &mut out);
    assert!(out.is_empty());

    let end = now + seconds(100);
    assert_eq!(at(&registrar, end), ["sip:b@h"], "not found from that moment on, swept or not");
    registrar.expire(end, &mut out);
    assert_eq!(out.len(), 1);
    assert_eq!((out[0].kind, out[0].binding.uri()), (ChangeKind::Expired, "sip:a@h".into()));
    assert_eq!(out[0].aor, bob());
    assert_eq!((registrar.location().bindings(), registrar.poll_timeout()), (1, Some(now + seconds(200))));

    registrar.expire(now + seconds(500), &mut out);
    assert_eq!(out.len(), 2);
    assert_eq!((registrar.location().bindings(), registrar.location().aors()), (0, 0));
    assert_eq!(registrar.poll_timeout(), None);
}

#[test]
fn refresh_moves_the_end_and_an_early_look_finds_nothing() {
    let (registrar, now) = (registrar(), start());
    save(&registrar, now, &register("a", 1, &["Contact: <sip:a@h>;expires=100"])).expect("saved");
    let later = now + seconds(50);
    save(&registrar, later, &register("a", 2, &["Contact: <sip:a@h>;expires=100"])).expect("saved");

    let first = registrar.poll_timeout().expect("something to wait for");
    assert!(first <= later + seconds(100));
    let mut out = Vec::new();
    registrar.expire(now + seconds(100), &mut out);
    assert!(out.is_empty());
    assert_eq!(registrar.poll_timeout(), Some(later + seconds(100)), "looked at again and put back");
    registrar.expire(later + seconds(100), &mut out);
    assert_eq!(out.len(), 1);
}

#[test]
fn shorter_lifetime_comes_up_earlier() {
    let (registrar, now) = (registrar(), start());
    save(&registrar, now, &register("a", 1, &["Contact: <sip:a@h>;expires=1000"])).expect("saved");
    save(&registrar, now, &register("a", 2, &["Contact: <sip:a@h>;expires=100"])).expect("saved");
    assert_eq!(registrar.poll_timeout(), Some(now + seconds(100)));
}

#[test]
fn ended_binding_that_a_register_finds_is_told_with_its_changes() {
    let (registrar, now) = (registrar(), start());
    save(&registrar, now, &register("a", 1, &["Contact: <sip:a@h>;expires=60"])).expect("saved");
    let later = now + seconds(61);
    let saved = save(&registrar, later, &register("b", 1, &["Contact: <sip:b@h>"])).expect("saved");
    let kinds: Vec<_> = saved.changes.iter().map(|change| change.kind).collect();
    assert_eq!(kinds, [ChangeKind::Inserted, ChangeKind::Expired]);
    let mut out = Vec::new();
    registrar.expire(later, &mut out);
    assert!(out.is_empty(), "told once");
    assert_eq!(registrar.location().bindings(), 1);
}

#[test]
fn contact_that_ended_is_new_when_it_comes_back_whatever_its_cseq() {
    let (registrar, now) = (registrar(), start());
    save(&registrar, now, &register("a", 5, &["Contact: <sip:a@h>;expires=60"])).expect("saved");
    let saved =
        save(&registrar, now + seconds(61), &register("a", 1, &["Contact: <sip:a@h>"])).expect("saved");
    assert_eq!(saved.code(), 1);
}

#[test]
fn ten_thousand_users_end_and_leave_nothing() {
    let (registrar, now) = (registrar(), start());
    for user in 0..10_000u32 {
        let contact = format!("Contact: <sip:{user}@h>;expires={}", 60 + user % 100);
        let user = format!("u{user}");
        save(&registrar, now, &register_of(&user, &user, 1, &[&contact])).expect("saved");
    }
    let mut out = Vec::new();
    let mut last = now;
    while let Some(due) = registrar.poll_timeout() {
        assert!(due >= last, "time goes on");
        last = due;
        registrar.expire(due, &mut out);
    }
    assert_eq!(out.len(), 10_000);
    assert_eq!((registrar.location().bindings(), registrar.location().aors()), (0, 0));
}
