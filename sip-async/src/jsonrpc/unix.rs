//! Commands over a unix datagram socket, as `kamcli` and `kamcmd` use it: a datagram is a request, its answer goes to
//! the address that the sender has bound.

use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::UnixDatagram;
use tokio::time::timeout;

use crate::jsonrpc::answer::refused;
use crate::jsonrpc::error::RpcError;

/// Largest request in bytes; what is longer is cut, and then is no JSON.
const LARGEST: usize = 256 * 1024;
/// Who does not take an answer for so long gets none.
const PATIENCE: Duration = Duration::from_secs(1);
/// Owner and group may command.
const MODE: u32 = 0o660;

/// Why a socket could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnixError {
    /// Another server answers there.
    #[error("{path}: another server listens there")]
    Taken {
        /// The path.
        path: PathBuf,
    },
    /// There is something that is no socket.
    #[error("{path}: this is no socket; it is left alone")]
    NoSocket {
        /// The path.
        path: PathBuf,
    },
    /// The system says no.
    #[error("{path}: {error}")]
    Io {
        /// The path.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// A socket that takes commands. Dropping it removes its file.
#[derive(Debug)]
pub struct UnixServer {
    socket: UnixDatagram,
    path: PathBuf,
}

impl UnixServer {
    /// Opens the socket at `path`, for its owner and its group (mode 0660). One that a server before left behind is
    /// replaced. To be called in a runtime.
    ///
    /// # Errors
    ///
    /// [`UnixError`]
    pub fn bind(path: impl AsRef<Path>) -> Result<Self, UnixError> {
        let path = path.as_ref().to_path_buf();
        let failed = |error| UnixError::Io { path: path.clone(), error };
        match std::fs::symlink_metadata(&path) {
            Ok(file) if !file.file_type().is_socket() => return Err(UnixError::NoSocket { path }),
            Ok(_) if is_answered(&path) => return Err(UnixError::Taken { path }),
            Ok(_) => std::fs::remove_file(&path).map_err(failed)?,
            Err(_) => {}
        }
        let socket = UnixDatagram::bind(&path).map_err(failed)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(MODE)).map_err(failed)?;
        Ok(Self { socket, path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Answers until it is dropped. `answer` is [`Commands::dispatch`](crate::jsonrpc::Commands::dispatch).
    ///
    /// An answer that the system does not take as one datagram becomes an error that says so; one that its receiver
    /// does not take within a second is dropped.
    pub async fn serve(&self, mut answer: impl FnMut(&[u8]) -> Option<Vec<u8>>) {
        let mut request = vec![0; LARGEST];
        loop {
            let (len, from) = match self.socket.recv_from(&mut request).await {
                Ok(received) => received,
                Err(_) => {
                    // Nothing is known of such errors that would not pass.
                    tokio::time::sleep(PATIENCE).await;
                    continue;
                }
            };
            let reply = answer(request.get(..len).unwrap_or_default());
            if let (Some(reply), Some(from)) = (reply, from.as_pathname()) {
                self.reply(&reply, from).await;
            }
        }
    }

    async fn reply(&self, reply: &[u8], to: &Path) {
        let sent = timeout(PATIENCE, self.socket.send_to(reply, to)).await;
        if matches!(sent, Ok(Err(error)) if is_too_large(&error)) {
            let text = format!("the answer has {} bytes: too many for this socket; use HTTP", reply.len());
            let error = refused(RpcError::new(500, text)).to_string();
            let _ = timeout(PATIENCE, self.socket.send_to(error.as_bytes(), to)).await;
        }
    }
}

impl Drop for UnixServer {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Whether somebody has this socket open.
fn is_answered(path: &Path) -> bool {
    let probe = std::os::unix::net::UnixDatagram::unbound();
    probe.and_then(|probe| probe.connect(path)).is_ok()
}

/// EMSGSIZE and ENOBUFS.
fn is_too_large(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(90 | 105))
}
