//! A request that comes back: a loop ends at once, a spiral is served.

use sip_server::{Ctx, Routed, Routes, Server, play};

/// Sends every INVITE back to itself: unchanged, or for the next extension until the last.
struct Mirror {
    spiral: bool,
}

impl Routes for Mirror {
    async fn request(&self, ctx: &mut Ctx) -> Routed {
        ctx.process_maxfwd(70)?;
        if self.spiral {
            let user = ctx.msg.uri()?.user().map(ToString::to_string).unwrap_or_default();
            if user == "eee" {
                return ctx.reply(sip_core::StatusCode::BUSY_HERE);
            }
            ctx.msg.set_request_uri(format!("sip:e{user}@10.0.0.1"))?;
        }
        ctx.relay().await
    }
}

#[test]
fn a_loop_is_told_at_its_first_return() {
    play::run(
        1,
        Server::new().workers(2),
        |_| Mirror { spiral: false },
        async |world| {
            let alice = world.agent("alice");
            let call = alice.invite("sip:bob@10.0.0.1");
            let end = alice.recv_status(482).await;
            call.ack(&end);
            assert_eq!(world.shared().stats().looped, 1);
            assert_eq!(world.shared().stats().requests, 3, "the INVITE, its return, and our ACK of the 482");
            world.assert_nothing_left().await;
        },
    );
}

#[test]
fn without_the_check_max_forwards_ends_a_loop() {
    let server = Server::new().workers(1).loop_check(false);
    play::run(
        2,
        server,
        |_| Mirror { spiral: false },
        async |world| {
            let alice = world.agent("alice");
            let call = alice.invite("sip:bob@10.0.0.1");
            let end = alice.recv_status(483).await;
            call.ack(&end);
            assert_eq!(world.shared().stats().looped, 0);
            world.assert_nothing_left().await;
        },
    );
}

#[test]
fn a_spiral_is_no_loop() {
    play::run(
        3,
        Server::new().workers(2),
        |_| Mirror { spiral: true },
        async |world| {
            let alice = world.agent("alice");
            let call = alice.invite("sip:e@10.0.0.1");
            let busy = alice.recv_status(486).await;
            call.ack(&busy);
            assert_eq!(world.shared().stats().looped, 0);
            world.assert_nothing_left().await;
        },
    );
}
