//! One case over one transport: what came back, and a request after it that must be answered.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use sip_core::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use super::{Case, Expected};

/// How long the server may take to answer the request after a case, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);
/// The largest datagram.
const DATAGRAM: usize = 65_507;

/// A sender of datagrams at an address of its own, which listens at every port that a response may go to.
#[derive(Debug)]
pub(crate) struct Datagrams {
    server: SocketAddr,
    ip: IpAddr,
    sockets: BTreeMap<u16, UdpSocket>,
    serial: u32,
}

impl Datagrams {
    pub(crate) async fn new(server: SocketAddr, ip: IpAddr) -> io::Result<Self> {
        let sockets = BTreeMap::from([(5060, UdpSocket::bind((ip, 5060)).await?)]);
        Ok(Self { server, ip, sockets, serial: 0 })
    }

    /// Sends a case and then an OPTIONS from the same socket, which goes to the same worker. Returns the final
    /// status that came before the answer to that; `None` for silence, or for a request that was relayed.
    pub(crate) async fn send(&mut self, case: &Case) -> io::Result<Option<u16>> {
        if let Some(port) = reply_port(&case.wire)
            && !self.sockets.contains_key(&port)
            && let Ok(socket) = UdpSocket::bind((self.ip, port)).await
        {
            self.sockets.insert(port, socket);
        }
        let Some(socket) = self.sockets.get(&5060) else { return Ok(None) };
        if case.wire.len() <= DATAGRAM {
            socket.send_to(&case.wire, self.server).await?;
        }
        self.serial += 1;
        let (probe, branch) = options("UDP", socket.local_addr()?, self.serial);
        let call = call_of(&case.wire);
        let mut last = None;
        for _ in 0..PATIENCE.as_secs() {
            socket.send_to(probe.as_bytes(), self.server).await?;
            let answered = timeout(Duration::from_secs(1), until(socket, &branch, &call, &mut last)).await;
            if let Ok(answered) = answered {
                answered?;
                // What came before it is in the kernel: a sleep has the runtime look at every socket.
                tokio::time::sleep(Duration::from_millis(1)).await;
                for socket in self.sockets.values() {
                    let mut bytes = vec![0; 65_536];
                    while let Ok(len) = socket.try_recv(&mut bytes) {
                        last = final_status(&bytes[..len], &call).or(last);
                    }
                }
                return Ok(last);
            }
        }
        Err(io::Error::other(format!("no answer to the OPTIONS after {}", case.name)))
    }
}

/// Receives until the answer to the request with this branch.
async fn until(socket: &UdpSocket, branch: &str, call: &str, last: &mut Option<u16>) -> io::Result<()> {
    let mut bytes = vec![0; 65_536];
    loop {
        let len = socket.recv(&mut bytes).await?;
        if has(&bytes[..len], branch) {
            return Ok(());
        }
        *last = final_status(&bytes[..len], call).or(*last);
    }
}

/// Sends a case on a connection, and an OPTIONS behind it. `None` for silence. The connection is closed by one
/// side in any case.
pub(crate) async fn connection(server: SocketAddr, case: &Case, serial: u32) -> io::Result<Option<u16>> {
    let mut stream = TcpStream::connect(server).await?;
    let (probe, branch) = options("TCP", stream.local_addr()?, serial);
    let mut got = Vec::new();
    let talk = async {
        // The server may have closed before all is written.
        let _ = stream.write_all(&case.wire).await;
        let _ = stream.write_all(probe.as_bytes()).await;
        let mut some = [0; 16_384];
        while !has(&got, &branch) {
            match stream.read(&mut some).await {
                Ok(0) | Err(_) => break,
                Ok(len) => got.extend_from_slice(&some[..len]),
            }
        }
    };
    let ended = timeout(PATIENCE, talk).await;
    ended.map_err(|_| io::Error::other(format!("neither an answer nor an end after {}", case.name)))?;
    Ok(final_status(&got, &call_of(&case.wire)))
}

/// Whether the final status is one that the case may have.
pub(crate) fn check(case: &Case, got: Option<u16>, transport: &str) -> Option<String> {
    let fine = match &case.expected {
        Expected::Status(codes) => got.is_some_and(|got| codes.contains(&got)),
        Expected::Silence => got.is_none(),
        Expected::Anything => true,
    };
    let (name, expected) = (&case.name, &case.expected);
    (!fine).then(|| format!("{name} over {transport}: {got:?}, expected {expected:?}"))
}

fn options(transport: &str, at: SocketAddr, serial: u32) -> (String, String) {
    let branch = format!("z9hG4bKprobe{}p{serial}e", at.port());
    let text = format!(
        "OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/{transport} {at};branch={branch}\r\nMax-Forwards: 70\r\n\
         From: <sip:probe@127.0.0.1>;tag=1\r\nTo: <sip:127.0.0.1>\r\nCall-ID: {branch}\r\nCSeq: 1 OPTIONS\r\n\
         Content-Length: 0\r\n\r\n"
    );
    (text, branch)
}

/// The final status in these bytes, of a response to this call.
fn final_status(bytes: &[u8], call: &str) -> Option<u16> {
    let text = String::from_utf8_lossy(bytes);
    text.split("SIP/2.0 ").find_map(|response| {
        let status = StatusCode::new(response.get(..3)?.parse().ok()?)?;
        let of = response.lines().find_map(|line| line.strip_prefix("Call-ID: ")).unwrap_or_default();
        (status.is_final() && of == call).then_some(status.code())
    })
}

/// The Call-ID of a message, as far as it can be read: empty without one.
fn call_of(wire: &[u8]) -> String {
    let msg = sip_core::salvage(wire.to_vec().into(), &Default::default());
    msg.and_then(|msg| Some(msg.header("Call-ID")?.to_string())).unwrap_or_default()
}

fn has(bytes: &[u8], branch: &str) -> bool {
    bytes.windows(branch.len()).any(|window| window == branch.as_bytes())
}

/// The port in the top Via, where it can be read.
fn reply_port(wire: &[u8]) -> Option<u16> {
    let msg = sip_core::salvage(wire.to_vec().into(), &Default::default())?;
    msg.top_via().ok()?.port().filter(|port| *port >= 1_024)
}
