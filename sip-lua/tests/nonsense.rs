//! Scripts that are wrong: what is logged, what the caller gets, and that the next call works.

mod common;

use common::{ask, call, invite_route, logged, play, reason};

/// The caller gets 500, the log says why, and the next request is served.
#[track_caller]
fn fails(body: &str, wanted: &str) {
    let log = logged(|| {
        play(&invite_route(body), async |world| {
            let alice = world.agent("alice");
            call(&alice, 500).await;
            ask(&alice, "OPTIONS", "sip:10.0.0.1", 100, 200).await;
            world.assert_nothing_left().await;
        });
    });
    assert!(log.contains(wanted), "{wanted:?} in\n{log}");
}

#[test]
fn a_script_error_is_logged_with_file_and_line() {
    fails("\nlocal x = nil\nreturn x.y", "test.lua:6: attempt to index");
    fails("KSR.tm.t_relya()", "test.lua:4: attempt to call");
    fails("error('no more')", "test.lua:4: no more");
    fails("error('no line', 0)", "test.lua:1: ksr_request_route: no line");
    fails("\nerror({})", "test.lua:1: ksr_request_route: error object is a table value");
    fails("error()", "test.lua:1: ksr_request_route: error object is a nil value");
    fails("os.exit(1)", "test.lua:4: os.exit is not for scripts");
    fails("setmetatable({}, {__gc = print})", "test.lua:4: finalizers (__gc) are not for scripts");
}

#[test]
fn an_error_after_the_reply_changes_nothing_for_the_caller() {
    let body = "KSR.sl.send_reply(480, 'first') error('late')";
    let log = logged(|| assert_eq!(reason(body), "first"));
    assert!(log.contains("test.lua:4: late"), "{log}");
}

#[test]
fn what_a_route_returns_is_ignored() {
    for returned in ["", "-1, 'x'", "{}, print", "nil", "coroutine.create(print)"] {
        assert_eq!(reason(&format!("KSR.sl.send_reply(480, 'fine') return {returned}")), "fine");
    }
}

#[test]
fn a_request_route_that_is_no_function_any_more_gives_500() {
    let log = logged(|| {
        play(&invite_route("ksr_request_route = {} error('first')"), async |world| {
            let alice = world.agent("alice");
            call(&alice, 500).await;
            call(&alice, 500).await;
        });
    });
    assert!(log.contains("attempt to call"), "{log}");
    let log = logged(|| {
        play(&invite_route("ksr_request_route = nil error('first')"), async |world| {
            let alice = world.agent("alice");
            call(&alice, 500).await;
            call(&alice, 500).await;
        });
    });
    assert!(log.contains("the script has no function ksr_request_route any more"), "{log}");
}

#[test]
fn too_few_arguments_are_false_and_nothing_is_done() {
    let log = logged(|| {
        let body = "local r = KSR.sl.send_reply(404)\nKSR.sl.send_reply(480, tostring(r))";
        assert_eq!(reason(body), "false");
    });
    assert!(log.contains("KSR.sl.send_reply takes 2 arguments and got 1"), "{log}");
    assert!(log.contains("test.lua:4"), "{log}");
    assert_eq!(reason("KSR.sl.send_reply(480, tostring(KSR.await.sleep()))"), "false");
    // Compared with a number, as scripts do it, false is an error of Lua's.
    fails("if KSR.tm.t_on_failure() < 0 then return end", "test.lua:4: attempt to compare");
}

#[test]
fn wrong_arguments_are_taken_as_kemi_takes_them() {
    let not_sent = "local r = KSR.sl.send_reply(%, 'no') KSR.sl.send_reply(480, tostring(r))";
    for code in ["{}", "nil", "'x'", "99", "-1", "1e300", "0/0", "true", "700"] {
        assert_eq!(reason(&not_sent.replace('%', code)), "-1", "{code}");
    }
    for (code, text, wanted) in
        [("'480'", "'text'", "text"), ("480.0", "12", "12"), ("480", "'more', 'than', 'it', 'takes'", "more")]
    {
        assert_eq!(reason(&format!("KSR.sl.send_reply({code}, {text})")), wanted);
    }
    let seven = "local r = KSR.sl.send_reply(480, 'x', 3, 4, 5, 6, 7) KSR.sl.send_reply(480, tostring(r))";
    assert_eq!(reason(seven), "false");
}

#[test]
fn a_reason_phrase_that_would_break_the_message_is_refused() {
    let body = "local r = KSR.sl.send_reply(480, 'a\\r\\nX-Evil: 1') KSR.sl.send_reply(480, tostring(r))";
    assert_eq!(reason(body), "-1");
}

#[test]
fn the_top_level_has_no_message() {
    let text = format!(
        "RESULT = KSR.tm.t_relay and tostring(KSR.is_INVITE())\n{}",
        invite_route("KSR.sl.send_reply(480, RESULT)")
    );
    play(&text, async |world| {
        let answer = call(&world.agent("alice"), 480).await;
        assert_eq!(answer.reason(), Some("false".into()));
    });
}
