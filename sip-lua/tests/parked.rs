//! Calls that wait in a script: 50,000 at once on one worker.

mod common;

use std::io::{self, Write};
use std::time::Duration;

use common::{ask, script_with};
use sip_lua::Settings;
use sip_server::{Server, play};

const CALLS: u32 = 50_000;

/// Calls to this server wait, calls to elsewhere are relayed; OPTIONS tells the memory of the VM in KiB.
const SCRIPT: &str = r#"
function ksr_request_route()
	if KSR.is_OPTIONS() then
		collectgarbage() collectgarbage()
		KSR.sl.send_reply(200, string.format("%.0f", collectgarbage("count")))
	elseif not KSR.is_myself_ruri() then
		KSR.tm.t_relay()
	elseif KSR.is_INVITE() then
		local begun = "kept over the wait"
		KSR.await.sleep(20000)
		KSR.sl.send_reply(480, begun)
	end
end
"#;

#[test]
fn fifty_thousand_calls_wait_at_once_and_all_go_on() {
    let routes = script_with(SCRIPT, Settings::new());
    play::run(1, Server::new().workers(1), routes, async |world| {
        let (alice, bob, carol) = (world.agent("alice"), world.agent("bob"), world.agent("carol"));
        let idle = ask(&carol, "OPTIONS", "sip:10.0.0.1", 1, 200).await;
        let calls: Vec<_> = (0..CALLS).map(|_| alice.invite("sip:somebody@10.0.0.1")).collect();
        world.network().clear_packets();
        let before = resident();
        for _ in 0..CALLS {
            alice.recv_status(100).await;
        }
        world.network().clear_packets();
        let after = resident();
        assert_eq!(world.shared().stats().parked, u64::from(CALLS));

        // Others are served as if nobody waited.
        let begun = world.network().elapsed();
        let full = ask(&carol, "OPTIONS", "sip:10.0.0.1", 2, 200).await;
        let call = carol.invite(&bob.contact());
        let invite = bob.recv_request("INVITE").await;
        bob.respond(&invite, 200);
        let answer = carol.recv_status(200).await;
        call.ack(&answer);
        bob.recv_request("ACK").await;
        call.bye(&answer);
        let bye = bob.recv_request("BYE").await;
        bob.respond(&bye, 200);
        carol.recv_status(200).await;
        assert!(
            world.network().elapsed() - begun < Duration::from_millis(100),
            "not held up by those that wait"
        );
        assert_eq!(world.shared().stats().parked, u64::from(CALLS));

        for call in &calls {
            let answer = alice.recv_status(480).await;
            assert_eq!(answer.reason(), Some("kept over the wait".into()));
            call.ack(&answer);
        }
        assert!(alice.recv_within(Duration::from_secs(60)).await.is_none(), "each was answered once");
        world.assert_nothing_left().await;
        let done = ask(&carol, "OPTIONS", "sip:10.0.0.1", 3, 200).await;

        let kib = |answer: &sip_core::Message| -> u64 {
            answer.reason().and_then(|text| text.to_string().parse().ok()).unwrap_or_default()
        };
        let lua = (kib(&full) - kib(&idle)) * 1024 / u64::from(CALLS);
        assert!(lua > 0, "each waits in a coroutine of its own");
        assert!(kib(&done) < kib(&idle) + (kib(&full) - kib(&idle)) / 10, "and its memory comes back");
        let whole = match (before, after) {
            (Some(before), Some(after)) => (after.saturating_sub(before) / u64::from(CALLS)).to_string(),
            _ => "an unknown number of".into(),
        };
        // Not `eprintln`: what a test prints is shown only when it fails.
        let text = format!("a parked call: {lua} bytes of Lua; {whole} bytes in all beside its datagram");
        let _ = writeln!(io::stderr(), "{text} ({CALLS} parked)");
    });
}

/// Bytes of memory that this process has, where the system tells.
fn resident() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    Some(statm.split_whitespace().nth(1)?.parse::<u64>().ok()? * 4096)
}

#[test]
fn a_caller_who_gives_up_ends_the_wait_and_the_script_learns_nothing() {
    let text = "function ksr_request_route()\n\
                if KSR.is_CANCEL() then KSR.tm.t_relay() return end\n\
                if KSR.is_OPTIONS() then KSR.sl.send_reply(200, went_on or 'never') return end\n\
                if KSR.is_INVITE() then KSR.await.sleep(5000) went_on = 'went on' end\n\
                end";
    common::play(text, async |world| {
        let alice = world.agent("alice");
        let call = alice.invite("sip:bob@10.0.0.1");
        alice.recv_status(100).await;
        call.cancel();
        alice.recv_status(200).await;
        let ended = alice.recv_status(487).await;
        call.ack(&ended);
        world.pass(Duration::from_secs(10)).await;
        let asked = ask(&alice, "OPTIONS", "sip:10.0.0.1", 9, 200).await;
        assert_eq!(asked.reason(), Some("never".into()));
        world.assert_nothing_left().await;
    });
}

#[test]
fn a_call_that_waits_too_long_gets_408() {
    common::play(&common::invite_route("KSR.await.sleep(100000)"), async |world| {
        common::call(&world.agent("alice"), 408).await;
        world.assert_nothing_left().await;
    });
}

#[test]
fn serial_forking_is_a_loop() {
    let text = "function ksr_request_route()\n\
                if not KSR.is_INVITE() then KSR.tm.t_relay() return end\n\
                local tried = ''\n\
                for _, uri in ipairs({'sip:bob@10.0.1.2', 'sip:carol@10.0.1.3'}) do\n\
                KSR.seturi(uri)\n\
                local status = KSR.await.relay()\n\
                tried = tried .. status .. ' '\n\
                if status == 200 then break end\n\
                end\n\
                KSR.info('tried ' .. tried)\n\
                end";
    let log = common::logged(|| {
        common::play(text, async |world| {
            let (alice, bob, carol) = (world.agent("alice"), world.agent("bob"), world.agent("carol"));
            for last in [200, 486] {
                let call = alice.invite("sip:both@10.0.0.1");
                let first = bob.recv_request("INVITE").await;
                bob.respond(&first, 480);
                bob.recv_request("ACK").await;
                let second = carol.recv_request("INVITE").await;
                carol.respond(&second, last);
                let answer = alice.recv_status(last).await;
                if last == 486 {
                    carol.recv_request("ACK").await;
                }
                call.ack(&answer);
                if last == 200 {
                    carol.recv_request("ACK").await;
                }
            }
            world.assert_nothing_left().await;
        });
    });
    assert!(log.contains("tried 480 200"), "{log}");
    assert!(log.contains("tried 480 486"), "{log}");
}
