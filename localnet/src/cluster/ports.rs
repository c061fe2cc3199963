//! Which ports a cluster listens on.

use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::UdpSocket;

use super::ClusterError;
use super::Member;

/// Where free ports are looked for: below the range that systems hand out for outgoing connections, so that none of
/// them is taken while the cluster is down.
const FREE_FIRST: u16 = 20_000;
const FREE_LAST: u16 = 32_000;

/// A node's two ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ports {
    pub(super) rpc: SocketAddr,
    pub(super) quic: SocketAddr,
}

/// The ports of `validators` from `base` up, ten apart; none when they do not fit.
pub(super) fn of(base: u16, validators: u16) -> Option<Vec<Ports>> {
    let pair = |index: u16| {
        let rpc = base.checked_add(index.checked_mul(10)?)?;
        Some(Ports { rpc: local(rpc), quic: local(rpc.checked_add(1)?) })
    };
    (0..validators).map(pair).collect()
}

/// Ports that are free now, the same distances apart as with a given base.
pub(super) fn free(validators: u16) -> Result<Vec<Ports>, ClusterError> {
    let mut seed = [0; 2];
    getrandom::fill(&mut seed).map_err(|error| ClusterError::Random { error })?;
    let range = FREE_LAST - FREE_FIRST;
    let start = u16::from_le_bytes(seed) % range;
    // Steps of a number prime to the range's length visit all of it, far apart.
    for step in 0..range {
        let offset = (u32::from(start) + u32::from(step) * 10_007) % u32::from(range);
        let base = u16::try_from(offset).map_or(FREE_FIRST, |offset| FREE_FIRST + offset);
        let ports = of(base, validators).filter(|ports| ports.iter().all(is_free));
        if let Some(ports) = ports {
            return Ok(ports);
        }
    }
    Err(ClusterError::NoFreePorts { needed: validators.saturating_mul(2) })
}

/// Whether every port of `members` is free.
///
/// # Errors
/// [`ClusterError::PortInUse`] for the first that is not.
pub(super) fn check(members: &[Member]) -> Result<(), ClusterError> {
    let ports =
        members.iter().map(|Member { config, .. }| Ports { rpc: config.rpc, quic: config.quic });
    (0_u16..).zip(ports).try_for_each(|(index, ports)| check_pair(index, &ports))
}

/// Whether both ports of the node `index` are free.
///
/// # Errors
/// [`ClusterError::PortInUse`] for the first that is not.
pub(super) fn check_pair(index: u16, ports: &Ports) -> Result<(), ClusterError> {
    let Ports { rpc, quic } = ports;
    if TcpListener::bind(rpc).is_err() {
        return Err(ClusterError::PortInUse { port: rpc.port(), index, protocol: "RPC" });
    }
    if UdpSocket::bind(quic).is_err() {
        return Err(ClusterError::PortInUse { port: quic.port(), index, protocol: "QUIC" });
    }
    Ok(())
}

pub(super) fn is_free(ports: &Ports) -> bool {
    TcpListener::bind(ports.rpc).is_ok() && UdpSocket::bind(ports.quic).is_ok()
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}
