//! `pike`: too many requests from one address.
//!
//! Each source has its count in the current unit of time and in the one before. More than so many in a unit block it;
//! a whole unit with no more than that many opens it again. What comes while it is blocked counts, too.
//!
//! Memory is one table of fixed size: eight places for all sources that fall together. Where all eight are taken, a new
//! source takes the place of the one that has counted least, blocked ones last; a flood from many addresses can
//! so forget a quiet one, which begins at nothing, but never grow.

use std::hash::Hasher;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use siphasher::sip::SipHasher13;

/// Places for sources that fall together.
const WAYS: usize = 8;
/// Most sources: 128 MiB of them.
const MOST: usize = 1 << 22;

/// The settings of [`Pike`], with Kamailio's names and defaults.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The unit of time. Default: 2 s. At least a millisecond counts.
    pub sampling_time_unit: Duration,
    /// How many requests a source may send in a unit. Default: 30.
    pub reqs_density_per_unit: u32,
    /// How long a source is remembered after its last request. Default: 120 s.
    pub remove_latency: Duration,
    /// How many sources are counted at once, 32 bytes each, rounded up to a power of two. Default: 65,536.
    pub sources: usize,
    /// How many bits of an IPv6 address make a source. Default: 64, since whoever has one address has all of such a
    /// network. (Kamailio: 128.)
    pub ipv6_prefix: u8,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            sampling_time_unit: Duration::from_secs(2),
            reqs_density_per_unit: 30,
            remove_latency: Duration::from_secs(120),
            sources: 1 << 16,
            ipv6_prefix: 64,
        }
    }
}

/// What [`Pike::check`] says of a request. The number is what KEMI's `pike_check_req` returns.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Flood {
    /// 1: no more than may be.
    No,
    /// -2: this request is the first too many; its source is blocked from now on.
    Begins,
    /// -1: the source is blocked.
    GoesOn,
}

impl Flood {
    /// The value that KEMI's `pike_check_req` returns.
    pub fn code(self) -> i32 {
        match self {
            Self::No => 1,
            Self::Begins => -2,
            Self::GoesOn => -1,
        }
    }

    /// Whether the request may be served.
    pub fn may_go_on(self) -> bool {
        self == Self::No
    }
}

/// Counts requests by source. One for all workers; a lock is held for one look.
#[derive(Debug)]
pub struct Pike {
    config: Config,
    start: Instant,
    key: [u8; 16],
    /// Units that a source is remembered.
    memory: u64,
    sets: Box<[Mutex<[Source; WAYS]>]>,
}

/// One source; `unit` 0 is nobody.
#[derive(Clone, Copy, Debug, Default)]
struct Source {
    address: u128,
    /// The last unit in which it was heard, from 1.
    unit: u32,
    current: u32,
    before: u32,
    blocked: bool,
}

impl Pike {
    /// Begins at `start`; `key` is one that nobody can guess, so that nobody can choose what falls together.
    pub fn new(config: Config, key: [u8; 16], start: Instant) -> Self {
        let sets = config.sources.clamp(WAYS, MOST).next_power_of_two() / WAYS;
        let unit = config.sampling_time_unit.max(Duration::from_millis(1));
        let memory = config.remove_latency.as_millis().div_ceil(unit.as_millis()).max(2);
        Self {
            start,
            key,
            memory: u64::try_from(memory).unwrap_or(u64::MAX),
            sets: (0..sets).map(|_| Mutex::default()).collect(),
            config: Config { sampling_time_unit: unit, ..config },
        }
    }

    /// Counts one request from this address.
    pub fn check(&self, now: Instant, source: IpAddr) -> Flood {
        let address = self.address(source);
        let mut hasher = SipHasher13::new_with_key(&self.key);
        hasher.write_u128(address);
        let set = hasher.finish() as usize & (self.sets.len() - 1);
        let Some(set) = self.sets.get(set) else { return Flood::No };
        let unit = self.unit(now);
        // A source is made of numbers alone: it is whole even after a panic.
        let mut set = set.lock().unwrap_or_else(PoisonError::into_inner);
        let known = set.iter_mut().position(|one| one.unit != 0 && one.address == address);
        let worth = |one: &Source| match self.is_forgotten(one, unit) {
            true => (false, 0),
            false => (one.blocked, one.before.saturating_add(one.current).max(1)),
        };
        let least = || (0..WAYS).min_by_key(|&at| worth(&set[at])).unwrap_or_default();
        let at = known.unwrap_or_else(least);
        let one = &mut set[at];
        if known.is_none() {
            *one = Source { address, unit, ..Source::default() };
        }
        one.count(unit, self.config.reqs_density_per_unit)
    }

    /// The sources that are blocked now, IPv6 ones as the first address of their network.
    pub fn blocked(&self, now: Instant) -> Vec<IpAddr> {
        let (unit, most) = (self.unit(now), self.config.reqs_density_per_unit);
        let mut all = Vec::new();
        for set in &self.sets {
            let set = set.lock().unwrap_or_else(PoisonError::into_inner);
            for mut one in set.iter().copied().filter(|one| one.unit != 0) {
                one.turn(unit, most);
                if one.blocked {
                    all.push(Ipv6Addr::from(one.address).to_canonical());
                }
            }
        }
        all
    }

    fn address(&self, source: IpAddr) -> u128 {
        match source.to_canonical() {
            IpAddr::V4(ip) => ip.to_ipv6_mapped().into(),
            IpAddr::V6(ip) => {
                let rest = 128_u32.saturating_sub(self.config.ipv6_prefix.into());
                u128::from(ip) & u128::MAX.checked_shl(rest).unwrap_or(0)
            }
        }
    }

    /// The number of the unit, from 1.
    fn unit(&self, now: Instant) -> u32 {
        let passed = now.saturating_duration_since(self.start).as_millis();
        u32::try_from(passed / self.config.sampling_time_unit.as_millis() + 1).unwrap_or(u32::MAX)
    }

    fn is_forgotten(&self, one: &Source, unit: u32) -> bool {
        one.unit == 0 || u64::from(unit.saturating_sub(one.unit)) > self.memory
    }
}

impl Source {
    /// Comes to this unit.
    fn turn(&mut self, unit: u32, most: u32) {
        match unit.saturating_sub(self.unit) {
            0 => return,
            1 => self.before = self.current,
            _ => self.before = 0,
        }
        (self.unit, self.current) = (unit, 0);
        self.blocked &= self.before > most;
    }

    fn count(&mut self, unit: u32, most: u32) -> Flood {
        self.turn(unit, most);
        self.current = self.current.saturating_add(1);
        if self.blocked {
            return Flood::GoesOn;
        }
        self.blocked = self.current > most;
        if self.blocked { Flood::Begins } else { Flood::No }
    }
}
