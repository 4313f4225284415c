//! Another text for a script that runs.
//!
//! The file is read anew as the next version. What is wrong with it shows in a VM that is made for that alone; then
//! every worker makes its own before its next request.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::engine::Vm;
use crate::error::ScriptError;
use crate::script::Script;
use crate::settings::Newest;

impl Script {
    /// Reads the file anew and puts it in force, if it can be loaded: what begins from now on runs the new text, what
    /// has begun goes on with the text that it began with. Returns the number of the version.
    ///
    /// Tables, queues, `$shv` and settings stay; globals of the script do not. At most four versions live: routes
    /// that were armed by an older one run the newest script's functions of their names.
    ///
    /// Blocks while it reads the file and runs the top level of the script: not for a worker's thread.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the new text; the old stays in force.
    pub fn reload(&self) -> Result<u32, ScriptError> {
        let path = self.path();
        let text: Arc<[u8]> = match std::fs::read(path) {
            Ok(text) => text.into(),
            Err(source) => return Err(ScriptError::Read { path: path.into(), source }),
        };
        let mut newest = self.env().newest.lock();
        let version = newest.version.wrapping_add(1);
        Vm::new(&self.with(version, text.clone()), None)?;
        *newest = Newest { version, text: Some(text) };
        self.env().version.store(version, Ordering::Release);
        Ok(version)
    }
}
