//! Many threads register, look up and expire at once.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use common::*;
use sip_registrar::{Change, ChangeKind, Config, Registrar, SaveError};

const THREADS: u32 = 8;

#[test]
fn no_contact_of_one_user_is_lost() {
    let registrar = with(|config| config.max_contacts = None);
    let now = start();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let registrar = &registrar;
            scope.spawn(move || {
                for n in 0..20 {
                    let request =
                        register(&format!("{thread}"), n + 1, &[&format!("Contact: <sip:{thread}-{n}@h>")]);
                    while let Err(error) = save(registrar, now, &request) {
                        assert_eq!(error, SaveError::Conflict);
                    }
                }
            });
        }
    });
    assert_eq!(at(&registrar, now).len(), THREADS as usize * 20);
    assert_eq!(registrar.location().bindings(), THREADS as usize * 20);
}

#[test]
fn bound_on_bindings_holds_whoever_comes_first() {
    let registrar = with(|config| config.max_bindings = 100);
    let now = start();
    let stored = AtomicUsize::new(0);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (registrar, stored) = (&registrar, &stored);
            scope.spawn(move || {
                for n in 0..50 {
                    let user = format!("{thread}-{n}");
                    match save(registrar, now, &register_of(&user, &user, 1, &["Contact: <sip:a@h>"])) {
                        Ok(_) => stored.fetch_add(1, Ordering::Relaxed),
                        Err(error) => {
                            assert_eq!(error, SaveError::Full);
                            0
                        }
                    };
                }
            });
        }
    });
    assert_eq!(stored.into_inner(), 100);
    assert_eq!((registrar.location().bindings(), registrar.location().aors()), (100, 100));
}

#[test]
fn every_binding_that_came_went_and_was_told_once() {
    let registrar = Registrar::new(Config::default());
    let now = start();
    let (came, went) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let count = |changes: &[Change]| {
        let of = |kind| changes.iter().filter(|change| change.kind == kind).count();
        came.fetch_add(of(ChangeKind::Inserted), Ordering::Relaxed);
        went.fetch_add(of(ChangeKind::Removed) + of(ChangeKind::Expired), Ordering::Relaxed);
    };
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (registrar, count) = (&registrar, &count);
            scope.spawn(move || {
                for n in 0..200u32 {
                    let user = format!("{}", n % 7);
                    let expires = if n % 5 == 0 { 0 } else { 60 };
                    let contact = format!("Contact: <sip:{thread}@h>;expires={expires}");
                    let request = register_of(&user, &format!("{thread}-{n}"), 1, &[&contact]);
                    let then = now + seconds(u64::from(n) * 10);
                    match save(registrar, then, &request) {
                        Ok(saved) => count(&saved.changes),
                        Err(error) => assert_eq!(error, SaveError::Conflict),
                    }
                    let mut out = Vec::new();
                    registrar.expire(then, &mut out);
                    count(&out);
                    assert!(registrar.lookup(then, &bob()).is_empty());
                }
            });
        }
    });
    let mut out = Vec::new();
    registrar.expire(now + seconds(100_000), &mut out);
    count(&out);
    assert_eq!(came.into_inner(), went.into_inner());
    assert_eq!((registrar.location().bindings(), registrar.location().aors()), (0, 0));
    assert_eq!(registrar.poll_timeout(), None);
}
