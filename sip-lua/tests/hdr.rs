//! Headers, as scripts read and change them.

mod common;

use common::{call, invite_route, play, reason};

fn told(body: &str) -> String {
    reason(&format!("local r = (function() {body} end)() KSR.sl.send_reply(480, tostring(r))"))
}

#[test]
fn a_header_is_read_by_name_in_any_spelling() {
    for (read, expected) in [
        ("KSR.hdr.get('call-id')", "alice-1"),
        ("KSR.hdr.get('i')", "alice-1"),
        ("KSR.hdr.get('X')", "nil"),
        ("KSR.hdr.gete('X-None') == ''", "true"),
        ("KSR.hdr.getw('X-None')", "<null>"),
        ("KSR.hdr.is_present('Max-Forwards')", "1"),
        ("KSR.hdr.is_present('X-None')", "-1"),
    ] {
        assert_eq!(told(&format!("return {read}")), expected, "{read}");
    }
}

#[test]
fn one_of_several_headers_is_read_by_its_place() {
    let said = told(
        "KSR.hdr.append('X-N: one\\r\\nX-N: two\\r\\n')
         return table.concat({KSR.hdr.get('X-N'), KSR.hdr.get_idx('X-N', 1), KSR.hdr.get_idx('X-N', -2),
             KSR.hdr.getw_idx('X-N', 2), KSR.hdr.gete_idx('X-N', -3) .. '.', tostring(KSR.hdr.get_idx('X-N', 9))}, ' ')",
    );
    assert_eq!(said, "one two one <null> . nil");
}

#[test]
fn changes_are_seen_at_once_and_relayed() {
    let script = invite_route(
        "local codes = {
             KSR.hdr.append('X-Last: 1\\r\\n'), KSR.hdr.insert('X-First: 2\\r\\n'),
             KSR.hdr.append_after('X-Behind: 3\\r\\n', 'Via'), KSR.hdr.insert_before('X-Before: 4\\r\\n', 'To'),
             KSR.hdr.remove('Contact'), KSR.hdr.remove('X-None'),
             KSR.hdr.rmappend('X-Last', 'X-New: 5\\r\\n'), KSR.hdr.rminsert('X-None', 'X-Top: 6\\r\\n') }
         KSR.hdr.append('X-Codes: ' .. table.concat(codes, ' ') .. ' ' .. tostring(KSR.hdr.get('X-Last')) .. '\\r\\n')
         KSR.pv.sets('$ru', 'sip:bob@10.0.1.2')
         KSR.tm.t_relay()",
    );
    play(&script, async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        let invite = alice.invite("sip:bob@10.0.0.1");
        let request = bob.recv_request("INVITE").await;
        let names: Vec<_> = request.iter().map(|(_, name, _)| name.to_string()).collect();
        assert_eq!(
            names,
            [
                "X-Top",
                "X-First",
                "Via",
                "Via",
                "X-Behind",
                "Max-Forwards",
                "From",
                "X-Before",
                "To",
                "Call-ID",
                "CSeq",
                "Content-Length",
                "X-New",
                "X-Codes"
            ]
        );
        assert_eq!(request.header("X-Codes"), Some("1 1 1 1 1 1 1 1 nil".into()));
        bob.respond(&request, 486);
        let busy = alice.recv_status(486).await;
        invite.ack(&busy);
        bob.recv_request("ACK").await;
    });
}

#[test]
fn what_is_no_header_line_is_refused_and_changes_nothing() {
    for text in
        ["no header", "X: a\\nY: b\\r\\n", "X: a\\r\\n\\r\\nbody: x\\r\\n", "", "Content-Length: 99\\r\\n"]
    {
        let said = told(&format!(
            "local before = KSR.pv.get('$mbu') local code = KSR.hdr.append('{text}')
             return code .. ' ' .. tostring(before == KSR.pv.get('$mbu'))"
        ));
        assert_eq!(said, "-1 true", "{text:?}");
    }
}

#[test]
fn headers_of_a_reply_are_changed_in_reply_routes() {
    let script = invite_route(
        "KSR.pv.sets('$ru', 'sip:bob@10.0.1.2') KSR.tm.t_on_reply('R') KSR.tm.t_relay()",
    ) + "function R() KSR.hdr.append('X-R: ' .. KSR.kx.get_status() .. KSR.kx.gets_status() .. '\\r\\n') end\n";
    play(&script, async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        let invite = alice.invite("sip:bob@10.0.0.1");
        let request = bob.recv_request("INVITE").await;
        bob.respond(&request, 486);
        let busy = alice.recv_status(486).await;
        assert_eq!(busy.header("X-R"), Some("486486".into()));
        invite.ack(&busy);
        bob.recv_request("ACK").await;
    });
}

#[test]
fn parts_of_the_message_have_short_names() {
    let said = told(
        "local k = KSR.kx
         return table.concat({k.get_method(), k.get_ruri(), k.get_furi(), k.gete_fhost(), k.get_ruser(), k.get_srcip(),
             k.get_srcport(), k.get_rcvip(), k.get_rcvport(), k.get_status(), k.gete_ua() .. '.', k.getw_ua(),
             tostring(k.get_ua()), k.get_callid(), k.get_proto(), k.get_msgtype(), tostring(k.get_duri()),
             k.get_nhuri(), tostring(k.gets_status()), k.get_bodylen(), tostring(k.ifdef('X')), tostring(k.ifndef('X')),
             k.get_srcuri(), k.get_srcaddr_sock()}, ' ')",
    );
    assert_eq!(
        said,
        "INVITE sip:bob@10.0.0.1 sip:alice@10.0.0.1 10.0.0.1 bob 10.0.1.1 5060 10.0.0.1 5060 0 . <null> nil alice-1 udp \
         1 nil sip:bob@10.0.0.1 nil 0 false true sip:10.0.1.1:5060 udp:10.0.1.1:5060"
    );
}

#[test]
fn log_lines_have_the_values_of_variables() {
    let log = common::logged(|| {
        play(
            &invite_route(
                "KSR.xlog.xerr('call of $fU to $(ru{uri.user}): $hdr(X-None) $$\\n') KSR.xlog.xlog('L_WARN', 'x $rm')
                 KSR.sl.send_reply(480, 'done')",
            ),
            async |world| {
                let alice = world.agent("alice");
                call(&alice, 480).await;
            },
        );
    });
    assert!(log.contains("ERROR script: call of alice to bob: <null> $\n"), "{log}");
    assert!(log.contains("WARN script: x INVITE\n"), "{log}");
}
