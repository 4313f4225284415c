//! The server under attack: the registrar and proxy of the starter servers, on real sockets, with timers that
//! are a tenth of the usual ones or less, so that a test sees their end.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use sip_core::Protocol;
use sip_server::{Running, Server};

use super::Asked;
use super::callee::Callee;
use crate::registrar_proxy::RegistrarProxy;

/// How long a connection has for a message.
pub(crate) const MESSAGE_TIMEOUT: Duration = Duration::from_millis(600);
/// How long all timers may take to run out, on a busy machine.
const TIMERS: Duration = Duration::from_secs(30);

/// A running server, and the phone that answers for everybody.
#[derive(Debug)]
pub(crate) struct Stand {
    server: Running,
    pub(crate) callee: Callee,
    pub(crate) udp: SocketAddr,
    pub(crate) tcp: SocketAddr,
}

impl Stand {
    /// Starts a server for these domains; all these users are reached at the callee.
    pub(crate) async fn start(asked: &Asked) -> Result<Self, Box<dyn std::error::Error>> {
        let mut server = Server::new()
            .listen("udp:127.0.0.1:0".parse()?)
            .listen("tcp:127.0.0.1:0".parse()?)
            .workers(2)
            .domain("127.0.0.1")
            .domain("example.org")
            .tm(timers())
            .transport(sip_transport::Config { message_timeout: MESSAGE_TIMEOUT, ..Default::default() });
        for domain in &asked.domains {
            server = server.domain(domain);
        }
        let server = server.start(|_| RegistrarProxy).await?;
        let address = |protocol| {
            let mut listens = server.shared().listens().iter();
            listens
                .find(|listen| listen.protocol == protocol)
                .map(|listen| listen.addr)
                .ok_or("not listening")
        };
        let (udp, tcp) = (address(Protocol::Udp)?, address(Protocol::Tcp)?);
        let callee = Callee::start(udp).await?;
        let users = asked.users.iter().map(String::as_str).filter(|user| user.len() < 100);
        for user in users.chain(["callee"]) {
            callee.register(user).await?;
        }
        Ok(Self { server, callee, udp, tcp })
    }

    /// Waits until no transaction, timer, parked route or kept byte is left.
    ///
    /// # Panics
    ///
    /// When something stays.
    pub(crate) async fn assert_nothing_stays(&self) {
        let until = Instant::now() + TIMERS;
        loop {
            let stats = self.server.shared().stats();
            let left = (stats.transactions, stats.timers, stats.parked, stats.kept_bytes);
            if left == (0, 0, 0, 0) {
                break;
            }
            assert!(Instant::now() < until, "transactions, timers, parked routes, bytes that stay: {left:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Every worker serves, no route has failed, and the server ends by itself with nothing open.
    ///
    /// # Panics
    ///
    /// When it does not.
    pub(crate) async fn assert_unharmed(self) -> io::Result<()> {
        // The kernel picks the worker by the sender: sixteen senders meet both.
        for _ in 0..16 {
            self.callee.options().await?;
        }
        self.callee.call().await?;
        self.assert_nothing_stays().await;
        let stats = self.server.stop(Duration::from_secs(5)).await;
        assert_eq!(
            (stats.unfinished, stats.failed),
            (0, 0),
            "unfinished transactions, failed routes: {stats:?}"
        );
        Ok(())
    }

    /// Sums of all workers.
    pub(crate) fn stats(&self) -> sip_server::Stats {
        self.server.shared().stats()
    }
}

fn timers() -> sip_transaction::Config {
    sip_transaction::Config {
        t1: Duration::from_millis(25),
        t2: Duration::from_millis(200),
        t4: Duration::from_millis(250),
        fr: Duration::from_millis(1_000),
        fr_inv: Duration::from_millis(2_000),
        max_inv_lifetime: Duration::from_secs(3),
        max_noninv_lifetime: Duration::from_millis(1_600),
        ..Default::default()
    }
}
