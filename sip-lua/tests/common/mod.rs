//! What the tests of scripts have in common.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sip_core::Message;
use sip_lua::{LuaRoutes, Script, Settings};
use sip_server::play::{self, Agent, World};
use sip_server::{Server, Shared};
use tracing_subscriber::fmt::MakeWriter;

/// A file of the repository.
pub(crate) fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The routes of a script, which is called `test.lua`.
pub(crate) fn script(text: &str) -> impl Fn(&Shared) -> LuaRoutes + use<> {
    script_with(text, Settings::new())
}

/// The same, with settings.
pub(crate) fn script_with(text: &str, settings: Settings) -> impl Fn(&Shared) -> LuaRoutes + use<> {
    LuaRoutes::factory(Script::new("test.lua", text, settings)).expect("the script loads")
}

/// A request route that answers OPTIONS with 200, knows no ACK, and does this with everything else. Its first
/// line is line 4 of `test.lua`.
pub(crate) fn invite_route(body: &str) -> String {
    format!(
        "function ksr_request_route()\n\
         if KSR.is_OPTIONS() then KSR.sl.send_reply(200, 'OK') return end\n\
         if KSR.is_ACK() then return end\n\
         {body}\n\
         end\n"
    )
}

/// Plays a story with one worker that runs this script.
pub(crate) fn play(text: &str, story: impl AsyncFnOnce(&World)) {
    play::run(1, Server::new().workers(1), script(text), story);
}

/// Runs this as [`invite_route`] and returns the reason phrase that it gives to `KSR.sl.send_reply(480, ..)`.
pub(crate) fn reason(body: &str) -> String {
    let mut reason = String::new();
    play(&invite_route(body), async |world| {
        let alice = world.agent("alice");
        let answer = call(&alice, 480).await;
        reason = answer.reason().unwrap_or_default().to_string();
        world.assert_nothing_left().await;
    });
    reason
}

/// What this body of a function returns, as text, in the route of a call from alice to bob.
pub(crate) fn told(body: &str) -> String {
    reason(&format!("local r = (function() {body} end)() KSR.sl.send_reply(480, tostring(r))"))
}

/// The same for expressions: each with what is done before, and what it is to be. Every one has a call of its own.
pub(crate) fn tell_all(before: &str, cases: &[(&str, &str)]) {
    for (expression, expected) in cases {
        assert_eq!(told(&format!("{before} return {expression}")), *expected, "{expression}");
    }
}

/// Calls bob and acknowledges the final response, which must have this status.
pub(crate) async fn call(alice: &Agent, status: u16) -> Message {
    let call = alice.invite("sip:bob@10.0.0.1");
    let answer = alice.recv_status(status).await;
    call.ack(&answer);
    answer
}

/// Sends a request and returns its final response.
pub(crate) async fn ask(phone: &Agent, method: &str, uri: &str, number: u32, status: u16) -> Message {
    phone.send(&phone.request(method, uri, number, ""));
    phone.recv_status(status).await
}

/// Everything that is logged meanwhile.
pub(crate) fn logged(run: impl FnOnce()) -> String {
    let lines = Lines::default();
    let log = tracing_subscriber::fmt().with_writer(lines.clone()).with_ansi(false).without_time();
    tracing::subscriber::with_default(log.finish(), run);
    let lines = lines.0.lock().unwrap_or_else(PoisonError::into_inner);
    String::from_utf8_lossy(&lines).into_owned()
}

/// A log in memory.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
