//! What waits for the task workers: work that is no message, at once, later, or again and again.
//!
//! ```text
//! post, run ───────────> ready ──┐
//! post_after ──> later ──────────┼──> whichever task worker has room
//! every ───────> later, again ───┘
//! ```
//!
//! One queue for all task workers: a slow task keeps its own worker, and the others take what waits. At the bound
//! nothing is taken in, and whoever brings it is told; a timer needs no room in the queue.

use std::any::Any;
use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering as Atomic};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::error::QueueFull;
use crate::event::Event;
use crate::routed::Routed;

/// Most timers that a server may have.
const MOST_TIMERS: usize = 1024;
/// The shortest interval of a timer.
const SHORTEST: Duration = Duration::from_millis(1);

/// A task that runs.
pub(crate) type Running = Pin<Box<dyn Future<Output = Routed>>>;

/// Begins a task, on the worker whose state it is given.
pub(crate) type Begin = Box<dyn FnOnce(Rc<dyn Any>) -> Running + Send>;

/// What a task worker is to do.
pub(crate) enum Work {
    /// The event route.
    Event(Event),
    /// Something of the caller's.
    Task(Begin),
}

/// One piece of work. A timer is not run again before this is dropped.
pub(crate) struct Task {
    pub(crate) work: Work,
    pub(crate) turn: Option<TimerTurn>,
}

/// One run of a timer, until it is dropped.
pub(crate) struct TimerTurn(Arc<Timer>);

impl Drop for TimerTurn {
    fn drop(&mut self) {
        self.0.runs.store(false, Atomic::Release);
    }
}

struct Timer {
    name: Arc<str>,
    interval: Duration,
    runs: AtomicBool,
}

enum What {
    Once(Work),
    Again(Arc<Timer>),
}

struct Later {
    due: Instant,
    /// What is due at the same moment runs in the order in which it was given.
    number: u64,
    what: What,
}

impl Ord for Later {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.due, self.number).cmp(&(other.due, other.number))
    }
}

impl PartialOrd for Later {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Later {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Later {}

#[derive(Default)]
struct State {
    ready: VecDeque<Work>,
    later: BinaryHeap<Reverse<Later>>,
    timers: Vec<Arc<Timer>>,
    number: u64,
}

impl State {
    /// What waits, without the timers.
    fn len(&self) -> usize {
        self.ready.len() + self.later.len() - self.timers.len()
    }

    fn put_later(&mut self, due: Instant, what: What) {
        self.number += 1;
        self.later.push(Reverse(Later { due, number: self.number, what }));
    }
}

/// What waits for the task workers of a server.
pub(crate) struct Tasks {
    state: Mutex<State>,
    news: Notify,
    limit: usize,
    refused: AtomicU64,
    skipped: AtomicU64,
}

impl Tasks {
    /// A queue for so many tasks.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            state: Mutex::default(),
            news: Notify::new(),
            limit,
            refused: AtomicU64::new(0),
            skipped: AtomicU64::new(0),
        }
    }

    /// Takes work in: for now, or for a moment to come.
    pub(crate) fn put(&self, due: Option<Instant>, work: Work) -> Result<(), QueueFull> {
        let mut state = self.state.lock();
        if state.len() >= self.limit {
            self.refused.fetch_add(1, Atomic::Relaxed);
            return Err(QueueFull { max: self.limit });
        }
        match due {
            None => state.ready.push_back(work),
            Some(due) => state.put_later(due, What::Once(work)),
        }
        drop(state);
        self.news.notify_one();
        Ok(())
    }

    /// Starts a timer in place of one of that name; an interval of zero only ends that.
    pub(crate) fn every(&self, now: Instant, name: Arc<str>, interval: Duration) -> Result<(), QueueFull> {
        let mut state = self.state.lock();
        state.timers.retain(|timer| timer.name != name);
        state.later.retain(|later| !matches!(&later.0.what, What::Again(timer) if timer.name == name));
        if interval.is_zero() {
            return Ok(());
        }
        if state.timers.len() >= MOST_TIMERS {
            return Err(QueueFull { max: MOST_TIMERS });
        }
        let interval = interval.max(SHORTEST);
        let timer = Arc::new(Timer { name, interval, runs: AtomicBool::new(false) });
        state.timers.push(timer.clone());
        state.put_later(now + interval, What::Again(timer));
        drop(state);
        self.news.notify_one();
        Ok(())
    }

    /// The next piece of work, if one is due. What was to be done at a moment comes before what came without one,
    /// so that a full queue does not stop the timers.
    pub(crate) fn take(&self, now: Instant) -> Option<Task> {
        let mut state = self.state.lock();
        while state.later.peek().is_some_and(|later| later.0.due <= now) {
            let Some(Reverse(later)) = state.later.pop() else { break };
            match later.what {
                What::Once(work) => return Some(Task { work, turn: None }),
                What::Again(timer) => {
                    state.put_later(next(later.due, timer.interval, now), What::Again(timer.clone()));
                    if timer.runs.swap(true, Atomic::Acquire) {
                        self.skipped.fetch_add(1, Atomic::Relaxed);
                        continue;
                    }
                    let work = Work::Event(Event::Timer { name: timer.name.clone() });
                    return Some(Task { work, turn: Some(TimerTurn(timer)) });
                }
            }
        }
        state.ready.pop_front().map(|work| Task { work, turn: None })
    }

    /// When something is due: `None` at no moment, as long as nothing new comes.
    pub(crate) fn due(&self, now: Instant) -> Option<Instant> {
        let state = self.state.lock();
        if !state.ready.is_empty() {
            return Some(now);
        }
        state.later.peek().map(|later| later.0.due)
    }

    /// Returns when something new has come; for one of those that wait here.
    pub(crate) async fn news(&self) {
        self.news.notified().await;
    }

    /// Another worker may look, too.
    pub(crate) fn pass_on(&self) {
        self.news.notify_one();
    }

    /// How many tasks wait, how many were refused, how often a timer was still running when its time had come.
    pub(crate) fn counts(&self) -> (u64, u64, u64) {
        let waiting = self.state.lock().len() as u64;
        (waiting, self.refused.load(Atomic::Relaxed), self.skipped.load(Atomic::Relaxed))
    }
}

/// The next moment of a timer after `now`: on its grid, so that it does not drift.
fn next(due: Instant, interval: Duration, now: Instant) -> Instant {
    let late = now.saturating_duration_since(due).as_nanos();
    let missed = u32::try_from(late / interval.as_nanos().max(1)).unwrap_or(u32::MAX);
    let next = interval.checked_mul(missed.saturating_add(1)).and_then(|gap| due.checked_add(gap));
    next.unwrap_or(now + interval)
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(event) => event.fmt(f),
            Self::Task(_) => f.write_str("Task"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    fn posted(name: &str) -> Work {
        Work::Event(Event::Posted { name: name.into(), data: Box::new(()) })
    }

    fn name(task: Option<Task>) -> Option<String> {
        task.map(|task| match task.work {
            Work::Event(Event::Posted { name, .. } | Event::Timer { name }) => name.to_string(),
            other => format!("{other:?}"),
        })
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn work_comes_in_its_order_and_what_has_a_moment_at_that_moment() {
        let (tasks, now) = (Tasks::new(10), clock::now());
        tasks.put(Some(now + SECOND), posted("later")).expect("room");
        tasks.put(None, posted("one")).expect("room");
        tasks.put(None, posted("two")).expect("room");
        assert_eq!(name(tasks.take(now)).as_deref(), Some("one"));
        assert_eq!(tasks.due(now), Some(now));
        assert_eq!(name(tasks.take(now + SECOND)).as_deref(), Some("later"), "before what has no moment");
        assert_eq!(name(tasks.take(now)).as_deref(), Some("two"));
        assert_eq!((name(tasks.take(now)), tasks.due(now)), (None, None));
    }

    #[test]
    fn at_the_bound_nothing_more_is_taken_in_but_timers_run() {
        let (tasks, now) = (Tasks::new(2), clock::now());
        tasks.put(None, posted("one")).expect("room");
        tasks.put(Some(now + SECOND), posted("two")).expect("room");
        assert_eq!(tasks.put(None, posted("three")), Err(QueueFull { max: 2 }));
        assert_eq!(tasks.put(Some(now), posted("three")), Err(QueueFull { max: 2 }));
        tasks.every(now, "tick".into(), SECOND / 2).expect("no room needed");
        assert_eq!(name(tasks.take(now + SECOND / 2)).as_deref(), Some("tick"));
        assert_eq!(tasks.counts(), (2, 2, 0));
        assert_eq!(name(tasks.take(now)).as_deref(), Some("one"));
        tasks.put(None, posted("three")).expect("room again");
    }

    #[test]
    fn a_timer_that_still_runs_is_not_run_again_and_does_not_drift() {
        let (tasks, now) = (Tasks::new(1), clock::now());
        tasks.every(now, "tick".into(), SECOND).expect("room");
        assert!(tasks.take(now).is_none());
        let first = tasks.take(now + SECOND + SECOND / 4).expect("due");
        assert_eq!(tasks.due(now), Some(now + 2 * SECOND), "not a second after its late start");
        assert!(tasks.take(now + 2 * SECOND).is_none(), "the first still runs");
        assert_eq!(tasks.counts(), (0, 0, 1));
        drop(first);
        assert_eq!(tasks.due(now), Some(now + 3 * SECOND));
        assert!(tasks.take(now + 10 * SECOND).is_some());
        assert_eq!(tasks.due(now), Some(now + 11 * SECOND), "what was missed is not made up for");
    }

    #[test]
    fn a_timer_replaces_the_one_of_its_name_and_ends_by_zero() {
        let (tasks, now) = (Tasks::new(1), clock::now());
        tasks.every(now, "tick".into(), SECOND).expect("room");
        tasks.every(now, "tick".into(), 5 * SECOND).expect("room");
        assert_eq!(tasks.due(now), Some(now + 5 * SECOND));
        tasks.every(now, "tick".into(), Duration::ZERO).expect("nothing to refuse");
        assert_eq!(tasks.due(now), None);
        for number in 0..MOST_TIMERS {
            tasks.every(now, number.to_string().into(), SECOND).expect("room");
        }
        assert_eq!(tasks.every(now, "more".into(), SECOND), Err(QueueFull { max: MOST_TIMERS }));
    }
}
