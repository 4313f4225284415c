//! The played network: a whole server on one virtual clock, so that every timer and race is a test that takes
//! microseconds and repeats exactly.
//!
//! All workers of the server and all played phones run in one runtime whose clock jumps to the next
//! thing that happens. The network between them delays, loses, doubles and reorders by a seed
//! ([`sip_transport::memory`]).
//!
//! ```
//! use sip_core::StatusCode;
//! use sip_server::{Ctx, Routed, Routes, Server, play};
//!
//! struct Busy;
//!
//! impl Routes for Busy {
//!     async fn request(&self, ctx: &mut Ctx) -> Routed {
//!         ctx.reply(StatusCode::BUSY_HERE)
//!     }
//! }
//!
//! play::run(1, Server::new().workers(2), |_| Busy, async |world| {
//!     let alice = world.agent("alice");
//!     let call = alice.invite("sip:bob@10.0.0.1");
//!     let busy = alice.recv_status(486).await;
//!     call.ack(&busy);
//! });
//! ```

mod agent;

use std::cell::Cell;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use sip_transport::Listen;
use sip_transport::memory::{self, Network};
use tokio::sync::watch;
use tokio::task::LocalSet;

use crate::driver::builder::{Server, make_task_worker, make_worker};
use crate::driver::worker::Phase;
use crate::routes::Routes;
use crate::shared::{Links, Shared};

pub use self::agent::{Agent, Call};

/// Where the server listens: UDP 10.0.0.1:5060.
pub const SERVER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 5060);

/// A server in a played network, and its phones.
#[derive(Debug)]
pub struct World {
    network: Network,
    shared: Shared,
    phase: watch::Sender<Phase>,
    agents: Cell<u8>,
}

impl World {
    /// The network: links, losses, what was sent.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// What the workers of the server share.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// A phone with this user name, at an address of its own.
    #[expect(clippy::panic, reason = "a story that cannot be played fails as any test does")]
    pub fn agent(&self, user: &str) -> Agent {
        let number = self.agents.get() + 1;
        self.agents.set(number);
        let addr = SocketAddr::new(Ipv4Addr::new(10, 0, 1, number).into(), 5060);
        match self.network.socket(addr) {
            Ok(socket) => Agent::new(user, socket, SERVER),
            Err(error) => panic!("no phone for {user}: {error}"),
        }
    }

    /// Every packet from now on goes to this worker of the server; `None`: by its sender, as a kernel does it.
    pub fn steer_to(&self, worker: Option<usize>) {
        self.network.set_steering(move |_| worker);
    }

    /// Lets this much time pass.
    pub async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// Turns new work away with 503 from now on, as a server that ends does.
    pub fn drain(&self) {
        let _ = self.phase.send(Phase::Draining);
    }

    /// Lets all timers run out and checks that nothing is left: no transaction, no timer, no parked route, no kept byte.
    ///
    /// # Panics
    ///
    /// When something is left.
    pub async fn assert_nothing_left(&self) {
        self.pass(Duration::from_secs(200)).await;
        let stats = self.shared.stats();
        let left =
            (stats.transactions, stats.timers, stats.parked, stats.kept_bytes, self.shared.kept_requests());
        assert_eq!(
            left,
            (0, 0, 0, 0, 0),
            "transactions, timers, parked routes, bytes, requests that are left"
        );
    }
}

/// Plays a story: a server with these settings and routes, on a network that rolls by `seed`.
///
/// The listen addresses of the settings are not used: the server is at [`SERVER`].
///
/// # Panics
///
/// When the story does, or when the server cannot be made.
#[expect(clippy::panic, reason = "a story that cannot be played fails as any test does")]
pub fn run<R: Routes>(
    seed: u64,
    server: Server,
    routes: impl Fn(&Shared) -> R,
    story: impl AsyncFnOnce(&World),
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let Ok(runtime) = runtime else { panic!("no runtime for the story") };
    LocalSet::new().block_on(&runtime, async move {
        let network = Network::new(seed);
        let listens = vec![Listen::new(sip_core::Protocol::Udp, SERVER)];
        let sent_by = listens.clone();
        let local_for = Box::new(move |target: &_| memory::local_for(&sent_by, target));
        let random = std::array::from_fn(|i| seed.to_le_bytes()[i % 8].wrapping_add(i as u8));
        let links = Links { listens: listens.clone(), local_for, stats: Box::new(Default::default) };
        let made = server.shared(random, links);
        let (shared, mailboxes) = made.unwrap_or_else(|error| panic!("no server for the story: {error}"));
        let (phase, watch) = watch::channel(Phase::Running);
        let mut workers = Vec::new();
        for (number, mailbox) in (0_u16..).zip(mailboxes) {
            let routes = Rc::new(routes(&shared));
            let size = server.size(number);
            if usize::from(number) >= server.receiving() {
                let worker = make_task_worker(size, mailbox, watch.clone(), shared.clone(), routes);
                workers.push(tokio::task::spawn_local(worker.run()));
                continue;
            }
            let endpoint = network.endpoint(&listens);
            let endpoint = endpoint.unwrap_or_else(|error| panic!("no socket for the story: {error}"));
            let worker = make_worker(size, endpoint, mailbox, watch.clone(), shared.clone(), routes);
            workers.push(tokio::task::spawn_local(worker.run()));
        }
        let world = World { network, shared, phase, agents: Cell::new(0) };
        story(&world).await;
        let _ = world.phase.send(Phase::Stopped);
        for worker in workers {
            if let Err(error) = worker.await {
                panic!("a worker ended early: {error}");
            }
        }
    });
}
