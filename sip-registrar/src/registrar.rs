//! Registrar: settings and location together.

use std::time::Instant;

use sip_core::Uri;

use crate::aor::Aor;
use crate::config::Config;
use crate::error::AorError;
use crate::location::Location;
use crate::location::changes::Change;

/// A registrar: saves what phones register, and tells where a user can be reached.
///
/// All methods take `&self` and may be called from any thread; `now` is the caller's clock. See the
/// [crate] documentation for how they work together.
#[derive(Debug)]
pub struct Registrar {
    config: Config,
    location: Location,
}

impl Registrar {
    /// A registrar with an empty location.
    pub fn new(config: Config) -> Self {
        let location = Location::new(config.shards, config.max_bindings);
        Self { config, location }
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// All bindings.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// The address of record that `uri` names, by the settings of this registrar.
    ///
    /// # Errors
    ///
    /// As [`Aor::from_uri`].
    pub fn aor(&self, uri: &Uri<'_>) -> Result<Aor, AorError> {
        Aor::from_uri(uri, &self.config)
    }

    /// Takes out every binding that ended by `now` and appends it to `out`.
    ///
    /// To be called when [`poll_timeout`](Self::poll_timeout) says, but nothing goes wrong when it is called
    /// late: a binding that ended is not found by a lookup from that moment on.
    pub fn expire(&self, now: Instant, out: &mut Vec<Change>) {
        self.location.expire(now, out);
    }

    /// When to call [`expire`](Self::expire) next. `None`: there are no bindings.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.location.poll_timeout()
    }
}
