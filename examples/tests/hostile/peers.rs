//! Peers that hold a TCP connection and mean no good.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// What a peer does until the server closes its connection.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Kind {
    /// Says what is no SIP.
    Garbage,
    /// Sends a head without end, as fast as it can.
    Endless,
    /// Announces more body than anybody takes.
    Oversize,
    /// Sends half a message and no more.
    Half,
    /// Sends a head, one byte at a time.
    Slow,
    /// Says nothing.
    Silent,
    /// Asks and does not read the answers.
    Deaf,
    /// Breaks off within a message, and comes again.
    Reset,
}

impl Kind {
    pub(crate) const ALL: [Self; 8] = [
        Self::Garbage,
        Self::Endless,
        Self::Oversize,
        Self::Half,
        Self::Slow,
        Self::Silent,
        Self::Deaf,
        Self::Reset,
    ];
}

/// How long a peer stayed.
#[derive(Debug)]
pub(crate) struct Stay {
    pub(crate) kind: Kind,
    /// `None`: the server had not closed the connection at the end.
    pub(crate) time: Option<Duration>,
}

/// Lets `count` peers come at once, of every kind, from several addresses. Each stays until the server
/// closes its connection, at most for `bound`.
pub(crate) async fn attack(server: SocketAddr, count: usize, bound: Duration) -> io::Result<Vec<Stay>> {
    let mut peers = JoinSet::new();
    for number in 0..count {
        let kind = match Kind::ALL[number % Kind::ALL.len()] {
            // These ask what is answered: a few are a flood.
            Kind::Deaf if number % 5 != 0 => Kind::Silent,
            kind => kind,
        };
        // No address has as many connections as one may.
        let from = IpAddr::V4(Ipv4Addr::new(127, 0, 2, (number / 8 % 8) as u8 + 1));
        peers.spawn(async move {
            let start = Instant::now();
            let ended = timeout(bound, peer(kind, from, server, start + bound / 4)).await;
            let time = match ended {
                Ok(result) => result.map(|()| Some(start.elapsed()))?,
                Err(_) => None,
            };
            io::Result::Ok(Stay { kind, time })
        });
    }
    let mut stays = Vec::new();
    while let Some(stay) = peers.join_next().await {
        stays.push(stay.map_err(io::Error::other)??);
    }
    Ok(stays)
}

async fn peer(kind: Kind, from: IpAddr, server: SocketAddr, enough: Instant) -> io::Result<()> {
    if kind == Kind::Reset {
        while Instant::now() < enough {
            let mut stream = connect(from, server).await?;
            let _ = stream.write_all(HEAD).await;
            sleep(Duration::from_millis(500)).await;
            reset(stream);
        }
        return Ok(());
    }
    let stream = connect(from, server).await?;
    let (mut read, mut write) = stream.into_split();
    if kind == Kind::Deaf {
        // Its end shows in writing.
        let _ = speak(kind, &mut write).await;
        return Ok(());
    }
    let talk = async {
        // A failure to write is an end that the reader sees, too.
        let _ = speak(kind, &mut write).await;
        std::future::pending::<()>().await;
    };
    let listen = async {
        let mut bytes = [0; 4_096];
        while read.read(&mut bytes).await.is_ok_and(|len| len > 0) {}
    };
    tokio::select! {
        () = talk => {}
        () = listen => {}
    }
    Ok(())
}

const HEAD: &[u8] = b"OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKx\r\n\
    From: <sip:x@127.0.0.1>;tag=1\r\nTo: <sip:127.0.0.1>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\n";

async fn speak(kind: Kind, write: &mut (impl AsyncWriteExt + Unpin)) -> io::Result<()> {
    match kind {
        Kind::Garbage => write.write_all(&b"\x16\x03\x01 no SIP at all \xff\xfe\r\n".repeat(500)).await,
        Kind::Endless => {
            write.write_all(HEAD).await?;
            loop {
                write.write_all(&b"X: and so on\r\n".repeat(100)).await?;
            }
        }
        Kind::Oversize => {
            write.write_all(&[HEAD, b"Content-Length: 999999999999\r\n\r\n"].concat()).await?;
            write.write_all(&[b'x'; 100_000]).await
        }
        Kind::Half => write.write_all(HEAD).await,
        Kind::Slow => {
            for byte in HEAD.iter().cycle() {
                write.write_all(&[*byte]).await?;
                sleep(Duration::from_millis(250)).await;
            }
            Ok(())
        }
        Kind::Deaf => {
            // Answers repeat the Via lines: they fill the queue sooner than the worker's day.
            let via = format!("Via: SIP/2.0/TCP a;branch=z9hG4bK{}\r\n", "x".repeat(4_000));
            let request = [HEAD, via.as_bytes(), b"Content-Length: 0\r\n\r\n"].concat();
            loop {
                write.write_all(&request).await?;
                sleep(Duration::from_millis(20)).await;
            }
        }
        Kind::Silent | Kind::Reset => Ok(()),
    }
}

async fn connect(from: IpAddr, server: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    // What the kernel takes for a peer that does not read is little.
    socket.set_recv_buffer_size(4_096)?;
    socket.bind((from, 0).into())?;
    let stream = socket.connect(server).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Closes with a reset instead of a farewell.
fn reset(stream: TcpStream) {
    let _ = socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO));
}
