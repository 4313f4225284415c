//! A script that never ends, or that eats memory: its route ends with an error that names file and line, its
//! caller gets 500, and the next call works.

mod common;

use common::{ask, call, invite_route, logged, script_with};
use sip_lua::Settings;
use sip_server::{Server, play};

/// Three callers of this route get 500, for a reason that the log names; others are served before and after.
#[track_caller]
fn ends(body: &str, settings: Settings, wanted: &str) {
    let log = logged(|| {
        let routes = script_with(&invite_route(body), settings);
        play::run(1, Server::new().workers(1), routes, async |world| {
            let alice = world.agent("alice");
            for number in 0..3 {
                call(&alice, 500).await;
                ask(&alice, "OPTIONS", "sip:10.0.0.1", 100 + number, 200).await;
            }
            assert_eq!(world.shared().stats().failed, 3);
            world.assert_nothing_left().await;
        });
    });
    assert_eq!(log.matches(wanted).count(), 3, "{wanted:?} in\n{log}");
}

fn few_instructions() -> Settings {
    Settings::new().instructions(300_000)
}

const STOPPED: &str = "test.lua:4: stopped after 300000 instructions: does it loop for ever?";

#[test]
fn a_loop_without_end_is_stopped() {
    ends("while true do end", few_instructions(), STOPPED);
}

#[test]
fn a_tail_call_without_end_is_stopped() {
    ends("local function f() return f() end f()", few_instructions(), STOPPED);
}

#[test]
fn a_loop_is_stopped_through_every_pcall_around_it() {
    ends("while true do pcall(function() while true do end end) end", few_instructions(), STOPPED);
    ends(
        "local function f() pcall(f) while true do end end while true do pcall(f) end",
        few_instructions(),
        STOPPED,
    );
    let own = "xpcall(error, function() while true do end end)";
    ends(own, few_instructions(), STOPPED);
    let handler =
        "while true do xpcall(function() while true do end end, function() while true do end end) end";
    ends(handler, few_instructions(), STOPPED);
}

#[test]
fn a_loop_in_a_coroutine_is_stopped_with_all_that_is_around_it() {
    for body in [
        "while true do pcall(coroutine.wrap(function() while true do end end)) end",
        "while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
        "local function nest() pcall(coroutine.wrap(nest)) while true do end end nest()",
        // Each ends long before it is looked at.
        "while true do coroutine.wrap(function() for i = 1, 100 do end end)() end",
    ] {
        ends(body, few_instructions(), STOPPED);
    }
}

#[test]
fn a_loop_in_a_callback_is_stopped() {
    for body in [
        "string.gsub('x', 'x', function() while true do end end)",
        "table.sort({3, 1, 2}, function(a, b) while true do end end)",
        "local t = setmetatable({}, {__index = function() while true do end end}) return t.x",
        "string.gsub('x', 'x', function() coroutine.wrap(function() while true do end end)() end)",
    ] {
        ends(body, few_instructions(), STOPPED);
    }
}

#[test]
fn a_loop_between_two_waits_is_stopped_and_loops_around_them_are_not() {
    ends("for i = 1, 3 do KSR.await.sleep(1) end while true do end", few_instructions(), STOPPED);
    // A fiftieth of the limit a turn.
    let patient =
        "for i = 1, 50 do for j = 1, 6000 do end KSR.await.sleep(1) end KSR.sl.send_reply(480, 'done')";
    let routes = script_with(&invite_route(patient), few_instructions());
    play::run(1, Server::new().workers(1), routes, async |world| {
        call(&world.agent("alice"), 480).await;
    });
}

#[test]
fn a_stopped_callback_leaves_the_next_route_able_to_wait() {
    // The error ends the callback of gsub in the middle of a coroutine of the script.
    let body = "seen = (seen or 0) + 1 \
                if seen == 1 then string.gsub('x', 'x', function() coroutine.wrap(function() while true do end end)() end) end \
                KSR.await.sleep(10) KSR.sl.send_reply(480, 'waited')";
    let routes = script_with(&invite_route(body), few_instructions());
    play::run(1, Server::new().workers(1), routes, async |world| {
        let alice = world.agent("alice");
        call(&alice, 500).await;
        call(&alice, 480).await;
    });
}

#[test]
fn with_the_jit_a_script_runs_and_the_log_says_that_nothing_is_counted() {
    let log = logged(|| {
        let body = "local n = 0 for i = 1, 1000000 do n = n + i % 7 end KSR.await.sleep(1) KSR.sl.send_reply(480, 'done')";
        let routes = script_with(&invite_route(body), few_instructions().jit(true));
        play::run(1, Server::new().workers(1), routes, async |world| {
            call(&world.agent("alice"), 480).await;
        });
    });
    assert!(log.contains("the limit on instructions is not enforced"), "{log}");
}

#[test]
fn deep_recursion_is_an_error_with_its_line() {
    // LuaJIT does not say where; the route is named then.
    let wanted = if cfg!(feature = "lua54") {
        "test.lua:4: stack overflow"
    } else {
        "test.lua:1: ksr_request_route: stack overflow"
    };
    ends("local function f() return 1 + f() end f()", Settings::new(), wanted);
}

fn little_memory() -> Settings {
    Settings::new().memory(16 << 20)
}

const FULL: &str =
    "test.lua:1: ksr_request_route: out of memory: the script may have 16777216 bytes on each worker";

#[test]
fn memory_that_a_call_eats_is_back_for_the_next() {
    ends("local t = {} while true do t[#t + 1] = string.rep('x', 100000) .. #t end", little_memory(), FULL);
    ends("local s = 'x' while true do s = s .. s end", little_memory(), FULL);
    ends("return string.rep('x', 1e9)", little_memory(), FULL);
    ends("local t = {} while true do t[#t + 1] = coroutine.create(print) end", little_memory(), FULL);
}

#[test]
fn a_pcall_around_what_eats_memory_does_not_help_it() {
    let body = "local t = {} local function eat() t[#t + 1] = string.rep('x', 100000) .. #t end \
                while true do pcall(eat) end";
    ends(body, little_memory().instructions(50_000), "test.lua:4: stopped after 50000 instructions");
}

#[test]
fn a_script_that_keeps_its_memory_full_is_loaded_anew() {
    let body = "kept = kept or {} while true do kept[#kept + 1] = string.rep('x', 100000) .. #kept end";
    ends(body, little_memory(), FULL);
    ends(body, little_memory(), "the script keeps its memory full: it is loaded anew");
}

#[test]
fn a_call_that_waits_goes_on_when_another_has_filled_the_memory() {
    let text = "function ksr_request_route()\n\
                if KSR.is_ACK() then return end\n\
                if KSR.is_INVITE() then KSR.await.sleep(1000) KSR.sl.send_reply(480, 'waited') return end\n\
                kept = kept or {} while true do kept[#kept + 1] = string.rep('x', 100000) .. #kept end\n\
                end";
    let routes = script_with(text, little_memory());
    play::run(1, Server::new().workers(1), routes, async |world| {
        let (alice, carol) = (world.agent("alice"), world.agent("carol"));
        let waits = alice.invite("sip:bob@10.0.0.1");
        alice.recv_status(100).await;
        ask(&carol, "MESSAGE", "sip:10.0.0.1", 1, 500).await;
        let answer = alice.recv_status(480).await;
        waits.ack(&answer);
        call(&alice, 480).await;
        world.assert_nothing_left().await;
    });
}
