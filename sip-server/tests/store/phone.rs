//! A server on a port of its own, and a phone that registers with it.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use sip_registrar::Aor;
use sip_server::{Ctx, Routed, Routes, Running, Server};

/// Longest wait for anything in these tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Saves every REGISTER; answers anything else by whether its user is there: 200 or 404.
pub(crate) struct Registrar;

impl Routes for Registrar {
    async fn request(&self, ctx: &mut Ctx) -> Routed {
        if ctx.method() == sip_core::Method::Register {
            ctx.save().await?;
            return Ok(());
        }
        ctx.lookup().await?;
        ctx.reply(sip_core::StatusCode::OK)
    }
}

/// Starts a server.
pub(crate) async fn start(server: Server) -> Running {
    let listen = "udp:127.0.0.1:0".parse().expect("an address");
    server.listen(listen).workers(2).start(|_| Registrar).await.expect("it starts")
}

/// Waits until something is so.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The contacts that a server has in memory for a user, sorted.
pub(crate) fn contacts(running: &Running, user: &str) -> Vec<String> {
    let bindings =
        running.shared().registrar().location().snapshot(&Aor::from_bytes(user.as_bytes())).bindings;
    let mut uris: Vec<String> = bindings.iter().map(|binding| binding.uri().to_string()).collect();
    uris.sort();
    uris
}

/// A phone, or many behind one socket.
pub(crate) struct Phone {
    socket: UdpSocket,
    cseq: AtomicU32,
}

impl Phone {
    pub(crate) fn of(running: &Running) -> Self {
        Self::at(running.shared().listens()[0].addr)
    }

    pub(crate) fn at(server: SocketAddr) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        socket.connect(server).expect("loopback");
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Self { socket, cseq: AtomicU32::new(1) }
    }

    /// Sends a REGISTER: `contacts` is the whole Contact value, or empty.
    pub(crate) fn send(&self, user: &str, contacts: &str) {
        let cseq = self.cseq.fetch_add(1, Ordering::Relaxed);
        let contact = if contacts.is_empty() { String::new() } else { format!("Contact: {contacts}\r\n") };
        let expires = if contacts == "*" { "Expires: 0\r\n" } else { "" };
        self.request("REGISTER", user, cseq, &format!("{contact}{expires}"));
    }

    fn request(&self, method: &str, user: &str, cseq: u32, headers: &str) {
        let local = self.socket.local_addr().expect("bound");
        let wire = format!(
            "{method} sip:{user}@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK{cseq}\r\n\
             From: <sip:{user}@127.0.0.1>;tag=1\r\nTo: <sip:{user}@127.0.0.1>\r\nCall-ID: {user}@{local}\r\n\
             CSeq: {cseq} {method}\r\n{headers}\r\n"
        );
        self.socket.send(wire.as_bytes()).expect("sent");
    }

    /// The next final response: its whole text.
    pub(crate) fn receive(&self) -> String {
        loop {
            let mut buffer = [0; 65_000];
            let len = self.socket.recv(&mut buffer).expect("a response in time");
            let text = String::from_utf8_lossy(&buffer[..len]).into_owned();
            if !text.starts_with("SIP/2.0 1") {
                return text;
            }
        }
    }

    /// A REGISTER and the status of its response.
    pub(crate) fn register(&self, user: &str, contacts: &str) -> u16 {
        self.send(user, contacts);
        status(&self.receive())
    }

    /// Whether a user can be called.
    pub(crate) fn finds(&self, user: &str) -> bool {
        let cseq = self.cseq.fetch_add(1, Ordering::Relaxed);
        self.request("OPTIONS", user, cseq, "Max-Forwards: 70\r\n");
        status(&self.receive()) == 200
    }
}

/// The status of a response.
pub(crate) fn status(response: &str) -> u16 {
    response.get(8..11).and_then(|code| code.parse().ok()).expect("a status")
}
