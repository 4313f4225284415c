//! Random calls over random networks: whatever happens, the rules of `common/check.rs` hold.
//!
//! A seed decides everything: who calls when, what each phone says and when, what each route does, who gives up,
//! what is suspended and when it goes on, which connection ends, and what the network loses, doubles and
//! reorders. A seed that fails fails each time.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod common;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use common::check::Check;
use common::{alice, bob, carol, dave, proxy, start};
use sip_core::{StatusCode, Target};
use sip_transaction::play::{Dice, Link, Network, Turn};
use sip_transaction::{
    Answer, Armed, Ask, AskKind, Asker, Config, DropReplies, RouteId, Suspension, TransactionId,
};

/// So many networks each test plays; they run side by side.
const SEEDS: u64 = 1_000;

/// What the routes have left for later.
#[derive(Default)]
struct Later {
    suspended: Vec<Suspension>,
    made: Vec<TransactionId>,
}

type Shared = Rc<RefCell<(Dice, Later)>>;

fn second() -> Target {
    Network::udp(8)
}

fn phones() -> [Target; 5] {
    [bob(), carol(), dave(), Network::tcp(5), second()]
}

fn pick<T: Copy>(dice: &mut Dice, of: &[T]) -> T {
    of[dice.below(of.len() as u64) as usize]
}

fn chance(dice: &mut Dice, percent: u64) -> bool {
    dice.below(100) < percent
}

fn targets(dice: &mut Dice) -> Vec<Target> {
    (0..1 + dice.below(3)).map(|_| pick(dice, &phones())).collect()
}

fn armed(dice: &mut Dice) -> Armed {
    Armed {
        on_reply: chance(dice, 30).then(|| RouteId::new(1)),
        on_failure: chance(dice, 40).then(|| Asker::Route(RouteId::new(2))),
        on_branch_failure: chance(dice, 20).then(|| RouteId::new(3)),
    }
}

/// What an error means here: a CANCEL or an answer came first, or all branches are used up.
fn relay(turn: &mut Turn<'_>, dice: &mut Dice) {
    let _ = turn.relay_armed(&targets(dice), armed(dice));
}

fn route(turn: &mut Turn<'_>, shared: &Shared) {
    let (dice, later) = &mut *shared.borrow_mut();
    later.made.push(turn.transaction);
    match dice.below(100) {
        ..70 => relay(turn, dice),
        70..82 => {
            later.suspended.extend(turn.table.suspend(turn.now, turn.transaction, turn.out).ok());
            if chance(dice, 30) {
                relay(turn, dice);
            }
        }
        82..92 => {
            let status = StatusCode::new(pick(dice, &[180, 200, 302, 404, 408, 503])).expect("a status");
            // A 1xx to what is no INVITE is refused.
            let _ = turn.reply(status);
        }
        92..95 => turn.table.release(turn.now, turn.transaction, turn.out),
        _ => {}
    }
}

fn asked(turn: &mut Turn<'_>, ask: &Ask, shared: &Shared) -> Answer {
    let (dice, _) = &mut *shared.borrow_mut();
    match &ask.kind {
        AskKind::Reply { response, .. } => {
            Answer::Reply { message: response.clone(), drop: chance(dice, 10) }
        }
        AskKind::BranchFailure { .. } => {
            if chance(dice, 50) {
                relay(turn, dice);
            }
            Answer::BranchFailure
        }
        _ => {
            match dice.below(10) {
                ..6 => relay(turn, dice),
                6 => {
                    let _ = turn.reply(StatusCode::NOT_FOUND);
                }
                _ => {}
            }
            let all = [DropReplies::IfRelayed, DropReplies::None, DropReplies::Last, DropReplies::All];
            Answer::Failure { drop_replies: pick(dice, &all) }
        }
    }
}

fn script(dice: &mut Dice) -> Vec<(u64, u16)> {
    let mut at = 0;
    let mut script = Vec::new();
    for status in [100, 180, 183] {
        if chance(dice, 50) {
            at += dice.below(3_000);
            script.push((at, status));
        }
    }
    if chance(dice, 80) {
        let within = if chance(dice, 10) { 140_000 } else { 8_000 };
        at += dice.below(within);
        let finals = [200, 200, 200, 200, 202, 302, 401, 404, 407, 408, 486, 487, 500, 503, 603];
        script.push((at, pick(dice, &finals)));
    }
    script
}

fn link(dice: &mut Dice) -> Link {
    match dice.below(3) {
        0 => Link::default(),
        1 => Link::rough(),
        _ => Link {
            delay: Duration::from_millis(1 + dice.below(100)),
            jitter: Duration::from_millis(dice.below(500)),
            loss: dice.below(30) as u8,
            duplicate: dice.below(20) as u8,
        },
    }
}

/// Something from outside: a phone, another process, a connection.
fn happen(net: &mut Network, dice: &mut Dice, shared: &Shared, check: &mut Check) {
    let transaction = |dice: &mut Dice, shared: &Shared| {
        let made = &shared.borrow().1.made;
        (!made.is_empty()).then(|| pick(dice, made))
    };
    match dice.below(11) {
        0..3 => {
            let method = pick(dice, &["INVITE", "INVITE", "INVITE", "OPTIONS", "MESSAGE"]);
            net.send(pick(dice, &[alice(), Network::tcp(6)]), proxy(), method);
        }
        3..5 => {
            let caller = pick(dice, &[alice(), Network::tcp(6)]);
            if net.agent(caller).calls.last().is_some_and(|(_, call)| call.is_invite()) {
                net.cancel(caller, None);
            }
        }
        5..7 => {
            let suspension = shared.borrow_mut().1.suspended.pop();
            let Some(suspension) = suspension else { return };
            net.with(proxy(), suspension.id, |turn| {
                // It may be cancelled, timed out or gone.
                if turn.table.resume(turn.now, suspension).is_ok() {
                    if chance(dice, 80) {
                        relay(turn, dice);
                    }
                    turn.table.finish(turn.now, turn.transaction, turn.out);
                }
            });
        }
        7 => {
            let Some(id) = transaction(dice, shared) else { return };
            net.with(proxy(), id, |turn| relay(turn, dice));
        }
        8 => {
            let Some(id) = transaction(dice, shared) else { return };
            net.with(proxy(), id, |turn| turn.table.cancel_branches(turn.now, id, None, turn.out));
        }
        9 => {
            let Some(id) = transaction(dice, shared) else { return };
            net.with(proxy(), id, |turn| {
                let first = turn.table.branches(id).next();
                if let Some(branch) = first {
                    check.closed.insert(branch);
                    turn.table.handle_closed(turn.now, branch, turn.out);
                }
            });
        }
        _ => {
            // Another process answers an ask that was left open.
            let asks = &mut net.proxied(proxy()).asks;
            if !asks.is_empty() {
                let ask = asks.remove(0);
                net.with(proxy(), ask.id.transaction, |turn| {
                    let answer = asked(turn, &ask, shared);
                    // Stale after a CANCEL or the lifetime.
                    let _ = turn.table.answer(turn.now, ask.id, answer, turn.out);
                });
            }
        }
    }
}

fn play(seed: u64) -> u64 {
    let what = format!("seed {seed}");
    let mut dice = Dice::new(seed);
    let mut net = Network::new(start(), seed, link(&mut dice));
    for phone in [bob(), carol(), dave(), Network::tcp(5)] {
        let script = script(&mut dice);
        net.agent(phone).answers(&script);
    }
    net.agent(alice());
    net.agent(Network::tcp(6));
    let config = if chance(&mut dice, 50) { Config::default() } else { Config::rfc3261() };
    // Long enough that a slow network does not end a transaction whose messages are still on their way.
    let config = Config { max_inv_lifetime: Duration::from_secs(300), ..config };
    let shared: Shared = Rc::new(RefCell::new((Dice::new(seed ^ 0x5eed), Later::default())));
    let (in_route, in_ask) = (shared.clone(), shared.clone());
    let first = net.proxy(proxy(), config.clone(), move |turn| route(turn, &in_route));
    first.on_ask(move |turn, ask| asked(turn, ask, &in_ask));
    first.hold_asks = chance(&mut dice, 15);
    let behind = targets(&mut dice);
    let behind: Vec<Target> = behind.into_iter().filter(|&phone| phone != second()).chain([bob()]).collect();
    net.proxy(second(), config, move |turn| {
        let _ = turn.relay(&behind);
    });

    let mut checks = [Check::new(proxy()), Check::new(second())];
    net.send(alice(), proxy(), "INVITE");
    for _ in 0..dice.below(12) {
        let until = net.elapsed() + Duration::from_millis(dice.below(4_000));
        while net.elapsed() < until && net.step() {
            checks.iter_mut().for_each(|check| check.step(&mut net, &what));
        }
        happen(&mut net, &mut dice, &shared, &mut checks[0]);
        checks.iter_mut().for_each(|check| check.step(&mut net, &what));
    }
    while net.step() {
        checks.iter_mut().for_each(|check| check.step(&mut net, &what));
    }
    checks.iter().for_each(|check| check.end(&mut net, &what));
    net.proxied(proxy()).stats().created
}

fn play_from(first: u64) {
    let made: u64 = (first..first + SEEDS).map(play).sum();
    assert!(made > SEEDS * 3 / 2, "{made} transactions in {SEEDS} networks");
}

#[test]
fn rules_hold_for_every_seed_of_the_first_thousand() {
    play_from(0);
}

#[test]
fn rules_hold_for_every_seed_of_the_second_thousand() {
    play_from(SEEDS);
}

#[test]
fn rules_hold_for_every_seed_of_the_third_thousand() {
    play_from(2 * SEEDS);
}

#[test]
fn same_seed_is_the_same_run() {
    let trace = |seed| {
        let mut net = Network::new(start(), seed, Link::rough());
        net.agent(bob()).answers(&[(0, 180), (700, 486)]);
        net.proxy(proxy(), Config::default(), |turn| turn.relay(&[bob()]).expect("open"));
        net.send(alice(), proxy(), "INVITE");
        net.run();
        net.trace.iter().map(|(at, packet)| (*at, packet.line())).collect::<Vec<_>>()
    };
    assert_eq!(trace(5), trace(5));
    assert_ne!(trace(5), trace(6));
}
