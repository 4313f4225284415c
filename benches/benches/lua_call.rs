//! What one `KSR` call costs: the way from Lua into Rust and back, and what is done there.
//!
//! A request route calls the same function as often as the header `X-Count` of its request says; measured is the
//! time from the request to its reply, in a network in memory.

#![allow(missing_docs, reason = "criterion_group writes a public function")]
#![allow(clippy::expect_used, reason = "a measurement that fails has nothing to say")]

use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use sip_lua::{LuaRoutes, Script, Settings};
use sip_server::{Server, play};

/// The call, by the name of its case. The first is the loop alone.
const CALLS: [(&str, &str); 8] = [
    ("loop", ""),
    ("is_method_in", "KSR.is_method_in('IABC')"),
    ("is_myself_ruri", "KSR.is_myself_ruri()"),
    ("pv_get_ru", "KSR.pv.get('$ru')"),
    ("pv_get_hdr", "KSR.pv.get('$hdr(Call-ID)')"),
    ("pv_sets_var", "KSR.pv.sets('$var(x)', 'a short text')"),
    ("kx_get_method", "KSR.kx.get_method()"),
    ("hdr_append_remove", "KSR.hdr.append('X-One: 1\\r\\n') KSR.hdr.remove('X-One')"),
];

fn script(call: &str) -> Script {
    let text = format!(
        "function ksr_request_route()\n\
         for i = 1, tonumber(KSR.hdr.get('X-Count')) do {call} end\n\
         KSR.sl.send_reply(200, 'OK')\n\
         end\n"
    );
    Script::new("lua_call.lua", text, Settings::new().instructions(0))
}

/// How long this many calls take.
fn time(call: &str, count: u64) -> Duration {
    let routes = LuaRoutes::factory(script(call)).expect("the script loads");
    let mut took = Duration::ZERO;
    play::run(1, Server::new().workers(1), routes, async |world| {
        let alice = world.agent("alice");
        let options = alice.request("OPTIONS", "sip:10.0.0.1", 1, &format!("X-Count: {count}\n"));
        let start = Instant::now();
        alice.send(&options);
        alice.recv_status(200).await;
        took = start.elapsed();
    });
    took
}

fn calls(c: &mut Criterion) {
    for (name, call) in CALLS {
        c.bench_function(&format!("lua_call/{name}"), |b| b.iter_custom(|count| time(call, count)));
    }
}

criterion_group!(benches, calls);
criterion_main!(benches);
