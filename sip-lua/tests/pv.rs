//! Pseudo-variables and their access rules, as scripts use them on a call from alice to bob.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod common;

use common::{call, invite_route, logged, play, tell_all, told};

/// Reads a text with variables in it.
fn read_all(before: &str, cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(told(&format!("{before} return KSR.pv.getw([==[$_s({text})]==])")), *expected, "{text}");
    }
}

/// Headers that phones send.
const HEADERS: &str = "KSR.hdr.append('User-Agent: phone 1.0\\r\\nP-Asserted-Identity: <sip:ai@a>\\r\\n\
    P-Preferred-Identity: \"P\" <sip:pu@b>\\r\\nDiversion: <sip:di@c>;privacy=full;reason=unknown;counter=2\\r\\n\
    Remote-Party-ID: <sip:re@d>\\r\\nRefer-To: <sip:rt@e>\\r\\nX-L: one, two\\r\\nX-L: three\\r\\nExpires: 70\\r\\n')
    KSR.textops.set_body('hello', 'text/plain')
    KSR.pv.sets('$fn', 'Alice') KSR.pv.sets('$tn', 'Bob')";

#[test]
fn the_first_line_and_the_addresses_are_read() {
    read_all(
        HEADERS,
        &[
            (
                "$ru $ruri $rU $ruri.user $rd $ruri.domain $rp $rP $rz",
                "sip:bob@10.0.0.1 sip:bob@10.0.0.1 bob bob 10.0.0.1 10.0.0.1 5060 udp sip",
            ),
            ("$ou $ouri $oU $od $op $oP", "sip:bob@10.0.0.1 sip:bob@10.0.0.1 bob 10.0.0.1 5060 udp"),
            ("$rm $rv $mt $rs $rsi $rr", "INVITE SIP/2.0 1 <null> 0 <null>"),
            (
                "$fu $from $fU $from.user $fd $from.domain $fn",
                "sip:alice@10.0.0.1 sip:alice@10.0.0.1 alice alice 10.0.0.1 10.0.0.1 \"Alice\"",
            ),
            (
                "$tu $to $tU $to.user $td $to.domain $tn $tt",
                "sip:bob@10.0.0.1 sip:bob@10.0.0.1 bob bob 10.0.0.1 10.0.0.1 \"Bob\" <null>",
            ),
            ("$ci $cs $csb $ua", "alice-1 1 1 INVITE phone 1.0"),
            ("$cT $cl $rb $bs", "text/plain 5 hello 5"),
            ("$ai $pu $pU $pd $pn $re $rt", "sip:ai@a sip:pu@b pu b \"P\" sip:re@d sip:rt@e"),
            ("$di $dip $dir $dic", "sip:di@c full unknown 2"),
            (
                "$hdr(X-L) $(hdr(X-L)[1]) $(hdr(X-L)[-1]) $hdrc(X-L) $hdr(X-None)",
                "one, two three three 2 <null>",
            ),
            ("$hfl(X-L) $(hfl(X-L)[1]) $(hfl(X-L)[*]) $hflc(X-L)", "one two one, two, three 3"),
            ("$expires(min) $expires(max)", "70 70"),
            (
                "$via0(host) $via0(port) $via0(proto) $via1(host) $viaZ(host)",
                "10.0.1.1 5060 UDP <null> 10.0.1.1",
            ),
        ],
    );
}

#[test]
fn where_a_message_came_from_and_goes_to_is_read() {
    read_all(
        "",
        &[
            (
                "$si $src_ip $siz $sp $su $sut $sas",
                "10.0.1.1 10.0.1.1 10.0.1.1 5060 sip:10.0.1.1:5060 sip:10.0.1.1:5060;transport=udp udp:10.0.1.1:5060",
            ),
            (
                "$Ri $Rp $Ru $Rut $Ras $RAi $RAp $Rn",
                "10.0.0.1 5060 sip:10.0.0.1:5060 sip:10.0.0.1:5060;transport=udp udp:10.0.0.1:5060 10.0.0.1 5060 <null>",
            ),
            ("$pr $proto $prid $af $conid", "udp udp 1 2 <null>"),
            (
                "$rcv(srcip) $rcv(srcport) $recv(rcvip) $recv(rcvport) $rcv(proto) $rcv(af)",
                "10.0.1.1 5060 10.0.0.1 5060 1 4",
            ),
            ("$du $dd $dp $dP $duri", "<null> <null> <null> <null> <null>"),
            ("$nh(u) $nh(U) $nh(d) $nh(p) $nh(P) $nh(i)", "sip:bob@10.0.0.1 bob 10.0.0.1 5060 udp 10.0.0.1"),
            ("$fs $fsp $fsn", "<null> <null> <null>"),
            ("$K(IPv4) $K(UDP) $null $true $T_branch_idx $T_reply_code $T_reply_last", "2 1 <null> 1 0 0 0"),
            ("$T(id_index)", "<null>"),
        ],
    );
    read_all(
        "KSR.pv.sets('$du', 'sip:gw.a:5070;transport=tcp')",
        &[(
            "$du $dd $dp $dP $nh(d) $nh(p) $nh(P) $nh(i)",
            "sip:gw.a:5070;transport=tcp gw.a 5070 tcp gw.a 5070 tcp <null>",
        )],
    );
    read_all("KSR.pv.sets('$fs', 'udp:10.0.0.1:5060')", &[("$fs $fsp", "udp:10.0.0.1:5060 5060")]);
}

#[test]
fn parts_of_the_text_are_read() {
    read_all(
        "",
        &[
            ("$msg(fline)", "INVITE sip:bob@10.0.0.1 SIP/2.0"),
            ("$(msg(hdrs){line.at,0}{s.before,:})", "Via"),
            ("$(msg(fpart){line.at,0}{s.before, })", "INVITE"),
            ("$msg(hdrc) $msg(body). $msg(lpart). $msg(body_len)", "8 . . 0"),
            ("$(msg(buf){s.len}{s.rm,$msg(len)}).", "."),
            ("$(rcv(buf){s.len}{s.rm,$rcv(len)}).", "."),
        ],
    );
    read_all(
        "KSR.hdr.append('Route: <sip:first;lr>, <sip:second;lr>\\r\\n')",
        &[("$route_uri $rr", "sip:first;lr <null>")],
    );
    read_all("KSR.tm.t_newtran()", &[("$(T(id_index){s.int}{s.numeric}{s.len}{re.subst,/[0-9]+/x/})", "x")]);
    assert_eq!(
        told("return #KSR.pv.get('$ltt(s)') > 4 and KSR.pv.get('$ltt(t)') == KSR.pv.get('$ltt(x)')"),
        "true"
    );
    assert_eq!(told("return KSR.pv.get('$fti') == KSR.pv.get('$ft') and KSR.pv.is_null('$tti')"), "true");
}

#[test]
fn variables_are_written() {
    tell_all(
        "local pv = KSR.pv",
        &[
            ("tostring(pv.sets('$ru', 'sip:a@b')) .. pv.get('$ru')", "truesip:a@b"),
            ("tostring(pv.sets('$ru', 'no URI')) .. pv.get('$ru')", "falsesip:bob@10.0.0.1"),
            ("tostring(pv.seti('$rU', 5)) .. pv.get('$rU')", "falsebob"),
            ("tostring(pv.unset('$rU')) .. pv.getw('$rU') .. pv.get('$ru')", "true<null>sip:10.0.0.1"),
            (
                "tostring(pv.sets('$rd', 'x.y')) .. tostring(pv.sets('$rp', '99')) .. pv.get('$ru')",
                "truetruesip:bob@x.y:99",
            ),
            (
                "tostring(pv.sets('$fu', 'sip:f@g')) .. tostring(pv.sets('$fn', 'F')) .. pv.get('$_s($fn <$fu>)')",
                "truetrue\"F\" <sip:f@g>",
            ),
            ("tostring(pv.sets('$ci', 'x')) .. pv.get('$ci')", "falsealice-1"),
            (
                "tostring(pv.sets('$br', 'sip:c@d')) .. pv.get('$_s($br $bR $branch(count) $(branch(uri)[0]))')",
                "truesip:c@d <sip:c@d> 1 sip:c@d",
            ),
            (
                "tostring(pv.sets('$(branch(uri)[0])', 'sip:x')) .. pv.get('$ds')",
                "falseContact: <sip:bob@10.0.0.1>",
            ),
            (
                "tostring(pv.seti('$mf', 6)) .. tostring(KSR.isflagset(1)) .. pv.get('$mF')",
                "truetrue00000006",
            ),
            (
                "tostring(pv.seti('$Mf(3)', 1)) .. pv.get('$mf') .. tostring(pv.sets('$bF', 'ff')) .. pv.get('$bf')",
                "true8true255",
            ),
            (
                "tostring(pv.seti('$sf', 2)) .. pv.get('$Sf(1)') .. pv.get('$Bf(0)') .. pv.get('$sF')",
                "true1000000002",
            ),
            ("tostring(pv.sets('$fs', 'udp:10.0.0.1:5061')) .. pv.getw('$fs')", "false<null>"),
        ],
    );
}

#[test]
fn variables_of_the_script_have_their_ways() {
    tell_all(
        "local pv = KSR.pv",
        &[
            ("pv.get('$var(x)') .. tostring(pv.get('$vn(x)')) .. pv.get('$shv(x)')", "0nil0"),
            (
                "tostring(pv.sets('$var(x)', 'a')) .. pv.get('$var(x)') .. tostring(pv.unset('$var(x)')) .. pv.get('$var(x)')",
                "trueatrue0",
            ),
            ("tostring(pv.seti('$shv(x)', 4)) .. pv.get('$shvinc(x)') .. pv.get('$vz(x)')", "true50"),
            (
                "tostring(pv.sets('$avp(a)', '1')) .. tostring(pv.sets('$avp(a)', '2')) .. pv.get('$_s($avp(a) $(avp(a)[1]) $(avp(a)[*]) $cnt($avp(a)))')",
                "truetrue2 1 2,1 2",
            ),
            (
                "tostring(pv.sets('$xavp(r=>f)', '1')) .. tostring(pv.sets('$xavp(r=>f)', '2')) .. pv.get('$_s($xavp(r=>f) $xavp(r[1]=>f) $cnt($xavp(r=>f)))')",
                "truetrue2 1 2",
            ),
            (
                "tostring(pv.sets('$xavi(R=>F)', '1')) .. pv.get('$xavi(r=>f)') .. tostring(pv.get('$xavp(R=>F)'))",
                "true1nil",
            ),
            (
                "tostring(pv.sets('$xavu(r=>f)', '1')) .. tostring(pv.sets('$xavu(r=>f)', '2')) .. pv.get('$xavu(r=>f)') .. tostring(pv.get('$xavu(r[1]=>f)'))",
                "truetrue2nil",
            ),
            (
                "tostring(pv.sets('$xavp(own)', 'v')) .. pv.get('$xavp(own)') .. tostring(pv.unset('$xavp(own)')) .. tostring(pv.get('$xavp(own)'))",
                "truevtruenil",
            ),
            ("#pv.get('$uuid(g)') .. #pv.get('$uuid(r)') .. #pv.get('$uuid(t)')", "363636"),
            (
                "tostring(pv.get('$defs(X)')) .. tostring(pv.get('$def(X)')) .. tostring(pv.get('$env(NO_SUCH_THING)'))",
                "nilnilnil",
            ),
            (
                "tostring(pv.get('$pp') > 0) .. tostring(pv.get('$RANDOM') >= 0) .. pv.get('$version'):sub(1, 7)",
                "truetruesip-lua",
            ),
        ],
    );
}

#[test]
fn time_is_told_in_many_ways() {
    tell_all(
        "local pv = KSR.pv",
        &[
            (
                "tostring(pv.get('$TS') == pv.get('$TV(s)')) .. tostring(pv.get('$TS') - pv.get('$Tb') < 100)",
                "truetrue",
            ),
            ("tostring(pv.get('$timef(%Y)') == tostring(pv.get('$time(year)')))", "true"),
            (
                "tostring(pv.get('$time(mon)') >= 1 and pv.get('$time(mon)') <= 12 and pv.get('$time(isdst)') <= 1)",
                "true",
            ),
            ("tostring(pv.get('$Tf') == pv.get('$TF')) .. #pv.get('$TF')", "true24"),
            ("tostring(pv.get('$timef(%Q%')) .. pv.get('$utime(sec)') - pv.get('$TS') % 60", "nil0"),
        ],
    );
}

#[test]
fn null_reads_as_each_getter_says() {
    tell_all(
        "local pv = KSR.pv",
        &[
            (
                "tostring(pv.get('$rr')) .. pv.gete('$rr') .. pv.getw('$rr') .. pv.geti('$rr') .. pv.getl('$rr')",
                "nil<null>00",
            ),
            ("pv.getvs('$rr', 'd') .. pv.getvn('$rr', 7) .. tostring(pv.is_null('$rr'))", "d7true"),
            (
                "pv.getvs('$rU', 'd') .. pv.getvn('$sp', 7) .. tostring(pv.is_null('$rU')) .. pv.getvs('$sp', 'd')",
                "bob5060false5060",
            ),
            (
                "type(pv.get('$sp')) .. type(pv.get('$rp')) .. type(pv.get('$cs')) .. pv.geti('$rp')",
                "numberstringstring5060",
            ),
            (
                "tostring(pv.setl('$var(l)', 5)) .. pv.getl('$var(l)') .. tostring(pv.sets('$vn(v)', nil)) .. pv.getw('$vn(v)')",
                "true5true<null>",
            ),
        ],
    );
}

#[test]
fn what_is_unknown_is_null_and_is_logged_with_its_line() {
    let log = logged(|| {
        let said = told(
            "local pv = KSR.pv
             return tostring(pv.get('$nope')) .. pv.gete('$hdr') .. pv.getw('$(rU{s.nope})') .. pv.geti('$T(x)') .. pv.getl('no')
                 .. pv.getvs('$x', 'd') .. pv.getvn('$x', 3) .. tostring(pv.is_null('$x')) .. tostring(pv.sets('$x', 'y'))
                 .. tostring(pv.seti('$x', 1)) .. tostring(pv.unset('$x')) .. KSR.xlog.xerr('a $nope') .. KSR.xlog.xerr('b')",
        );
        assert_eq!(said, "nil<null>00d3truefalsefalsefalse-11");
    });
    assert!(log.contains("KSR.pv.get: ") && log.contains("$nope"), "{log}");
    assert!(log.contains("test.lua:5"), "{log}");
}

#[test]
fn variables_of_the_reply_are_read_in_its_routes() {
    let script = invite_route("KSR.pv.sets('$ru', 'sip:bob@10.0.1.2') KSR.tm.t_on_reply('R') KSR.tm.t_on_failure('F') KSR.tm.t_relay()")
        + "function R() KSR.hdr.append('X-R: ' .. KSR.pv.getw('$_s($rs $rsi $rr $mt $rm $ru $T_reply_code $T_req($rm) $T_req($fU))') .. '\\r\\n') end
           function F()
               KSR.hdr.append_to_reply('X-F: ' .. KSR.pv.getw('$_s($T_reply_code $T_reply_last $T_reply_reason $T_rpl($rs) $rm $T_branch_idx)') .. '\\r\\n')
               KSR.sl.send_reply(480, 'gone')
           end\n";
    play(&script, async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        let invite = alice.invite("sip:bob@10.0.0.1");
        let request = bob.recv_request("INVITE").await;
        bob.respond(&request, 180);
        let ringing = alice.recv_status(180).await;
        assert_eq!(ringing.header("X-R"), Some("180 180 Ringing 2 INVITE <null> 180 INVITE alice".into()));
        bob.respond(&request, 486);
        let gone = alice.recv_status(480).await;
        assert_eq!(gone.header("X-F"), Some("486 486 Busy Here 486 INVITE 1".into()));
        invite.ack(&gone);
        bob.recv_request("ACK").await;
    });
}

#[test]
fn a_cancel_knows_its_invite() {
    let script = "function ksr_request_route()
            if KSR.is_CANCEL() then
                KSR.hdr.append_to_reply('X-C: ' .. KSR.pv.getw('$_s($T_inv($rm) $T_inv($cs) $rm)') .. '\\r\\n')
                KSR.sl.send_reply(200, 'OK')
                return
            end
            KSR.tm.t_newtran()
            KSR.await.sleep(60000)
        end\n";
    play(script, async |world| {
        let alice = world.agent("alice");
        let invite = alice.invite("sip:bob@10.0.0.1");
        alice.recv_status(100).await;
        invite.cancel();
        let ok = alice.recv_status(200).await;
        assert_eq!(ok.header("X-C"), Some("INVITE 1 CANCEL".into()));
    });
}

#[test]
fn a_variable_is_parsed_where_it_stands_in_a_log_line() {
    let log = logged(|| {
        play(
            &invite_route(
                "KSR.xlog.xinfo('$rm to $rU: $$5') KSR.xlog.xlog_facility('LOG_LOCAL0', 'L_ERR', 'f $rU') KSR.sl.send_reply(480, 'x')",
            ),
            async |world| {
                call(&world.agent("alice"), 480).await;
            },
        );
    });
    assert!(
        log.contains("INFO script: INVITE to bob: $5\n") && log.contains("ERROR script: f bob\n"),
        "{log}"
    );
}
