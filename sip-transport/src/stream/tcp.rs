//! TCP sockets: listening and connecting.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpSocket, TcpStream};

/// After this long in silence the kernel asks the peer whether it still exists.
const KEEP_ALIVE: Duration = Duration::from_secs(120);

/// What the kernel may hold of a connection that it has not sent. Its buffer may grow to megabytes, and a peer that
/// does not read would be noticed only when they are full.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNSENT: u32 = 128 * 1024;

/// Connects to `remote` from the address `local`.
pub(crate) async fn connect(local: IpAddr, remote: SocketAddr) -> io::Result<TcpStream> {
    let socket = if remote.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    if !local.is_unspecified() {
        // Without this, binding would take the port for every peer instead of for this one.
        #[cfg(target_os = "linux")]
        nix::sys::socket::setsockopt(&socket, nix::sys::socket::sockopt::IpBindAddressNoPort, &true)?;
        socket.bind(SocketAddr::new(local, 0))?;
    }
    let stream = socket.connect(remote).await?;
    prepare(&stream);
    Ok(stream)
}

/// What every connection gets: no delay for small writes, keep-alives, a bound to what the kernel holds. Failing is
/// no harm.
pub(crate) fn prepare(stream: &TcpStream) {
    let keep_alive = TcpKeepalive::new().with_time(KEEP_ALIVE).with_interval(KEEP_ALIVE / 8);
    let socket = SockRef::from(stream);
    let set = stream.set_nodelay(true).and_then(|()| socket.set_tcp_keepalive(&keep_alive));
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let set = set.and_then(|()| socket.set_tcp_notsent_lowat(UNSENT));
    if let Err(error) = set {
        tracing::debug!(%error, "cannot set options of a connection");
    }
}
