//! A played phone: it says what it is told to and shows what it gets.

use std::cell::Cell;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use sip_core::{HeaderName, Limits, Message, RecordRoute, StatusCode, build};
use sip_transport::memory::MemorySocket;

/// How long a phone waits for what the story expects.
const PATIENCE: Duration = Duration::from_secs(300);

/// A phone. It does nothing by itself: it sends and answers what the story says, once.
#[derive(Debug)]
pub struct Agent {
    user: String,
    socket: MemorySocket,
    server: SocketAddr,
    serial: Cell<u32>,
}

impl Agent {
    pub(super) fn new(user: &str, socket: MemorySocket, server: SocketAddr) -> Self {
        Self { user: user.into(), socket, server, serial: Cell::new(0) }
    }

    /// The URI under which the phone is reached: `sip:USER@ADDRESS`.
    pub fn contact(&self) -> String {
        format!("sip:{}@{}", self.user, self.socket.local_addr())
    }

    /// Sends a message to the server as it stands, lines ended by `\n`.
    pub fn send(&self, text: &str) {
        self.send_bytes(text.replace('\n', "\r\n").into());
    }

    fn send_bytes(&self, bytes: Bytes) {
        self.socket.send_to(bytes, self.server);
    }

    /// A request of this phone's own, complete, with this Call-ID number and without a body.
    pub fn request(&self, method: &str, uri: &str, call: u32, extra: &str) -> String {
        let serial = self.serial.get() + 1;
        self.serial.set(serial);
        let (user, addr) = (&self.user, self.socket.local_addr());
        let to = if method == "REGISTER" { format!("sip:{user}@10.0.0.1") } else { uri.to_owned() };
        format!(
            "{method} {uri} SIP/2.0\n\
             Via: SIP/2.0/UDP {addr};branch=z9hG4bK-{user}-{serial}\n\
             Max-Forwards: 70\n\
             From: <sip:{user}@10.0.0.1>;tag={user}-{call}\n\
             To: <{to}>\n\
             Call-ID: {user}-{call}\n\
             CSeq: {serial} {method}\n\
             Contact: <sip:{user}@{addr}>\n\
             {extra}Content-Length: 0\n\n"
        )
    }

    /// Registers the phone and waits for the 200.
    pub async fn register(&self) {
        self.send(&self.request("REGISTER", "sip:10.0.0.1", 0, "Expires: 3600\n"));
        self.recv_status(200).await;
    }

    /// Calls: sends an INVITE.
    pub fn invite(&self, uri: &str) -> Call<'_> {
        let text = self.request("INVITE", uri, self.serial.get() + 1, "").replace('\n', "\r\n");
        let call = Call { agent: self, invite: parsed(text.into()) };
        call.send_again();
        call
    }

    /// The next message, whatever it is; `None` when none comes within this time.
    pub async fn recv_within(&self, time: Duration) -> Option<Message> {
        let (bytes, _) = tokio::time::timeout(time, self.socket.recv_from()).await.ok()?;
        Some(parsed(bytes))
    }

    /// The next request, which must have this method.
    ///
    /// # Panics
    ///
    /// When something else comes, or nothing.
    pub async fn recv_request(&self, method: &str) -> Message {
        self.expect(method, |msg| msg.method().is_some_and(|m| m.as_bstr() == method)).await
    }

    /// The next response, which must have this status; a 100 is passed over unless asked for.
    ///
    /// # Panics
    ///
    /// When something else comes, or nothing.
    pub async fn recv_status(&self, status: u16) -> Message {
        let is_wanted = |msg: &Message| msg.status().is_some_and(|s| s.code() == status);
        let is_trying = |msg: &Message| msg.status() == Some(StatusCode::TRYING);
        let what = status.to_string();
        loop {
            let msg = self.expect(&what, |msg| is_wanted(msg) || is_trying(msg)).await;
            if is_wanted(&msg) {
                return msg;
            }
        }
    }

    #[expect(clippy::panic, reason = "a story that goes wrong fails as any test does")]
    async fn expect(&self, what: &str, is_it: impl Fn(&Message) -> bool) -> Message {
        match self.recv_within(PATIENCE).await {
            Some(msg) if is_it(&msg) => msg,
            Some(msg) => {
                panic!("{} expected {what} and got\n{}", self.user, String::from_utf8_lossy(&msg.to_bytes()))
            }
            None => panic!("{} expected {what} and got nothing", self.user),
        }
    }

    /// Answers a request.
    pub fn respond(&self, request: &Message, status: u16) {
        let contact = format!("<{}>", self.contact());
        let status = StatusCode::new(status).unwrap_or(StatusCode::SERVER_INTERNAL_ERROR);
        let tag = format!("{}-to", self.user);
        let mut response = build::response(request, status).header("Contact", contact);
        if status != StatusCode::TRYING {
            response = response.to_tag(&tag);
        }
        self.send_bytes(made(response.finish()));
    }
}

/// A call that a phone has begun.
#[derive(Debug)]
pub struct Call<'a> {
    agent: &'a Agent,
    invite: Message,
}

impl Call<'_> {
    /// Sends the same INVITE once more.
    pub fn send_again(&self) {
        self.agent.send_bytes(self.invite.to_bytes());
    }

    /// Gives up.
    pub fn cancel(&self) {
        self.agent.send_bytes(made(build::cancel(&self.invite, None)));
    }

    /// Acknowledges a final response: hop by hop where it is negative, else along the route of the dialog.
    pub fn ack(&self, response: &Message) {
        if response.status().is_some_and(StatusCode::is_success) {
            self.within_dialog("ACK", response);
        } else {
            self.agent.send_bytes(made(build::ack(&self.invite, response)));
        }
    }

    /// Hangs up a call that was answered by `response`.
    pub fn bye(&self, response: &Message) {
        self.within_dialog("BYE", response);
    }

    fn within_dialog(&self, method: &str, response: &Message) {
        let target =
            response.contact().ok().and_then(|contact| contact.addr().map(|a| a.uri_text().to_string()));
        let routes: Vec<String> =
            response.views::<RecordRoute<'_>>().flatten().map(|route| route.uri_text().to_string()).collect();
        let routes: String = routes.iter().rev().map(|uri| format!("Route: <{uri}>\n")).collect();
        let text = self.agent.request(method, &target.unwrap_or_default(), 0, &routes).replace('\n', "\r\n");
        let mut msg = parsed(text.into());
        let cseq = self.invite.cseq().map_or(0, |cseq| cseq.number) + u32::from(method != "ACK");
        let copied = [HeaderName::From, HeaderName::To, HeaderName::CallId];
        for name in copied {
            let value = response.header(name).unwrap_or_default().to_vec();
            made(msg.replace(name, value));
        }
        made(msg.replace(HeaderName::CSeq, format!("{cseq} {method}")));
        self.agent.send_bytes(msg.to_bytes());
    }
}

#[expect(clippy::panic, reason = "a story that goes wrong fails as any test does")]
fn parsed(bytes: Bytes) -> Message {
    match sip_core::parse(bytes.clone(), &Limits::default()) {
        Ok(msg) => msg,
        Err(error) => panic!("no SIP message: {error}\n{}", String::from_utf8_lossy(&bytes)),
    }
}

#[expect(clippy::panic, reason = "a story that goes wrong fails as any test does")]
fn made<T>(result: Result<T, sip_core::EditError>) -> T {
    result.unwrap_or_else(|error| panic!("a phone could not write its message: {error}"))
}
