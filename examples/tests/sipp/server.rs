//! A starter server as a process: started, asked where it listens, ended with Ctrl-C.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use super::Lab;
use super::process::Process;

/// How long a server may take to listen, and to end.
const START: Duration = Duration::from_secs(20);
const STOP: Duration = Duration::from_secs(60);

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    process: Process,
    lines: Receiver<String>,
    listening: Vec<String>,
}

impl Server {
    /// Starts `program` and waits until it says `ready`.
    pub(crate) fn start(lab: &Lab, program: &str, arguments: &[&str]) -> io::Result<Self> {
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(lab.dir().join("server.log"))?)
            .spawn()?;
        let stdout = child.stdout.take().ok_or_else(|| io::Error::other("no pipe"))?;
        let mut server =
            Self { process: Process::new(child), lines: lines_of(stdout), listening: Vec::new() };
        let end = Instant::now() + START;
        loop {
            let line = server.lines.recv_timeout(end.saturating_duration_since(Instant::now()));
            let line = line.map_err(|_| io::Error::other(format!("{program} did not get ready")))?;
            if line == "ready" {
                return Ok(server);
            }
            server.listening.extend(line.strip_prefix("listening on ").map(str::to_owned));
        }
    }

    /// The address it listens on over `protocol` ("udp", "tcp").
    pub(crate) fn address(&self, protocol: &str) -> io::Result<SocketAddr> {
        let mut addresses = self.listening.iter().filter_map(|l| l.strip_prefix(protocol)?.strip_prefix(':'));
        let found = addresses.next().and_then(|address| address.parse().ok());
        found.ok_or_else(|| {
            io::Error::other(format!("it does not listen on {protocol}: {:?}", self.listening))
        })
    }

    /// Ends it as a user would. It must end by itself, with success, and without a transaction.
    pub(crate) fn stop_with_nothing_left(mut self) -> io::Result<()> {
        self.process.interrupt()?;
        let status = self.process.wait(STOP)?;
        let said: Vec<String> = self.lines.iter().collect();
        assert!(status.success(), "ended with {status}, after {said:?}");
        assert!(said.iter().any(|line| line == "transactions left: 0"), "it said {said:?}");
        Ok(())
    }
}

/// The lines of a pipe, read by a thread that ends with the pipe.
fn lines_of(pipe: impl io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}
