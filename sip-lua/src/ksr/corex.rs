//! `KSR.corex`: branches, and small questions about the request.

use std::io::Read as _;
use std::net::SocketAddr;

use sip_core::{HeaderName, Protocol};
use sip_server::Destination;

use crate::current::Current;
use crate::ksr::call::Module;
use crate::ksr::tm::{append_branch, one};
use crate::pv::view::View as _;
use crate::value::{Kemi, Text};

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    m.call("append_branch", |current: &mut Current, ()| append_branch(current))?;
    m.call("append_branch_uri", |current: &mut Current, (uri,): (Text,)| {
        if uri.is_empty() {
            return append_branch(current);
        }
        let Some(ctx) = current.ctx_mut() else { return -1 };
        ctx.branches.push(Destination::new(uri.to_bytes()));
        1
    })?;
    // The order of branches is `t_load_contacts`'s business; a relay sends them all at once.
    m.call("append_branch_uri_q", |current: &mut Current, (uri, _): (Text, Text)| {
        let Some(ctx) = current.ctx_mut().filter(|_| !uri.is_empty()) else { return -1 };
        ctx.branches.push(Destination::new(uri.to_bytes()));
        1
    })?;
    m.call("set_send_socket", |current: &mut Current, (socket,): (Text,)| {
        let found = current.listen(&socket);
        one(found.is_some_and(|found| set_socket(current, Some(found))))
    })?;
    // No routes but those of messages run here.
    m.call("is_faked_msg", |_: &mut Current, ()| -1)?;
    m.waits("file_read", async |_: &mut Current, (path,): (Text,)| read(path.to_utf8().into_owned()).await)?;
    m.call("has_ruri_user", |current: &mut Current, ()| {
        let uri = current.msg().uri();
        one(uri.is_ok_and(|uri| uri.user().is_some_and(|user| !user.is_empty())))
    })?;
    m.call("has_user_agent", |current: &mut Current, ()| {
        let agent = current.msg().header(HeaderName::UserAgent);
        one(agent.is_some_and(|agent| !agent.is_empty()))
    })?;
    Ok(m)
}

/// Sets the address that the request leaves from; `false` where nothing leaves.
fn set_socket(current: &mut Current, socket: Option<(Protocol, SocketAddr)>) -> bool {
    current.destination_mut().map(|destination| destination.socket = socket).is_some()
}

/// Most bytes of a file.
const LARGEST: u64 = 1 << 20;

/// The text of a file, read by a thread of its own; null where it cannot be read or is too large.
async fn read(path: String) -> Kemi {
    let reading = tokio::task::spawn_blocking(move || {
        let file = std::fs::File::open(&path)?;
        let mut text = Vec::new();
        file.take(LARGEST + 1).read_to_end(&mut text)?;
        match u64::try_from(text.len()) {
            Ok(length) if length <= LARGEST => Ok(text),
            _ => Err(std::io::Error::other("the file is larger than 1 MiB")),
        }
    });
    match reading.await.map_err(std::io::Error::other).flatten() {
        Ok(text) => Kemi::from(text),
        Err(error) => {
            tracing::error!(%error, "KSR.corex.file_read");
            Kemi::Null
        }
    }
}
