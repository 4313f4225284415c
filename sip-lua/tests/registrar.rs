//! Registration, as scripts ask about it beyond `save` and `lookup`.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod common;

use common::{ask, play};

#[test]
fn a_reply_that_was_kept_back_is_sent_once() {
    let script = "function ksr_request_route()
            local before = KSR.registrar.reg_send_reply()
            local saved = KSR.registrar.save('location', 2)
            KSR.hdr.append_to_reply('X-S: ' .. before .. saved .. '\\r\\n')
            KSR.registrar.reg_send_reply()
        end\n";
    play(script, async |world| {
        let phone = world.agent("alice");
        phone.send(&phone.request("REGISTER", "sip:10.0.0.1", 1, "Expires: 60\n"));
        let ok = phone.recv_status(200).await;
        assert_eq!(ok.header("X-S"), Some("-11".into()));
        assert!(ok.header("Contact").is_some_and(|contact| contact.to_string().contains("expires=60")));
        world.assert_nothing_left().await;
    });
}

#[test]
fn a_preference_is_written_over_what_the_phone_says() {
    let script = "function ksr_request_route()
            local codes = KSR.registrar.set_q_override('2') .. KSR.registrar.set_q_override('0.3')
            KSR.hdr.append_to_reply('X-S: ' .. codes .. '\\r\\n')
            KSR.registrar.save('location', 0)
        end\n";
    play(script, async |world| {
        let phone = world.agent("alice");
        phone.send(&phone.request("REGISTER", "sip:10.0.0.1", 1, "Expires: 60\n"));
        let ok = phone.recv_status(200).await;
        assert_eq!(ok.header("X-S"), Some("-11".into()));
        assert!(ok.header("Contact").is_some_and(|contact| contact.to_string().contains(";q=0.3")), "{ok:?}");
    });
}

#[test]
fn a_request_is_known_by_the_marks_of_its_registration() {
    let script = "function ksr_request_route()
            local r = KSR.registrar
            if KSR.is_REGISTER() then r.save('location', 0) return end
            local uri = 'sip:alice@10.0.0.1'
            KSR.sl.send_reply(480, table.concat({
                r.registered_flags('location', uri, 0), r.registered_flags('location', uri, 1),
                r.registered_flags('location', uri, 2), r.registered_flags('location', uri, 4),
                r.registered_flags('nowhere', uri, 0), r.reg_from_user('location', '', 0),
                r.reg_from_user('location', 'sip:nobody@10.0.0.1', 0)}, ' '))
        end\n";
    play(script, async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        alice.register().await;
        let known = ask(&alice, "MESSAGE", "sip:bob@10.0.0.1", 7, 480).await;
        assert_eq!(known.reason(), Some("1 -1 1 1 -1 1 -1".into()));
        let unknown = ask(&bob, "MESSAGE", "sip:bob@10.0.0.1", 7, 480).await;
        assert_eq!(unknown.reason(), Some("1 -1 -1 -1 -1 -1 -1".into()));
    });
}

#[test]
fn who_is_unregistered_is_gone_and_was_there_before() {
    let script = "function ksr_request_route()
            local r = KSR.registrar
            if KSR.is_REGISTER() then r.save('location', 0) return end
            local uri = 'sip:alice@10.0.0.1'
            local before = r.registered_uri('location', uri)
            local codes = {before, r.unregister('nowhere', uri), r.unregister('location', uri)}
            codes[4], codes[5] = r.registered_uri('location', uri), r.unregister('location', uri)
            KSR.sl.send_reply(480, table.concat(codes, ' '))
        end\n";
    play(script, async |world| {
        let alice = world.agent("alice");
        alice.register().await;
        let answer = ask(&alice, "MESSAGE", "sip:bob@10.0.0.1", 7, 480).await;
        assert_eq!(answer.reason(), Some("1 -1 1 -1 -2".into()));
    });
}
