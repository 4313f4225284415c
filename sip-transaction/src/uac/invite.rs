//! INVITE client transaction: the state of a call request that we sent to one branch.
//!
//! ```text
//!          1xx                  300-699: ACK                D
//! Calling ─────> Proceeding ───────────────────> Completed ───> Terminated
//!  │  │ A: send again │  1xx: C anew                ^              ^
//!  │  │ B: 408        │  C: 408, then CANCEL        │              │
//!  │  │               └── 2xx ──> Accepted ── M ────┼──────────────┤
//!  │  └────────────── 300-699: ACK ─────────────────┘              │
//!  └────── 2xx ──> Accepted;   B, closed ───────────────────────────┘
//! ```
//!
//! Source: RFC 3261 17.1.1 and figure 5; `Accepted` and timer M from RFC 6026 7.2; timer C from
//! 16.6 step 11 and 16.8; CANCEL from 9.1: it waits for a provisional response, and a branch that has
//! no final response 64*T1 after its CANCEL is over; one that rings after B is cancelled. B is `fr`, C is `fr_inv`, see
//! [`Config`](crate::Config). A 2xx passes in every state, late ones too.
//!
//! Pure: no clock, no buffers, no sending. Who does what a step returns: `collect.rs`, `ack.rs`,
//! `cancel.rs`, `timeout.rs`.

use std::time::{Duration, Instant};

use crate::timer::{Deadlines, Gap, Timer, Timing};
use crate::uac::action::Action;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Calling,
    Proceeding,
    Completed,
    Accepted,
    Terminated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cancel {
    No,
    /// Waits for a provisional response.
    Wanted,
    Sent,
}

/// See the head of this file.
#[derive(Clone, Debug)]
pub(crate) struct InviteClient {
    state: State,
    cancel: Cancel,
    reliable: bool,
    timing: Timing,
    /// The gap before the next A.
    gap: Gap,
    deadlines: Deadlines,
}

impl InviteClient {
    pub(crate) fn new(now: Instant, reliable: bool, timing: Timing, fr: Duration) -> InviteClient {
        let mut deadlines = Deadlines::default();
        if !reliable {
            deadlines.set(Timer::A, now + timing.t1());
        }
        deadlines.set(Timer::B, now + fr);
        let gap = timing.first_gap();
        InviteClient { state: State::Calling, cancel: Cancel::No, reliable, timing, gap, deadlines }
    }

    pub(crate) fn on_provisional(&mut self, now: Instant, fr_inv: Duration) -> Action {
        match self.state {
            State::Calling => {
                self.state = State::Proceeding;
                self.deadlines.clear_all();
                if self.cancel == Cancel::Wanted {
                    self.send_cancel(now);
                    return Action::CancelAndPassUp;
                }
                self.deadlines.set(Timer::C, now + fr_inv);
                Action::PassUp
            }
            State::Proceeding => {
                if self.cancel == Cancel::No {
                    self.deadlines.set(Timer::C, now + fr_inv);
                }
                Action::PassUp
            }
            State::Terminated if self.cancel == Cancel::Wanted => {
                self.cancel = Cancel::Sent;
                Action::Cancel
            }
            State::Completed | State::Accepted | State::Terminated => Action::Nothing,
        }
    }

    pub(crate) fn on_success(&mut self, now: Instant) -> Action {
        if matches!(self.state, State::Calling | State::Proceeding) {
            self.state = State::Accepted;
            self.deadlines.clear_all();
            self.deadlines.set(Timer::M, now + self.timing.long());
        }
        Action::PassUp
    }

    pub(crate) fn on_failure(&mut self, now: Instant) -> Action {
        match self.state {
            State::Calling | State::Proceeding => {
                self.deadlines.clear_all();
                if self.reliable {
                    self.state = State::Terminated;
                } else {
                    self.state = State::Completed;
                    // At least 32 s (17.1.1.2), and as long as the peer may send again.
                    let wait = self.timing.long().max(Duration::from_secs(32));
                    self.deadlines.set(Timer::D, now + wait);
                }
                Action::AckAndPassUp
            }
            State::Completed | State::Terminated => Action::Ack,
            State::Accepted => Action::Nothing,
        }
    }

    pub(crate) fn on_cancel(&mut self, now: Instant) -> Action {
        match (self.state, self.cancel) {
            (State::Calling, _) => {
                self.cancel = Cancel::Wanted;
                Action::Nothing
            }
            (State::Proceeding, Cancel::No | Cancel::Wanted) => {
                self.send_cancel(now);
                Action::Cancel
            }
            _ => Action::Nothing,
        }
    }

    pub(crate) fn on_closed(&mut self) -> bool {
        let open = self.is_open();
        if open {
            self.end();
            self.cancel = Cancel::Sent;
        }
        open
    }

    pub(crate) fn on_timeout(&mut self, now: Instant) -> Option<Action> {
        match self.deadlines.pop_due(now)? {
            Timer::A => {
                self.gap = self.gap.doubled();
                self.deadlines.set(Timer::A, now + self.gap.time());
                Some(Action::Resend)
            }
            Timer::B => {
                self.end();
                // If it rings after all, it is not wanted any more.
                self.cancel = Cancel::Wanted;
                Some(Action::TimedOut)
            }
            Timer::C => {
                if self.cancel == Cancel::Sent {
                    self.end();
                }
                Some(Action::TimedOut)
            }
            _ => {
                self.end();
                Some(Action::Nothing)
            }
        }
    }

    /// Other gaps from the next retransmission on.
    pub(crate) fn retime(&mut self, timing: Timing) {
        (self.timing, self.gap) = (timing, timing.first_gap());
    }

    /// Waits for that long from now on, in place of what is left.
    pub(crate) fn set_wait(&mut self, now: Instant, fr: Option<Duration>, fr_inv: Option<Duration>) {
        match (self.state, fr, fr_inv) {
            (State::Calling, Some(fr), _) => self.deadlines.set(Timer::B, now + fr),
            (State::Proceeding, _, Some(fr_inv)) if self.cancel == Cancel::No => {
                self.deadlines.set(Timer::C, now + fr_inv);
            }
            _ => {}
        }
    }

    pub(crate) fn deadlines(&self) -> &Deadlines {
        &self.deadlines
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, State::Calling | State::Proceeding)
    }

    pub(crate) fn is_terminated(&self) -> bool {
        self.state == State::Terminated
    }

    fn send_cancel(&mut self, now: Instant) {
        self.cancel = Cancel::Sent;
        self.deadlines.set(Timer::C, now + self.timing.long());
    }

    fn end(&mut self) {
        self.state = State::Terminated;
        self.deadlines.clear_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::timer::test_start;

    const RING: Duration = Duration::from_secs(120);

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    fn machine(reliable: bool) -> (InviteClient, Instant) {
        let start = test_start();
        (InviteClient::new(start, reliable, Config::default().timing(), secs(32)), start)
    }

    #[test]
    fn request_is_sent_again_after_t1_then_always_twice_as_long_until_b() {
        let (mut uac, start) = machine(false);
        let mut at = Vec::new();
        let end = loop {
            let due = uac.deadlines().earliest().expect("A or B runs");
            match uac.on_timeout(due) {
                Some(Action::Resend) => at.push((due - start).as_millis()),
                other => {
                    assert_eq!(other, Some(Action::TimedOut));
                    break due;
                }
            }
        };
        assert_eq!(at, [500, 1_500, 3_500, 7_500, 15_500, 31_500]);
        assert_eq!(end - start, secs(32));
        assert!(uac.is_terminated());
    }

    #[test]
    fn branch_that_rings_after_b_is_cancelled_once() {
        let (mut uac, start) = machine(true);
        assert_eq!(uac.on_timeout(start + secs(32)), Some(Action::TimedOut));
        assert_eq!(uac.on_provisional(start + secs(33), RING), Action::Cancel);
        assert_eq!(uac.on_provisional(start + secs(34), RING), Action::Nothing);
        assert_eq!(uac.on_failure(start + secs(34)), Action::Ack);
    }

    #[test]
    fn reliable_transport_sends_once() {
        let (uac, start) = machine(true);
        assert_eq!(uac.deadlines().earliest(), Some(start + secs(32)));
    }

    #[test]
    fn provisional_stops_a_and_b_and_each_one_starts_c_anew() {
        let (mut uac, start) = machine(false);
        assert_eq!(uac.on_provisional(start + secs(1), RING), Action::PassUp);
        assert_eq!(uac.deadlines().earliest(), Some(start + secs(121)));
        assert_eq!(uac.on_provisional(start + secs(50), RING), Action::PassUp);
        assert_eq!(uac.deadlines().get(Timer::C), Some(start + secs(170)));
        assert_eq!(uac.on_timeout(start + secs(170)), Some(Action::TimedOut));
        assert_eq!(uac.on_cancel(start + secs(170)), Action::Cancel);
    }

    #[test]
    fn negative_response_is_acknowledged_each_time_and_passed_up_once() {
        let (mut uac, start) = machine(false);
        assert_eq!(uac.on_failure(start), Action::AckAndPassUp);
        assert_eq!(uac.on_failure(start + secs(1)), Action::Ack);
        assert_eq!(uac.deadlines().get(Timer::D), Some(start + secs(32)));
        assert_eq!(uac.on_timeout(start + secs(32)), Some(Action::Nothing));
        assert!(uac.is_terminated());
    }

    #[test]
    fn every_2xx_passes_until_m_and_later() {
        let (mut uac, start) = machine(false);
        assert_eq!(uac.on_success(start), Action::PassUp);
        assert_eq!(uac.on_success(start + secs(1)), Action::PassUp);
        assert_eq!(uac.deadlines().get(Timer::M), Some(start + secs(32)));
        uac.on_timeout(start + secs(32));
        assert!(uac.is_terminated());
        assert_eq!(uac.on_success(start + secs(33)), Action::PassUp);
    }

    #[test]
    fn cancel_waits_for_a_provisional_response() {
        let (mut uac, start) = machine(false);
        assert_eq!(uac.on_cancel(start), Action::Nothing);
        assert_eq!(uac.on_timeout(start + secs(1)), Some(Action::Resend));
        assert_eq!(uac.on_provisional(start + secs(2), RING), Action::CancelAndPassUp);
        assert_eq!(uac.on_cancel(start + secs(3)), Action::Nothing);
    }

    #[test]
    fn cancelled_branch_is_over_after_64_t1_whatever_still_rings() {
        let (mut uac, start) = machine(false);
        uac.on_provisional(start, RING);
        assert_eq!(uac.on_cancel(start), Action::Cancel);
        uac.on_provisional(start + secs(5), RING);
        assert_eq!(uac.deadlines().get(Timer::C), Some(start + secs(32)));
        assert_eq!(uac.on_timeout(start + secs(32)), Some(Action::TimedOut));
        assert!(uac.is_terminated());
    }

    #[test]
    fn closed_flow_ends_a_branch_that_waits_and_no_other() {
        let (mut uac, start) = machine(true);
        uac.on_success(start);
        assert!(!uac.on_closed());
        let (mut uac, _) = machine(true);
        assert!(uac.on_closed());
        assert!(uac.is_terminated());
    }
}
