//! Work that is no message: on task workers, where it makes no message late.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use sip_core::{Method, StatusCode};
use sip_server::{Ctx, Event, EventCtx, QueueFull, Routed, Routes, Server, Shared, play};
use tokio::net::UdpSocket;

const SECOND: Duration = Duration::from_secs(1);

/// Answers every request, and tells what its event routes were run for.
struct Told(Sender<(String, u16)>);

impl Routes for Told {
    async fn request(&self, ctx: &mut Ctx) -> Routed {
        if ctx.method() == Method::Message {
            ctx.shared().post("message", Box::new(ctx.msg.body().len()))?;
        }
        ctx.reply(StatusCode::OK)
    }

    async fn event(&self, event: Event, ctx: &mut EventCtx) -> Routed {
        let name = match event {
            Event::Started => return Ok(()),
            Event::Timer { name } if &*name == "slow" => {
                tokio::time::sleep(5 * SECOND).await;
                name.to_string()
            }
            Event::Timer { name } => name.to_string(),
            Event::Posted { name, data } if &*name == "wait" => {
                let time = data.downcast_ref::<Duration>().copied().unwrap_or_default();
                tokio::time::sleep(time).await;
                "waited".to_owned()
            }
            Event::Posted { name, .. } => name.to_string(),
            other => format!("{other:?}"),
        };
        assert!(ctx.is_task_worker());
        self.0.send((name, ctx.worker())).map_err(|_| StatusCode::SERVER_INTERNAL_ERROR.into())
    }
}

fn told() -> (impl Fn(&Shared) -> Told, Receiver<(String, u16)>) {
    let (send, receive) = channel();
    (move |_: &Shared| Told(send.clone()), receive)
}

fn names(told: &Receiver<(String, u16)>) -> Vec<String> {
    told.try_iter().map(|(name, _)| name).collect()
}

#[test]
fn what_is_posted_runs_at_once_and_what_has_a_delay_after_it() {
    let (routes, told) = told();
    play::run(1, Server::new().workers(2), routes, async |world| {
        let shared = world.shared();
        shared.post_after(SECOND, "later", Box::new(())).expect("room");
        shared.post("now", Box::new(())).expect("room");
        world.pass(SECOND / 2).await;
        assert_eq!(names(&told), ["now"]);
        world.pass(SECOND).await;
        assert_eq!(names(&told), ["later"]);

        let alice = world.agent("alice");
        alice.send(&alice.request("MESSAGE", "sip:bob@10.0.0.1", 1, ""));
        alice.recv_status(200).await;
        world.pass(SECOND).await;
        assert_eq!(names(&told), ["message"], "a route may post, too");
        world.assert_nothing_left().await;
    });
}

#[test]
fn timers_run_on_their_grid_and_never_twice_at_a_time() {
    let (routes, told) = told();
    let server = Server::new().workers(1).every("tick", SECOND).every("slow", 2 * SECOND);
    play::run(2, server, routes, async |world| {
        world.pass(10 * SECOND + SECOND / 2).await;
        let names = names(&told);
        assert_eq!(names.iter().filter(|name| *name == "tick").count(), 10, "what waits delays no other");
        // Begun at 2 s and, after those at 4 and 6 were passed over, at 8 s, which still runs.
        assert_eq!(names.iter().filter(|name| *name == "slow").count(), 1);
        assert_eq!(world.shared().stats().timers_skipped, 3);
        world.shared().every("slow", Duration::ZERO).expect("it ends");
        world.shared().every("tick", Duration::ZERO).expect("it ends");
        world.pass(SECOND).await;
        self::names(&told);
        world.pass(100 * SECOND).await;
        assert_eq!(self::names(&told), ["slow"], "the run that was begun ends, and no other begins");
    });
}

#[test]
fn at_the_bound_tasks_are_refused_and_counted() {
    let (routes, told) = told();
    let server = Server::new().workers(1).task_queue(2).max_parked(1);
    play::run(3, server, routes, async |world| {
        let shared = world.shared();
        let wait = || shared.post("wait", Box::new(5 * SECOND));
        wait().expect("room");
        world.pass(SECOND).await;
        // One waits in its route, and no more may; two wait for it.
        wait().expect("room");
        wait().expect("room");
        assert_eq!(wait(), Err(QueueFull { max: 2 }));
        let stats = shared.stats();
        assert_eq!((stats.tasks_waiting, stats.tasks_refused, stats.parked), (2, 1, 1));

        let alice = world.agent("alice");
        alice.send(&alice.request("MESSAGE", "sip:bob@10.0.0.1", 1, ""));
        let refused = alice.recv_status(503).await;
        assert!(refused.header("Retry-After").is_some());
        world.pass(20 * SECOND).await;
        assert_eq!(names(&told), ["waited"; 3], "one after the other");
        world.assert_nothing_left().await;
    });
}

#[test]
fn a_worker_that_may_have_no_more_tasks_leaves_them_to_another() {
    let (routes, _told) = told();
    play::run(4, Server::new().workers(2).task_workers(2).max_parked(2), routes, async |world| {
        let (send, ran) = channel();
        for number in 0..4 {
            let send = send.clone();
            let task = async move |ctx: &mut EventCtx| {
                tokio::time::sleep(SECOND).await;
                send.send((number, ctx.worker())).map_err(|_| StatusCode::SERVER_INTERNAL_ERROR.into())
            };
            world.shared().run(task).expect("room");
        }
        world.pass(2 * SECOND).await;
        let ran: Vec<(u32, u16)> = ran.try_iter().collect();
        assert_eq!(ran.len(), 4);
        assert!([2, 3].iter().all(|worker| ran.iter().any(|(_, by)| by == worker)), "both: {ran:?}");
    });
}

#[test]
fn a_task_that_panics_or_fails_ends_alone() {
    let (routes, told) = told();
    play::run(5, Server::new().workers(1), routes, async |world| {
        let shared = world.shared();
        #[allow(clippy::panic, reason = "a bug of the application")]
        shared.run(async |_| panic!("a bug of the application")).expect("room");
        shared.run(async |_| Err(StatusCode::NOT_FOUND.into())).expect("room");
        shared.post("after", Box::new(())).expect("room");
        world.pass(SECOND).await;
        assert_eq!((names(&told), shared.stats().failed), (vec!["after".to_owned()], 2));
    });
}

/// On real threads: a task worker is held for as long as nobody lets it go.
#[tokio::test]
async fn a_task_that_blocks_its_thread_delays_no_message_and_no_other_task() {
    let (routes, _told) = told();
    let server = Server::new().listen("udp:127.0.0.1:0".parse().expect("an address"));
    let server = server.workers(1).task_workers(2);
    let running = server.start(move |shared| Told(routes(shared).0)).await.expect("a free port");
    let (hold, held) = channel::<()>();
    let (begun, begins) = tokio::sync::oneshot::channel();
    let block = async move |_: &mut EventCtx| {
        let _ = begun.send(());
        // A worker thread that does what no route may do.
        let _ = held.recv_timeout(Duration::from_secs(60));
        Ok(())
    };
    running.shared().run(block).expect("room");
    begins.await.expect("it runs");

    let phone = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
    let server = running.shared().listens()[0].addr;
    for number in 0..20 {
        let wire = format!(
            "OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;rport;branch=z9hG4bK{number}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:127.0.0.1>\r\nCall-ID: c{number}\r\n\
             CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
        );
        phone.send_to(wire.as_bytes(), server).await.expect("sent");
        let mut answer = [0; 1_024];
        let received = tokio::time::timeout(10 * SECOND, phone.recv_from(&mut answer)).await;
        let (len, _) = received.expect("while the task blocks").expect("received");
        assert!(answer[..len].starts_with(b"SIP/2.0 200 "));
    }
    for _ in 0..20 {
        let (send, runs) = tokio::sync::oneshot::channel();
        let task = async move |_: &mut EventCtx| send.send(()).map_err(|()| StatusCode::NOT_FOUND.into());
        running.shared().run(task).expect("room");
        tokio::time::timeout(10 * SECOND, runs).await.expect("while the other blocks").expect("it runs");
    }
    drop(hold);
    running.stop(SECOND).await;
}
