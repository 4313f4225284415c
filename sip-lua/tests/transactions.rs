//! `KSR.tm` and `KSR.tmx` in scripts: contacts by preference, timers, branches, other calls, requests from here.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod common;

use std::time::Duration;

use common::{ask, invite_route};
use sip_server::play::{self, Agent, World};

const SECOND: Duration = Duration::from_secs(1);

/// Registers Bob at another phone, with a preference.
async fn register(phone: &Agent, q: &str) {
    let text = phone.request("REGISTER", "sip:10.0.0.1", 0, "Expires: 3600\n");
    let contact = format!("Contact: <{}>", phone.contact());
    phone.send(&text.replace(&contact, &format!("{contact}{q}")));
    phone.recv_status(200).await;
}

/// Has an INVITE in its hands and refuses it.
async fn refuse(phone: &Agent, status: u16) {
    let invite = phone.recv_request("INVITE").await;
    phone.respond(&invite, status);
    phone.recv_request("ACK").await;
}

/// The reason phrase of the 480 that ends the call.
async fn told(alice: &Agent) -> String {
    let call = alice.invite("sip:bob@10.0.0.1");
    told_to(alice, &call).await
}

async fn told_to(alice: &Agent, call: &play::Call<'_>) -> String {
    let answer = alice.recv_status(480).await;
    call.ack(&answer);
    answer.reason().unwrap_or_default().to_string()
}

#[test]
fn contacts_are_tried_by_preference_until_none_is_left() {
    let script = "function ksr_request_route()
            if KSR.is_REGISTER() then KSR.registrar.save('location', 0) return end
            if not KSR.is_INVITE() then return end
            KSR.registrar.lookup('location')
            if KSR.tm.t_load_contacts() < 0 then return end
            first = KSR.tm.t_next_contacts()
            KSR.tm.t_on_failure('next')
            KSR.tm.t_relay()
        end
        function next()
            local more = KSR.tm.t_next_contacts()
            if more > 0 then
                KSR.tm.t_on_failure('next')
                KSR.tm.t_relay()
            else
                KSR.tm.t_reply(480, first .. ' then ' .. more)
            end
        end";
    common::play(script, async |world| {
        let alice = world.agent("alice");
        let [low, best] = ["bob", "bob"].map(|user| world.agent(user));
        register(&low, ";q=0.2").await;
        register(&best, ";q=0.7").await;
        let call = alice.invite("sip:bob@10.0.0.1");
        refuse(&best, 486).await;
        refuse(&low, 486).await;
        assert_eq!(told_to(&alice, &call).await, "1 then -2");
        world.assert_nothing_left().await;
    });
}

#[test]
fn branches_that_were_appended_are_sorted_too() {
    let body = "KSR.pv.sets('$ru', 'sip:a@10.0.1.2:5060') KSR.corex.append_branch()
        KSR.pv.sets('$ru', 'sip:b@10.0.1.3:5060') KSR.corex.append_branch()
        local loaded = KSR.tm.t_load_contacts()
        local first = KSR.tm.t_next_contacts()
        local ruri = KSR.pv.get('$ru')
        KSR.sl.send_reply(480, loaded .. ' ' .. first .. ' ' .. ruri .. ' ' .. KSR.tm.t_next_contacts())";
    common::play(&invite_route(body), async |world| {
        // One group, for none has a preference.
        assert_eq!(told(&world.agent("alice")).await, "1 1 sip:a@10.0.1.2:5060 -2");
    });
}

#[test]
fn a_failure_route_learns_what_became_of_the_branches() {
    let script = "function ksr_request_route()
            if KSR.is_ACK() then return end
            KSR.tm.t_set_fr(0, 2000)
            KSR.corex.append_branch_uri('sip:carol@10.0.1.3:5060')
            KSR.pv.sets('$ru', 'sip:bob@10.0.1.2:5060')
            KSR.tm.t_on_failure('failed')
            KSR.tm.t_relay()
        end
        function failed()
            local tm = KSR.tm
            local told = { tm.t_any_timeout(), tm.t_any_replied(), tm.t_grep_status(486), tm.t_grep_status(404),
                tm.t_branch_timeout(), tm.t_branch_replied(), tm.t_get_branch_index(), tm.t_get_status_code() }
            KSR.tm.t_reply(480, table.concat(told, ' '))
        end";
    for (carol_answers, expected) in [(true, "-1 1 1 1 -1 1 1 404"), (false, "1 1 1 -1 1 -1 1 408")] {
        common::play(script, async |world| {
            let [alice, bob, carol] = ["alice", "bob", "carol"].map(|user| world.agent(user));
            let call = alice.invite("sip:x@10.0.0.1");
            refuse(&bob, 486).await;
            if carol_answers {
                refuse(&carol, 404).await;
            }
            assert_eq!(told_to(&alice, &call).await, expected);
            while carol.recv_within(SECOND).await.is_some() {}
        });
    }
}

#[test]
fn the_failure_route_decides_which_replies_count_again() {
    for (mode, best) in
        [("t_drop_replies('n')", 404), ("t_drop_replies('a')", 486), ("t_drop_replies_all()", 486)]
    {
        let script = format!(
            "function ksr_request_route()
                if KSR.is_ACK() then return end
                KSR.pv.sets('$ru', 'sip:bob@10.0.1.2:5060')
                KSR.tm.t_on_failure('failed')
                KSR.tm.t_relay()
            end
            function failed()
                KSR.tm.{mode}
                KSR.pv.sets('$ru', 'sip:carol@10.0.1.3:5060')
                KSR.tm.t_relay()
            end"
        );
        common::play(&script, async |world| {
            let [alice, bob, carol] = ["alice", "bob", "carol"].map(|user| world.agent(user));
            let call = alice.invite("sip:x@10.0.0.1");
            refuse(&bob, 404).await;
            refuse(&carol, 486).await;
            let end = alice.recv_status(best).await;
            call.ack(&end);
            world.assert_nothing_left().await;
        });
    }
}

#[test]
fn timers_of_a_transaction_are_set_and_set_back() {
    let ends = |set: &str| {
        let script = format!(
            "function ksr_request_route()
                if KSR.is_ACK() then return end
                KSR.pv.sets('$ru', 'sip:bob@10.0.1.2:5060')
                {set}
                KSR.tm.t_relay()
            end"
        );
        let mut seen = (0, 0);
        common::play(&script, async |world| {
            let (alice, bob) = (world.agent("alice"), world.agent("bob"));
            let call = alice.invite("sip:x@10.0.0.1");
            bob.recv_request("INVITE").await;
            let first = world.network().elapsed();
            let again = bob.recv_request("INVITE").await;
            let gap = (world.network().elapsed() - first).as_millis();
            bob.respond(&again, 180);
            alice.recv_status(180).await;
            let late = alice.recv_status(408).await;
            seen = (gap, world.network().elapsed().as_secs());
            call.ack(&late);
        });
        seen
    };
    assert_eq!(ends(""), (500, 120));
    assert_eq!(ends("KSR.tm.t_set_retr(200, 1000) KSR.tm.t_set_max_lifetime(9000, 0)"), (200, 9));
    let reset = "KSR.tm.t_reset_retr() KSR.tm.t_reset_max_lifetime()";
    assert_eq!(
        ends(&format!("KSR.tm.t_set_retr(200, 1000) KSR.tm.t_set_max_lifetime(9000, 0) {reset}")),
        (500, 120)
    );
}

#[test]
fn a_6xx_is_only_one_of_the_answers_where_the_script_says_so() {
    let script = "function ksr_request_route()
            if KSR.is_ACK() then return end
            KSR.tm.t_set_disable_6xx(1)
            KSR.corex.append_branch_uri('sip:carol@10.0.1.3:5060')
            KSR.pv.sets('$ru', 'sip:bob@10.0.1.2:5060')
            KSR.tm.t_relay()
        end";
    common::play(script, async |world| {
        let [alice, bob, carol] = ["alice", "bob", "carol"].map(|user| world.agent(user));
        let call = alice.invite("sip:x@10.0.0.1");
        refuse(&bob, 603).await;
        let invite = carol.recv_request("INVITE").await;
        carol.respond(&invite, 200);
        let answer = alice.recv_status(200).await;
        call.ack(&answer);
    });
}

/// INVITEs wait until OPTIONS does this with the first of them, and tells what it returned.
fn other_call(call: &str) -> String {
    format!(
        "function ksr_request_route()
            if KSR.is_OPTIONS() then return KSR.sl.send_reply(200, tostring({call})) end
            if KSR.is_ACK() then return end
            KSR.pv.sets('$ru', 'sip:bob@10.0.1.2:5060')
            KSR.tm.t_relay()
        end"
    )
}

async fn ringing(world: &World, alice: &Agent, bob: &Agent) -> sip_core::Message {
    let invite = bob.recv_request("INVITE").await;
    bob.respond(&invite, 180);
    alice.recv_status(180).await;
    world.pass(SECOND).await;
    invite
}

#[test]
fn a_call_is_answered_or_cancelled_by_its_id_from_elsewhere() {
    for (call, done) in [
        ("KSR.tmx.t_reply_callid('alice-1', '1', 480, 'by name')", true),
        ("KSR.tmx.t_reply_callid('alice-1', '2', 480, 'by name')", false),
        ("KSR.tmx.t_reply_callid('nobody', '1', 480, 'by name')", false),
        ("KSR.tmx.t_cancel_callid('alice-1', '1', 0)", true),
        ("KSR.tmx.t_cancel_callid('alice-1', 'x', 0)", false),
    ] {
        common::play(&other_call(call), async |world| {
            let [alice, bob, carol] = ["alice", "bob", "carol"].map(|user| world.agent(user));
            let invited = alice.invite("sip:x@10.0.0.1");
            let invite = ringing(world, &alice, &bob).await;
            let answer = ask(&carol, "OPTIONS", "sip:10.0.0.1", 1, 200).await;
            assert_eq!(answer.reason().expect("a reason"), if done { "1" } else { "-1" }, "{call}");
            if !done {
                return;
            }
            let cancel = bob.recv_request("CANCEL").await;
            bob.respond(&cancel, 200);
            bob.respond(&invite, 487);
            if call.contains("t_reply_callid") {
                assert_eq!(told_to(&alice, &invited).await, "by name");
            } else {
                let end = alice.recv_status(487).await;
                invited.ack(&end);
            }
            world.assert_nothing_left().await;
        });
    }
}

#[test]
fn a_released_request_is_never_answered() {
    let body = "KSR.tm.t_newtran() told = KSR.tm.t_release() .. ' ' .. KSR.tm.t_lookup_request()
        .. ' ' .. KSR.tm.t_lookup_cancel()";
    let script = format!("{}\n", invite_route(body))
        .replace("KSR.sl.send_reply(200, 'OK')", "KSR.sl.send_reply(200, told)");
    common::play(&script, async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        let call = alice.invite("sip:x@10.0.0.1");
        alice.recv_status(100).await;
        call.send_again();
        while let Some(answer) = alice.recv_within(5 * SECOND).await {
            assert_eq!(answer.status().expect("a response").code(), 100, "no final one");
        }
        let told = ask(&bob, "OPTIONS", "sip:10.0.0.1", 1, 200).await;
        assert_eq!(told.reason().expect("a reason"), "1 1 -1");
        world.assert_nothing_left().await;
    });
}

#[test]
fn a_script_sends_a_request_of_its_own() {
    let body = "local headers = 'From: <sip:alarm@example.com>\\r\\nTo: <sip:bob@example.com>\\r\\n'
            .. 'Content-Type: text/html\\r\\nX-Why: door\\r\\n'
        local sent = KSR.tm.t_uac_send('MESSAGE', 'sip:bob@example.com', 'sip:10.0.1.2:5060', '.', headers, '<b>')
        local plain = KSR.tm.t_uac_send('OPTIONS', 'sip:bob@10.0.1.2:5060', '.', '.', '.', '.')
        local bad = KSR.tm.t_uac_send('OPTIONS', 'sip:bob@10.0.1.2:5060', '.', '.', 'no header', '.')
        KSR.sl.send_reply(480, sent .. ' ' .. plain .. ' ' .. bad)";
    common::play(&invite_route(body), async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        assert_eq!(told(&alice).await, "1 1 -1");
        let message = bob.recv_request("MESSAGE").await;
        assert_eq!(message.request_uri().expect("a URI"), "sip:bob@example.com");
        for (name, value) in [("Content-Type", "text/html"), ("X-Why", "door")] {
            assert_eq!(message.header(name).expect("as given"), value);
        }
        assert!(message.from().is_ok_and(|from| from.tag().is_some()));
        assert_eq!(message.body(), b"<b>");
        bob.respond(&message, 200);
        let options = bob.recv_request("OPTIONS").await;
        bob.respond(&options, 200);
        world.assert_nothing_left().await;
    });
}

/// Describes a MESSAGE to Bob, with credentials.
const DESCRIBED: &str = "KSR.pv.unset('$uac_req(all)')
    KSR.pv.sets('$uac_req(method)', 'MESSAGE')
    KSR.pv.sets('$uac_req(ruri)', 'sip:bob@example.com')
    KSR.pv.sets('$uac_req(furi)', 'sip:alarm@example.com')
    KSR.pv.sets('$uac_req(turi)', 'sip:door@example.com')
    KSR.pv.sets('$uac_req(ouri)', 'sip:10.0.1.2:5060')
    KSR.pv.sets('$uac_req(hdrs)', 'X-Why: door\\r\\nContent-Type: text/html\\r\\n')
    KSR.pv.sets('$uac_req(body)', '<b>')
    KSR.pv.sets('$uac_req(callid)', 'ours')
    KSR.pv.sets('$uac_req(auser)', 'alarm')
    KSR.pv.sets('$uac_req(apasswd)', 'secret')
";

#[test]
fn a_described_request_is_sent_with_all_its_parts() {
    let body = format!("{DESCRIBED} KSR.sl.send_reply(480, tostring(KSR.uac.uac_req_send()))");
    common::play(&invite_route(&body), async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        assert_eq!(told(&alice).await, "1");
        let message = bob.recv_request("MESSAGE").await;
        assert_eq!(message.request_uri().expect("a URI"), "sip:bob@example.com");
        for (name, value) in [
            ("To", "<sip:door@example.com>"),
            ("Call-ID", "ours"),
            ("X-Why", "door"),
            ("Content-Type", "text/html"),
        ] {
            assert_eq!(message.header(name).expect("as given"), value);
        }
        assert!(message.from().is_ok_and(|from| from.uri_text() == "sip:alarm@example.com"));
        assert_eq!(message.body(), b"<b>");
        bob.respond(&message, 200);
        world.assert_nothing_left().await;
    });
    assert_eq!(common::reason("KSR.sl.send_reply(480, tostring(KSR.uac.uac_req_send()))"), "-1", "no URI");
}

#[test]
fn a_script_waits_for_what_comes_of_its_request_and_a_challenge_is_answered() {
    let body = format!(
        "{DESCRIBED} local code = KSR.await.uac_req_send()
         KSR.sl.send_reply(480, code .. ' ' .. KSR.pv.geti('$uac_req(evcode)') .. ' ' .. KSR.pv.geti('$uac_req(evtype)'))"
    );
    common::play(&invite_route(&body), async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        let call = alice.invite("sip:x@10.0.0.1");
        let first = bob.recv_request("MESSAGE").await;
        let challenge = sip_core::build::response(&first, sip_core::StatusCode::UNAUTHORIZED)
            .to_tag("b")
            .header("WWW-Authenticate", "Digest realm=\"r\", nonce=\"n\"");
        let text = String::from_utf8(challenge.finish().expect("a response").to_vec()).expect("text");
        bob.send(&text.replace("\r\n", "\n"));
        let second = bob.recv_request("MESSAGE").await;
        assert!(second.has_header("Authorization"));
        bob.respond(&second, 202);
        assert_eq!(told_to(&alice, &call).await, "202 202 1");

        let call = alice.invite("sip:x@10.0.0.1");
        while bob.recv_within(40 * SECOND).await.is_some() {}
        // The route waits for its request as long as the timer of its own call lets it.
        let late = alice.recv_status(408).await;
        call.ack(&late);
        world.assert_nothing_left().await;
    });
}
