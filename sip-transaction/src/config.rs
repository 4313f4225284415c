//! Settings of tm: timers and bounds, with what each default follows.

use std::time::Duration;

use crate::timer::Timing;

/// Settings of a [`Table`](crate::Table).
///
/// The defaults are Kamailio's, so that scripts find the timing they know; [`Config::rfc3261`] has
/// the values of the RFC. Every bound says what happens when it is reached.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use sip_transaction::Config;
///
/// let config = Config { fr_inv: Duration::from_secs(60), ..Config::default() };
/// assert_eq!(config.t1, Duration::from_millis(500));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// T1, the round trip that is assumed: 500 ms (RFC 3261 17.1.1.1; Kamailio `retr_timer1`).
    /// Timers H, J, L and M and the wait for the end of a cancelled branch are 64 times this.
    pub t1: Duration,
    /// T2, the longest gap between two retransmissions: 4 s (RFC 3261 17.1.2.2; `retr_timer2`).
    pub t2: Duration,
    /// T4, how long a message may live in the network: 5 s (RFC 3261 17.1.2.2). Timers I and K.
    pub t4: Duration,
    /// Timers B and F, the wait for a response: for the first one to an INVITE, for the final one to
    /// another request. Also how long a parked or suspended request waits.
    /// Default 30 s (Kamailio `fr_timer`); the RFC has 64*T1 = 32 s.
    pub fr: Duration,
    /// Timer C, the wait for the final response to an INVITE that has a provisional one. Started
    /// again by each provisional response. Default 120 s (Kamailio `fr_inv_timer`); RFC 3261 16.6
    /// step 11 has more than three minutes.
    pub fr_inv: Duration,
    /// An INVITE without a final response is answered 408 at this age: 180 s (Kamailio
    /// `max_inv_lifetime`). No RFC value.
    pub max_inv_lifetime: Duration,
    /// Any other request without a final response ends at this age: 32 s (Kamailio
    /// `max_noninv_lifetime`; RFC 3261: 64*T1).
    pub max_noninv_lifetime: Duration,
    /// Branches of one transaction, suspensions included: 12 (Kamailio `max_branches`). One more is
    /// [`TmError::TooManyBranches`](crate::TmError::TooManyBranches).
    pub max_branches: u16,
    /// Transactions of one table: 65,536. One more request is
    /// [`TmError::Full`](crate::TmError::Full). The CANCEL of an INVITE that is here always has room.
    pub max_transactions: usize,
    /// Responses of one transaction that wait while an [`Ask`](crate::Ask) is out: 32. One more is
    /// dropped and counted, as if the network had lost it, unless it is the first final one of its branch.
    pub max_pending: usize,
    /// Whether an INVITE is answered `100 Trying` when its transaction is made: yes
    /// (RFC 3261 17.2.1; Kamailio `auto_inv_100`).
    pub auto_100: bool,
    /// Whether a request other than INVITE is answered `100 Trying` when nothing was replied to it for so long
    /// that its sender's timer E is T2, 3.5 s: yes (RFC 4320 4.1).
    pub late_100: bool,
    /// Whether a 503 goes upstream as a 500: yes (RFC 3261 16.7 step 6; Kamailio `remap_503_500`).
    pub remap_503_500: bool,
    /// Whether the challenges of all branches go upstream with a 401 or 407: yes (RFC 3261 16.7
    /// step 7; Kamailio `aggregate_challenges`).
    pub merge_challenges: bool,
    /// Whether a 6xx cancels the other branches: yes (RFC 3261 16.7 step 5; `disable_6xx_block` off).
    pub cancel_on_6xx: bool,
    /// What is added to the rank of a response of our own making (408, 503) when the best one is picked: 0
    /// (Kamailio `faked_reply_prio`). 6xx have ranks from 1000, 3xx from 3000, 4xx from 4000, 5xx from 5000;
    /// the lowest is the best.
    pub faked_reply_prio: i32,
    /// Whether a CANCEL that we start ourselves says why in a Reason header (RFC 3326; Kamailio
    /// `local_cancel_reason`): yes.
    pub local_cancel_reason: bool,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
            fr: Duration::from_secs(30),
            fr_inv: Duration::from_secs(120),
            max_inv_lifetime: Duration::from_secs(180),
            max_noninv_lifetime: Duration::from_secs(32),
            max_branches: 12,
            max_transactions: 65_536,
            max_pending: 32,
            auto_100: true,
            late_100: true,
            remap_503_500: true,
            merge_challenges: true,
            cancel_on_6xx: true,
            faked_reply_prio: 0,
            local_cancel_reason: true,
        }
    }
}

impl Config {
    /// The timers of RFC 3261: B and F are 64*T1, C is 181 s, and no lifetime cuts a call that rings
    /// (it is twelve hours).
    pub fn rfc3261() -> Config {
        Config {
            fr: Duration::from_secs(32),
            fr_inv: Duration::from_secs(181),
            max_inv_lifetime: Duration::from_secs(12 * 3600),
            ..Config::default()
        }
    }

    /// The three values that machines are made with.
    pub(crate) fn timing(&self) -> Timing {
        Timing::new(self.t1, self.t2, self.t4)
    }
}
