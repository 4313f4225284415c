//! A real server on loopback, and a client with a socket of its own.

#![allow(dead_code, reason = "each test program uses its part")]

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use sip_server::{Routes, Running, Server, Shared};

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server that runs. Its workers are threads; dropping it ends them.
pub(crate) struct Served {
    running: Running,
}

impl Served {
    /// Starts it on TCP and UDP ports that the system chooses.
    pub(crate) fn start<R: Routes>(
        server: Server,
        routes: impl Fn(&Shared) -> R + Send + Sync + 'static,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let listens =
            ["tcp:127.0.0.1:0", "udp:127.0.0.1:0"].map(|listen| listen.parse().expect("an address"));
        let server = listens.into_iter().fold(server, Server::listen);
        Self { running: runtime.block_on(server.start(routes)).expect("it starts") }
    }

    pub(crate) fn shared(&self) -> &Shared {
        self.running.shared()
    }

    /// Where it listens for TCP.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.shared().listens()[0].addr
    }

    pub(crate) fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.addr()).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("option");
        stream.set_nodelay(true).expect("option");
        Client { stream, read: Vec::new() }
    }
}

/// One connection.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    /// What was read and not yet looked at.
    read: Vec<u8>,
}

/// A response, of HTTP or SIP.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) line: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    /// A header by its name in small letters.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Client {
    pub(crate) fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).expect("sent");
    }

    /// Byte by byte.
    pub(crate) fn trickle(&mut self, text: &str) {
        for byte in text.as_bytes() {
            self.stream.write_all(&[*byte]).expect("sent");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    pub(crate) fn finish_sending(&mut self) {
        self.stream.shutdown(Shutdown::Write).expect("open");
    }

    /// Reads a head, up to and with its empty line.
    pub(crate) fn head(&mut self) -> Answer {
        let end = loop {
            if let Some(at) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.more();
        };
        let head: Vec<u8> = self.read.drain(..end).collect();
        let head = String::from_utf8(head).expect("text");
        let mut lines = head.lines();
        let line = lines.next().unwrap_or_default().to_owned();
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers =
            headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
        Answer { line, headers, body: String::new() }
    }

    /// Reads a whole response.
    pub(crate) fn answer(&mut self) -> Answer {
        let mut answer = self.head();
        let len: usize = answer.header("content-length").map_or(0, |len| len.parse().expect("a number"));
        while self.read.len() < len {
            self.more();
        }
        answer.body = String::from_utf8(self.read.drain(..len).collect()).expect("text");
        answer
    }

    pub(crate) fn ask(&mut self, text: &str) -> Answer {
        self.send(text);
        self.answer()
    }

    /// These bytes come next.
    pub(crate) fn expect(&mut self, text: &str) {
        while self.read.len() < text.len() {
            self.more();
        }
        let found: Vec<u8> = self.read.drain(..text.len()).collect();
        assert_eq!(String::from_utf8_lossy(&found), text);
    }

    /// Nothing more comes, and the server has closed.
    pub(crate) fn assert_ended(&mut self) {
        let mut rest = std::mem::take(&mut self.read);
        match self.stream.read_to_end(&mut rest) {
            Ok(_) => assert!(rest.is_empty(), "{:?}", String::from_utf8_lossy(&rest)),
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        }
    }

    fn more(&mut self) {
        let mut some = [0; 4096];
        let count = self.stream.read(&mut some).expect("an answer in time");
        assert!(count > 0, "closed after {:?}", String::from_utf8_lossy(&self.read));
        self.read.extend_from_slice(&some[..count]);
    }
}

/// An OPTIONS over TCP.
pub(crate) fn options(number: u32) -> String {
    format!(
        "OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK{number};rport\r\n\
         From: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:127.0.0.1>\r\nCall-ID: {number}@test\r\nCSeq: 1 OPTIONS\r\n\
         Content-Length: 0\r\n\r\n"
    )
}

/// Waits until this is so.
pub(crate) fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let end = std::time::Instant::now() + PATIENCE;
    while !is_so() {
        assert!(std::time::Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
