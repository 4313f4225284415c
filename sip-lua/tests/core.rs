//! `KSR` itself and the small modules, as scripts use them on a call from alice to bob.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod common;

use std::time::Duration;

use common::{ask, call, invite_route, play, tell_all, told};

#[test]
fn a_request_is_asked_what_it_is_and_where_it_came_from() {
    tell_all(
        "local k = KSR local function s(...) local t = {...} for i, v in ipairs(t) do t[i] = tostring(v) end return table.concat(t, ' ') end",
        &[
            (
                "s(k.is_INVITE(), k.is_BYE(), k.is_GET(), k.is_method('BYE|INVITE'), k.is_method_in('IB'), k.is_KDMQ())",
                "true false false true true false",
            ),
            (
                "s(k.is_UDP(), k.is_TCP(), k.is_TCPX(), k.is_IPv4(), k.is_proto('tu'), k.is_proto('te'))",
                "true false false true true false",
            ),
            (
                "s(k.is_src_port(5060), k.is_src_port(1), k.is_dst_port(5060), k.is_dst_port(1))",
                "true false true false",
            ),
            (
                "s(k.is_myself_ruri(), k.is_myself('sip:x@10.0.0.1'), k.is_myself('sip:x@10.9.9.9'), k.is_myself_srcip())",
                "true true false false",
            ),
            (
                "s(k.is_myself_nhuri(), k.setdsturi('sip:gw'), k.is_myself_nhuri(), k.isdsturiset(), k.resetdsturi(), k.isdsturiset())",
                "true true false true true false",
            ),
            (
                "s(k.seturi('sip:a@b'), k.setuser('u'), k.sethost('h'), k.pv.get('$ru'), k.sethost('no host'), k.pv.get('$ru'))",
                "true true true sip:u@h false sip:u@h",
            ),
            (
                "s(k.to_UDP(), k.to_TCP(), k.to_IPv4(), k.to_IPv6(), k.setdsturi('sip:[::1];transport=tcp'), k.to_TCP(), k.to_IPv6())",
                "false false true false true true true",
            ),
            (
                "s(k.setflag(3), k.isflagset(3), k.resetflag(3), k.isflagset(3), k.setflag(32))",
                "true true true false false",
            ),
            ("s(k.setbflag(6), k.isbflagset(6), k.resetbflag(6), k.isbflagset(6))", "true true true false"),
            ("s(k.setsflag(1), k.issflagset(1), k.resetsflag(1), k.issflagset(1))", "true true true false"),
            (
                "s(k.set_reply_no_connect(), k.route('X'), k.cfgutils.check_route_exists('X'), k.cfgutils.route_if_exists('X'))",
                "true -1 -1 -1",
            ),
        ],
    );
}

#[test]
fn errors_of_ours_are_texts_for_pcall() {
    let said = told(
        "local ok, problem = pcall(string.rep, 'x', 1e10)
         local ok2, problem2 = pcall(KSR.await.sleep_or_so)
         local ok3, problem3 = xpcall(function() error('mine') end, function(p) return 'handled ' .. p end)
         local co = coroutine.create(function() error('inside') end)
         local ok4, problem4 = coroutine.resume(co)
         return type(problem) .. ' ' .. problem2 .. ' ' .. problem3 .. ' ' .. problem4",
    );
    assert!(said.starts_with("string attempt to call"), "{said}");
    assert!(said.contains("handled test.lua:6: mine") && said.ends_with("test.lua:7: inside"), "{said}");
}

#[test]
fn errors_of_memory_are_texts_with_file_and_line_too() {
    let said = told(
        "local big = string.rep('x', 60 * 1024 * 1024)
         local ok, problem = pcall(function()
             for i = 1, 100 do KSR.pv.sets('$var(a)', big) big = big .. KSR.pv.get('$var(a)') end
         end)
         big = nil
         return tostring(ok) .. ' ' .. type(problem)",
    );
    assert_eq!(said, "false string");
}

#[test]
fn a_phone_behind_nat_gets_replies_where_it_sends_from() {
    let script = "function ksr_request_route()
            if KSR.is_OPTIONS() then KSR.force_rport() end
            KSR.sl.send_reply(200, 'OK')
        end\n";
    play(script, async |world| {
        let phone = world.agent("alice");
        // The Via names a port where nobody listens, and does not ask for the one that it comes from.
        let request = phone.request("OPTIONS", "sip:10.0.0.1", 1, "");
        let wire = request.replacen("10.0.1.1:5060;", "10.0.1.1:5999;", 1).replace(";rport", "");
        assert!(wire.contains(":5999;"), "{wire}");
        phone.send(&wire);
        let ok = phone.recv_status(200).await;
        assert!(ok.header("Via").is_some_and(|via| via.to_string().contains("rport=5060")), "{ok:?}");
    });
}

#[test]
fn a_request_is_forwarded_without_state() {
    let script = "function ksr_request_route()
            if KSR.pv.get('$rU') == 'bob' then
                KSR.hdr.append('X-F: ' .. KSR.pv.get('$rU') .. '\\r\\n')
                KSR.forward_uri('sip:10.0.1.2')
            else
                KSR.seturi('sip:carol@10.0.1.2')
                KSR.forward()
            end
        end\n";
    play(script, async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        for (number, to, uri) in [(1, "bob", "sip:bob@10.0.0.1"), (2, "dave", "sip:carol@10.0.1.2")] {
            alice.send(&alice.request("OPTIONS", &format!("sip:{to}@10.0.0.1"), number, ""));
            let request = bob.recv_request("OPTIONS").await;
            assert_eq!(request.request_uri(), Some(uri.into()));
            assert_eq!(request.headers("Via").count(), 2);
            bob.respond(&request, 200);
            alice.recv_status(200).await;
        }
        world.assert_nothing_left().await;
    });
}

#[test]
fn variables_have_functions_of_their_own() {
    tell_all(
        "local x = KSR.pvx",
        &[
            (
                "x.var_get('a') .. x.var_seti('a', 4) .. x.var_get('a') .. x.var_sets('a', 'b') .. KSR.pv.get('$var(a)')",
                "0141b",
            ),
            ("x.shv_seti('a', 4) .. x.shv_get('a') .. x.shv_sets('a', 'b') .. KSR.pv.get('$shv(a)')", "141b"),
            (
                "x.avp_is_null('a') .. x.avp_seti('a', 4) .. x.avp_sets('a', 'b') .. x.avp_get('a') .. x.avp_rm('a') .. x.avp_gete('a') .. x.avp_is_null('a')",
                "111b14-1",
            ),
            (
                "tostring(x.avp_get('n')) .. x.avp_gete('n') .. x.avp_getw('n') .. x.avp_rm('n')",
                "nil<null>-1",
            ),
            (
                "x.xavp_seti('r', 1) .. x.xavp_sets('r', 'v') .. x.xavp_get('r') .. x.xavp_gete('none') .. x.xavp_is_null('r') .. x.xavp_rm('r') .. x.xavp_get('r')",
                "11v-111",
            ),
            (
                "x.xavp_child_sets('r', 'f', 'v') .. x.xavp_child_seti('r', 'g', 2) .. x.xavp_child_get('r', 'f') .. KSR.pv.get('$xavp(r=>g)') .. x.xavp_child_is_null('r', 'h')",
                "11v21",
            ),
            (
                "x.xavp_child_sets('r', 'f', 'v') .. x.xavp_child_rm('r', 'f') .. x.xavp_child_gete('r', 'f') .. x.xavp_child_getw('r', 'f') .. x.xavp_rm('none')",
                "11<null>-1",
            ),
            (
                "x.xavi_child_sets('R', 'F', 'v') .. x.xavi_child_get('r', 'f') .. tostring(x.xavp_child_get('R', 'F'))",
                "1vnil",
            ),
            (
                "x.xavu_child_sets('r', 'f', 'v') .. x.xavu_child_sets('r', 'f', 'w') .. x.xavu_child_get('r', 'f') .. x.xavu_rm('r') .. x.xavu_rm('r')",
                "11w1-1",
            ),
        ],
    );
}

#[test]
fn addresses_are_told_apart() {
    tell_all(
        "local i = KSR.ipops",
        &[
            (
                "i.is_ip('::1') .. i.is_ip('[::1]') .. i.is_pure_ip('[::1]') .. i.is_ip4('1.2.3.4') .. i.is_ip6('1.2.3.4') .. i.is_ip6_reference('[::1]')",
                "11-11-11",
            ),
            ("i.ip_type('1.2.3.4') .. i.ip_type('::1') .. i.ip_type('[::1]') .. i.ip_type('x')", "123-1"),
            (
                "i.compare_ips('::1', '[0::1]') .. i.compare_pure_ips('::1', '[0::1]') .. i.is_ip_rfc1918('10.1.1.1') .. i.is_ip_rfc1918('11.1.1.1')",
                "1-11-1",
            ),
            (
                "i.is_in_subnet('10.1.1.1', '10.0.0.0/8') .. i.ip_is_in_subnet('11.1.1.1', '10.0.0.0/8') .. i.is_in_subnet('x', '10.0.0.0/8')",
                "1-10",
            ),
            (
                "i.detailed_ip_type('10.1.1.1', '$var(t)') .. KSR.pv.get('$var(t)') .. i.detailed_ipv4_type('::1', '$var(t)') .. i.detailed_ipv6_type('::1', '$var(t)') .. KSR.pv.get('$var(t)')",
                "1PRIVATE-11LOOPBACK",
            ),
        ],
    );
}

#[test]
fn chance_sums_and_identifiers() {
    tell_all(
        "local c, u = KSR.cfgutils, KSR.uuid",
        &[
            (
                "c.rand_event() .. c.rand_set_prob(100) .. c.rand_get_prob() .. c.rand_event() .. c.rand_set_prob(101) .. c.rand_reset_prob() .. c.rand_get_prob()",
                "-111001-110",
            ),
            (
                "tostring(c.core_hash('a', 'b', 8) == c.core_hash('a', 'b', 8)) .. tostring(c.core_hash('a', 'b', 8) <= 8) .. c.core_hash('x', 'y', 1)",
                "truetrue1",
            ),
            (
                "u.get():match('^%x+%-%x+%-(%x)') .. u.rget():match('^%x+%-%x+%-(%x)') .. u.tget():match('^%x+%-%x+%-(%x)')",
                "441",
            ),
            ("tostring(u.get() ~= u.get()) .. #u.tget()", "true36"),
        ],
    );
}

#[test]
fn locks_are_held_until_they_are_given_back_and_nobody_blocks() {
    let body = "local c = KSR.cfgutils
        local turn = KSR.pv.get('$shvinc(turn)')
        KSR.cfgutils.lock('k')
        local log = KSR.pv.getvs('$shv(log)', '') .. turn .. '('
        KSR.pv.sets('$shv(log)', log)
        KSR.cfgutils.sleep(1)
        KSR.cfgutils.usleep(1000)
        KSR.pv.sets('$shv(log)', KSR.pv.get('$shv(log)') .. turn .. ')')
        local own = c.lock('k') .. c.trylock('k') .. c.lock_key2('a', 'b') .. c.trylock_key2('a', 'b') .. c.unlock_key2('a', 'b')
        if turn ~= 2 then c.unlock('k') end
        KSR.sl.send_reply(480, own .. c.unlock('none') .. ' ' .. KSR.pv.get('$shv(log)'))";
    play(&invite_route(body), async |world| {
        let phones = [world.agent("a"), world.agent("b"), world.agent("c")];
        let calls: Vec<_> = phones.iter().map(|phone| phone.invite("sip:bob@10.0.0.1")).collect();
        // Meanwhile the worker serves others.
        ask(&world.agent("d"), "OPTIONS", "sip:10.0.0.1", 1, 200).await;
        let mut last = String::new();
        for (phone, call) in phones.iter().zip(&calls) {
            let gone = phone.recv_status(480).await;
            call.ack(&gone);
            last = gone.reason().unwrap_or_default().to_string();
        }
        assert_eq!(last, "-1-11-11-1 01(1)2(2)3(3)");
    });
}

#[test]
fn a_file_is_read_without_holding_the_worker_up() {
    let said =
        told("return #KSR.corex.file_read('Cargo.toml') > 100 and tostring(KSR.corex.file_read('/nowhere'))");
    assert_eq!(said, "nil");
}

#[test]
fn corex_and_siputils_know_the_request() {
    tell_all(
        "local c, s = KSR.corex, KSR.siputils",
        &[
            ("c.has_ruri_user() .. c.has_user_agent() .. c.is_faked_msg()", "1-1-1"),
            (
                "c.append_branch_uri_q('sip:x@y', '0.5') .. c.append_branch_uri_q('', '') .. KSR.pv.get('$bR')",
                "1-1<sip:x@y>",
            ),
            (
                "c.set_send_socket('udp:10.0.0.1:5060') .. c.set_send_socket('udp:9.9.9.9:5060') .. KSR.pv.get('$fs')",
                "1-1udp:10.0.0.1:5060",
            ),
            (
                "s.is_sip() .. s.is_http() .. s.is_gruu() .. s.is_first_hop_mode(1) .. s.is_user('alice')",
                "1-1-11-1",
            ),
            (
                "(KSR.seturi('sip:b@c;gr=x') and '') .. s.is_gruu() .. ((KSR.seturi('sip:b@c;gr') and '') .. s.is_gruu())",
                "12",
            ),
            (
                "(KSR.hdr.append('Authorization: Digest username=\"alice\", realm=\"r\", nonce=\"n\", uri=\"sip:a\", response=\"00000000000000000000000000000000\"\\r\\n') > 0 and '') .. s.is_user('alice') .. s.is_user('bob')",
                "1-1",
            ),
            (
                "(KSR.seturi('sip:b@c;lr;ob=1') and '') .. s.uri_param_any('ob=') .. s.uri_param_any('zz')",
                "1-1",
            ),
            ("s.contact_param_check('none') .. s.options_reply()", "-1-1"),
            ("KSR.sanity.sanity_check_defaults() .. KSR.sanity.sanity_reply()", "11"),
        ],
    );
}

#[test]
fn options_to_us_get_what_we_can_do() {
    let script = "function ksr_request_route() if KSR.siputils.options_reply() < 0 then KSR.sl.send_reply(404, 'no') end end\n";
    play(script, async |world| {
        let phone = world.agent("alice");
        let ok = ask(&phone, "OPTIONS", "sip:10.0.0.1", 1, 200).await;
        assert_eq!(ok.header("Accept"), Some("*/*".into()));
        ask(&phone, "OPTIONS", "sip:bob@10.0.0.1", 2, 404).await;
    });
}

#[test]
fn replies_in_error_say_so_once() {
    assert_eq!(
        told(
            "return KSR.rr.loose_route_preloaded() .. KSR.rr.record_route_params(';x=1') .. KSR.pv.get('$hdr(Record-Route)'):match(';x=1')"
        ),
        "-11;x=1"
    );
    play(&invite_route("KSR.sl.send_reply_error() X = KSR.sl.send_reply_error()"), async |world| {
        call(&world.agent("alice"), 500).await;
    });
    play(&invite_route("KSR.sl.send_reply_mode(480, 'mode', 2)"), async |world| {
        assert_eq!(call(&world.agent("alice"), 480).await.reason(), Some("mode".into()));
    });
}

#[test]
fn a_preloaded_route_is_told_apart() {
    let script =
        "function ksr_request_route() KSR.sl.send_reply(480, tostring(KSR.rr.loose_route_preloaded())) end\n";
    play(script, async |world| {
        let phone = world.agent("alice");
        let request = phone.request("OPTIONS", "sip:bob@a.org", 1, "Route: <sip:10.0.0.1;lr>\n");
        phone.send(&request);
        assert_eq!(phone.recv_status(480).await.reason(), Some("1".into()));
    });
}

#[test]
fn what_rings_is_cancelled_and_what_is_dropped_gets_no_reply() {
    let script = invite_route(
        "KSR.pv.sets('$ru', 'sip:bob@10.0.1.2') KSR.tm.t_on_reply('R') KSR.tm.t_relay()
        KSR.await.sleep(2000)
        KSR.pv.seti('$shv(code)', KSR.tmx.t_cancel_branches('all') + KSR.tmx.t_flush_flags())",
    );
    play(&script, async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        let invite = alice.invite("sip:bob@10.0.0.1");
        let request = bob.recv_request("INVITE").await;
        bob.respond(&request, 180);
        alice.recv_status(180).await;
        let cancel = bob.recv_request("CANCEL").await;
        bob.respond(&cancel, 200);
        bob.respond(&request, 487);
        let gone = alice.recv_status(487).await;
        invite.ack(&gone);
        bob.recv_request("ACK").await;
    });
    let script = "function ksr_request_route()
            if KSR.is_OPTIONS() then KSR.sl.send_reply(200, 'OK') return end
            local before = KSR.tmx.t_drop()
            KSR.tm.t_newtran()
            KSR.pv.sets('$shv(drop)', before .. KSR.tmx.t_drop())
        end\n";
    play(script, async |world| {
        let alice = world.agent("alice");
        alice.send(&alice.request("MESSAGE", "sip:bob@10.0.0.1", 1, ""));
        world.pass(Duration::from_secs(1)).await;
        ask(&alice, "OPTIONS", "sip:10.0.0.1", 2, 200).await;
    });
}
