//! `KSR.nathelper`, `KSR.permissions`, `KSR.pike` and `KSR.path`, on a played network: phones are at 10.0.1.n.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{ask, reason};
use sip_lua::{LuaRoutes, Script, Settings};
use sip_modules::permissions::Addresses;
use sip_server::Server;
use sip_server::play::{self, World};

/// What a call of this returns.
fn code(call: &str) -> String {
    reason(&format!("KSR.sl.send_reply(480, tostring({call}))"))
}

fn story(server: Server, text: &str, settings: Settings, story: impl AsyncFnOnce(&World)) {
    let script = Script::new("test.lua", text, settings);
    let server = script.configure(server.workers(1));
    play::run(1, server, LuaRoutes::factory(script).expect("the script loads"), story);
}

#[test]
fn nat_tests_answer_1_and_minus_1() {
    for (bits, wanted) in
        [(1, "1"), (2, "-1"), (4, "1"), (16, "-1"), (19, "1"), (32, "1"), (64, "-1"), (8, "-1")]
    {
        assert_eq!(code(&format!("KSR.nathelper.nat_uac_test({bits})")), wanted, "{bits}");
    }
    assert_eq!(
        code("KSR.nathelper.is_rfc1918('192.168.1.1') .. KSR.nathelper.is_rfc1918('192.0.2.1')"),
        "1-1"
    );
}

#[test]
fn contacts_are_mended_and_the_change_is_read_at_once() {
    let after = |call: &str| {
        reason(&format!(
            "local code = {call}
             KSR.sl.send_reply(480, code .. ' ' .. KSR.hdr.gete('Contact'))"
        ))
    };
    assert_eq!(after("KSR.nathelper.fix_nated_contact()"), "1 <sip:alice@10.0.1.1:5060>");
    assert_eq!(
        after("KSR.nathelper.set_contact_alias()"),
        "1 <sip:alice@10.0.1.1:5060;alias=10.0.1.1~5060~1>"
    );
    assert_eq!(
        after("KSR.nathelper.set_contact_alias() .. KSR.nathelper.set_contact_alias()"),
        "1-1 <sip:alice@10.0.1.1:5060;alias=10.0.1.1~5060~1>"
    );
    assert_eq!(
        after("KSR.nathelper.set_contact_alias_trim()"),
        "1 <sip:alice@10.0.1.1:5060;alias=10.0.1.1~5060~1>"
    );
    assert_eq!(after("KSR.nathelper.add_contact_alias()"), "2 <sip:alice@10.0.1.1:5060>", "not needed");
    assert_eq!(
        after("KSR.nathelper.add_contact_alias_addr('192.0.2.1', '4000', 'tcp')"),
        "1 <sip:alice@10.0.1.1:5060;alias=192.0.2.1~4000~2>"
    );
    assert_eq!(
        after("KSR.nathelper.add_contact_alias_addr('name', '4000', 'tcp')"),
        "-1 <sip:alice@10.0.1.1:5060>"
    );
    assert_eq!(
        after("KSR.nathelper.add_rcv_param(0)"),
        "1 <sip:alice@10.0.1.1:5060>;received=\"sip:10.0.1.1:5060;transport=udp\""
    );
}

#[test]
fn an_alias_in_the_request_uri_becomes_the_next_hop() {
    let after = |uri: &str, call: &str| {
        reason(&format!(
            "KSR.pv.sets('$ru', '{uri}')
             local code = {call}
             KSR.sl.send_reply(480, code .. ' ' .. KSR.pv.getw('$du') .. ' ' .. KSR.pv.getw('$ru'))"
        ))
    };
    let one = "sip:a@b;alias=192.0.2.1~4000~2";
    assert_eq!(after(one, "KSR.nathelper.handle_ruri_alias()"), "1 sip:192.0.2.1:4000;transport=tcp sip:a@b");
    assert_eq!(after("sip:a@b", "KSR.nathelper.handle_ruri_alias()"), "2 <null> sip:a@b");
    assert_eq!(after("sip:a@b;alias=x", "KSR.nathelper.handle_ruri_alias()"), "-1 <null> sip:a@b;alias=x");
    let two = "sip:a@b;alias=192.0.2.1~4000~1;alias=192.0.2.2~4000~1";
    assert_eq!(
        after(two, "KSR.nathelper.handle_ruri_alias_mode(1)"),
        "1 sip:192.0.2.2:4000 sip:a@b;alias=192.0.2.1~4000~1"
    );
}

#[test]
fn sdp_is_mended() {
    assert_eq!(code("KSR.nathelper.fix_nated_sdp(2)"), "-1", "there is none");
    let script = "function ksr_request_route()
        local a = KSR.nathelper.fix_nated_sdp_ip(2, '192.0.2.7')
        local b = KSR.nathelper.fix_nated_sdp_ip(2, '192.0.2.7')
        local c = KSR.nathelper.fix_nated_sdp_ip(2, 'name')
        local d = string.match(KSR.pv.get('$rb'), 'c=[^\\r]*')
        local e = KSR.nathelper.nat_uac_test(256)
        local f = KSR.nathelper.fix_nated_sdp(10)
        local g = KSR.nathelper.nat_uac_test(256)
        KSR.sl.send_reply(480, table.concat({a, b, c, d, e, f, g}, ' '))
    end";
    story(Server::new(), script, Settings::new(), async |world| {
        let alice = world.agent("alice");
        let body = "v=0\no=- 1 1 IN IP4 10.9.9.9\ns=-\nc=IN IP4 10.9.9.9\nt=0 0\nm=audio 9 RTP/AVP 0\n";
        let length = body.len() + body.lines().count();
        let text = alice.request("MESSAGE", "sip:b@10.0.0.1", 1, "Content-Type: application/sdp\n");
        alice.send(&(text.replace("Content-Length: 0", &format!("Content-Length: {length}")) + body));
        let answer = alice.recv_status(480).await;
        assert_eq!(
            answer.reason().map(ToString::to_string).as_deref(),
            Some("1 2 -1 c=IN IP4 192.0.2.7 1 1 -1")
        );
    });
}

#[test]
fn a_phone_behind_a_nat_is_called_where_it_registered_from() {
    let script = "function ksr_request_route()
        if KSR.is_REGISTER() then
            if KSR.nathelper.fix_nated_register() < 0 then return end
            KSR.registrar.save('location', 0)
            return
        end
        if KSR.registrar.lookup('location') < 0 then KSR.sl.send_reply(404, 'Not Found') return end
        KSR.sl.send_reply(480, KSR.pv.getw('$du'))
    end";
    story(Server::new(), script, Settings::new(), async |world| {
        let bob = world.agent("bob");
        let text = bob.request("REGISTER", "sip:10.0.0.1", 1, "Expires: 600\n");
        bob.send(&text.replace("Contact: <sip:bob@10.0.1.1:5060>", "Contact: <sip:bob@phone.invalid>"));
        bob.recv_status(200).await;
        let answer = ask(&world.agent("alice"), "MESSAGE", "sip:bob@10.0.0.1", 1, 480).await;
        assert_eq!(answer.reason().map(ToString::to_string).as_deref(), Some("sip:10.0.1.1:5060"));
    });
}

#[test]
fn address_groups_answer_for_sources_and_texts() {
    let list =
        Addresses::parse(b"1 10.0.1.0 24\n2 10.0.1.1 32 5060\n3 192.0.2.0/24 0 5080\n4 gw.example.org\n");
    let script = "function ksr_request_route()
        local p = KSR.permissions
        KSR.sl.send_reply(480, table.concat({
            p.allow_source_address(1), p.allow_source_address(2), p.allow_source_address(3),
            p.allow_source_address(-1), p.allow_source_address_group(),
            p.allow_address(3, '192.0.2.9', 5080), p.allow_address(3, '192.0.2.9', 5081),
            p.allow_address(4, 'GW.example.org', 0), p.allow_address_group('192.0.2.9', 5080),
            p.allow_address_group('192.0.3.9', 0), p.allow_address_group('192.0.2.9', 70000)}, ' '))
    end";
    let server = Server::new().addresses(Arc::new(list.expect("a list")));
    story(server, script, Settings::new(), async |world| {
        let answer = ask(&world.agent("alice"), "MESSAGE", "sip:b@10.0.0.1", 1, 480).await;
        assert_eq!(answer.reason().map(ToString::to_string).as_deref(), Some("1 1 -1 -1 2 1 -1 1 3 -1 -1"));
        world.shared().set_addresses(Arc::new(Addresses::parse(b"9 10.0.1.1\n").expect("a list")));
        let answer = ask(&world.agent("bob"), "MESSAGE", "sip:b@10.0.0.1", 1, 480).await;
        assert_eq!(
            answer.reason().map(ToString::to_string).as_deref(),
            Some("-1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1"),
            "all of the old list is gone"
        );
        let answer = ask(&world.agent("carol"), "MESSAGE", "sip:b@10.0.0.1", 1, 480).await;
        assert!(answer.reason().is_some_and(|reason| reason.starts_with(b"-1 -1")));
    });
    assert_eq!(code("KSR.permissions.allow_source_address(1)"), "-1", "without a list");
}

#[test]
fn a_flood_is_seen_where_it_begins_and_while_it_goes_on() {
    let script = "function ksr_request_route()
        KSR.sl.send_reply(480, KSR.pike.pike_check_req() .. ' ' .. KSR.pike.pike_check_ip('192.0.2.1'))
    end";
    let mut settings = Settings::new();
    for (name, value) in
        [("sampling_time_unit", "2"), ("reqs_density_per_unit", "3"), ("remove_latency", "4")]
    {
        settings = settings.modparam("pike", name, value).expect("a parameter");
    }
    story(Server::new(), script, settings, async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        let mut said = Vec::new();
        for number in 0..6 {
            let phone = if number == 5 { &bob } else { &alice };
            let answer = ask(phone, "MESSAGE", "sip:b@10.0.0.1", number, 480).await;
            said.push(answer.reason().map(ToString::to_string).unwrap_or_default());
        }
        assert_eq!(said, ["1 1", "1 1", "1 1", "-2 -2", "-1 -1", "1 -1"]);
        world.pass(Duration::from_secs(5)).await;
        let answer = ask(&alice, "MESSAGE", "sip:b@10.0.0.1", 9, 480).await;
        assert_eq!(answer.reason().map(ToString::to_string).as_deref(), Some("1 1"));
    });
}

#[test]
fn every_kind_of_path_is_put_on_top() {
    for (call, wanted) in [
        ("add_path()", "<sip:10.0.0.1:5060;lr>"),
        ("add_path_received()", "<sip:10.0.0.1:5060;lr;received=sip%3A10.0.1.1%3A5060>"),
        ("add_path_user('edge')", "<sip:edge@10.0.0.1:5060;lr>"),
        ("add_path_received_user('edge')", "<sip:edge@10.0.0.1:5060;lr;received=sip%3A10.0.1.1%3A5060>"),
        ("add_path_user_params('edge', 'x=1')", "<sip:edge@10.0.0.1:5060;lr;x=1>"),
        ("add_path_received_user_params('', 'x')", "<sip:10.0.0.1:5060;lr;received=sip%3A10.0.1.1%3A5060;x>"),
        ("add_path_advertised_address('sbc:9')", "<sip:sbc:9;lr>"),
        ("add_path_received_advertised_address('sbc')", "<sip:sbc;lr;received=sip%3A10.0.1.1%3A5060>"),
        ("add_path_advertised_address_user('sbc', 'u')", "<sip:u@sbc;lr>"),
        (
            "add_path_received_advertised_address_user('sbc', 'u')",
            "<sip:u@sbc;lr;received=sip%3A10.0.1.1%3A5060>",
        ),
        ("add_path_advertised_address_user_params('sbc', 'u', 'x')", "<sip:u@sbc;lr;x>"),
        (
            "add_path_received_advertised_address_user_params('sbc', 'u', 'x')",
            "<sip:u@sbc;lr;received=sip%3A10.0.1.1%3A5060;x>",
        ),
    ] {
        let said = reason(&format!(
            "local code = KSR.path.{call}
             KSR.sl.send_reply(480, code .. ' ' .. KSR.hdr.gete('Path'))"
        ));
        assert_eq!(said, format!("1 {wanted}"), "{call}");
    }
    assert_eq!(code("KSR.path.add_path_user_params('u', 'x>')"), "-1");
}
