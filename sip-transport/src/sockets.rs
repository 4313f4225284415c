//! Opening the sockets that the settings ask for, once for each worker.
//!
//! The first socket of an address is bound without `SO_REUSEPORT` and gets it afterwards: so a second
//! server on the same address is refused, while the other workers of this one can join.

use std::io;
use std::net::SocketAddr;

use sip_core::Protocol;
use socket2::{Domain, SockRef, Socket, Type};

use crate::error::BindError;
use crate::listen::Listen;
use crate::locals::expand;

/// Connections that wait to be accepted.
const ACCEPT_BACKLOG: i32 = 1_024;

/// Tries to find one port that is free on every address of a wildcard.
const PORT_TRIES: usize = 16;

/// An address that sockets are bound to.
#[derive(Debug)]
pub(crate) struct Bound {
    /// Its real address; the IP address of a TCP wildcard stays unspecified.
    pub(crate) listen: Listen,
    /// Which of the locals: the first one, where a wildcard stands for several.
    pub(crate) listener: u16,
    /// The first socket, until a worker takes it.
    pub(crate) first: Option<Socket>,
}

/// Opens the first socket of every address. Returns the addresses of ours, wildcards expanded, and what
/// they are bound by.
pub(crate) fn open(
    listen: &[Listen],
    udp_buffer: Option<usize>,
) -> Result<(Vec<Listen>, Vec<Bound>), BindError> {
    let (mut locals, mut bound) = (Vec::new(), Vec::new());
    for &listen in listen {
        let addrs = expand(listen)?;
        let listener = |locals: &Vec<_>| u16::try_from(locals.len()).map_err(|_| BindError::TooManyAddresses);
        match listen.protocol {
            Protocol::Udp => {
                for (addr, socket) in open_all(listen, &addrs, udp_buffer)? {
                    let listen = Listen { addr, ..listen };
                    bound.push(Bound { listen, listener: listener(&locals)?, first: Some(socket) });
                    locals.push(listen);
                }
            }
            Protocol::Tcp => {
                let socket = first(listen, None)?;
                let real = local_addr(&socket, listen)?;
                let listen = Listen { addr: real, ..listen };
                bound.push(Bound { listen, listener: listener(&locals)?, first: Some(socket) });
                let with_port = |addr: &SocketAddr| SocketAddr::new(addr.ip(), real.port());
                locals.extend(addrs.iter().map(|addr| Listen { addr: with_port(addr), ..listen }));
            }
            Protocol::Tls | Protocol::Ws | Protocol::Wss => return Err(BindError::Unsupported { listen }),
        }
    }
    if locals.is_empty() { Err(BindError::NoListener) } else { Ok((locals, bound)) }
}

/// A socket for each address, all on one port: if that is for the system to choose, the first socket
/// gets it and the others must be free there, too.
fn open_all(
    listen: Listen,
    addrs: &[SocketAddr],
    udp_buffer: Option<usize>,
) -> Result<Vec<(SocketAddr, Socket)>, BindError> {
    let mut tries = if listen.addr.port() == 0 { PORT_TRIES } else { 1 };
    loop {
        tries -= 1;
        let mut port = listen.addr.port();
        let opened: Result<Vec<_>, BindError> = addrs
            .iter()
            .map(|addr| {
                let listen = Listen { addr: SocketAddr::new(addr.ip(), port), ..listen };
                let socket = first(listen, udp_buffer)?;
                let real = local_addr(&socket, listen)?;
                port = real.port();
                Ok((real, socket))
            })
            .collect();
        match opened {
            Err(BindError::Socket { error, .. }) if error.kind() == io::ErrorKind::AddrInUse && tries > 0 => {
            }
            other => return other,
        }
    }
}

/// The first socket of an address: refused if anybody else has it.
fn first(listen: Listen, udp_buffer: Option<usize>) -> Result<Socket, BindError> {
    let socket = socket(listen, false, udp_buffer)?;
    share(&socket).map_err(|error| BindError::Socket { listen, error })?;
    Ok(socket)
}

/// One more socket of an address that we have.
pub(crate) fn join(listen: Listen, udp_buffer: Option<usize>) -> Result<Socket, BindError> {
    socket(listen, true, udp_buffer)
}

/// Starts to listen: a connection goes to one of the sockets that do.
pub(crate) fn start_listening(socket: &Socket, listen: Listen) -> Result<(), BindError> {
    socket.listen(ACCEPT_BACKLOG).map_err(|error| BindError::Socket { listen, error })
}

fn socket(listen: Listen, shared: bool, udp_buffer: Option<usize>) -> Result<Socket, BindError> {
    let open = || {
        let stream = listen.protocol.is_reliable();
        let kind = if stream { Type::STREAM } else { Type::DGRAM };
        let socket = Socket::new(Domain::for_address(listen.addr), kind, None)?;
        if listen.addr.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        if stream {
            // A restart need not wait for connections that linger.
            socket.set_reuse_address(true)?;
        } else {
            enlarge(&socket, udp_buffer);
        }
        if shared {
            share(&socket)?;
        }
        socket.set_nonblocking(true)?;
        socket.bind(&listen.addr.into())?;
        Ok(socket)
    };
    open().map_err(|error| BindError::Socket { listen, error })
}

/// Larger kernel buffers, as far as the system allows: less is no reason to stop.
fn enlarge(socket: &Socket, bytes: Option<usize>) {
    let Some(bytes) = bytes else { return };
    let set = socket.set_recv_buffer_size(bytes).and_then(|()| socket.set_send_buffer_size(bytes));
    if let Err(error) = set {
        tracing::debug!(%error, bytes, "cannot enlarge the buffers of a UDP socket");
    }
}

#[cfg(unix)]
fn share(socket: &Socket) -> io::Result<()> {
    SockRef::from(socket).set_reuse_port(true)
}

#[cfg(not(unix))]
fn share(_: &Socket) -> io::Result<()> {
    Ok(())
}

fn local_addr(socket: &Socket, listen: Listen) -> Result<SocketAddr, BindError> {
    let addr = socket.local_addr().map_err(|error| BindError::Socket { listen, error })?;
    addr.as_socket().ok_or(BindError::NoAddress { listen })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open_one(text: &str) -> Result<(Vec<Listen>, Vec<Bound>), BindError> {
        open(&[text.parse().expect("listen")], None)
    }

    #[test]
    fn second_server_on_the_same_address_is_refused() {
        for protocol in ["udp", "tcp"] {
            let (locals, bound) = open_one(&format!("{protocol}:127.0.0.1:0")).expect("free");
            for bound in &bound {
                if bound.listen.protocol == Protocol::Tcp {
                    start_listening(bound.first.as_ref().expect("socket"), bound.listen).expect("listen");
                }
            }
            let again = open_one(&locals[0].to_string()).expect_err("taken").to_string();
            assert!(again.contains(&locals[0].to_string()), "{again}");
        }
    }

    #[test]
    fn workers_join_on_the_same_address() {
        for protocol in ["udp", "tcp"] {
            let (locals, bound) = open_one(&format!("{protocol}:127.0.0.1:0")).expect("free");
            let mut sockets = vec![join(locals[0], None).expect("second")];
            sockets.push(join(locals[0], None).expect("third"));
            sockets.extend(bound.into_iter().filter_map(|b| b.first));
            if protocol == "tcp" {
                sockets.iter().for_each(|s| start_listening(s, locals[0]).expect("listen"));
            }
        }
    }

    #[test]
    fn wildcard_is_one_udp_socket_for_each_address_on_one_port() {
        let (locals, bound) = open_one("udp:0.0.0.0:0").expect("free");
        assert_eq!(locals.len(), bound.len());
        let port = locals[0].addr.port();
        assert!(port != 0 && locals.iter().all(|l| l.addr.port() == port));
        assert!(locals.iter().any(|l| l.addr.ip().is_loopback()));
    }

    #[test]
    fn tcp_wildcard_is_one_socket_that_stands_for_all_addresses() {
        let (locals, bound) = open_one("tcp:0.0.0.0:0").expect("free");
        assert_eq!(bound.len(), 1);
        assert!(locals.iter().any(|l| l.addr.ip().is_loopback()));
        assert!(locals.iter().all(|l| l.addr.port() == bound[0].listen.addr.port()));
    }

    #[test]
    fn protocols_that_are_not_there_yet_say_so() {
        let error = open_one("tls:127.0.0.1:0").expect_err("unsupported").to_string();
        assert!(error.contains("tls is not available yet"), "{error}");
    }
}
