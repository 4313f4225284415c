//! Lua's own ways to leave a function, around calls that wait.

mod common;

use common::{ask, call, invite_route, logged, play, reason};
use sip_server::{Server, play};

/// What `expression` gives, as text.
fn value(before: &str, expression: &str) -> String {
    reason(&format!("{before} KSR.sl.send_reply(480, tostring({expression}))"))
}

#[test]
fn waiting_works_within_pcall_and_xpcall() {
    assert_eq!(value("local ok, r = pcall(KSR.await.sleep, 10)", "ok and r"), "1");
    assert_eq!(value("local ok, r = pcall(function() KSR.await.sleep(10) error('x', 0) end)", "r"), "x");
    let handler = "local ok, r = xpcall(function() KSR.await.sleep(1) error('x', 0) end, function(e) return e .. 'y' end)";
    assert_eq!(value(handler, "r"), "xy");
    let traced = "local ok, r = xpcall(function() error('x', 0) end, debug.traceback)";
    assert_eq!(value(traced, "r:match('^x\\nstack traceback:') ~= nil"), "true");
}

#[test]
fn exit_ends_the_route_and_a_pcall_of_the_script_catches_it() {
    assert_eq!(
        reason("KSR.sl.send_reply(480, 'before') KSR.x.exit() KSR.sl.send_reply(481, 'after')"),
        "before"
    );
    assert_eq!(
        reason("local function deep() KSR.sl.send_reply(480, 'deep') KSR.x.exit() end deep() error('no')"),
        "deep"
    );
    assert_eq!(value("local ok, e = pcall(KSR.x.exit)", "e"), "~~ksr~exit~~");
    assert_eq!(value("pcall(KSR.x.exit)", "'went on'"), "went on");
    assert_eq!(
        reason("KSR.await.sleep(1) KSR.sl.send_reply(480, 'waited') KSR.x.exit() error('no')"),
        "waited"
    );
}

#[test]
fn waiting_works_within_coroutines_of_the_script() {
    let wrapped = "local co = coroutine.wrap(function(a) local b = KSR.await.sleep(10) return a .. b end)";
    assert_eq!(value(wrapped, "co('x')"), "x1");
    // Values of yields and waits do not mix.
    let generator = "local co = coroutine.wrap(function(a) for i = 1, 3 do KSR.await.sleep(i) a = coroutine.yield(a * 2) end end) \
                     local sum = 0 for i = 1, 3 do sum = sum + co(i) end";
    assert_eq!(value(generator, "sum"), "12");
    let nested = "local co = coroutine.wrap(function() return coroutine.wrap(function() return KSR.await.sleep(5) end)() + 1 end)";
    assert_eq!(value(nested, "co()"), "2");
    let status = "local co = coroutine.create(function() KSR.await.sleep(1) error('late', 0) end) local ok, e = coroutine.resume(co)";
    assert_eq!(value(status, "e .. coroutine.status(co)"), "latedead");
    let exits = "local ok, e = coroutine.resume(coroutine.create(function() KSR.x.exit() end))";
    assert_eq!(value(exits, "e"), "~~ksr~exit~~");
    assert_eq!(
        reason("coroutine.wrap(function() KSR.sl.send_reply(480, 'in') KSR.x.exit() end)() error('no')"),
        "in"
    );
}

#[test]
fn waiting_works_within_metamethods_and_iterators() {
    let index = "local t = setmetatable({}, {__index = function(_, k) KSR.await.sleep(1) return k end})";
    assert_eq!(value(index, "t.name"), "name");
    let iterator = "local n = 0 for i in function(_, i) i = (i or 0) + 1 KSR.await.sleep(1) if i < 4 then return i end end do n = n + i end";
    assert_eq!(value(iterator, "n"), "6");
}

#[test]
fn where_lua_cannot_wait_it_is_an_error_that_names_the_function() {
    for around in [
        "string.gsub('x', 'x', function() KSR.await.sleep(1) end)",
        "table.sort({2, 1}, function(a, b) KSR.await.sleep(1) return a < b end)",
        // A coroutine of the script could wait: what is around it cannot.
        "string.gsub('x', 'x', function() coroutine.wrap(function() KSR.await.sleep(1) end)() end)",
    ] {
        let caught = format!("local ok, e = pcall(function() {around} end)");
        let text = value(&caught, "not ok and e:match('KSR.await.sleep cannot wait here')");
        assert_eq!(text, "KSR.await.sleep cannot wait here", "{around}");
        // Nothing of it stays: the same route can wait afterwards.
        assert_eq!(value(&caught, "KSR.await.sleep(1)"), "1", "{around}");

        let log = logged(|| {
            play(&invite_route(around), async |world| {
                let alice = world.agent("alice");
                call(&alice, 500).await;
                ask(&alice, "OPTIONS", "sip:10.0.0.1", 100, 200).await;
                world.assert_nothing_left().await;
            });
        });
        assert!(log.contains("test.lua:4: KSR.await.sleep cannot wait here"), "{log}");
    }
    // What does not wait works there.
    assert_eq!(
        value("local s = string.gsub('ab', '.', function(c) return tostring(KSR.is_INVITE()) end)", "s"),
        "truetrue"
    );
}

#[test]
fn a_yield_outside_of_a_coroutine_is_an_error() {
    let log = logged(|| {
        play(&invite_route("coroutine.yield(1)"), async |world| {
            let alice = world.agent("alice");
            call(&alice, 500).await;
            call(&alice, 500).await;
            world.assert_nothing_left().await;
        });
    });
    assert!(log.contains("test.lua:4: attempt to yield from outside a coroutine"), "{log}");
    assert_eq!(
        value("local ok = pcall(coroutine.yield, 1) local again = pcall(coroutine.yield)", "ok or again"),
        "false"
    );
    assert_eq!(value("pcall(coroutine.yield, 1) local r = KSR.await.sleep(1)", "r"), "1");
}

#[test]
fn a_coroutine_that_waits_is_not_resumed_by_another_call() {
    let text = "local co = coroutine.create(function() KSR.await.sleep(1000) return 'slept' end)\n\
                function ksr_request_route()\n\
                if KSR.is_ACK() then return end\n\
                local ok, what = coroutine.resume(co)\n\
                KSR.sl.send_reply(480, tostring(what))\n\
                end";
    play(text, async |world| {
        let (alice, carol) = (world.agent("alice"), world.agent("carol"));
        let first = alice.invite("sip:bob@10.0.0.1");
        alice.recv_status(100).await;
        let answer = call(&carol, 480).await;
        assert_eq!(answer.reason(), Some("cannot resume a coroutine that waits".into()));
        let answer = alice.recv_status(480).await;
        first.ack(&answer);
        assert_eq!(answer.reason(), Some("slept".into()));
        world.assert_nothing_left().await;
    });
}

#[test]
fn locals_survive_a_wait_and_each_call_has_its_own() {
    let text = invite_route(
        "calls = (calls or 0) + 1 local mine = calls KSR.await.sleep(100) KSR.sl.send_reply(480, mine .. ' of ' .. calls)",
    );
    play::run(1, Server::new().workers(1), common::script(&text), async |world| {
        let (alice, carol) = (world.agent("alice"), world.agent("carol"));
        let first = alice.invite("sip:bob@10.0.0.1");
        let second = carol.invite("sip:bob@10.0.0.1");
        let (a, b) = (alice.recv_status(480).await, carol.recv_status(480).await);
        first.ack(&a);
        second.ack(&b);
        assert_eq!((a.reason(), b.reason()), (Some("1 of 2".into()), Some("2 of 2".into())));
        world.assert_nothing_left().await;
    });
}
