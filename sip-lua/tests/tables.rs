//! Tables and queues, as scripts use them: shared by all workers, bounded, with an end for each item.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod common;

use std::time::Duration;

use sip_lua::Settings;
use sip_server::Server;
use sip_server::play::{self as played, World};

use common::{ask, call, invite_route, script_with};

const LOCKED: &str = "local n = KSR.htable.sht_inc('short', 'turn')
    KSR.htable.sht_lock('t', 'k') KSR.htable.sht_lock('t', 'k')
    KSR.htable.sht_sets('t', 'log', KSR.htable.sht_gete('t', 'log') .. n .. '(')
    KSR.await.sleep(1000)
    KSR.htable.sht_sets('t', 'log', KSR.htable.sht_gete('t', 'log') .. n .. ')')
    if n ~= 2 then KSR.htable.sht_unlock('t', 'k') KSR.htable.sht_unlock('t', 'k') end
    KSR.sl.send_reply(480, 'done')";

fn settings() -> Settings {
    let tables = ["t=>size=4", "short=>size=4;autoexpire=10;initval=0", "small=>size=1;maxitems=2"];
    let queues = ["name=q", "name=two;size=2", "name=once;addmode=1"];
    let with_tables =
        tables.iter().try_fold(Settings::new(), |all, one| all.modparam("htable", "htable", one));
    let all = queues
        .iter()
        .try_fold(with_tables.expect("tables"), |all, one| all.modparam("mqueue", "mqueue", one));
    all.expect("queues")
}

fn play(workers: usize, body: &str, story: impl AsyncFnOnce(&World)) {
    let script = script_with(&invite_route(body), settings());
    played::run(1, Server::new().workers(workers), script, story);
}

fn told(body: &str) -> String {
    let body = format!("local r = (function() {body} end)() KSR.sl.send_reply(480, tostring(r))");
    let mut reason = String::new();
    play(1, &body, async |world| {
        let alice = world.agent("alice");
        reason = call(&alice, 480).await.reason().unwrap_or_default().to_string();
    });
    reason
}

#[test]
fn values_come_back_as_they_went_in() {
    let said = told(
        "local h = KSR.htable
         local codes = {h.sht_sets('t', 'text', 'a b'), h.sht_seti('t', 'number', 7), h.sht_setxs('t', 'x', 'y', 5),
             h.sht_setxi('t', 'xi', 8, 5), h.sht_sets('no', 'a', 'b')}
         return table.concat(codes, ' ') .. '; ' .. h.sht_get('t', 'text') .. ' ' .. h.sht_get('t', 'number') + 1 .. ' '
             .. h.sht_get('t', 'x') .. ' ' .. h.sht_get('t', 'xi') .. ' ' .. tostring(h.sht_get('t', 'none')) .. ' '
             .. h.sht_gete('t', 'none') .. '. ' .. h.sht_getw('t', 'none') .. ' ' .. tostring(h.sht_get('no', 'a'))",
    );
    assert_eq!(said, "1 1 1 1 -1; a b 8 y 8 nil . <null> nil");
}

#[test]
fn null_and_absent_are_told_apart() {
    let said = told(
        "local h = KSR.htable
         h.sht_seti('t', 'a', 1)
         return table.concat({h.sht_is_null('t', 'a'), h.sht_is_null('t', 'b'), h.sht_is_null('short', 'b'),
             h.sht_is_null('no', 'b'), h.sht_get('short', 'b')}, ' ')",
    );
    assert_eq!(said, "-1 1 -2 2 0");
}

#[test]
fn counting_says_the_new_value_or_minus_255() {
    let said = told(
        "local h = KSR.htable
         h.sht_sets('t', 'text', 'x') h.sht_seti('t', 'n', 5)
         return table.concat({h.sht_inc('t', 'n'), h.sht_dec('t', 'n'), h.sht_inc('t', 'none'), h.sht_inc('t', 'text'),
             h.sht_inc('short', 'new'), h.sht_inc('no', 'n'), KSR.pv.get('$shtinc(t=>n)'), KSR.pv.get('$shtdec(t=>n)')}, ' ')",
    );
    assert_eq!(said, "6 5 -255 -255 1 -255 6 5");
}

#[test]
fn items_are_matched_counted_and_removed_by_name_and_value() {
    let said = told(
        "local h = KSR.htable
         for _, key in ipairs({'a1', 'a2', 'b1', 'c1'}) do h.sht_sets('t', key, 'of ' .. key) end
         local out = {h.sht_match_name('t', 'eq', 'a1'), h.sht_match_name('t', 'eq', 'a'), h.sht_match_name('t', 'sw', 'a'),
             h.sht_match_name('t', 'nope', 'a'), h.sht_match_str_value('t', 're', '^OF C'), h.sht_cn('t', 'ew', '1'),
             KSR.pv.get('$shtcn(t=>%~a)'), KSR.pv.get('$shtcv(t=>~~1$)'),
             h.sht_rm_name('t', 'sw', 'a'), h.sht_rm_value_re('t', 'c1$'), h.sht_rm('t', 'none'), h.sht_cn('t', 're', '.'),
             h.sht_rm_name_re('no', 'x'), h.sht_reset('t'), h.sht_reset('no'), h.sht_cn('t', 're', '.')}
         return table.concat(out, ' ')",
    );
    assert_eq!(said, "1 -1 1 -1 1 3 2 3 1 1 1 1 1 0 -1 0");
}

#[test]
fn a_walk_shows_each_item_once_and_may_change_it() {
    let said = told(
        "local h = KSR.htable
         for n = 1, 5 do h.sht_seti('t', 'k' .. n, n) end
         local keys, sum = {}, 0
         h.sht_iterator_start('w', 't')
         while h.sht_iterator_next('w') > 0 do
             local key, value = KSR.pv.get('$shtitkey(w)'), KSR.pv.get('$shtitval(w)')
             keys[#keys + 1], sum = key, sum + value
             if value == 1 then h.sht_iterator_rm('w') end
             if value == 2 then h.sht_iterator_sets('w', 'two') end
             if value == 3 then h.sht_iterator_seti('w', 30) end
             if value == 4 then h.sht_iterator_setex('w', 60) end
         end
         table.sort(keys)
         local after = tostring(KSR.pv.get('$shtitkey(w)'))
         local left = {h.sht_iterator_end('w'), h.sht_iterator_next('w'), h.sht_iterator_start('w', 'no')}
         return table.concat(keys, ' ') .. ' ' .. sum .. ' ' .. after .. ' ' .. table.concat(left, ' ') .. '; '
             .. KSR.pv.get('$_s($sht(t=>k1) $sht(t=>k2) $sht(t=>k3) $shtex(t=>k4) $shtex(t=>k5))')",
    );
    assert_eq!(said, "k1 k2 k3 k4 k5 15 nil 1 -1 -1; <null> two 30 60 0");
}

#[test]
fn variables_write_and_remove_items() {
    let said = told(
        "KSR.pv.sets('$sht(t=>of $rU)', 'x') local before = KSR.pv.get('$_s($sht(t=>of bob))')
         KSR.pv.seti('$shtex(t=>of bob)', 7) local time = KSR.pv.get('$shtex(t=>of bob)')
         KSR.pv.unset('$sht(t=>of bob)')
         return before .. ' ' .. time .. ' ' .. tostring(KSR.pv.get('$sht(t=>of bob)')) .. ' '
             .. tostring(KSR.pv.sets('$sht(no=>a)', 'x'))",
    );
    assert_eq!(said, "x 7 nil false");
}

#[test]
fn a_full_table_refuses_and_keeps_what_it_has() {
    let said = told(
        "local h = KSR.htable
         return table.concat({h.sht_seti('small', 'a', 1), h.sht_seti('small', 'b', 2), h.sht_seti('small', 'c', 3),
             h.sht_seti('small', 'a', 4), h.sht_get('small', 'a'), h.sht_get('small', 'b')}, ' ')",
    );
    assert_eq!(said, "1 1 -1 1 4 2");
}

#[test]
fn items_end_when_their_time_is_over() {
    let body = "local h = KSR.htable
        local seen = h.sht_match_name('short', 'eq', 'ban')
        if h.sht_get('short', 'once') == 0 then h.sht_seti('short', 'ban', 1) h.sht_setxi('short', 'once', 1, 60) end
        KSR.sl.send_reply(480, seen .. ' ' .. tostring(h.sht_get('short', 'ban')))";
    play(1, body, async |world| {
        let alice = world.agent("alice");
        let mut said = Vec::new();
        for wait in [0, 9, 2] {
            world.pass(Duration::from_secs(wait)).await;
            said.push(call(&alice, 480).await.reason().unwrap_or_default().to_string());
        }
        assert_eq!(said, ["-1 1", "1 1", "-1 0"]);
    });
}

#[test]
fn workers_see_the_same_tables_and_queues() {
    let body = "KSR.mqueue.mq_add('q', 'k', 'v')
        KSR.sl.send_reply(480, KSR.htable.sht_inc('short', 'calls') .. ' ' .. KSR.mqueue.mq_size('q') .. ' '
            .. KSR.pv.get('$shvinc(calls)'))";
    play(2, body, async |world| {
        let alice = world.agent("alice");
        let mut said = Vec::new();
        for worker in [0, 1, 0] {
            world.steer_to(Some(worker));
            said.push(call(&alice, 480).await.reason().unwrap_or_default().to_string());
        }
        assert_eq!(said, ["1 1 1", "2 2 2", "3 3 3"]);
    });
}

#[test]
fn a_lock_is_held_across_waiting_and_ends_with_its_route() {
    play(2, LOCKED, async |world| {
        let (alice, bob, carol) = (world.agent("alice"), world.agent("bob"), world.agent("carol"));
        let calls = [&alice, &bob, &carol].map(|phone| phone.invite("sip:x@10.0.0.1"));
        for (phone, call) in [&alice, &bob, &carol].into_iter().zip(&calls) {
            call.ack(&phone.recv_status(480).await);
        }
        // The second never unlocked: its lock ended with it, or the third would wait for ever.
        world.assert_nothing_left().await;
    });
}

#[test]
fn who_waits_for_a_lock_comes_in_turn() {
    let body = format!(
        "if KSR.kx.get_ruser() == 'log' then KSR.sl.send_reply(480, KSR.htable.sht_get('t', 'log')) return end {LOCKED}"
    );
    play(1, &body, async |world| {
        let (alice, bob, carol) = (world.agent("alice"), world.agent("bob"), world.agent("carol"));
        let mut calls = Vec::new();
        for phone in [&alice, &bob, &carol] {
            calls.push((phone, phone.invite("sip:x@10.0.0.1")));
            world.pass(Duration::from_millis(10)).await;
        }
        for (phone, call) in calls {
            call.ack(&phone.recv_status(480).await);
        }
        let log = ask(&alice, "MESSAGE", "sip:log@10.0.0.1", 9, 480).await;
        // One after the other, whoever came second or third.
        assert_eq!(log.reason(), Some("1(1)2(2)3(3)".into()));
    });
}

#[test]
fn a_queue_gives_back_in_order() {
    let said = told(
        "local q = KSR.mqueue
         local out = {q.mq_size('q'), q.mq_fetch('q'), q.mq_fetch('no'), q.mq_size('no'), q.mq_add('no', 'a', 'b'),
             tostring(q.mqk_get('q')), tostring(q.mqv_gete('q'))}
         q.mq_add('q', 'k1', 'v1') q.mq_add('q', 'k2', 'v2')
         while q.mq_fetch('q') > 0 do
             out[#out + 1] = q.mqk_get('q') .. q.mqv_getw('q') .. KSR.pv.get('$_s($mqk(q)$mqv(q))')
         end
         out[#out + 1] = tostring(q.mqk_get('q'))
         out[#out + 1] = q.mq_pv_free('q')
         return table.concat(out, ' ')",
    );
    assert_eq!(said, "0 -2 -1 -1 -1 nil nil k1v1k1v1 k2v2k2v2 nil 1");
}

#[test]
fn a_full_queue_drops_its_oldest_and_one_of_unique_keys_keeps_the_first() {
    let said = told(
        "local q, out = KSR.mqueue, {}
         for n = 1, 3 do out[#out + 1] = q.mq_add('two', 'k' .. n, 'v' .. n) q.mq_add('once', 'k', 'v' .. n) end
         while q.mq_fetch('two') > 0 do out[#out + 1] = q.mqv_get('two') end
         while q.mq_fetch('once') > 0 do out[#out + 1] = q.mqv_get('once') end
         return table.concat(out, ' ')",
    );
    assert_eq!(said, "1 1 1 v2 v3 v1");
}
