//! A child process that is waited for with a bound, and ended by its own handle.

use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};
use std::{io, thread};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Ends with its owner, at the latest.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
}

impl Process {
    pub(crate) fn new(child: Child) -> Self {
        Self { child }
    }

    /// Waits for the end; after `bound` it is an error.
    pub(crate) fn wait(&mut self, bound: Duration) -> io::Result<ExitStatus> {
        let end = Instant::now() + bound;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if Instant::now() >= end {
                return Err(io::Error::new(io::ErrorKind::TimedOut, format!("still runs after {bound:?}")));
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// What Ctrl-C in a terminal sends.
    pub(crate) fn interrupt(&self) -> io::Result<()> {
        let pid = i32::try_from(self.child.id()).map_err(io::Error::other)?;
        Ok(kill(Pid::from_raw(pid), Signal::SIGINT)?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
