//! The text of a script, its version, and what all VMs that run it share.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use sip_server::Server;

use crate::error::ScriptError;
use crate::settings::{Env, Settings};

/// A script: one version of its text, and its settings, which all its versions share. Cheap to clone.
#[derive(Clone)]
pub struct Script(Arc<Inner>);

struct Inner {
    path: PathBuf,
    name: String,
    text: Arc<[u8]>,
    version: u32,
    env: Arc<Env>,
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Script").field("path", &self.0.path).field("version", &self.0.version).finish()
    }
}

impl Script {
    /// Reads a script from a file. Nothing of it runs yet: [`LuaRoutes::factory`](crate::LuaRoutes::factory).
    ///
    /// # Errors
    ///
    /// [`ScriptError::Read`].
    pub fn read(path: impl AsRef<Path>, settings: Settings) -> Result<Self, ScriptError> {
        let path = path.as_ref();
        match std::fs::read(path) {
            Ok(text) => Ok(Self::new(path, text, settings)),
            Err(source) => Err(ScriptError::Read { path: path.into(), source }),
        }
    }

    /// A script from its text; `path` is how errors name it.
    pub fn new(path: impl AsRef<Path>, text: impl Into<Vec<u8>>, settings: Settings) -> Self {
        let path = path.as_ref().to_path_buf();
        let name = path.display().to_string();
        let env = Arc::new(Env::new(settings));
        Self(Arc::new(Inner { path, name, text: text.into().into(), version: 1, env }))
    }

    /// The version in force, if it is not this one.
    pub(crate) fn newer(&self) -> Option<Self> {
        if self.env().version.load(Ordering::Acquire) == self.version() {
            return None;
        }
        let newest = self.env().newest.lock();
        Some(self.with(newest.version, newest.text.clone()?))
    }

    /// The same script with another text.
    pub(crate) fn with(&self, version: u32, text: Arc<[u8]>) -> Self {
        let (path, name, env) = (self.0.path.clone(), self.0.name.clone(), self.0.env.clone());
        Self(Arc::new(Inner { path, name, text, version, env }))
    }

    /// The server with what the settings say of modules whose state is the server's: how it asks for passwords, what a
    /// flood is, which addresses are in which group.
    ///
    /// Nonce counts are looked at only if `auth.nonce_count` says so, as in Kamailio.
    pub fn configure(&self, server: Server) -> Server {
        self.0.env.settings.modparams.configure(server)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    pub(crate) fn text(&self) -> &[u8] {
        &self.0.text
    }

    pub(crate) fn version(&self) -> u32 {
        self.0.version
    }

    pub(crate) fn env(&self) -> &Arc<Env> {
        &self.0.env
    }
}
