//! Contacts by preference, and branches that join a call which rings already.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

use std::cell::Cell;
use std::time::Duration;

use sip_core::{Method, StatusCode};
use sip_server::play::{self, Agent, World};
use sip_server::{
    Ctx, Destination, FailureCtx, RouteError, RouteId, Routed, Routes, Server, Shared, TransactionId,
};

const SECOND: Duration = Duration::from_secs(1);
const NEXT: RouteId = RouteId::new(1);

/// A registrar that rings the contacts of its users group by group.
struct Serial;

impl Routes for Serial {
    async fn request(&self, ctx: &mut Ctx) -> Routed {
        match ctx.method() {
            Method::Register => ctx.save().await.map(drop),
            Method::Invite => {
                ctx.lookup().await?;
                ctx.load_contacts();
                ctx.next_contacts()?;
                ctx.on_failure(NEXT);
                ctx.relay().await
            }
            _ => Ok(()),
        }
    }

    async fn failure(&self, route: RouteId, ctx: &mut FailureCtx) -> Routed {
        assert_eq!(route, NEXT);
        if ctx.next_contacts()? {
            ctx.on_failure(NEXT);
            ctx.relay().await?;
        }
        Ok(())
    }
}

/// Registers Bob at another phone, with a preference.
async fn register(phone: &Agent, q: &str) {
    let text = phone.request("REGISTER", "sip:10.0.0.1", 0, "Expires: 3600\n");
    let contact = format!("Contact: <{}>", phone.contact());
    phone.send(&text.replace(&contact, &format!("{contact}{q}")));
    phone.recv_status(200).await;
}

async fn phones<const N: usize>(world: &World, qs: [&str; N]) -> [Agent; N] {
    let phones = qs.map(|_| world.agent("bob"));
    for (phone, q) in phones.iter().zip(qs) {
        register(phone, q).await;
    }
    phones
}

fn two() -> Server {
    Server::new().workers(2)
}

#[test]
fn groups_of_equal_preference_ring_one_after_the_other_the_best_first() {
    play::run(
        1,
        two(),
        |_| Serial,
        async |world| {
            let alice = world.agent("alice");
            let [low, best, low_too, none] = phones(world, [";q=0.5", ";q=1.0", ";q=0.5", ""]).await;
            let call = alice.invite("sip:bob@10.0.0.1");
            let first = best.recv_request("INVITE").await;
            best.respond(&first, 100);
            assert_eq!(first.request_uri().expect("a URI"), best.contact().as_str());
            assert!(low.recv_within(SECOND).await.is_none() && none.recv_within(SECOND).await.is_none());
            best.respond(&first, 486);
            best.recv_request("ACK").await;

            let both = [low.recv_request("INVITE").await, low_too.recv_request("INVITE").await];
            for (phone, invite) in [&low, &low_too].into_iter().zip(&both) {
                assert_eq!(invite.request_uri().expect("a URI"), phone.contact().as_str());
                phone.respond(invite, 480);
                phone.recv_request("ACK").await;
            }
            let last = none.recv_request("INVITE").await;
            none.respond(&last, 200);
            let answer = alice.recv_status(200).await;
            call.ack(&answer);
            world.assert_nothing_left().await;
        },
    );
}

#[test]
fn when_no_group_is_left_the_caller_gets_the_last_answer() {
    play::run(
        2,
        two(),
        |_| Serial,
        async |world| {
            let alice = world.agent("alice");
            let [first, second] = phones(world, [";q=0.9", ";q=0.1"]).await;
            let call = alice.invite("sip:bob@10.0.0.1");
            for (phone, status) in [(&first, 486), (&second, 404)] {
                let invite = phone.recv_request("INVITE").await;
                phone.respond(&invite, status);
                phone.recv_request("ACK").await;
            }
            let end = alice.recv_status(404).await;
            call.ack(&end);
            world.assert_nothing_left().await;
        },
    );
}

#[test]
fn one_contact_alone_is_relayed_to_as_it_stands() {
    play::run(
        3,
        two(),
        |_| Serial,
        async |world| {
            let alice = world.agent("alice");
            let [only] = phones(world, [";q=0.3"]).await;
            let call = alice.invite("sip:bob@10.0.0.1");
            let invite = only.recv_request("INVITE").await;
            only.respond(&invite, 486);
            only.recv_request("ACK").await;
            let end = alice.recv_status(486).await;
            call.ack(&end);
            world.assert_nothing_left().await;
        },
    );
}

#[test]
fn a_cancel_ends_the_group_that_rings_and_no_other_begins() {
    play::run(
        4,
        two(),
        |_| Serial,
        async |world| {
            let alice = world.agent("alice");
            let [first, second] = phones(world, [";q=0.9", ";q=0.1"]).await;
            let call = alice.invite("sip:bob@10.0.0.1");
            let invite = first.recv_request("INVITE").await;
            first.respond(&invite, 180);
            alice.recv_status(180).await;
            call.cancel();
            alice.recv_status(200).await;
            let cancel = first.recv_request("CANCEL").await;
            first.respond(&cancel, 200);
            first.respond(&invite, 487);
            let end = alice.recv_status(487).await;
            call.ack(&end);
            assert!(second.recv_within(10 * SECOND).await.is_none());
            world.assert_nothing_left().await;
        },
    );
}

/// Rings the desk, and sends the call to whoever registers meanwhile too. The id of the call is in `call`.
struct Waking {
    suspends: bool,
    call: std::rc::Rc<Cell<Option<TransactionId>>>,
}

impl Routes for Waking {
    async fn request(&self, ctx: &mut Ctx) -> Routed {
        match ctx.method() {
            Method::Register => {
                let Some(call) = self.call.get() else { return Err(StatusCode::NOT_FOUND.into()) };
                let contact = ctx.msg.contact()?.addr().map(|addr| addr.uri_text().to_string());
                let joined = ctx.append_to(call, contact).await;
                ctx.reply(match joined {
                    Ok(()) => StatusCode::OK,
                    Err(RouteError::Tm(_)) => StatusCode::GONE,
                    Err(error) => return Err(error),
                })
            }
            Method::Invite => {
                ctx.msg.append("X-Before", "kept")?;
                self.call.set(Some(ctx.new_transaction()?));
                if self.suspends {
                    return ctx.suspend().map(drop);
                }
                ctx.on_failure(NEXT);
                ctx.relay_to(["sip:desk@10.0.1.2:5060"]).await
            }
            _ => Ok(()),
        }
    }
}

fn waking(suspends: bool) -> impl Fn(&Shared) -> Waking {
    let call = std::rc::Rc::<Cell<Option<TransactionId>>>::default();
    move |_: &Shared| Waking { suspends, call: call.clone() }
}

#[test]
fn a_phone_that_is_woken_up_joins_a_call_that_rings() {
    play::run(5, Server::new().workers(1), waking(false), async |world| {
        let (alice, desk, mobile) = (world.agent("alice"), world.agent("desk"), world.agent("mobile"));
        let call = alice.invite("sip:bob@10.0.0.1");
        let at_desk = desk.recv_request("INVITE").await;
        desk.respond(&at_desk, 180);
        alice.recv_status(180).await;
        mobile.send(&mobile.request("REGISTER", "sip:10.0.0.1", 0, ""));
        let at_mobile = mobile.recv_request("INVITE").await;
        assert_eq!(at_mobile.header("X-Before").expect("as it was relayed"), "kept");
        assert_eq!(at_mobile.header("Max-Forwards").expect("counted once"), "69");
        mobile.recv_status(200).await;
        mobile.respond(&at_mobile, 200);
        let answer = alice.recv_status(200).await;
        call.ack(&answer);
        let cancel = desk.recv_request("CANCEL").await;
        desk.respond(&cancel, 200);
        desk.respond(&at_desk, 487);
        // The call is answered: whoever comes now is too late.
        mobile.send(&mobile.request("REGISTER", "sip:10.0.0.1", 0, ""));
        mobile.recv_status(410).await;
        world.assert_nothing_left().await;
    });
}

#[test]
fn a_phone_that_is_woken_up_gets_the_call_that_is_suspended_for_it() {
    play::run(6, Server::new().workers(1), waking(true), async |world| {
        let (alice, mobile) = (world.agent("alice"), world.agent("mobile"));
        let call = alice.invite("sip:bob@10.0.0.1");
        alice.recv_status(100).await;
        world.pass(5 * SECOND).await;
        mobile.send(&mobile.request("REGISTER", "sip:10.0.0.1", 0, ""));
        let invite = mobile.recv_request("INVITE").await;
        assert_eq!(invite.header("Max-Forwards").expect("counted, though not before it was suspended"), "69");
        mobile.recv_status(200).await;
        mobile.respond(&invite, 200);
        let answer = alice.recv_status(200).await;
        call.ack(&answer);
        world.assert_nothing_left().await;
    });
}

/// Load and next, without a network: what is put aside and what comes back.
struct Sorting;

impl Routes for Sorting {
    async fn request(&self, ctx: &mut Ctx) -> Routed {
        let q = |thousandths| sip_core::Q::from_thousandths(thousandths).expect("a q");
        assert!(!ctx.next_contacts()?, "nothing was loaded");
        let contacts = [("sip:c", None), ("sip:a", Some(900)), ("sip:b", Some(100)), ("sip:d", None)];
        let contacts = contacts.map(|(uri, thousandths)| match thousandths {
            Some(thousandths) => Destination::from(uri).with_q(q(thousandths)),
            None => uri.into(),
        });
        assert_eq!(ctx.load_contacts_from(contacts.to_vec()), 3);
        let mut tried = Vec::new();
        while ctx.next_contacts()? {
            let own = ctx.msg.request_uri().unwrap_or_default().to_string();
            tried.push((own, ctx.branches.iter().map(|branch| branch.uri.clone()).collect::<Vec<_>>()));
        }
        let none = Vec::<bytes::Bytes>::new;
        let group = |uri: &str, others: Vec<bytes::Bytes>| (uri.to_owned(), others);
        let last = group("sip:c", vec!["sip:d".into()]);
        assert_eq!(tried, [group("sip:a", none()), group("sip:b", none()), last]);
        assert!(!ctx.next_contacts()?);
        ctx.reply(StatusCode::OK)
    }
}

#[test]
fn contacts_without_a_preference_come_last_and_together() {
    play::run(
        7,
        two(),
        |_| Sorting,
        async |world| {
            let alice = world.agent("alice");
            alice.send(&alice.request("OPTIONS", "sip:x@10.0.0.1", 1, ""));
            alice.recv_status(200).await;
            assert_eq!(world.shared().stats().failed, 0);
        },
    );
}
