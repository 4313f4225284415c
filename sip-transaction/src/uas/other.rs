//! Non-INVITE server transaction: the state of any other request that we received.
//!
//! ```text
//!         100, late             200-699                J
//! Trying ───────> Proceeding ───────────> Completed ───────> Terminated
//!    │                                        ^
//!    └────────────────── 200-699 ─────────────┘
//! ```
//!
//! Source: RFC 3261 17.2.2 and figure 8. J is 64*T1, and 0 over a reliable transport. RFC 4320 4.1: the
//! only provisional reply is a 100, and it is sent when the client's timer E has come to T2 and nothing
//! was replied yet. A request that is to stay without a reply (RFC 4320 4.2: never a 408) is
//! completed without one: what comes again is absorbed.
//!
//! Pure, as `uas/invite.rs` is.

use std::time::Instant;

use crate::timer::{Deadlines, Timer, Timing};
use crate::uas::action::Action;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Trying,
    Proceeding,
    Completed { replied: bool },
    Terminated,
}

/// See the head of this file.
#[derive(Clone, Debug)]
pub(crate) struct OtherServer {
    state: State,
    reliable: bool,
    timing: Timing,
    deadlines: Deadlines,
}

impl OtherServer {
    pub(crate) fn new(now: Instant, reliable: bool, timing: Timing, late_100: bool) -> OtherServer {
        let mut deadlines = Deadlines::default();
        if late_100 {
            deadlines.set(Timer::Late, now + timing.until_t2());
        }
        OtherServer { state: State::Trying, reliable, timing, deadlines }
    }

    /// The request came again.
    pub(crate) fn on_request(&mut self) -> Action {
        match self.state {
            State::Proceeding | State::Completed { replied: true } => Action::Resend,
            State::Trying | State::Completed { replied: false } | State::Terminated => Action::Nothing,
        }
    }

    pub(crate) fn on_provisional(&mut self) -> Action {
        match self.state {
            State::Trying | State::Proceeding => {
                self.state = State::Proceeding;
                self.deadlines.clear(Timer::Late);
                Action::Send
            }
            _ => Action::Nothing,
        }
    }

    pub(crate) fn on_final(&mut self, now: Instant) -> Action {
        if !self.is_open() {
            return Action::Nothing;
        }
        self.complete(now, true);
        Action::Send
    }

    pub(crate) fn on_silence(&mut self, now: Instant) {
        if self.is_open() {
            self.complete(now, false);
        }
    }

    pub(crate) fn on_timeout(&mut self, now: Instant) -> Option<Action> {
        match self.deadlines.pop_due(now)? {
            Timer::Late => Some(Action::Trying),
            _ => {
                self.state = State::Terminated;
                Some(Action::Nothing)
            }
        }
    }

    pub(crate) fn deadlines(&self) -> &Deadlines {
        &self.deadlines
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, State::Trying | State::Proceeding)
    }

    pub(crate) fn keeps_reply(&self) -> bool {
        self.state != State::Terminated
    }

    pub(crate) fn is_terminated(&self) -> bool {
        self.state == State::Terminated
    }

    fn complete(&mut self, now: Instant, replied: bool) {
        self.deadlines.clear_all();
        if self.reliable {
            self.state = State::Terminated;
        } else {
            self.state = State::Completed { replied };
            self.deadlines.set(Timer::J, now + self.timing.long());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::Config;
    use crate::timer::test_start;

    fn machine(reliable: bool) -> (OtherServer, Instant) {
        let start = test_start();
        (OtherServer::new(start, reliable, Config::default().timing(), true), start)
    }

    #[test]
    fn request_that_comes_again_is_answered_with_the_last_reply() {
        let (mut uas, start) = machine(false);
        assert_eq!(uas.on_request(), Action::Nothing);
        assert_eq!(uas.on_provisional(), Action::Send);
        assert_eq!(uas.on_request(), Action::Resend);
        assert_eq!(uas.on_final(start), Action::Send);
        assert_eq!(uas.on_request(), Action::Resend);
    }

    #[test]
    fn late_reply_is_announced_once_when_e_has_come_to_t2() {
        let (mut uas, start) = machine(true);
        let due = start + Duration::from_millis(3_500);
        assert_eq!(uas.deadlines().earliest(), Some(due));
        assert_eq!(uas.on_timeout(due), Some(Action::Trying));
        assert_eq!(uas.on_provisional(), Action::Send);
        assert_eq!(uas.deadlines().earliest(), None);

        let (mut uas, start) = machine(true);
        uas.on_final(start + Duration::from_secs(1));
        assert_eq!(uas.deadlines().earliest(), None);
    }

    #[test]
    fn j_ends_it_after_64_t1() {
        let (mut uas, start) = machine(false);
        uas.on_final(start);
        let due = start + Duration::from_secs(32);
        assert_eq!(uas.deadlines().get(Timer::J), Some(due));
        assert_eq!(uas.on_timeout(due), Some(Action::Nothing));
        assert!(uas.is_terminated());
    }

    #[test]
    fn reliable_transport_needs_no_j() {
        let (mut uas, start) = machine(true);
        uas.on_final(start);
        assert!(uas.is_terminated());
    }

    #[test]
    fn second_final_reply_is_not_sent() {
        let (mut uas, start) = machine(false);
        uas.on_final(start);
        assert_eq!(uas.on_final(start), Action::Nothing);
        assert_eq!(uas.on_provisional(), Action::Nothing);
    }

    #[test]
    fn silent_end_absorbs_what_comes_again() {
        let (mut uas, start) = machine(false);
        uas.on_provisional();
        uas.on_silence(start);
        assert_eq!(uas.on_request(), Action::Nothing);
        assert!(!uas.is_open() && !uas.is_terminated());
    }
}
