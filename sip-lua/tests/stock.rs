//! `examples/lua/stock.lua` in the played network: the calls that common scripts are made of, each in its form.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod common;

use std::time::Duration;

use sip_lua::{LuaRoutes, Script, Settings};
use sip_server::Server;
use sip_server::play::{self, World};

use common::{ask, in_repository, logged};

/// Calls with their arguments, as they stand in scripts.
const CALLS: &str = "KSR.auth.auth_challenge(KSR.kx.gete_fhost(), 0)|KSR.auth.consume_credentials()
    |KSR.auth_db.auth_check(KSR.kx.gete_fhost(), \"subscriber\", 1)|KSR.corex.has_ruri_user()|KSR.dbg(|KSR.err(
    |KSR.force_rport()|KSR.hdr.append(\"P-Hint: outbound\\r\\n\")|KSR.hdr.remove(\"Route\")
    |KSR.htable.sht_match_name(\"ipban\", \"eq\", srcip)|KSR.htable.sht_seti(\"ipban\", srcip, 1)|KSR.is_ACK()
    |KSR.is_BYE()|KSR.is_CANCEL()|KSR.is_INVITE()|KSR.is_NOTIFY()|KSR.is_OPTIONS()|KSR.is_REGISTER()
    |KSR.is_method_in(\"IBSU\")|KSR.is_method_in(\"IS\")|KSR.is_method_in(\"ISU\")|KSR.is_method_in(\"RP\")
    |KSR.is_myself_furi()|KSR.is_myself_ruri()|KSR.is_myself_srcip()|KSR.isbflagset(FLB_NATB)|KSR.isdsturiset()
    |KSR.isflagset(FLT_NATS)|KSR.kx.get_furi()|KSR.kx.get_method()|KSR.kx.get_ruri()|KSR.kx.get_srcip()
    |KSR.kx.get_srcport()|KSR.kx.get_status()|KSR.kx.gete_fhost()|KSR.kx.gete_ua()|KSR.kx.ifdef(
    |KSR.maxfwd.process_maxfwd(10)|KSR.nathelper.fix_nated_register()|KSR.nathelper.handle_ruri_alias()
    |KSR.nathelper.nat_uac_test(19)|KSR.nathelper.nat_uac_test(8)|KSR.nathelper.set_contact_alias()
    |KSR.permissions.allow_source_address(1)|KSR.pike.pike_check_req()|KSR.pv.get(\"$T_branch_idx\")
    |KSR.registrar.lookup(\"location\")|KSR.registrar.save(\"location\", 0)|KSR.rr.add_rr_param(\";nat=yes\")
    |KSR.rr.check_route_param(\"nat=yes\")|KSR.rr.loose_route()|KSR.rr.record_route()
    |KSR.rtpengine.rtpengine_manage(\"replace-origin replace-session-connection SIP-source-address\")
    |KSR.rtpengine.rtpengine_manage(\"replace-origin replace-session-connection\")|KSR.rtpproxy.rtpproxy_manage(\"co\")
    |KSR.rtpproxy.rtpproxy_manage(\"cor\")|KSR.sanity.sanity_check(17604, 6)|KSR.sanity.sanity_check(17895, 7)
    |KSR.set_reply_no_connect()|KSR.setbflag(FLB_NATB)|KSR.setbflag(FLB_NATSIPPING)|KSR.setflag(FLT_ACC)
    |KSR.setflag(FLT_ACCFAILED)|KSR.setflag(FLT_ACCMISSED)|KSR.setflag(FLT_NATS)|KSR.siputils.has_totag()
    |KSR.siputils.is_first_hop()|KSR.siputils.is_reply()|KSR.siputils.is_request()
    |KSR.sl.send_reply(404, \"Not Found\")|KSR.sl.send_reply(405, \"Method Not Allowed\")|KSR.sl.sl_reply_error()
    |KSR.sl.sl_send_reply(200, \"Keepalive\")|KSR.sl.sl_send_reply(200, \"OK\")|KSR.sl.sl_send_reply(403, \"Not relaying\")
    |KSR.sl.sl_send_reply(404, \"Not here\")|KSR.sl.sl_send_reply(483, \"Too Many Hops\")
    |KSR.sl.sl_send_reply(484, \"Address Incomplete\")|KSR.tm.t_check_trans()|KSR.tm.t_is_canceled()
    |KSR.tm.t_is_set(\"branch_route\")|KSR.tm.t_is_set(\"failure_route\")|KSR.tm.t_is_set(\"onreply_route\")
    |KSR.tm.t_newtran()|KSR.tm.t_on_branch(\"ksr_branch_manage\")|KSR.tm.t_on_failure(\"ksr_failure_manage\")
    |KSR.tm.t_on_reply(\"ksr_onreply_manage\")|KSR.tm.t_relay()|KSR.tmx.t_is_branch_route()
    |KSR.tmx.t_precheck_trans()|KSR.x.drop()|KSR.x.exit()";

fn script(defines: &[&str]) -> Script {
    let settings =
        Settings::new().modparam("htable", "htable", "ipban=>size=8;autoexpire=300").expect("a table");
    let settings = defines.iter().fold(settings, |settings, name| settings.define(*name));
    Script::read(in_repository("examples/lua/stock.lua"), settings).expect("the script is there")
}

fn run(defines: &[&str], story: impl AsyncFnOnce(&World)) {
    let script = script(defines);
    let server = script.configure(Server::new().workers(1));
    play::run(1, server, LuaRoutes::factory(script).expect("the script loads"), story);
}

#[test]
fn every_call_stands_there_in_its_form_and_check_finds_nothing() {
    let text = std::fs::read_to_string(in_repository("examples/lua/stock.lua")).expect("the script");
    for call in CALLS.split('|') {
        let call = call.trim().replace("\r\n", "\\r\\n");
        assert!(text.contains(&call), "{call}");
    }
    let findings = sip_lua::check(&script(&[])).expect("it loads");
    assert!(findings.is_empty(), "{findings:?}");
}

/// A call from alice to bob, answered and ended, one that is given up and one that is refused.
async fn calls(world: &World) {
    let (alice, bob) = (world.agent("alice"), world.agent("bob"));
    alice.register().await;
    bob.register().await;
    let call = alice.invite("sip:bob@10.0.0.1");
    let invite = bob.recv_request("INVITE").await;
    assert!(invite.header("Record-Route").is_some(), "{invite:?}");
    bob.respond(&invite, 180);
    alice.recv_status(180).await;
    bob.respond(&invite, 200);
    let ok = alice.recv_status(200).await;
    call.ack(&ok);
    bob.recv_request("ACK").await;
    call.bye(&ok);
    let bye = bob.recv_request("BYE").await;
    bob.respond(&bye, 200);
    alice.recv_status(200).await;

    let call = alice.invite("sip:bob@10.0.0.1");
    let invite = bob.recv_request("INVITE").await;
    bob.respond(&invite, 180);
    alice.recv_status(180).await;
    call.cancel();
    alice.recv_status(200).await;
    let cancel = bob.recv_request("CANCEL").await;
    bob.respond(&cancel, 200);
    bob.respond(&invite, 487);
    let gone = alice.recv_status(487).await;
    call.ack(&gone);
    bob.recv_request("ACK").await;

    let call = alice.invite("sip:bob@10.0.0.1");
    let invite = bob.recv_request("INVITE").await;
    bob.respond(&invite, 486);
    let busy = alice.recv_status(486).await;
    call.ack(&busy);
    bob.recv_request("ACK").await;
}

#[test]
fn phones_register_and_call_with_everything_off() {
    let log = logged(|| run(&[], calls));
    assert!(!log.contains("ERROR"), "{log}");
}

#[test]
fn phones_register_and_call_with_nat_and_flood_protection_on() {
    let log = logged(|| run(&["WITH_NAT", "WITH_ANTIFLOOD"], calls));
    assert!(!log.contains("ERROR"), "{log}");
}

#[test]
fn others_are_answered_as_they_deserve() {
    run(&["WITH_NAT"], async |world| {
        let alice = world.agent("alice");
        let keepalive = ask(&alice, "OPTIONS", "sip:10.0.0.1", 1, 200).await;
        assert_eq!(keepalive.reason(), Some("Keepalive".into()));
        ask(&alice, "MESSAGE", "sip:nobody@10.0.0.1", 2, 404).await;
        ask(&alice, "MESSAGE", "sip:10.0.0.1", 3, 484).await;
        alice.send(&alice.request("MESSAGE", "sip:bob@10.0.0.1", 4, "User-Agent: friendly-scanner\n"));
        alice.recv_status(200).await;
        let tired = alice.request("MESSAGE", "sip:bob@10.0.0.1", 5, "");
        alice.send(&tired.replace("Max-Forwards: 70", "Max-Forwards: 0"));
        alice.recv_status(483).await;
        // A request of a call that is none of ours.
        let stray = alice.request("BYE", "sip:bob@10.0.0.1", 6, "");
        alice.send(&stray.replace("To: <sip:bob@10.0.0.1>", "To: <sip:bob@10.0.0.1>;tag=x"));
        let stray = alice.recv_status(404).await;
        assert_eq!(stray.reason(), Some("Not here".into()));
        // Another domain: on its way, with a hint.
        let other = world.agent("other");
        alice.send(&alice.request("MESSAGE", &other.contact(), 7, ""));
        let message = other.recv_request("MESSAGE").await;
        assert_eq!(message.header("P-Hint"), Some("outbound".into()));
        other.respond(&message, 200);
        alice.recv_status(200).await;
    });
}

#[test]
fn passwords_are_asked_for_where_they_are_wanted() {
    run(&["WITH_AUTH"], async |world| {
        let alice = world.agent("alice");
        alice.send(&alice.request("REGISTER", "sip:10.0.0.1", 1, "Expires: 60\n"));
        alice.recv_status(401).await;
        ask(&alice, "MESSAGE", "sip:bob@10.0.0.1", 2, 407).await;
        // Neither from here nor to here.
        let foreign = alice.request("MESSAGE", "sip:bob@elsewhere.example", 3, "");
        alice.send(&foreign.replace("From: <sip:alice@10.0.0.1>", "From: <sip:alice@other.example>"));
        alice.recv_status(403).await;
    });
}

#[test]
fn who_sends_too_much_is_banned_for_a_while() {
    run(&["WITH_ANTIFLOOD"], async |world| {
        let (flood, alice) = (world.agent("flood"), world.agent("alice"));
        for number in 0..200 {
            flood.send(&flood.request("OPTIONS", "sip:10.0.0.1", number, ""));
        }
        world.pass(Duration::from_secs(1)).await;
        let mut answers = 0;
        while flood.recv_within(Duration::from_millis(1)).await.is_some() {
            answers += 1;
        }
        assert!((1..200).contains(&answers), "{answers}");
        flood.send(&flood.request("OPTIONS", "sip:10.0.0.1", 999, ""));
        assert!(flood.recv_within(Duration::from_secs(1)).await.is_none());
        ask(&alice, "OPTIONS", "sip:10.0.0.1", 1, 200).await;
    });
}
