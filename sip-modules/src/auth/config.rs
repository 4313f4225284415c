//! The settings of authentication.

use std::fmt;
use std::time::Duration;

use sip_core::digest::{Algorithm, Qop};

/// The settings of [`Auth`](super::Auth), with their defaults.
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// The algorithms that are offered, the best first, each in a header of its own (RFC 8760 2.4); no other is
    /// accepted. Default: MD5 alone, which every phone has and which stored HA1 mostly are. Old phones take the first
    /// challenge or none: SHA-256 before MD5 wants a look at what registers. An empty list is MD5.
    pub algorithms: Vec<Algorithm>,
    /// What is offered as `qop`, in this order. Default: `auth`. `auth-int` is always accepted, `auth` and
    /// credentials without `qop`, as of RFC 2069, unless `auth-int` alone is offered here.
    pub qop: Vec<Qop>,
    /// How long a nonce is good for (`nonce_expire`), in whole seconds. Default: 300 s.
    pub nonce_expire: Duration,
    /// Whether a nonce count is good for one request only (`nonce_count`). Default: yes. A nonce without count is
    /// good for one request then.
    pub count_nonces: bool,
    /// How many nonces are counted at once, 16 bytes each, rounded up to a power of two. Default: 262,144. Beyond
    /// it the older nonce of two is stale: its phone gets a new one.
    pub counted_nonces: usize,
    /// Whether a nonce is good only for the address that it was sent to. Default: no; phones behind some NATs
    /// change theirs.
    pub bind_source: bool,
    /// What nonces are made with (`secret`). Default: a new one at each start. Servers that stand behind one name
    /// share one, so that the credentials for one are good for the others; replays are seen by each for itself.
    pub secret: Option<Box<[u8]>>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            algorithms: vec![Algorithm::DEFAULT],
            qop: vec![Qop::Auth],
            nonce_expire: Duration::from_secs(300),
            count_nonces: true,
            counted_nonces: 1 << 18,
            bind_source: false,
            secret: None,
        }
    }
}

/// Without the secret.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("algorithms", &self.algorithms)
            .field("qop", &self.qop)
            .field("nonce_expire", &self.nonce_expire)
            .field("count_nonces", &self.count_nonces)
            .field("counted_nonces", &self.counted_nonces)
            .field("bind_source", &self.bind_source)
            .finish_non_exhaustive()
    }
}
