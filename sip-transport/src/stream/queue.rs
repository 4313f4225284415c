//! What waits to be written on one connection: bounded, filled from any worker.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::budget::Budget;
use crate::error::SendError;
use crate::inbound::SendTag;

/// What a waiting message costs beside its bytes.
const OVERHEAD: usize = 64;

/// One message that waits.
#[derive(Debug)]
struct Waiting {
    bytes: Bytes,
    tag: Option<SendTag>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Takes messages.
    Open,
    /// Takes none; what is there is still written.
    Draining,
    /// Nothing is written any more.
    Closed(SendError),
}

#[derive(Debug)]
struct Inner {
    waiting: VecDeque<Waiting>,
    /// Cost of all that waits.
    cost: usize,
    /// Bytes of the first message that are written already.
    written: usize,
    /// Counts what happens, so that an idle timer need not be moved by each message.
    activity: u64,
    state: State,
}

/// The write queue of one connection.
#[derive(Debug)]
pub(crate) struct WriteQueue {
    inner: Mutex<Inner>,
    limit: usize,
    budget: Arc<Budget>,
    /// Something waits, or the state has changed.
    pub(crate) wake: Notify,
    /// The connection is to end at once.
    pub(crate) kill: Notify,
}

/// What the writer is to do next.
#[derive(Debug)]
pub(crate) enum Next {
    /// Write these.
    Write(Vec<Bytes>),
    /// Wait for `wake`.
    Wait,
    /// Nothing will come any more.
    Done,
}

impl WriteQueue {
    /// `limit` for this one, `budget` for all together.
    pub(crate) fn new(limit: usize, budget: Arc<Budget>) -> Self {
        let inner = Inner { waiting: VecDeque::new(), cost: 0, written: 0, activity: 0, state: State::Open };
        Self { inner: Mutex::new(inner), limit, budget, wake: Notify::new(), kill: Notify::new() }
    }

    /// Appends a message. One that would pass the limit ends the connection: [`SendError::SlowReader`]; one for
    /// which there is no room in all is refused: [`SendError::TooMuchBuffered`].
    pub(crate) fn push(&self, bytes: Bytes, tag: Option<SendTag>) -> Result<(), SendError> {
        let mut inner = self.inner.lock();
        match inner.state {
            State::Open => {}
            State::Draining => return Err(SendError::ShuttingDown),
            State::Closed(error) => return Err(error),
        }
        let more = bytes.len() + OVERHEAD;
        // One message alone always fits: its size has limits of its own.
        if inner.waiting.is_empty() {
            self.budget.force(more);
        } else if inner.cost + more > self.limit {
            inner.state = State::Closed(SendError::SlowReader);
            drop(inner);
            self.kill.notify_one();
            return Err(SendError::SlowReader);
        } else if !self.budget.take(more) {
            return Err(SendError::TooMuchBuffered);
        }
        inner.cost += more;
        inner.activity += 1;
        inner.waiting.push_back(Waiting { bytes, tag });
        drop(inner);
        self.wake.notify_one();
        Ok(())
    }

    /// The next messages to write, at most `max`; they stay in the queue until [`advance`](Self::advance).
    pub(crate) fn next(&self, max: usize) -> Next {
        let inner = self.inner.lock();
        let mut first = inner.waiting.iter().take(max).map(|w| w.bytes.clone()).collect::<Vec<_>>();
        match (first.first_mut(), inner.state) {
            (_, State::Closed(_)) | (None, State::Draining) => Next::Done,
            (None, State::Open) => Next::Wait,
            (Some(partly), _) => {
                let _ = partly.split_to(inner.written);
                Next::Write(first)
            }
        }
    }

    /// `count` bytes have been written: returns how many messages that completes.
    pub(crate) fn advance(&self, count: usize) -> u64 {
        let mut inner = self.inner.lock();
        let mut completed = 0;
        inner.written += count;
        inner.activity += 1;
        while let Some(len) = inner.waiting.front().map(|w| w.bytes.len())
            && len <= inner.written
        {
            inner.waiting.pop_front();
            inner.written -= len;
            inner.cost -= len + OVERHEAD;
            self.budget.give(len + OVERHEAD);
            completed += 1;
        }
        completed
    }

    /// Notes that the peer has said something.
    pub(crate) fn touch(&self) {
        self.inner.lock().activity += 1;
    }

    /// Changes whenever something was received, queued or written.
    pub(crate) fn activity(&self) -> u64 {
        self.inner.lock().activity
    }

    /// Takes nothing any more; ends the connection once what waits is written.
    pub(crate) fn drain(&self) {
        let mut inner = self.inner.lock();
        if inner.state == State::Open {
            inner.state = State::Draining;
        }
        drop(inner);
        self.wake.notify_one();
    }

    /// Ends the queue: what was not written, with the reason (that of an earlier overflow wins).
    pub(crate) fn close(&self, reason: SendError) -> (Vec<SendTag>, SendError) {
        let mut inner = self.inner.lock();
        let reason = match inner.state {
            State::Closed(earlier) => earlier,
            State::Open | State::Draining => reason,
        };
        inner.state = State::Closed(reason);
        self.budget.give(std::mem::take(&mut inner.cost));
        inner.written = 0;
        let tags = inner.waiting.drain(..).filter_map(|w| w.tag).collect();
        (tags, reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(len: usize) -> Bytes {
        Bytes::from(vec![b'x'; len])
    }

    fn queue(limit: usize) -> WriteQueue {
        WriteQueue::new(limit, Arc::new(Budget::new(100_000)))
    }

    fn lens(queue: &WriteQueue) -> Vec<usize> {
        match queue.next(8) {
            Next::Write(list) => list.iter().map(Bytes::len).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn message_leaves_the_queue_only_when_its_last_byte_is_written() {
        let queue = queue(10_000);
        queue.push(bytes(10), Some(SendTag(1))).expect("room");
        queue.push(bytes(20), Some(SendTag(2))).expect("room");
        assert_eq!(queue.advance(4), 0);
        assert_eq!(lens(&queue), [6, 20]);
        assert_eq!(queue.advance(7), 1);
        assert_eq!(lens(&queue), [19]);
        assert_eq!(queue.close(SendError::Closed), (vec![SendTag(2)], SendError::Closed));
        assert_eq!(queue.push(bytes(1), None), Err(SendError::Closed));
    }

    #[test]
    fn overflow_ends_the_queue_and_says_so_to_everyone_in_it() {
        let queue = queue(1_000);
        queue.push(bytes(5_000), Some(SendTag(1))).expect("a single message always fits");
        assert_eq!(queue.push(bytes(1), Some(SendTag(2))), Err(SendError::SlowReader));
        assert!(matches!(queue.next(8), Next::Done));
        assert_eq!(queue.close(SendError::Closed), (vec![SendTag(1)], SendError::SlowReader));
    }

    #[test]
    fn draining_queue_takes_nothing_and_ends_when_it_is_empty() {
        let queue = queue(1_000);
        queue.push(bytes(3), None).expect("room");
        queue.drain();
        assert_eq!(queue.push(bytes(3), None), Err(SendError::ShuttingDown));
        assert_eq!(lens(&queue), [3]);
        assert_eq!(queue.advance(3), 1);
        assert!(matches!(queue.next(8), Next::Done));
    }

    #[test]
    fn queues_share_what_may_wait_in_all_and_each_may_have_one_message() {
        let budget = Arc::new(Budget::new(1_000));
        let queues = [0, 1].map(|_| WriteQueue::new(10_000, Arc::clone(&budget)));
        queues[0].push(bytes(900), None).expect("room");
        assert_eq!(queues[0].push(bytes(900), None), Err(SendError::TooMuchBuffered));
        queues[1].push(bytes(900), None).expect("a single message always fits");
        assert_eq!(queues[0].advance(900), 1);
        queues[0].push(bytes(10), None).expect("the connection goes on");
        let _ = queues.iter().map(|queue| queue.close(SendError::Closed)).collect::<Vec<_>>();
        assert_eq!(budget.used(), 0);
    }
}
