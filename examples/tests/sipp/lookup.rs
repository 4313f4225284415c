//! The HTTP service that `async-lookup` asks: answers by user name, or holds its tongue.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// What the service does with a question.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// 200 and the address to call.
    Uri(String),
    /// 404.
    Unknown,
    /// Nothing; the connection stays open.
    Silence,
}

/// A running service; its thread ends with the test process.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<(String, Instant)>>>,
}

impl Service {
    /// Starts a service that answers as `answer` says for a user name.
    pub(crate) fn start(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let service = Self { address: listener.local_addr()?, asked: Arc::default() };
        let asked = Arc::clone(&service.asked);
        let answer = Arc::new(answer);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (asked, answer) = (Arc::clone(&asked), Arc::clone(&answer));
                thread::spawn(move || serve(stream, &asked, answer.as_ref()));
            }
        });
        Ok(service)
    }

    /// What to give `async-lookup` as `--lookup`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/route", self.address)
    }

    /// When it was asked for `user`, in order.
    pub(crate) fn asked_for(&self, user: &str) -> Vec<Instant> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.iter().filter(|(name, _)| name == user).map(|(_, when)| *when).collect()
    }
}

/// One connection: one question.
fn serve(
    mut stream: TcpStream,
    asked: &Mutex<Vec<(String, Instant)>>,
    answer: &dyn Fn(&str) -> Answer,
) -> io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let query =
        request.split(' ').nth(1).and_then(|target| target.split_once('?')).map_or("", |(_, query)| query);
    let user = query.split('&').find_map(|pair| pair.strip_prefix("user=")).unwrap_or_default();
    asked.lock().unwrap_or_else(PoisonError::into_inner).push((user.to_owned(), Instant::now()));
    let (status, body) = match answer(user) {
        Answer::Uri(uri) => ("200 OK", format!("{uri}\n")),
        Answer::Unknown => ("404 Not Found", String::new()),
        Answer::Silence => {
            thread::sleep(Duration::from_secs(60));
            return Ok(());
        }
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}
