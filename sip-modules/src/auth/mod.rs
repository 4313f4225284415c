//! `auth`: digest authentication of requests.
//!
//! ```text
//! request ── examine ──> Claim ──( whose password? )──> accept ──> Authenticated ── check_to, check_from
//!               │                                          │
//!               └───────────── AuthError ──────────────────┘── challenge ──> 401, 407
//! ```
//!
//! Nothing is kept of a challenge: its nonce carries its time under a MAC, so a flood of requests without credentials
//! costs the response and no memory. What is kept is which counts of a nonce were used, of those that had a good
//! response; see [`Config::counted_nonces`]. Between `examine` and `accept` the password may be
//! looked up for as long as it takes: no lock is held.
//!
//! The URI in the credentials is hashed and not compared with the request URI: a proxy may have changed that on the
//! way (RFC 3261 22.4 says so for nobody, and phones differ).
//!
//! Source: RFC 3261 22, RFC 7616, RFC 8760.

mod challenge;
mod claim;
mod config;
mod counts;
mod error;
mod guard;
mod identity;
mod nonce;
mod secret;
mod users;

use std::hash::Hasher;
use std::net::IpAddr;
use std::time::Duration;

use sip_core::Message;
use sip_core::digest::{Algorithm, Hex, Qop, ha1};
use siphasher::sip128::{Hasher128, SipHasher24};

use self::counts::{Count, Counts};
use self::nonce::{Bound, Nonces};

pub use self::challenge::{Challenge, ChallengeFlags};
pub use self::claim::{Authenticated, Claim, any, consume, find};
pub use self::config::Config;
pub use self::error::AuthError;
pub use self::guard::Guard;
pub use self::identity::{IdentityChecks, check_from, check_to, is_user};
pub use self::secret::Secret;
pub use self::users::{Users, UsersError};

/// Checks credentials and asks for them. One for all workers.
#[derive(Debug)]
pub struct Auth {
    config: Config,
    nonces: Nonces,
    counts: Option<Counts>,
}

/// What is asked of a request: credentials for this realm, by this guard, from this address.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// Who asks.
    pub guard: Guard,
    /// The realm.
    pub realm: &'a [u8],
    /// Where the request came from; looked at if [`Config::bind_source`] is set.
    pub source: IpAddr,
}

impl Auth {
    /// Begins with these settings. `random` is 16 bytes that nobody can guess; `now`, here and elsewhere, the time
    /// since 1970.
    pub fn new(config: Config, random: [u8; 16], now: Duration) -> Self {
        let key = match &config.secret {
            None => random,
            Some(secret) => {
                let mut hasher = SipHasher24::new_with_key(b"nonces of digest");
                hasher.write(secret);
                hasher.finish128().as_bytes()
            }
        };
        let [a, b, c, d, ..] = random;
        let counts = config.count_nonces.then(|| Counts::new(config.counted_nonces));
        // What was counted before a start is not known: those nonces go.
        let since = config.count_nonces.then_some(now);
        let number = u32::from_be_bytes([a, b, c, d]).rotate_left(7) ^ 0x5bd1_e995;
        let nonces = Nonces::new(key, number, config.nonce_expire, since);
        Self { config, nonces, counts }
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// A challenge as the settings say. `stale`: only the nonce was at fault ([`AuthError::is_stale`]).
    pub fn challenge(&self, now: Duration, ask: &Ask<'_>, stale: bool) -> Challenge {
        self.challenge_with(now, ask, &self.config.qop, stale)
    }

    /// The same, offering this as `qop`.
    pub fn challenge_with(&self, now: Duration, ask: &Ask<'_>, qop: &[Qop], stale: bool) -> Challenge {
        let nonce = self.nonces.make(now, self.bound(ask));
        Challenge::new(ask.guard, ask.realm, nonce, &self.config.algorithms, qop, stale)
    }

    /// Finds the credentials of a request and judges what needs no password.
    ///
    /// `method` is that of the request, where a script does not say otherwise. The body counts for
    /// `auth-int`: `msg` is the request as it was received.
    ///
    /// # Errors
    ///
    /// [`AuthError::NoCredentials`], [`AuthError::Malformed`], [`AuthError::NotOffered`],
    /// [`AuthError::StaleNonce`].
    pub fn examine<'m>(
        &self,
        now: Duration,
        msg: &'m Message,
        ask: &Ask<'_>,
        method: &'m [u8],
    ) -> Result<Claim<'m>, AuthError> {
        let found = find(msg, ask.guard, ask.realm)?;
        let exchange = found.exchange(method, msg.body()).ok_or(AuthError::NotOffered)?;
        if found.userhash || !self.offers(exchange.algorithm) || !self.takes(exchange.qop) {
            return Err(AuthError::NotOffered);
        }
        let nonce = self.nonces.read(now, found.nonce, self.bound(ask))?;
        Ok(Claim {
            guard: ask.guard,
            user: found.user(),
            realm: sip_core::unquote(found.realm),
            nonce,
            count: exchange.qop.and_then(|_| found.nonce_count()),
            exchange,
            response: found.response,
        })
    }

    /// Judges a claim by what is known of its user: `None`, nobody of this name. A good one uses up its nonce count.
    ///
    /// An unknown user takes as long as a known one.
    ///
    /// # Errors
    ///
    /// [`AuthError::UnknownUser`], [`AuthError::WrongPassword`], [`AuthError::NonceReused`],
    /// [`AuthError::StaleNonce`].
    pub fn accept(&self, claim: &Claim<'_>, secret: Option<&Secret>) -> Result<Authenticated, AuthError> {
        let hash = claim.hash();
        let known = match secret {
            Some(secret) => secret.for_hash(hash, &claim.user, &claim.realm),
            None => None,
        };
        let ha1: Hex = known.unwrap_or_else(|| ha1(hash, &claim.user, &claim.realm, b""));
        let is_right = claim.exchange.response(&ha1).matches(claim.response);
        if secret.is_none() {
            return Err(AuthError::UnknownUser);
        }
        if known.is_none() || !is_right {
            return Err(AuthError::WrongPassword);
        }
        if let Some(counts) = &self.counts {
            match counts.take(claim.nonce, claim.count.unwrap_or(1)) {
                Count::Fresh => {}
                Count::Used => return Err(AuthError::NonceReused),
                Count::Forgotten => return Err(AuthError::StaleNonce),
            }
        }
        Ok(Authenticated::new(claim))
    }

    fn offers(&self, algorithm: Algorithm) -> bool {
        let offered = &self.config.algorithms;
        offered.contains(&algorithm) || offered.is_empty() && algorithm == Algorithm::DEFAULT
    }

    /// What protects more than was asked for is welcome.
    fn takes(&self, qop: Option<Qop>) -> bool {
        let only_whole = !self.config.qop.is_empty() && !self.config.qop.contains(&Qop::Auth);
        qop == Some(Qop::AuthInt) || !only_whole
    }

    fn bound<'a>(&self, ask: &Ask<'a>) -> Bound<'a> {
        Bound { realm: ask.realm, source: self.config.bind_source.then_some(ask.source) }
    }
}
