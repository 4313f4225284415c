//! INVITE server transaction: the state of a call request that we received.
//!
//! ```text
//!              1xx                        3xx-6xx                 ACK
//! Proceeding ───────> Proceeding ──────────────────> Completed ───────> Confirmed
//!     │                                    G: send again │ H: give up         │ I
//!     │ 2xx          2xx                                 v                    v
//!     └──────────> Accepted ── L ───────────────────> Terminated <────────────┘
//!                   G: send our own 2xx again, until its ACK
//! ```
//!
//! Source: RFC 3261 17.2.1 and figure 7; `Accepted` and timer L from RFC 6026 7.1. A 2xx that a phone
//! behind us sent is sent again by that phone; one of our own is sent again here, over any transport
//! (RFC 3261 13.3.1.4). A 2xx that comes after a negative final reply goes upstream all the same
//! (16.7 step 5) and changes no state.
//!
//! Pure: no clock, no buffers, no sending. A step takes an input and `now`, changes the state and
//! its deadlines, and returns what is to be done. Who does it: `reply.rs` and `timeout.rs`.

use std::time::Instant;

use crate::timer::{Deadlines, Gap, Timer, Timing};
use crate::uas::action::Action;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Proceeding,
    Completed,
    Confirmed,
    Accepted { ours: bool },
    Terminated,
}

/// See the head of this file.
#[derive(Clone, Debug)]
pub(crate) struct InviteServer {
    state: State,
    reliable: bool,
    timing: Timing,
    /// The gap before the next G.
    gap: Gap,
    deadlines: Deadlines,
}

impl InviteServer {
    pub(crate) fn new(reliable: bool, timing: Timing) -> InviteServer {
        InviteServer {
            state: State::Proceeding,
            reliable,
            timing,
            gap: timing.first_gap(),
            deadlines: Deadlines::default(),
        }
    }

    /// The INVITE came again: its sender has not seen our last reply.
    pub(crate) fn on_request(&mut self) -> Action {
        match self.state {
            State::Proceeding | State::Completed => Action::Resend,
            State::Confirmed | State::Accepted { .. } | State::Terminated => Action::Nothing,
        }
    }

    pub(crate) fn on_provisional(&mut self) -> Action {
        match self.state {
            State::Proceeding => Action::Send,
            _ => Action::Nothing,
        }
    }

    pub(crate) fn on_success(&mut self, now: Instant, ours: bool) -> Action {
        if self.state == State::Proceeding {
            self.state = State::Accepted { ours };
            self.deadlines.set(Timer::L, now + self.timing.long());
            if ours {
                self.deadlines.set(Timer::G, now + self.gap.time());
            }
        }
        Action::Send
    }

    pub(crate) fn on_failure(&mut self, now: Instant) -> Action {
        if self.state != State::Proceeding {
            return Action::Nothing;
        }
        self.state = State::Completed;
        self.deadlines.set(Timer::H, now + self.timing.long());
        if !self.reliable {
            self.deadlines.set(Timer::G, now + self.gap.time());
        }
        Action::Send
    }

    /// The ACK of a negative final reply, or of a 2xx of our own.
    pub(crate) fn on_ack(&mut self, now: Instant) -> Action {
        match self.state {
            State::Completed => {
                self.deadlines.clear_all();
                if self.reliable {
                    self.state = State::Terminated;
                } else {
                    self.state = State::Confirmed;
                    self.deadlines.set(Timer::I, now + self.timing.t4());
                }
                Action::Nothing
            }
            State::Accepted { ours: true } => {
                self.deadlines.clear(Timer::G);
                Action::Nothing
            }
            State::Accepted { ours: false } => Action::PassUp,
            State::Proceeding | State::Confirmed | State::Terminated => Action::Nothing,
        }
    }

    /// No reply will be sent: absorb what still comes, for as long as a message may live.
    pub(crate) fn on_silence(&mut self, now: Instant) {
        if self.state == State::Proceeding {
            self.state = State::Confirmed;
            self.deadlines.set(Timer::I, now + self.timing.long());
        }
    }

    pub(crate) fn on_timeout(&mut self, now: Instant) -> Option<Action> {
        match self.deadlines.pop_due(now)? {
            Timer::G => {
                self.gap = self.gap.doubled_to_t2(self.timing);
                self.deadlines.set(Timer::G, now + self.gap.time());
                Some(Action::Resend)
            }
            Timer::H => Some(self.end(Action::GiveUp)),
            Timer::L if self.deadlines.earliest().is_some() => Some(self.end(Action::GiveUp)),
            _ => Some(self.end(Action::Nothing)),
        }
    }

    /// Other gaps from the next retransmission on.
    pub(crate) fn retime(&mut self, timing: Timing) {
        (self.timing, self.gap) = (timing, timing.first_gap());
    }

    pub(crate) fn deadlines(&self) -> &Deadlines {
        &self.deadlines
    }

    pub(crate) fn is_open(&self) -> bool {
        self.state == State::Proceeding
    }

    pub(crate) fn keeps_reply(&self) -> bool {
        match self.state {
            State::Proceeding | State::Completed => true,
            State::Accepted { ours } => ours,
            State::Confirmed | State::Terminated => false,
        }
    }

    pub(crate) fn is_terminated(&self) -> bool {
        self.state == State::Terminated
    }

    fn end(&mut self, action: Action) -> Action {
        self.state = State::Terminated;
        self.deadlines.clear_all();
        action
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::Config;
    use crate::timer::test_start;

    fn machine(reliable: bool) -> (InviteServer, Instant) {
        (InviteServer::new(reliable, Config::default().timing()), test_start())
    }

    fn gaps(uas: &mut InviteServer, start: Instant, count: usize) -> Vec<u64> {
        let mut last = start;
        (0..count)
            .map(|_| {
                let due = uas.deadlines().get(Timer::G).expect("G runs until the ACK");
                let gap = (due - last).as_millis() as u64;
                assert_eq!(uas.on_timeout(due), Some(Action::Resend));
                last = due;
                gap
            })
            .collect()
    }

    #[test]
    fn final_reply_is_sent_again_after_t1_then_twice_as_long_up_to_t2() {
        let (mut uas, start) = machine(false);
        assert_eq!(uas.on_failure(start), Action::Send);
        assert_eq!(gaps(&mut uas, start, 5), [500, 1_000, 2_000, 4_000, 4_000]);
    }

    #[test]
    fn reliable_transport_sends_the_final_reply_once() {
        let (mut uas, start) = machine(true);
        uas.on_failure(start);
        assert_eq!(uas.deadlines().get(Timer::G), None);
        assert_eq!(uas.deadlines().get(Timer::H), Some(start + Duration::from_secs(32)));
    }

    #[test]
    fn ack_confirms_and_i_ends_it_after_t4() {
        let (mut uas, start) = machine(false);
        uas.on_failure(start);
        assert_eq!(uas.on_ack(start), Action::Nothing);
        assert_eq!(uas.on_request(), Action::Nothing);
        let due = start + Duration::from_secs(5);
        assert_eq!(uas.deadlines().earliest(), Some(due));
        assert_eq!(uas.on_timeout(due), Some(Action::Nothing));
        assert!(uas.is_terminated());
    }

    #[test]
    fn reply_without_ack_is_given_up_after_64_t1() {
        let (mut uas, start) = machine(true);
        uas.on_failure(start);
        assert_eq!(uas.on_timeout(start + Duration::from_secs(32)), Some(Action::GiveUp));
        assert!(uas.is_terminated());
    }

    #[test]
    fn relayed_2xx_is_not_sent_again_here_and_its_ack_passes() {
        let (mut uas, start) = machine(false);
        assert_eq!(uas.on_success(start, false), Action::Send);
        assert_eq!(uas.deadlines().get(Timer::G), None);
        assert_eq!(uas.on_request(), Action::Nothing);
        assert_eq!(uas.on_ack(start), Action::PassUp);
        assert_eq!(uas.on_success(start, false), Action::Send);
        assert_eq!(uas.on_timeout(start + Duration::from_secs(32)), Some(Action::Nothing));
        assert!(uas.is_terminated());
    }

    #[test]
    fn our_own_2xx_is_sent_again_until_its_ack_on_any_transport() {
        let (mut uas, start) = machine(true);
        uas.on_success(start, true);
        assert_eq!(gaps(&mut uas, start, 4), [500, 1_000, 2_000, 4_000]);
        assert_eq!(uas.on_ack(start), Action::Nothing);
        assert_eq!(uas.deadlines().get(Timer::G), None);
        assert_eq!(uas.on_timeout(start + Duration::from_secs(32)), Some(Action::Nothing));
    }

    #[test]
    fn our_own_2xx_without_ack_is_given_up() {
        let (mut uas, start) = machine(true);
        uas.on_success(start, true);
        let end = start + Duration::from_secs(32);
        let mut last = Action::Nothing;
        while let Some(action) = uas.on_timeout(end) {
            last = action;
        }
        assert_eq!(last, Action::GiveUp);
    }

    #[test]
    fn late_2xx_goes_out_after_a_negative_reply_and_changes_nothing() {
        let (mut uas, start) = machine(false);
        uas.on_failure(start);
        assert_eq!(uas.on_success(start, false), Action::Send);
        assert_eq!(uas.on_request(), Action::Resend);
        assert_eq!(uas.on_failure(start), Action::Nothing);
    }
}
