//! Requests that start here: their outcome is told, once, to whoever started them.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod common;

use common::direct::{Direct, TICKET, kind_of, status_of};
use common::{alice, assert_nothing_left, bob, carol, network, proxy};
use sip_core::{Message, Protocol, Target, build, parse};
use sip_transaction::play::{Link, Network};
use sip_transaction::{
    Answer, Armed, AskKind, Asker, BranchId, Config, DropReplies, Gone, Matched, Notice, RouteId, TmError,
    TransactionId,
};

const WAITER: Asker = Asker::Waiter(TICKET);

/// A request of our own: no Via yet.
fn request(method: &str) -> Message {
    let mut request = Direct::request(method, "own");
    request.remove("Via");
    request
}

impl Direct {
    fn start(&mut self, method: &str) -> TransactionId {
        let request = request(method);
        self.table.originate(self.now, &request, WAITER, &mut self.out).expect("a request")
    }

    /// A response with our Via alone, as it comes for a request that starts here.
    fn own_response(&mut self, branch: BranchId, method: &str, status: u16, tag: &str) -> Matched {
        let mut response = self.response(branch, method, status, tag).expect("a response");
        let ours = response.values("Via").next().expect("Via").to_string();
        response.remove("Via");
        response.prepend("Via", ours).expect("a good value");
        self.table.handle_response(self.now, branch, response, &mut self.out)
    }

    fn told(&mut self) -> Vec<u16> {
        let asks = std::mem::take(&mut self.out.asks);
        asks.iter().filter(|ask| kind_of(ask) == "outcome").map(status_of).collect()
    }

    fn target() -> Target {
        Target::new(Protocol::Udp, "192.0.2.2:5002".parse().expect("an address"))
    }
}

/// Starts a request at the proxy and sends it to these phones.
fn start(net: &mut Network, method: &str, targets: &[Target]) -> TransactionId {
    let id = net.originate(proxy(), &request(method)).expect("a request");
    net.with(proxy(), id, |turn| turn.relay(targets)).expect("a new request");
    id
}

fn outcomes(net: &mut Network) -> Vec<u16> {
    net.proxied(proxy()).outcomes.iter().map(status_of).collect()
}

#[test]
fn outcome_is_told_once_over_any_network() {
    for seed in 0..50 {
        let mut net = common::network_over(Link::rough(), seed, Config::default(), |_| ());
        net.agent(bob()).answers(&[(100, 200)]);
        start(&mut net, "OPTIONS", &[bob()]);
        net.run();
        assert_eq!(outcomes(&mut net).len(), 1, "seed {seed}");
        assert!(net.agent(bob()).times_called() <= 1, "seed {seed}");
        assert_nothing_left(&mut net);
    }
}

#[test]
fn silence_is_a_408_of_our_own() {
    let mut net = network(Config::default(), |_| ());
    start(&mut net, "OPTIONS", &[bob()]);
    net.run();
    assert_eq!(outcomes(&mut net), [408]);
    assert!(matches!(net.proxied(proxy()).outcomes[0].kind, AskKind::Outcome { local: true, .. }));
    assert_nothing_left(&mut net);
}

#[test]
fn refused_connection_is_a_503_and_a_busy_phone_what_it_says() {
    let mut net = network(Config::default(), |_| ());
    net.refuse(proxy(), bob());
    start(&mut net, "OPTIONS", &[bob()]);
    net.run();
    net.agent(carol()).answers(&[(0, 503)]);
    start(&mut net, "OPTIONS", &[carol()]);
    net.run();
    assert_eq!(outcomes(&mut net), [500, 503], "what came is told as it came");
    assert_nothing_left(&mut net);
}

#[test]
fn best_of_several_targets_is_told() {
    let mut net = network(Config::default(), |_| ());
    for (phone, status) in [(alice(), 500), (bob(), 404), (carol(), 486)] {
        net.agent(phone).answers(&[(0, status)]);
    }
    start(&mut net, "MESSAGE", &[alice(), bob(), carol()]);
    net.run();
    assert_eq!(outcomes(&mut net), [404]);
}

#[test]
fn next_target_can_be_tried_by_a_failure_route() {
    let mut net = network(Config::default(), |_| ());
    net.agent(bob()).answers(&[(0, 503)]);
    net.agent(carol()).answers(&[(0, 200)]);
    net.proxied(proxy()).on_ask(|turn, _| {
        turn.relay(&[carol()]).expect("asked");
        Answer::Failure { drop_replies: DropReplies::IfRelayed }
    });
    let id = net.originate(proxy(), &request("OPTIONS")).expect("a request");
    let armed = Armed { on_failure: Some(Asker::Route(RouteId::new(1))), ..Armed::default() };
    net.with(proxy(), id, |turn| turn.relay_armed(&[bob()], armed)).expect("a new request");
    net.run();
    assert_eq!(outcomes(&mut net), [200]);
    assert_nothing_left(&mut net);
}

#[test]
fn outcome_goes_to_whoever_started_it_and_wants_no_answer() {
    let mut tm = Direct::new(Config::default());
    let id = tm.start("OPTIONS");
    let branch = tm.relay(id, 1, Armed::default()).expect("open")[0];
    assert_eq!(tm.own_response(branch, "OPTIONS", 401, "t"), Matched::Taken);
    let ask = tm.ask();
    assert_eq!((ask.asker, ask.kind.branch(), status_of(&ask)), (WAITER, branch, 401));
    assert_eq!(tm.table.answer(tm.now, ask.id, Answer::BranchFailure, &mut tm.out), Err(TmError::Stale));
    assert_eq!(tm.own_response(branch, "OPTIONS", 401, "t"), Matched::Absorbed);
    assert_eq!(tm.table.stats().originated, 1);
    tm.run_for(6);
    assert!(tm.table.is_empty() && tm.out.asks.is_empty());
}

#[test]
fn response_with_a_second_via_is_not_for_us() {
    let mut tm = Direct::new(Config::default());
    let id = tm.start("OPTIONS");
    let branch = tm.relay(id, 1, Armed::default()).expect("open")[0];
    let response = tm.response(branch, "OPTIONS", 200, "t").expect("a response");
    assert_eq!(tm.table.handle_response(tm.now, branch, response, &mut tm.out), Matched::Absorbed);
    assert!(tm.out.asks.is_empty() && tm.table.is_open(id));
}

#[test]
fn ack_of_an_answer_is_sent_again_with_each_repetition() {
    let mut tm = Direct::new(Config::default());
    let call = tm.start("INVITE");
    let branch = tm.relay(call, 1, Armed::default()).expect("open")[0];
    tm.sent();
    tm.own_response(branch, "INVITE", 180, "one");
    tm.own_response(branch, "INVITE", 200, "one");
    assert_eq!(tm.told(), [200]);
    tm.own_response(branch, "INVITE", 200, "one");
    assert_eq!((tm.told(), tm.sent()), (vec![], vec![]), "no ACK is known yet");

    let ack = |tm: &Direct, tag: &str| {
        let invite = parse(tm.table.request(call).expect("it is there").to_bytes(), &Default::default());
        let mut invite = invite.expect("a request");
        invite.prepend("Via", "SIP/2.0/UDP 192.0.2.9:5009;branch=z9hG4bKack").expect("a good value");
        let response = tm.response(branch, "INVITE", 200, tag).expect("a response");
        build::ack(&invite, &response).expect("an ACK")
    };
    let (one, two) = (ack(&tm, "one"), ack(&tm, "two"));
    let acknowledge = |tm: &mut Direct, bytes: &bytes::Bytes| {
        tm.table.acknowledge(tm.now, branch, Direct::target(), bytes.clone(), &mut tm.out)
    };
    assert_eq!(acknowledge(&mut tm, &one), Ok(()));
    assert_eq!(acknowledge(&mut tm, &two), Err(TmError::NoAnswer));
    assert_eq!(tm.sent(), ["ACK"]);
    tm.own_response(branch, "INVITE", 200, "one");
    assert_eq!((tm.told(), tm.sent()), (vec![], vec!["ACK".to_owned()]));

    // Another phone behind the next proxy: a dialog of its own.
    tm.own_response(branch, "INVITE", 200, "two");
    assert_eq!(tm.told(), [200]);
    assert_eq!(acknowledge(&mut tm, &two), Ok(()));
    assert!(tm.table.stats().kept_bytes > one.len() + two.len());
    tm.run_for(33);
    assert!(tm.table.is_empty());
    assert_eq!(acknowledge(&mut tm, &one), Err(TmError::Unknown));
}

#[test]
fn refusal_of_a_call_is_acknowledged_by_the_transaction() {
    let mut net = network(Config::default(), |_| ());
    net.agent(bob()).answers(&[(0, 180), (500, 486)]);
    start(&mut net, "INVITE", &[bob()]);
    net.run();
    assert_eq!((outcomes(&mut net), net.agent(bob()).asked().acks), (vec![486], 1));
    assert_nothing_left(&mut net);
}

#[test]
fn call_can_be_given_up() {
    let mut net = network(Config::default(), |_| ());
    net.agent(bob()).answers(&[(0, 180)]);
    let call = start(&mut net, "INVITE", &[bob()]);
    net.run_for(1_000);
    let reason = Some("SIP;cause=480".into());
    net.with(proxy(), call, |turn| turn.table.cancel(turn.now, call, reason, turn.out)).expect("an INVITE");
    net.run();
    assert_eq!((outcomes(&mut net), net.agent(bob()).asked().status), (vec![487], Some(487)));
    assert_eq!(net.agent(bob()).asked().reason.as_deref(), Some("SIP;cause=480"));
    assert_nothing_left(&mut net);

    let mut tm = Direct::new(Config::default());
    let call = tm.start("INVITE");
    tm.table.cancel(tm.now, call, None, &mut tm.out).expect("an INVITE");
    assert_eq!((tm.told(), tm.table.len()), (vec![487], 0), "nothing was sent yet");
}

#[test]
fn released_request_tells_nothing_and_an_unsent_one_ends_at_its_lifetime() {
    let mut tm = Direct::new(Config::default());
    let id = tm.start("OPTIONS");
    let branch = tm.relay(id, 1, Armed::default()).expect("open")[0];
    tm.table.release(tm.now, id, &mut tm.out);
    tm.own_response(branch, "OPTIONS", 200, "t");
    assert_eq!(tm.told(), []);
    tm.run_for(40);
    assert!(tm.table.is_empty());

    tm.start("OPTIONS");
    tm.run_for(40);
    assert_eq!(tm.told(), [408]);
    assert!(tm.table.is_empty());
}

#[test]
fn what_cannot_be_started_is_refused() {
    let mut tm = Direct::new(Config { max_transactions: 1, ..Config::default() });
    for (method, error) in [("ACK", TmError::Ack), ("CANCEL", TmError::UseCancel)] {
        let refused = tm.table.originate(tm.now, &request(method), WAITER, &mut tm.out);
        assert_eq!(refused, Err(error));
    }
    let id = tm.start("OPTIONS");
    let full = tm.table.originate(tm.now, &request("OPTIONS"), WAITER, &mut tm.out);
    assert_eq!(full, Err(TmError::Full { max: 1 }));
    let reply = tm.table.reply(tm.now, id, sip_core::StatusCode::OK, "SIP/2.0".into(), &mut tm.out);
    assert_eq!(reply, Err(TmError::NoCaller));
    assert_eq!(tm.table.source(id), None);
}

#[test]
fn route_that_waits_for_branches_is_told_of_both() {
    let mut tm = Direct::new(Config::default());
    let call = tm.start("INVITE");
    let armed = Armed { on_failure: Some(WAITER), ..Armed::default() };
    let branch = tm.relay(call, 1, armed).expect("open")[0];
    tm.own_response(branch, "INVITE", 200, "t");
    assert_eq!(tm.told(), [200]);
    let status = sip_core::StatusCode::OK;
    assert_eq!(tm.notices(), [Notice::Answered { ticket: TICKET, transaction: call, status }]);

    let call = tm.start("INVITE");
    let branch = tm.relay(call, 1, armed).expect("open")[0];
    tm.own_response(branch, "INVITE", 180, "t");
    tm.table.cancel(tm.now, call, None, &mut tm.out).expect("an INVITE");
    assert_eq!(tm.notices(), [Notice::Gone { ticket: TICKET, why: Gone::Canceled }]);
}
