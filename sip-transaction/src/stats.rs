//! Counters and gauges of one table.

/// What a table has done and what it holds. Read with [`Table::stats`](crate::Table::stats).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Gauge: transactions.
    pub transactions: usize,
    /// Gauge: transactions without a final reply yet.
    pub open: usize,
    /// Gauge: transactions with a timer running.
    pub timers: usize,
    /// Gauge: entries by which messages find transactions.
    pub keys: usize,
    /// Gauge: bytes of messages that are kept (requests, replies, branches, responses).
    pub kept_bytes: usize,
    /// Gauge: asks that are out.
    pub asks: usize,
    /// Transactions made.
    pub created: u64,
    /// Of these, requests that started here.
    pub originated: u64,
    /// Requests that came again, and ACKs of our final replies.
    pub absorbed: u64,
    /// Responses that came again or too late.
    pub absorbed_responses: u64,
    /// Replies that were sent again.
    pub replies_resent: u64,
    /// Requests that were sent again.
    pub requests_resent: u64,
    /// Final replies to an INVITE that were never acknowledged.
    pub unacknowledged: u64,
    /// Branches without a response in time.
    pub branch_timeouts: u64,
    /// Branches whose transport failed.
    pub branches_closed: u64,
    /// Calls that their caller cancelled.
    pub canceled: u64,
    /// Responses dropped because too many waited for an ask.
    pub pending_dropped: u64,
    /// Requests refused because the table was full.
    pub refused: u64,
    /// Messages that could not be made from what was kept.
    pub build_failures: u64,
    /// Responses that a transaction took.
    pub responses: u64,
    /// Replies that went upstream, those that were sent again not counted.
    pub replies_sent: u64,
    /// Of these, replies of this server and not of a phone behind it.
    pub replies_generated: u64,
    /// Transactions by the class of their final reply: 2 to 6; 0 and 1 stay empty.
    pub completed: [u64; 7],
}

impl std::ops::AddAssign for Stats {
    /// Sums two tables.
    fn add_assign(&mut self, other: Stats) {
        self.transactions += other.transactions;
        self.open += other.open;
        self.timers += other.timers;
        self.keys += other.keys;
        self.kept_bytes += other.kept_bytes;
        self.asks += other.asks;
        self.created += other.created;
        self.originated += other.originated;
        self.absorbed += other.absorbed;
        self.absorbed_responses += other.absorbed_responses;
        self.replies_resent += other.replies_resent;
        self.requests_resent += other.requests_resent;
        self.unacknowledged += other.unacknowledged;
        self.branch_timeouts += other.branch_timeouts;
        self.branches_closed += other.branches_closed;
        self.canceled += other.canceled;
        self.pending_dropped += other.pending_dropped;
        self.refused += other.refused;
        self.build_failures += other.build_failures;
        self.responses += other.responses;
        self.replies_sent += other.replies_sent;
        self.replies_generated += other.replies_generated;
        for (sum, count) in self.completed.iter_mut().zip(other.completed) {
            *sum += count;
        }
    }
}
