//! Commands over a unix socket, on a thread of their own: a long dump delays no message.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use sip_async::jsonrpc::UnixServer;
use tokio::sync::oneshot;

use crate::error::StartError;
use crate::shared::Shared;

/// The thread; it ends, and the socket with it, when this is dropped.
#[derive(Debug)]
pub(crate) struct Control {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    path: PathBuf,
}

impl Control {
    /// Opens the socket and serves it.
    pub(crate) async fn start(path: &Path, shared: Shared) -> Result<Self, StartError> {
        let (stop, stopped) = oneshot::channel();
        let (ready, started) = oneshot::channel();
        let socket = path.to_path_buf();
        let thread = std::thread::Builder::new().name("sip-control".into()).spawn(move || {
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return drop(ready.send(Err(StartError::System(error)))),
            };
            runtime.block_on(async move {
                let server = match UnixServer::bind(socket) {
                    Ok(server) => server,
                    Err(error) => return drop(ready.send(Err(error.into()))),
                };
                let _ = ready.send(Ok(()));
                tokio::select! {
                    () = server.serve(|request| shared.jsonrpc(request)) => {}
                    _ = stopped => {}
                }
            });
        })?;
        started.await.map_err(|_| std::io::Error::other("the thread for commands ended at its start"))??;
        Ok(Self { stop: Some(stop), thread: Some(thread), path: path.into() })
    }

    /// Where the socket is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It is between two commands, or ends after this one.
            let _ = thread.join();
        }
    }
}
