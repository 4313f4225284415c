//! Phones that register, refresh and remove contacts, and remember what they were told.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::server::Server;

const THREADS: usize = 3;
const USERS: usize = 400;
const CONTACTS: u16 = 3;
/// Requests that a thread has on their way at most, each of another user.
const WINDOW: usize = 48;
/// How long answers that are on their way are still read.
const LINGER: Duration = Duration::from_millis(150);

/// What is known of a contact.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Known {
    /// It was removed, or never there.
    #[default]
    Absent,
    /// It was answered 200.
    Present,
    /// Asked for, and not answered, or not with 200.
    Open,
}

/// A user, whose requests come one after the other.
#[derive(Clone, Debug, Default)]
struct User {
    name: String,
    cseq: u32,
    contacts: [Known; CONTACTS as usize],
    /// What is on its way: the contacts and what each will be.
    asked: Option<Vec<(usize, Known)>>,
}

/// All phones, in parts that have a thread each.
#[derive(Debug)]
pub(crate) struct Load {
    parts: Vec<Vec<User>>,
    seed: u64,
}

impl Load {
    pub(crate) fn new() -> Self {
        let user = |part, n| User { name: format!("u{part}-{n}"), ..User::default() };
        let part = |part| (0..USERS).map(|n| user(part, n)).collect();
        Self { parts: (0..THREADS).map(part).collect(), seed: 0x9e37_79b9_7f4a_7c15 }
    }

    /// Registers for so long, then the server is killed in the middle of it. How many were answered 200.
    pub(crate) fn run(&mut self, server: Server, time: Duration) -> u32 {
        let (address, is_over) = (server.address(), AtomicBool::new(false));
        let mut seed = self.seed;
        self.seed = self.seed.wrapping_mul(0x2545_f491_4f6c_dd1d);
        thread::scope(|scope| {
            let threads: Vec<_> = self
                .parts
                .iter_mut()
                .map(|users| {
                    seed = seed.rotate_left(13) ^ 0x5851_f42d;
                    let is_over = &is_over;
                    scope.spawn(move || drive(users, address, seed, is_over))
                })
                .collect();
            thread::sleep(time);
            server.kill();
            is_over.store(true, Ordering::Release);
            threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
        })
    }

    /// Asks the server for the contacts of every user and compares them with what it answered.
    pub(crate) fn check(&mut self, server: SocketAddr) {
        let socket = socket(server);
        let mut present = 0;
        for user in self.parts.iter_mut().flatten() {
            let response = ask(&socket, user);
            let mut found = [0; CONTACTS as usize];
            for line in response.lines().filter_map(|line| line.strip_prefix("Contact: ")) {
                for (k, count) in found.iter_mut().enumerate() {
                    *count += line.matches(&*uri(&user.name, k)).count();
                }
            }
            for (k, count) in found.into_iter().enumerate() {
                let known = &mut user.contacts[k];
                match known {
                    Known::Present => assert_eq!(count, 1, "{} {k} was answered 200:\n{response}", user.name),
                    Known::Absent => assert_eq!(count, 0, "{} {k} was removed:\n{response}", user.name),
                    Known::Open => {
                        assert!(count <= 1, "{} {k} is there twice:\n{response}", user.name);
                        *known = if count == 1 { Known::Present } else { Known::Absent };
                    }
                }
                present += count;
            }
        }
        println!("{present} contacts are there");
    }
}

fn socket(server: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.connect(server).expect("loopback");
    socket.set_read_timeout(Some(Duration::from_millis(20))).expect("a timeout");
    socket
}

fn uri(user: &str, contact: usize) -> String {
    format!("<sip:{user}@127.0.0.1:{}>", 20_000 + contact)
}

fn register(socket: &UdpSocket, user: &mut User, headers: &str) -> std::io::Result<usize> {
    user.cseq += 1;
    let (name, cseq, local) = (&user.name, user.cseq, socket.local_addr()?);
    let wire = format!(
        "REGISTER sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {local};rport;branch=z9hG4bK{name}-{cseq}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:{name}@127.0.0.1>;tag=1\r\nTo: <sip:{name}@127.0.0.1>\r\n\
         Call-ID: {name}\r\nCSeq: {cseq} REGISTER\r\n{headers}Content-Length: 0\r\n\r\n"
    );
    socket.send(wire.as_bytes())
}

fn receive(socket: &UdpSocket) -> Option<String> {
    let mut buffer = [0; 4_000];
    let len = socket.recv(&mut buffer).ok()?;
    Some(String::from_utf8_lossy(buffer.get(..len)?).into_owned())
}

/// The contacts of a user, asked until the server has reached its store.
fn ask(socket: &UdpSocket, user: &mut User) -> String {
    let end = Instant::now() + Duration::from_secs(20);
    while Instant::now() < end {
        let _ = register(socket, user, "");
        let cseq = format!("CSeq: {} REGISTER", user.cseq);
        while let Some(response) = receive(socket) {
            if response.starts_with("SIP/2.0 200") && response.contains(&cseq) {
                return response;
            }
        }
    }
    panic!("{} is not answered", user.name);
}

/// Registers until the server is gone; reads what it still said.
fn drive(users: &mut [User], server: SocketAddr, seed: u64, is_over: &AtomicBool) -> u32 {
    let socket = socket(server);
    let by_name: BTreeMap<String, usize> =
        users.iter().enumerate().map(|(n, user)| (user.name.clone(), n)).collect();
    let mut random = seed;
    let mut on_their_way = 0;
    let mut answered = 0;
    let mut end = None;
    loop {
        while on_their_way < WINDOW && !is_over.load(Ordering::Acquire) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let user = &mut users[random as usize % USERS];
            if user.asked.is_some() {
                break;
            }
            start(&socket, user, random >> 32);
            on_their_way += 1;
        }
        let response = receive(&socket);
        if response.is_none() && is_over.load(Ordering::Acquire) {
            // What the server sent before its end may lie in the socket still.
            let end = *end.get_or_insert_with(|| Instant::now() + LINGER);
            if Instant::now() >= end {
                break;
            }
        }
        let Some(response) = response else { continue };
        let header = |name: &str| response.lines().find_map(|line| line.strip_prefix(name));
        let user = header("Call-ID: ").and_then(|name| by_name.get(name)).map(|&n| &mut users[n]);
        let Some(user) = user else { continue };
        let cseq = header("CSeq: ").and_then(|cseq| cseq.split(' ').next()?.parse().ok());
        if cseq != Some(user.cseq) || response.starts_with("SIP/2.0 1") {
            continue;
        }
        let Some(asked) = user.asked.take() else { continue };
        on_their_way -= 1;
        if response.starts_with("SIP/2.0 200") {
            answered += 1;
            asked.into_iter().for_each(|(k, known)| user.contacts[k] = known);
        }
    }
    users.iter_mut().for_each(|user| user.asked = None);
    answered
}

/// Sends what chance wants of a user: a contact or two, a removal, the removal of all.
fn start(socket: &UdpSocket, user: &mut User, random: u64) {
    let k = random as usize % usize::from(CONTACTS);
    let (headers, asked): (String, Vec<(usize, Known)>) = match random / 8 % 10 {
        0 => {
            let all = (0..usize::from(CONTACTS)).map(|k| (k, Known::Absent)).collect();
            ("Contact: *\r\nExpires: 0\r\n".to_owned(), all)
        }
        1 | 2 => (format!("Contact: {};expires=0\r\n", uri(&user.name, k)), vec![(k, Known::Absent)]),
        3 => {
            let other = (k + 1) % usize::from(CONTACTS);
            let contacts = format!("{}, {};expires=0", uri(&user.name, k), uri(&user.name, other));
            (format!("Contact: {contacts}\r\n"), vec![(k, Known::Present), (other, Known::Absent)])
        }
        _ => (format!("Contact: {}\r\n", uri(&user.name, k)), vec![(k, Known::Present)]),
    };
    asked.iter().for_each(|&(k, _)| user.contacts[k] = Known::Open);
    user.asked = Some(asked);
    let _ = register(socket, user, &headers); // the server may be gone
}
