//! Many small transaction tables, each behind its own lock.
//!
//! A message picks its stripe by Call-ID and CSeq number, a response by its Via branch, so any
//! worker serves any message and two calls seldom meet at a lock. No lock is held across an await
//! or while a route runs, and never two at once.
//!
//! Each stripe says when it next wants time, in whole milliseconds, rounded up. Its *owner* (stripe
//! number modulo workers) keeps the earliest of those, or an earlier moment, and sleeps until then; so
//! a message costs one comparison, and the stripes are looked through only when something may be due.
//! Whoever makes an earlier one wakes the owner, if it sleeps.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};
use rustc_hash::FxHashMap;
use sip_transaction::{Arrival, BranchId, Config, Secret, Table, TransactionId, stripe_of};
use tokio::sync::Notify;

use crate::kept::Kept;

/// No deadline.
const NEVER: u64 = u64::MAX;
/// What a worker plans that is awake: nothing is earlier, so nobody wakes it.
const AWAKE: u64 = 0;

/// One table, and what the routes of its transactions start from.
pub(crate) struct Stripe {
    pub(crate) table: Table,
    /// Only of transactions for which a later route is armed or may be.
    pub(crate) kept: FxHashMap<TransactionId, Kept>,
}

struct Slot {
    stripe: Mutex<Stripe>,
    /// When the table next wants time, in milliseconds since `Stripes::base`.
    due: AtomicU64,
}

/// When a worker's stripes want time, when it means to wake, and how to wake it sooner.
struct Sleeper {
    /// No stripe of this worker is due before this moment.
    first: AtomicU64,
    planned: AtomicU64,
    early: Notify,
}

impl Default for Sleeper {
    fn default() -> Self {
        Self { first: AtomicU64::new(NEVER), planned: AtomicU64::new(AWAKE), early: Notify::new() }
    }
}

/// All tables of a server.
pub(crate) struct Stripes {
    slots: Box<[Slot]>,
    sleepers: Box<[Sleeper]>,
    bits: u32,
    secret: Secret,
    base: Instant,
}

impl Stripes {
    /// As many as a power of two of at least 256 and 16 a worker.
    pub(crate) fn new(config: &Arc<Config>, secret: &Secret, workers: usize, base: Instant) -> Self {
        let count = (16 * workers).max(256).next_power_of_two();
        let bits = count.trailing_zeros();
        let slots = (0..count)
            .map(|number| Slot {
                stripe: Mutex::new(Stripe {
                    table: Table::new(config.clone(), number, bits, *secret),
                    kept: FxHashMap::default(),
                }),
                due: AtomicU64::new(NEVER),
            })
            .collect();
        let sleepers = (0..workers.max(1)).map(|_| Sleeper::default()).collect();
        Self { slots, sleepers, bits, secret: *secret, base }
    }

    /// The stripe of a request that is made here.
    pub(crate) fn of_request(&self, call_id: &[u8], cseq: u32) -> Locked<'_> {
        self.lock(stripe_of(&self.secret, call_id, cseq, self.bits))
    }

    /// The stripe of a request that came.
    pub(crate) fn of_arrival(&self, arrival: &Arrival) -> Locked<'_> {
        self.lock(arrival.stripe(self.bits))
    }

    /// The stripe of a transaction.
    pub(crate) fn of(&self, id: TransactionId) -> Locked<'_> {
        self.lock(id.stripe(self.bits))
    }

    /// The stripe of a branch.
    pub(crate) fn of_branch(&self, id: BranchId) -> Locked<'_> {
        self.of(id.transaction)
    }

    /// The worker whose business the timers of this transaction are.
    pub(crate) fn owner(&self, id: TransactionId) -> usize {
        id.stripe(self.bits) % self.sleepers.len()
    }

    /// How many workers look after them.
    pub(crate) fn workers(&self) -> usize {
        self.sleepers.len()
    }

    fn lock(&self, number: usize) -> Locked<'_> {
        let slot = &self.slots[number & (self.slots.len() - 1)];
        Locked { all: self, number, slot, stripe: slot.stripe.lock() }
    }

    /// The stripes that one worker looks after.
    fn owned(&self, worker: usize) -> impl Iterator<Item = usize> {
        (worker..self.slots.len()).step_by(self.sleepers.len())
    }

    /// Runs `each` on the stripes of this worker that have something due.
    pub(crate) fn tick(&self, worker: usize, now: Instant, mut each: impl FnMut(&mut Stripe)) {
        let now = self.millis_past(now);
        let sleeper = &self.sleepers[worker];
        if sleeper.first.load(Ordering::SeqCst) > now {
            return;
        }
        // Cleared before the look: a deadline that is made meanwhile is seen here, or lowers `first` itself.
        sleeper.first.store(NEVER, Ordering::SeqCst);
        let mut first = NEVER;
        for number in self.owned(worker) {
            if self.slots[number].due.load(Ordering::SeqCst) <= now {
                each(&mut self.lock(number));
            }
            first = first.min(self.slots[number].due.load(Ordering::SeqCst));
        }
        sleeper.first.fetch_min(first, Ordering::SeqCst);
    }

    /// Announces that the worker will sleep, and until when; `None`: nothing is due.
    ///
    /// The announcement comes before the second look, and a table's new deadline before the look at
    /// the announcement, so a deadline that appears meanwhile is seen by one side or the other.
    pub(crate) fn plan(&self, worker: usize) -> Option<Instant> {
        let sleeper = &self.sleepers[worker];
        sleeper.planned.store(sleeper.first.load(Ordering::SeqCst), Ordering::SeqCst);
        let first = sleeper.first.load(Ordering::SeqCst);
        (first != NEVER).then(|| self.base + Duration::from_millis(first))
    }

    /// The worker is awake: until its next plan nobody need wake it.
    pub(crate) fn awake(&self, worker: usize) {
        self.sleepers[worker].planned.store(AWAKE, Ordering::Relaxed);
    }

    /// Returns when somebody made a deadline that is earlier than the plan.
    pub(crate) async fn wake(&self, worker: usize) {
        self.sleepers[worker].early.notified().await;
    }

    /// Sums something over all stripes, one lock at a time.
    pub(crate) fn sum<T>(&self, init: T, mut add: impl FnMut(T, &Stripe) -> T) -> T {
        self.slots.iter().fold(init, |sum, slot| add(sum, &slot.stripe.lock()))
    }

    /// The milliseconds that have passed at this moment.
    fn millis_past(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.base).as_millis()).unwrap_or(NEVER - 1)
    }

    /// The first millisecond that is not before this moment.
    fn millis_until(&self, at: Instant) -> u64 {
        self.millis_past(at + Duration::from_nanos(999_999))
    }
}

/// One stripe, locked. Giving it back publishes when it next wants time.
pub(crate) struct Locked<'a> {
    all: &'a Stripes,
    number: usize,
    slot: &'a Slot,
    stripe: MutexGuard<'a, Stripe>,
}

impl Deref for Locked<'_> {
    type Target = Stripe;
    fn deref(&self) -> &Stripe {
        &self.stripe
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut Stripe {
        &mut self.stripe
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        let due = self.stripe.table.poll_timeout().map_or(NEVER, |at| self.all.millis_until(at));
        if self.slot.due.swap(due, Ordering::SeqCst) == due {
            return;
        }
        let sleeper = &self.all.sleepers[self.number % self.all.sleepers.len()];
        if sleeper.first.load(Ordering::SeqCst) > due {
            sleeper.first.fetch_min(due, Ordering::SeqCst);
            if sleeper.planned.load(Ordering::SeqCst) > due {
                sleeper.early.notify_one();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use sip_core::{Protocol, Source};
    use sip_transaction::Outbox;

    use super::*;
    use crate::clock;

    fn stripes(base: Instant) -> Stripes {
        Stripes::new(&Arc::new(Config::default()), &Secret::new([7; 16]), 2, base)
    }

    /// Makes a transaction; returns the worker that owns its stripe.
    fn begin(stripes: &Stripes, now: Instant, number: u32) -> usize {
        let wire = format!(
            "OPTIONS sip:a@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.4;branch=z9hG4bK{number}\r\n\
             From: <sip:b@192.0.2.4>;tag=1\r\nTo: <sip:a@192.0.2.1>\r\nCall-ID: {number}\r\nCSeq: 1 OPTIONS\r\n\r\n"
        );
        let request = sip_core::parse(wire.into(), &Default::default()).expect("request");
        let remote = "192.0.2.4:5060".parse().expect("address");
        let source = Source { protocol: Protocol::Udp, remote, local: remote, flow: None };
        let mut stripe = stripes.of_request(b"1", number);
        let id = stripe.table.create(now, &request, &source, &mut Outbox::default()).expect("new");
        stripes.owner(id)
    }

    /// Whether the worker would be woken now.
    fn is_woken(stripes: &Stripes, worker: usize) -> bool {
        pin!(stripes.wake(worker)).poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(())
    }

    /// Ticks whenever the worker has planned to; returns when it last did.
    fn play(stripes: &Stripes, worker: usize, base: Instant) -> Instant {
        let mut last = base;
        while let Some(due) = stripes.plan(worker) {
            assert!(due > last, "time goes on");
            last = due;
            stripes.tick(worker, due, |stripe| stripe.table.handle_timeout(due, &mut Outbox::default()));
        }
        last
    }

    #[test]
    fn only_the_owner_plans_for_a_transaction() {
        let base = clock::now();
        let stripes = stripes(base);
        let now = base + Duration::from_micros(1_300);
        let owner = begin(&stripes, now, 1);
        assert_eq!(stripes.plan(1 - owner), None);
        assert!(play(&stripes, owner, base) >= now + Config::default().max_noninv_lifetime);
    }

    #[test]
    fn a_stripe_is_looked_at_when_it_is_due_and_not_before() {
        let base = clock::now();
        let stripes = stripes(base);
        let owner = begin(&stripes, base, 1);
        let due = stripes.plan(owner).expect("due");
        let mut looked = 0;
        stripes.tick(owner, due - Duration::from_millis(1), |_| looked += 1);
        assert_eq!(looked, 0);
        stripes.tick(owner, due, |stripe| {
            looked += 1;
            stripe.table.handle_timeout(due, &mut Outbox::default());
        });
        assert_eq!(looked, 1);
    }

    #[test]
    fn a_tick_finds_the_next_deadline_anew() {
        let base = clock::now();
        let stripes = stripes(base);
        for number in 0..64 {
            begin(&stripes, base + Duration::from_secs(u64::from(number)), number);
        }
        for worker in 0..2 {
            assert!(play(&stripes, worker, base) > base + Duration::from_secs(32));
        }
        assert_eq!(stripes.sum(0, |sum, stripe| sum + stripe.table.len()), 0);
    }

    #[test]
    fn whoever_makes_an_earlier_deadline_wakes_an_owner_that_sleeps() {
        let base = clock::now();
        let stripes = stripes(base);
        let owner = begin(&stripes, base, 1);
        assert!(!is_woken(&stripes, owner), "it is awake");
        assert_eq!(stripes.plan(1 - owner), None);
        stripes.plan(owner);

        let later = base + Duration::from_secs(1);
        for number in 2.. {
            if begin(&stripes, later, number) != owner {
                break;
            }
        }
        assert!(!is_woken(&stripes, owner), "it sleeps until an earlier one");
        assert!(is_woken(&stripes, 1 - owner));
    }
}
