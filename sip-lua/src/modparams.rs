//! Parameters of modules whose state is the server's: authentication, rates, addresses.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sip_core::digest::{Algorithm, Qop};
use sip_modules::permissions::Addresses;
use sip_modules::{auth, pike};
use sip_server::{Server, addresses_from};

/// The parameters that [`ModParams::set`] knows.
pub(crate) const KNOWN: &str = "auth.algorithm, auth.nonce_count, auth.nonce_expire, auth.one_time_nonce, auth.qop, \
     auth.secret, permissions.address_file, pike.remove_latency, pike.reqs_density_per_unit and \
     pike.sampling_time_unit";

/// What a script says of them, with Kamailio's defaults.
#[derive(Debug)]
pub(crate) struct ModParams {
    auth: auth::Config,
    pike: pike::Config,
    addresses: Option<(PathBuf, Arc<Addresses>)>,
    /// Something was said of authentication.
    asks: bool,
}

impl Default for ModParams {
    fn default() -> Self {
        let mut auth = auth::Config::default();
        auth.count_nonces = false;
        Self { auth, pike: pike::Config::default(), addresses: None, asks: false }
    }
}

impl ModParams {
    /// Whether something was said of authentication.
    pub(crate) fn has_auth(&self) -> bool {
        self.asks
    }

    /// Sets one; `None`: there is none of this name. The error is what is wrong with the value.
    pub(crate) fn set(&mut self, module: &str, name: &str, value: &str) -> Option<Result<(), String>> {
        self.asks |= module == "auth";
        let (auth, pike) = (&mut self.auth, &mut self.pike);
        Some(match (module, name) {
            ("auth", "algorithm") => algorithms(value).map(|list| auth.algorithms = list),
            ("auth", "qop") => protections(value).map(|list| auth.qop = list),
            ("auth", "nonce_expire") => seconds(value).map(|time| auth.nonce_expire = time),
            ("auth", "nonce_count" | "one_time_nonce") => {
                number(value).map(|number| auth.count_nonces |= number != 0)
            }
            ("auth", "secret") => {
                auth.secret = Some(value.as_bytes().into());
                Ok(())
            }
            ("pike", "sampling_time_unit") => seconds(value).map(|time| pike.sampling_time_unit = time),
            ("pike", "reqs_density_per_unit") => number(value).map(|most| pike.reqs_density_per_unit = most),
            ("pike", "remove_latency") => seconds(value).map(|time| pike.remove_latency = time),
            ("permissions", "address_file") => addresses_from(Path::new(value))
                .map(|list| self.addresses = Some((value.into(), list)))
                .map_err(|error| error.to_string()),
            _ => return None,
        })
    }

    /// The server, with these.
    pub(crate) fn configure(&self, server: Server) -> Server {
        let server = server.auth(self.auth.clone()).pike(self.pike.clone());
        match &self.addresses {
            Some((path, list)) => server.addresses(Arc::clone(list)).address_file(path),
            None => server,
        }
    }
}

fn number(value: &str) -> Result<u32, String> {
    value.trim().parse().map_err(|_| format!("`{value}` is no number"))
}

fn seconds(value: &str) -> Result<Duration, String> {
    number(value).map(|seconds| Duration::from_secs(seconds.into()))
}

/// One or several, apart by commas; an empty text is MD5.
fn algorithms(value: &str) -> Result<Vec<Algorithm>, String> {
    let names = value.split(',').map(str::trim).filter(|name| !name.is_empty());
    let read = |name: &str| Algorithm::parse(name.as_bytes()).ok_or(format!("no algorithm is called {name}"));
    names.map(read).collect()
}

fn protections(value: &str) -> Result<Vec<Qop>, String> {
    let names = value.split(',').map(str::trim).filter(|name| !name.is_empty());
    names.map(|name| Qop::parse(name.as_bytes()).ok_or(format!("no qop is called {name}"))).collect()
}
