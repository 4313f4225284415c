//! The real addresses that we listen on, and which of them suits a target.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use parking_lot::Mutex;
use sip_core::Protocol;

use crate::error::BindError;
use crate::listen::Listen;

/// Remote addresses whose local address is remembered; beyond, all are forgotten and asked for again. So a
/// route that changes is noticed late; where that matters, the sending address is to be forced.
const REMEMBERED: usize = 4_096;

/// The addresses that `listen` stands for: itself, or each local address of its family.
///
/// IPv6 link-local addresses are left out: without a zone they lead nowhere.
pub(crate) fn expand(listen: Listen) -> Result<Vec<SocketAddr>, BindError> {
    if !listen.addr.ip().is_unspecified() {
        return Ok(vec![listen.addr]);
    }
    let interfaces = if_addrs::get_if_addrs()
        .map_err(|error| BindError::System { what: "cannot read the local addresses", error })?;
    let mut found: Vec<SocketAddr> = interfaces
        .iter()
        .map(if_addrs::Interface::ip)
        .filter(|ip| ip.is_ipv4() == listen.addr.is_ipv4() && !is_link_local(*ip))
        .map(|ip| SocketAddr::new(ip, listen.addr.port()))
        .collect();
    // What is not loopback first: it is what others can reach.
    found.sort_by_key(|addr| (addr.ip().is_loopback(), *addr));
    found.dedup();
    if found.is_empty() { Err(BindError::NoAddress { listen }) } else { Ok(found) }
}

fn is_link_local(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(v6) if v6.is_unicast_link_local())
}

/// Every real local address, in the order of the settings. Its place is the `listener` of a flow.
#[derive(Debug)]
pub(crate) struct Locals {
    list: Vec<Listen>,
    routed: Mutex<HashMap<IpAddr, Option<IpAddr>>>,
}

impl Locals {
    pub(crate) fn new(list: Vec<Listen>) -> Self {
        Self { list, routed: Mutex::default() }
    }

    pub(crate) fn list(&self) -> &[Listen] {
        &self.list
    }

    pub(crate) fn addr(&self, listener: u16) -> Option<SocketAddr> {
        self.list.get(usize::from(listener)).map(|l| l.addr)
    }

    /// The listener with exactly this address.
    pub(crate) fn exact(&self, protocol: Protocol, addr: SocketAddr) -> Option<u16> {
        let mut numbered = self.numbered();
        numbered.find(|(_, l)| l.protocol == protocol && l.addr == addr).map(|(number, _)| number)
    }

    fn numbered(&self) -> impl Iterator<Item = (u16, &Listen)> + Clone {
        (0..).zip(&self.list)
    }

    /// The listener to send from; the order is documented at `Endpoint::local_for`.
    pub(crate) fn choose(
        &self,
        protocol: Protocol,
        forced: Option<SocketAddr>,
        remote: SocketAddr,
    ) -> Option<u16> {
        if let Some(found) = forced.and_then(|addr| self.exact(protocol, addr)) {
            return Some(found);
        }
        let mut fit =
            self.numbered().filter(|(_, l)| l.protocol == protocol && l.addr.is_ipv4() == remote.is_ipv4());
        let (first, _) = fit.clone().next()?;
        if fit.clone().nth(1).is_none() {
            return Some(first);
        }
        let routed = self.routed(remote.ip());
        let same_kind = |l: &Listen| l.addr.ip().is_loopback() == remote.ip().is_loopback();
        fit.clone()
            .find(|(_, l)| Some(l.addr.ip()) == routed)
            .or_else(|| fit.find(|(_, l)| same_kind(l)))
            .map_or(Some(first), |(found, _)| Some(found))
    }

    /// The local IP address from which the system would send to `remote`, asked once and remembered.
    fn routed(&self, remote: IpAddr) -> Option<IpAddr> {
        let mut known = self.routed.lock();
        if let Some(&ip) = known.get(&remote) {
            return ip;
        }
        if known.len() >= REMEMBERED {
            known.clear();
        }
        let ip = ask_system(remote);
        known.insert(remote, ip);
        ip
    }
}

/// Connecting a datagram socket sends nothing: it only looks up the route.
fn ask_system(remote: IpAddr) -> Option<IpAddr> {
    let any: IpAddr = match remote {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect((remote, 9)).ok()?;
    socket.local_addr().ok().map(|addr| addr.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locals(list: &[&str]) -> Locals {
        Locals::new(list.iter().map(|l| l.parse().expect("listen")).collect())
    }

    fn addr(text: &str) -> SocketAddr {
        text.parse().expect("address")
    }

    #[test]
    fn forced_address_wins_if_we_listen_there() {
        let locals = locals(&["udp:127.0.0.1:5060", "udp:127.0.0.2:5060"]);
        let remote = addr("127.0.0.1:9");
        assert_eq!(locals.choose(Protocol::Udp, Some(addr("127.0.0.2:5060")), remote), Some(1));
        assert_eq!(locals.choose(Protocol::Udp, Some(addr("127.0.0.3:5060")), remote), Some(0));
    }

    #[test]
    fn protocol_and_family_must_fit() {
        let locals = locals(&["udp:127.0.0.1:5060", "tcp:[::1]:5060"]);
        assert_eq!(locals.choose(Protocol::Tcp, None, addr("127.0.0.1:9")), None);
        assert_eq!(locals.choose(Protocol::Tcp, None, addr("[2001:db8::1]:9")), Some(1));
        assert_eq!(locals.choose(Protocol::Tls, None, addr("[::1]:9")), None);
    }

    #[test]
    fn loopback_targets_are_reached_from_loopback() {
        let locals = locals(&["udp:192.0.2.1:5060", "udp:127.0.0.1:5060"]);
        assert_eq!(locals.choose(Protocol::Udp, None, addr("127.0.0.7:9")), Some(1));
    }

    #[test]
    fn wildcard_stands_for_each_address_of_its_family() {
        let all = expand("udp:0.0.0.0:5060".parse().expect("listen")).expect("addresses");
        assert!(all.contains(&addr("127.0.0.1:5060")), "{all:?}");
        assert!(all.iter().all(|a| a.is_ipv4() && !a.ip().is_unspecified()));
        let one = expand("udp:192.0.2.1:5060".parse().expect("listen")).expect("address");
        assert_eq!(one, [addr("192.0.2.1:5060")]);
    }
}
