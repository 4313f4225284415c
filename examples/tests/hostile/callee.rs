//! A phone that is called by everybody, and a caller that behaves.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sip_core::{Message, Method, StatusCode, build};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);
/// Sent again after this long, as SIP does.
const AGAIN: Duration = Duration::from_millis(500);

/// The phone. Requests to `callee` it answers properly; of the others, each in turn, it answers one, says nothing
/// to one, and answers one with what is no SIP.
#[derive(Debug)]
pub(crate) struct Callee {
    server: SocketAddr,
    address: SocketAddr,
    serial: AtomicU32,
    task: JoinHandle<()>,
}

impl Drop for Callee {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Callee {
    pub(crate) async fn start(server: SocketAddr) -> io::Result<Self> {
        let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await?);
        let address = socket.local_addr()?;
        let task = tokio::spawn(async move { while answer(&socket).await.is_ok() {} });
        Ok(Self { server, address, serial: AtomicU32::new(0), task })
    }

    /// Registers this user at the callee's address. Names that cannot stand in a URI are passed over.
    pub(crate) async fn register(&self, user: &str) -> io::Result<()> {
        let contact = format!("Contact: <sip:{user}@{}>\r\nExpires: 600\r\n", self.address);
        let phone = Phone::new(self).await?;
        let status =
            phone.ask("REGISTER", "sip:127.0.0.1", &format!("sip:{user}@127.0.0.1"), &contact).await?;
        if status == StatusCode::OK { Ok(()) } else { Err(io::Error::other(format!("{user}: {status:?}"))) }
    }

    /// Asks the server whether it lives.
    pub(crate) async fn options(&self) -> io::Result<()> {
        let status = Phone::new(self).await?.ask("OPTIONS", "sip:127.0.0.1", "sip:127.0.0.1", "").await?;
        if status == StatusCode::OK { Ok(()) } else { Err(io::Error::other(format!("OPTIONS: {status:?}"))) }
    }

    /// Calls `callee` and hangs up.
    pub(crate) async fn call(&self) -> io::Result<()> {
        let phone = Phone::new(self).await?;
        let (uri, contact) = ("sip:callee@127.0.0.1", format!("Contact: <sip:caller@{}>\r\n", phone.address));
        let invite = phone.request("INVITE", uri, uri, &contact);
        let answer = phone.transact(&invite).await?;
        if answer.status() != Some(StatusCode::OK) {
            return Err(io::Error::other(format!("INVITE: {:?}", answer.status())));
        }
        phone.within("ACK", &answer).await?;
        let bye = phone.in_dialog("BYE", &answer);
        let status = phone.transact(&bye).await?.status();
        if status == Some(StatusCode::OK) {
            Ok(())
        } else {
            Err(io::Error::other(format!("BYE: {status:?}")))
        }
    }
}

/// One request to the callee.
async fn answer(socket: &UdpSocket) -> io::Result<()> {
    let mut bytes = vec![0; 65_536];
    let (len, from) = socket.recv_from(&mut bytes).await?;
    let Ok(msg) = sip_core::parse(bytes[..len].to_vec().into(), &Default::default()) else { return Ok(()) };
    let Some(method) = msg.method().filter(|method| *method != Method::Ack) else { return Ok(()) };
    let is_callee = msg.uri().is_ok_and(|uri| uri.user().is_some_and(|user| user == "callee"));
    let within = msg.to().is_ok_and(|to| to.tag().is_some());
    let turn = msg.call_id().map_or(0, |id| id.iter().map(|byte| u32::from(*byte)).sum::<u32>()) % 3;
    if is_callee || within || turn == 0 || method == Method::Cancel {
        let contact = format!("<sip:callee@{}>", socket.local_addr()?);
        let response = build::response(&msg, StatusCode::OK).to_tag("callee").header("Contact", contact);
        if let Ok(response) = response.finish() {
            socket.send_to(&response, from).await?;
        }
    } else if turn == 1 {
        socket.send_to(b"SIP/2.0 200 OK\r\nVia: nonsense\r\nCSeq: 99999999999 X\r\n\r\n", from).await?;
    }
    Ok(())
}

/// A phone that behaves, on a socket of its own.
struct Phone<'a> {
    callee: &'a Callee,
    socket: UdpSocket,
    address: SocketAddr,
}

impl<'a> Phone<'a> {
    async fn new(callee: &'a Callee) -> io::Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        socket.connect(callee.server).await?;
        let address = socket.local_addr()?;
        Ok(Self { callee, socket, address })
    }

    fn request(&self, method: &str, uri: &str, to: &str, extra: &str) -> String {
        let n = self.callee.serial.fetch_add(1, Ordering::Relaxed);
        let at = self.address;
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {at};branch=z9hG4bKgood{n}\r\nMax-Forwards: 70\r\n\
             From: <sip:caller@127.0.0.1>;tag=good\r\nTo: <{to}>\r\nCall-ID: good-{n}-{}\r\nCSeq: 1 {method}\r\n\
             {extra}Content-Length: 0\r\n\r\n",
            at.port()
        )
    }

    /// A request within the call that `answer` made.
    fn in_dialog(&self, method: &str, answer: &Message) -> String {
        let n = self.callee.serial.fetch_add(1, Ordering::Relaxed);
        let text = |name: &str| answer.header(name).map(|value| value.to_string()).unwrap_or_default();
        let uri = answer.contact().ok().and_then(|contact| contact.addr().map(|a| a.uri_text().to_string()));
        let cseq = if method == "ACK" { 1 } else { 2 };
        format!(
            "{method} {} SIP/2.0\r\nVia: SIP/2.0/UDP {};branch=z9hG4bKgood{n}\r\nMax-Forwards: 70\r\n\
             Route: {}\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {cseq} {method}\r\nContent-Length: 0\r\n\r\n",
            uri.unwrap_or_default(),
            self.address,
            text("Record-Route"),
            text("From"),
            text("To"),
            text("Call-ID"),
        )
    }

    async fn within(&self, method: &str, answer: &Message) -> io::Result<()> {
        self.socket.send(self.in_dialog(method, answer).as_bytes()).await.map(drop)
    }

    async fn ask(&self, method: &str, uri: &str, to: &str, extra: &str) -> io::Result<StatusCode> {
        let response = self.transact(&self.request(method, uri, to, extra)).await?;
        response.status().ok_or_else(|| io::Error::other("a request came back"))
    }

    /// Sends until a final response comes.
    async fn transact(&self, request: &str) -> io::Result<Message> {
        let mut bytes = vec![0; 65_536];
        let attempt = async {
            loop {
                self.socket.send(request.as_bytes()).await?;
                let again = tokio::time::sleep(AGAIN);
                tokio::pin!(again);
                loop {
                    let len = tokio::select! {
                        len = self.socket.recv(&mut bytes) => len?,
                        () = &mut again => break,
                    };
                    let msg = sip_core::parse(bytes[..len].to_vec().into(), &Default::default());
                    if let Ok(msg) = msg
                        && msg.status().is_some_and(|status| status.is_final())
                    {
                        return Ok(msg);
                    }
                }
            }
        };
        let answer = tokio::time::timeout(PATIENCE, attempt).await;
        answer.unwrap_or_else(|_| {
            Err(io::Error::other(format!("no answer to {}", request.lines().next().unwrap_or(""))))
        })
    }
}
