//! Texts in messages, as scripts search and change them.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod common;

use common::{call, invite_route, play, tell_all};

/// The call, with a body and two headers of a kind.
const BEFORE: &str = "local t, x, h = KSR.textops, KSR.textopsx, KSR.hdr
    h.append('X-A: 1\\r\\nX-A: 2\\r\\nSupported: timer, path\\r\\nPrivacy: id\\r\\n')
    t.set_body('hello hello', 'text/plain')
    local function all(name)
        local out, at = {}, 0
        while h.get_idx(name, at) do out[#out + 1] = h.get_idx(name, at) at = at + 1 end
        return table.concat(out, '|')
    end
    local function body() return KSR.pv.gete('$rb') .. ' ' .. KSR.pv.get('$cl') end";

#[test]
fn messages_are_searched() {
    tell_all(
        BEFORE,
        &[
            ("t.search('^call-ID: alice')", "1"),
            ("t.search('^nothing')", "-1"),
            ("t.search('(')", "-1"),
            ("t.search_body('^HELLO')", "1"),
            ("t.search_body('Call-ID')", "-1"),
            ("t.search_hf('x-a', '^2$', 'a')", "1"),
            ("t.search_hf('x-a', '^2$', 'f')", "-1"),
            ("t.search_hf('x-a', '^2$', 'l')", "1"),
            ("t.search_hf('x-a', '^2$', 'x')", "-1"),
            (
                "t.search_str('abc', 'B') .. t.search_str('abc', '') .. t.search_str('abc', 'x') .. t.search_str('a', '(')",
                "12-1-2",
            ),
            (
                "t.is_present_hf('X-a') .. t.is_present_hf('X-B') .. t.is_present_hf_re('^X-') .. t.is_present_hf_re('^Y-')",
                "1-11-1",
            ),
            ("t.is_privacy('id') .. t.is_privacy('user')", "1-1"),
        ],
    );
}

#[test]
fn messages_are_changed_by_expressions() {
    tell_all(
        BEFORE,
        &[
            ("t.replace('X-A: .', 'X-A: 9') .. ' ' .. all('X-A')", "1 9|2"),
            ("t.replace_all('X-A: .', 'X-A: 9') .. ' ' .. all('X-A')", "1 9|9"),
            ("t.replace('nowhere', 'x')", "-1"),
            ("t.replace('X-A: 1', 'no header') .. all('X-A')", "-11|2"),
            (
                "t.replace_hdrs('hello', 'x') .. t.replace_hdrs('timer', 'gruu') .. all('Supported')",
                "-11gruu, path",
            ),
            ("t.replace_body('l+', 'L') .. ' ' .. body()", "1 heLo hello 10"),
            ("t.replace_body_all('l+', 'L') .. ' ' .. body()", "1 heLo heLo 9"),
            ("t.replace_body_atonce('hello$', '') .. ' ' .. body()", "1 hello  6"),
            ("t.replace_str('X-A: 1', 'X-A: 7', 'f') .. all('X-A')", "17|2"),
            ("t.replace_hdrs_str('X-A', 'X-B', 'a') .. all('X-B')", "11|2"),
            ("t.replace_body_str('hello', 'bye', 'l') .. ' ' .. body()", "1 hello bye 9"),
            ("t.replace_body_str('hello', 'bye', '?')", "-1"),
            ("t.search_append('X-A: 1', '0') .. all('X-A')", "110|2"),
            ("t.search_append_body('hello', '!') .. ' ' .. body()", "1 hello! hello 12"),
        ],
    );
}

#[test]
fn rules_change_headers_bodies_and_the_request_uri() {
    tell_all(
        BEFORE,
        &[
            ("t.subst('/^X-A: (.)/X-A: \\\\1\\\\1/g') .. all('X-A')", "111|22"),
            ("t.subst_body('/hello/$fU/g') .. ' ' .. body()", "1 alice alice 11"),
            ("t.subst_uri('/^sip:(.*)@/sip:+\\\\1@/') .. KSR.pv.get('$ru')", "1sip:+bob@10.0.0.1"),
            ("t.subst_user('/b/r/') .. KSR.pv.get('$rU')", "1rob"),
            ("t.subst_user('/x/r/')", "-1"),
            ("t.subst_uri('/^sip/ /')", "-1"),
            ("t.subst('no rule')", "-1"),
            ("t.subst_hf('X-A', '/./x/', 'l') .. all('X-A')", "11|x"),
            ("t.subst_hf('X-A', '/./x/', 'a') .. all('X-A')", "1x|x"),
            ("t.subst_hf('X-None', '/./x/', 'a')", "-1"),
            ("t.subst_v('abc', '/b/$rU/', '$var(made)') .. KSR.pv.get('$var(made)')", "1abobc"),
            ("t.subst_v('abc', '/b/x/', '$ci')", "-1"),
        ],
    );
}

#[test]
fn headers_go_by_name_place_expression_and_value() {
    tell_all(
        BEFORE,
        &[
            ("t.remove_hf('X-A') .. t.remove_hf('X-None') .. all('X-A')", "11"),
            ("t.remove_hf_idx('X-A', -1) .. t.remove_hf_idx('X-A', 5) .. all('X-A')", "121"),
            ("t.remove_hf_re('^(X-|Supp)') .. all('X-A') .. all('Supported')", "1"),
            ("t.remove_hf_exp('^(X-|Supp)', 'orted') .. all('X-A') .. all('Supported')", "1timer, path"),
            ("t.remove_hf_match('X-A', 'eq', '1') .. all('X-A')", "12"),
            ("x.keep_hf() .. all('X-A') .. all('Privacy') .. KSR.pv.get('$ci')", "-1alice-1"),
            ("x.keep_hf_re('^X-') .. all('X-A') .. all('Privacy')", "-11|2"),
            (
                "tostring(h.match_content('X-A', 'sw', '2', 'l')) .. tostring(h.match_content('X-A', 'eq', '2', 'f'))",
                "truefalse",
            ),
        ],
    );
}

#[test]
fn bodies_have_types_and_parts() {
    tell_all(
        BEFORE,
        &[
            ("t.has_body() .. t.has_body_type('text/plain') .. t.has_body_type('a/b')", "11-1"),
            ("x.remove_body() .. t.has_body() .. tostring(KSR.pv.get('$cT'))", "1-1nil"),
            (
                "t.append_body_part('<a/>', 'text/xml') .. t.get_body_part('text/xml', '$var(p)') .. KSR.pv.get('$var(p)')",
                "11<a/>",
            ),
            (
                "t.append_body_part_cd('<a/>', 'text/xml', 'signal') .. t.get_body_part_raw('text/xml', '$var(p)') .. KSR.pv.get('$(var(p){line.at,1})')",
                "11Content-Disposition: signal",
            ),
            (
                "t.append_body_part('a', 'text/xml') .. t.filter_body('text/plain') .. body()",
                "11hello hello 11",
            ),
            (
                "t.append_body_part('a', 'text/xml') .. t.remove_body_part('text/plain') .. t.get_body_part('text/plain', '$var(p)')",
                "11-1",
            ),
            (
                "t.set_body_multipart('part', 'a/b', 'my') .. KSR.pv.get('$cT')",
                "1multipart/mixed;boundary=\"my\"",
            ),
            (
                "t.set_body_multipart_mode() .. t.get_body_part('text/plain', '$var(p)') .. KSR.pv.get('$var(p)')",
                "11hello hello",
            ),
            ("t.set_body_multipart_boundary('bb') .. KSR.pv.get('$cT')", "1multipart/mixed;boundary=\"bb\""),
            (
                "t.set_body_multipart_content('x', 'a/b') .. t.get_body_part('a/b', '$var(p)') .. KSR.pv.get('$var(p)')",
                "11x",
            ),
            (
                "t.set_body('v=0\\r\\nc=IN IP4 0.0.0.0\\r\\nm=audio 9 RTP/AVP 0\\r\\n', 'application/sdp') .. t.is_audio_on_hold()",
                "11",
            ),
            ("t.is_audio_on_hold()", "-1"),
        ],
    );
}

#[test]
fn texts_are_compared() {
    tell_all(
        "local t, x = KSR.textops, KSR.textopsx",
        &[
            (
                "t.cmp_str('a', 'a') .. t.cmp_str('b', 'a') .. t.cmp_str('a', 'b') .. t.cmp_istr('A', 'a')",
                "1-1-21",
            ),
            (
                "t.starts_with('abc', 'ab') .. t.starts_with('abc', 'bb') .. t.ends_with('abc', 'bc') .. t.ends_with('abc', 'b')",
                "1-21-1",
            ),
            (
                "t.in_list('b', 'a, b', ',') .. t.in_list('c', 'a,b', ',') .. t.in_list_prefix('abc', 'x;ab', ';')",
                "1-11",
            ),
            ("t.str_find('abc', 'c') .. t.str_find('abc', 'C') .. t.str_ifind('abc', 'C')", "3-13"),
            ("t.str_any_in('abc', 'xc') .. t.str_all_in('abc', 'xc') .. t.str_all_in('cc', 'xc')", "1-11"),
            ("x.fnmatch('abc', 'a*') .. x.fnmatch('abc', 'b*') .. x.fnmatch_ex('ABC', 'a*', 'i')", "0-10"),
        ],
    );
}

#[test]
fn values_are_changed_at_their_place() {
    tell_all(
        BEFORE,
        &[
            ("x.append_hf_value('X-A', '3') .. all('X-A')", "11|2|3"),
            ("x.append_hf_value('X-A[1]', '3') .. all('X-A')", "11, 3|2"),
            ("x.append_hf_value('X-A[9]', '3') .. x.append_hf_value('X-A[', '3')", "-1-1"),
            ("x.insert_hf_value('Supported[2]', 'gruu') .. all('Supported')", "1timer, gruu, path"),
            ("x.assign_hf_value('X-A[2].p', 'v') .. all('X-A')", "11|2;p=v"),
            ("x.remove_hf_value('Supported[1]') .. all('Supported')", "1path"),
            ("x.include_hf_value('Supported', 'gruu') .. all('Supported')", "1timer, path, gruu"),
            ("x.include_hf_value('Supported', 'PATH') .. all('Supported')", "1timer, path"),
            (
                "x.exclude_hf_value('Supported', 'timer') .. x.exclude_hf_value('Supported', 'timer') .. all('Supported')",
                "1-1path",
            ),
            ("x.hf_value_exists('Supported', 'Path') .. x.hf_value_exists('Supported', 'x')", "1-1"),
        ],
    );
}

#[test]
fn header_lines_are_walked_through() {
    tell_all(BEFORE, &[(
        "(function()
            local seen = {}
            x.hf_iterator_start('w')
            while x.hf_iterator_next('w') > 0 do
                local name, value = x.hf_iterator_hname('w'), x.hf_iterator_hbody('w')
                if value == '1' then x.hf_iterator_rm('w') end
                if value == '2' then
                    x.hf_iterator_append('w', 'X-B: 3\\r\\n')
                    x.hf_iterator_insert('w', 'X-C: 4\\r\\n')
                end
                seen[#seen + 1] = name
            end
            local back = x.hf_iterator_prev('w') .. x.hf_iterator_hname('w')
            return x.hf_iterator_end('w') .. x.hf_iterator_end('w') .. table.concat(seen, ' ', 8) .. ' ' .. back .. ' '
                .. all('X-A') .. all('X-B') .. all('X-C') .. tostring(x.hf_iterator_hname('w')) .. x.hf_iterator_next('w')
        end)()",
        "1-1Content-Length X-A X-A Supported Privacy Content-Type 1Content-Type 234nil-1",
    )]);
}

#[test]
fn a_whole_message_is_written_anew() {
    tell_all(
        BEFORE,
        &[
            ("x.msg_apply_changes() .. x.msg_set_buffer('SIP/2.0 200 OK\\r\\n\\r\\n')", "1-1"),
            (
                "x.msg_set_buffer((KSR.pv.get('$mbu'):gsub('bob', 'eve'))) .. KSR.pv.get('$ru') .. KSR.pv.get('$tu')",
                "1sip:eve@10.0.0.1sip:eve@10.0.0.1",
            ),
        ],
    );
}

#[test]
fn replies_made_here_get_what_was_added() {
    let script = invite_route(
        "local codes = KSR.hdr.append_to_reply('X-R: 1\\r\\nX-R: 2\\r\\n') .. KSR.hdr.append_to_reply('none')
             .. KSR.textops.set_reply_body('because', 'text/plain')
         KSR.hdr.append_to_reply('X-Codes: ' .. codes .. '\\r\\n')
         KSR.sl.send_reply(480, 'gone')",
    );
    play(&script, async |world| {
        let alice = world.agent("alice");
        let gone = call(&alice, 480).await;
        let values: Vec<_> = gone.headers("X-R").map(ToString::to_string).collect();
        assert_eq!(values, ["1", "2"]);
        assert_eq!(gone.header("X-Codes"), Some("1-11".into()));
        assert_eq!((gone.body(), gone.header("Content-Type")), (&b"because"[..], Some("text/plain".into())));
    });
}

#[test]
fn a_reply_on_its_way_gets_another_status_of_its_class() {
    let script = invite_route("KSR.pv.sets('$ru', 'sip:bob@10.0.1.2') KSR.tm.t_on_reply('R') KSR.tm.t_relay()")
        + "function R()
            if KSR.kx.get_status() < 200 then return end
            local refused = KSR.textopsx.change_reply_status(200, 'OK') .. KSR.textopsx.change_reply_status_code(180)
            KSR.hdr.append('X-R: ' .. refused .. KSR.textopsx.change_reply_status(404, 'Nobody') .. '\\r\\n')
        end\n";
    play(&script, async |world| {
        let (alice, bob) = (world.agent("alice"), world.agent("bob"));
        let invite = alice.invite("sip:bob@10.0.0.1");
        let request = bob.recv_request("INVITE").await;
        bob.respond(&request, 486);
        let gone = alice.recv_status(404).await;
        assert_eq!((gone.reason(), gone.header("X-R")), (Some("Nobody".into()), Some("-1-11".into())));
        invite.ack(&gone);
        bob.recv_request("ACK").await;
    });
}
