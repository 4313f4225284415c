//! What routing modules keep for all workers: nonces and users, request rates, address groups.

pub(crate) mod lists;
mod shared;
pub(crate) mod users;

use std::hash::Hasher;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant, SystemTime};

use parking_lot::RwLock;
use sip_modules::auth::{self, Auth};
use sip_modules::permissions::Addresses;
use sip_modules::pike::{self, Pike};
use siphasher::sip128::{Hasher128, SipHasher24};

use crate::modules::users::UserStore;

/// The settings of the modules.
#[derive(Clone, Debug, Default)]
pub(crate) struct ModuleSettings {
    pub(crate) auth: auth::Config,
    pub(crate) users: Option<Arc<dyn UserStore>>,
    pub(crate) pike: pike::Config,
    pub(crate) addresses: Arc<Addresses>,
    pub(crate) address_file: Option<PathBuf>,
}

/// The modules of a server that runs.
#[derive(Debug)]
pub(crate) struct Modules {
    pub(crate) auth: Auth,
    pub(crate) users: Option<Arc<dyn UserStore>>,
    pub(crate) pike: Pike,
    /// Swapped whole; the lock is held for a clone of the pointer.
    addresses: RwLock<Arc<Addresses>>,
    /// Where they came from.
    pub(crate) address_file: Option<PathBuf>,
    /// They are being read again.
    pub(crate) reloading: AtomicBool,
    start: Instant,
    /// The calendar at the start, since 1970.
    calendar: Duration,
}

impl Modules {
    /// `key` is one that nobody can guess.
    pub(crate) fn new(settings: ModuleSettings, key: &[u8; 16], now: Instant, wall: SystemTime) -> Self {
        let calendar = wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let derived = |name: &[u8]| {
            let mut hasher = SipHasher24::new_with_key(key);
            hasher.write(name);
            hasher.finish128().as_bytes()
        };
        Self {
            auth: Auth::new(settings.auth, derived(b"auth"), calendar),
            users: settings.users,
            pike: Pike::new(settings.pike, derived(b"pike"), now),
            addresses: RwLock::new(settings.addresses),
            address_file: settings.address_file,
            reloading: AtomicBool::new(false),
            start: now,
            calendar,
        }
    }

    /// The time since 1970, as the clock has counted it from the start: nobody who sets the calendar makes nonces
    /// older or younger.
    pub(crate) fn calendar(&self, now: Instant) -> Duration {
        self.calendar + now.saturating_duration_since(self.start)
    }

    pub(crate) fn addresses(&self) -> Arc<Addresses> {
        self.addresses.read().clone()
    }

    pub(crate) fn set_addresses(&self, addresses: Arc<Addresses>) {
        *self.addresses.write() = addresses;
    }
}
