//! Non-INVITE client transaction: the state of any other request that we sent, a CANCEL included.
//!
//! ```text
//!         1xx                200-699                K
//! Trying ─────> Proceeding ───────────> Completed ───────> Terminated
//!  │  │ E: send again │ E, every T2          ^                 ^
//!  │  └───────────────┼── 200-699 ───────────┘                 │
//!  └── F, closed ─────┴── F, closed ───────────────────────────┘
//! ```
//!
//! Source: RFC 3261 17.1.2 and figure 6. F is `fr`; K is T4, and 0 over a reliable transport.
//!
//! Pure, as `uac/invite.rs` is.

use std::time::{Duration, Instant};

use crate::timer::{Deadlines, Gap, Timer, Timing};
use crate::uac::action::Action;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Trying,
    Proceeding,
    Completed,
    Terminated,
}

/// See the head of this file.
#[derive(Clone, Debug)]
pub(crate) struct OtherClient {
    state: State,
    reliable: bool,
    timing: Timing,
    /// The gap before the next E.
    gap: Gap,
    deadlines: Deadlines,
}

impl OtherClient {
    pub(crate) fn new(now: Instant, reliable: bool, timing: Timing, fr: Duration) -> OtherClient {
        let mut deadlines = Deadlines::default();
        if !reliable {
            deadlines.set(Timer::E, now + timing.t1());
        }
        deadlines.set(Timer::F, now + fr);
        OtherClient { state: State::Trying, reliable, timing, gap: timing.first_gap(), deadlines }
    }

    pub(crate) fn on_provisional(&mut self) -> Action {
        match self.state {
            State::Trying | State::Proceeding => {
                self.state = State::Proceeding;
                Action::PassUp
            }
            State::Completed | State::Terminated => Action::Nothing,
        }
    }

    pub(crate) fn on_final(&mut self, now: Instant) -> Action {
        if !self.is_open() {
            return Action::Nothing;
        }
        self.deadlines.clear_all();
        if self.reliable {
            self.state = State::Terminated;
        } else {
            self.state = State::Completed;
            self.deadlines.set(Timer::K, now + self.timing.t4());
        }
        Action::PassUp
    }

    pub(crate) fn on_closed(&mut self) -> bool {
        let open = self.is_open();
        if open {
            self.end();
        }
        open
    }

    pub(crate) fn on_timeout(&mut self, now: Instant) -> Option<Action> {
        match self.deadlines.pop_due(now)? {
            Timer::E => {
                self.gap = match self.state {
                    State::Proceeding => Gap::t2(self.timing),
                    _ => self.gap.doubled_to_t2(self.timing),
                };
                self.deadlines.set(Timer::E, now + self.gap.time());
                Some(Action::Resend)
            }
            Timer::F => {
                self.end();
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
    pub(crate) fn set_wait(&mut self, now: Instant, fr: Duration) {
        if self.is_open() {
            self.deadlines.set(Timer::F, now + fr);
        }
    }

    pub(crate) fn deadlines(&self) -> &Deadlines {
        &self.deadlines
    }

    pub(crate) fn is_terminated(&self) -> bool {
        self.state == State::Terminated
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, State::Trying | State::Proceeding)
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

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    fn machine(reliable: bool) -> (OtherClient, Instant) {
        let start = test_start();
        (OtherClient::new(start, reliable, Config::default().timing(), secs(32)), start)
    }

    fn resends(uac: &mut OtherClient, start: Instant, count: usize) -> Vec<u64> {
        let resend = |_| {
            let due = uac.deadlines().get(Timer::E).expect("E runs until the final response");
            assert_eq!(uac.on_timeout(due), Some(Action::Resend));
            (due - start).as_millis() as u64
        };
        (0..count).map(resend).collect()
    }

    #[test]
    fn request_is_sent_again_with_gaps_up_to_t2() {
        let (mut uac, start) = machine(false);
        assert_eq!(resends(&mut uac, start, 6), [500, 1_500, 3_500, 7_500, 11_500, 15_500]);
    }

    #[test]
    fn after_a_provisional_response_the_gap_is_t2() {
        let (mut uac, start) = machine(false);
        assert_eq!(uac.on_provisional(), Action::PassUp);
        assert_eq!(resends(&mut uac, start, 3), [500, 4_500, 8_500]);
    }

    #[test]
    fn f_ends_it_and_provisional_responses_do_not_move_f() {
        let (mut uac, start) = machine(true);
        uac.on_provisional();
        assert_eq!(uac.deadlines().get(Timer::F), Some(start + secs(32)));
        assert_eq!(uac.on_timeout(start + secs(32)), Some(Action::TimedOut));
        assert!(uac.is_terminated());
    }

    #[test]
    fn final_response_passes_once_and_k_absorbs_the_rest() {
        let (mut uac, start) = machine(false);
        assert_eq!(uac.on_final(start), Action::PassUp);
        assert_eq!(uac.on_final(start), Action::Nothing);
        assert_eq!(uac.deadlines().get(Timer::K), Some(start + secs(5)));
        assert_eq!(uac.on_timeout(start + secs(5)), Some(Action::Nothing));
        assert!(uac.is_terminated());
    }

    #[test]
    fn reliable_transport_needs_neither_e_nor_k() {
        let (mut uac, start) = machine(true);
        assert_eq!(uac.deadlines().get(Timer::E), None);
        assert_eq!(uac.on_final(start), Action::PassUp);
        assert!(uac.is_terminated());
    }
}
