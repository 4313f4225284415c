//! Settings and limits.

use std::time::Duration;

use sip_core::Limits;

use crate::listen::Listen;

/// Settings of a [`Net`](crate::Net).
///
/// ```
/// use sip_transport::Config;
///
/// let config = Config { listen: vec!["udp:127.0.0.1:0".parse()?], ..Config::default() };
/// assert_eq!(config.max_connections, 16_384);
/// # Ok::<(), sip_transport::ListenError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen.
    pub listen: Vec<Listen>,
    /// Limits of a message, datagram or stream.
    pub limits: Limits,
    /// Bytes the kernel may keep for each UDP socket and direction; `None` leaves its default. The
    /// kernel may give less (`net.core.rmem_max`).
    pub udp_buffer: Option<usize>,
    /// Datagrams that wait for each UDP socket to become writable; beyond, new ones are dropped and
    /// counted.
    pub udp_backlog: usize,
    /// Under load (when two datagrams or more come in this time) a worker that has emptied its sockets lets
    /// more gather for this long, so that they share what the kernel takes for each look: less processor
    /// time for a delay that no call notices. Without load one look in 32 is waited for to see. Zero: never.
    /// The kernel adds its timer slack, about 50 us.
    pub udp_gather: Duration,
    /// A connection without a message or keep-alive in either direction for this long is closed (at
    /// the latest after twice the time). The default, 3,660 s, outlives a registration of an hour.
    pub idle_timeout: Duration,
    /// Time from the first byte of a message on a stream to its last; also the time that an accepted
    /// connection has for its first message. Keep-alives do not extend it.
    pub message_timeout: Duration,
    /// Time for a connection to open.
    pub connect_timeout: Duration,
    /// A connection that takes no byte of what waits for it for this long is closed.
    pub write_timeout: Duration,
    /// Connections in all, accepted and opened. One beyond is accepted and closed at once.
    ///
    /// Each takes a file descriptor. [`Net::bind`](crate::Net::bind) raises the process's soft limit where it
    /// has to and may; where it may not, fewer fit, and a line in the log says how many.
    pub max_connections: usize,
    /// Accepted connections from one IP address (of IPv6: from one /64, which is what one subscriber has), and as
    /// many opened to it.
    pub max_connections_per_source: usize,
    /// Bytes that wait to be written on one connection; a reader so slow that more would have to wait
    /// loses the connection.
    pub write_queue: usize,
    /// Bytes that all connections together hold: of messages that are still coming, beyond the first 16 KiB of
    /// each connection, and of what waits to be written. Beyond it a connection on which a large message comes is
    /// closed, and no second message waits on any.
    pub max_buffered: usize,
    /// Messages from connections that wait for one worker; at the bound their sockets are not read.
    pub inbound_queue: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: Vec::new(),
            limits: Limits::default(),
            udp_buffer: Some(4 << 20),
            udp_backlog: 4_096,
            udp_gather: Duration::from_micros(200),
            idle_timeout: Duration::from_secs(3_660),
            message_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
            write_timeout: Duration::from_secs(10),
            max_connections: 16_384,
            max_connections_per_source: 1_024,
            write_queue: 1 << 20,
            max_buffered: 256 << 20,
            inbound_queue: 256,
        }
    }
}
