//! A datagram as the log of the network shows it.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

/// A datagram and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// When it was sent, since the network began.
    pub sent: Duration,
    /// Who sent it.
    pub from: SocketAddr,
    /// To whom.
    pub to: SocketAddr,
    /// What it holds.
    pub bytes: Bytes,
    /// What became of it. A datagram that arrives twice is in the log twice.
    pub outcome: Outcome,
}

/// What became of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Still to be decided: what filters and steering see.
    Sent,
    /// It arrives this long after it was sent, at this of the workers that share the address.
    Arrives {
        /// Time under way.
        after: Duration,
        /// Number of the worker, 0 for a socket.
        worker: usize,
    },
    /// The link or a filter lost it.
    Lost,
    /// Nobody has that address.
    Unreachable,
    /// The address refuses: an endpoint that sent it is told.
    Refused,
}

/// What a filter does with a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The link decides.
    Pass,
    /// It is lost.
    Drop,
    /// It takes this much longer than the link makes it take.
    Delay(Duration),
}

impl Packet {
    /// The first line of what it holds.
    pub fn first_line(&self) -> String {
        let line = self.bytes.split(|b| *b == b'\r' || *b == b'\n').next().unwrap_or_default();
        String::from_utf8_lossy(line).into_owned()
    }
}

/// `0.500 192.0.2.1:5060 -> 192.0.2.2:5060 BYE sip:a@192.0.2.2 SIP/2.0 (lost)`
impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sent, from, to, .. } = self;
        write!(f, "{:.3} {from} -> {to} {}", sent.as_secs_f64(), self.first_line())?;
        match self.outcome {
            Outcome::Sent | Outcome::Arrives { .. } => Ok(()),
            Outcome::Lost => f.write_str(" (lost)"),
            Outcome::Unreachable => f.write_str(" (unreachable)"),
            Outcome::Refused => f.write_str(" (refused)"),
        }
    }
}
