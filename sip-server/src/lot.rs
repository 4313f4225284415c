//! Where the parked routes of a worker stand.
//!
//! A route that waits takes a numbered place here. The number, with its generation, is the
//! [`Ticket`] under which tm knows it: what tm has to say to a waiting route is delivered to the
//! place, and a stale ticket finds nothing.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::{Poll, Waker};

use sip_core::StatusCode;
use sip_transaction::{Ask, Ticket};
use tokio::task::AbortHandle;

/// What tm has to say to a route that waits for its branches.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// A branch was answered with this 2xx, which is on its way upstream already.
    Answered(StatusCode),
    /// Every branch failed, and the transaction waits for the answer to this; or the outcome of a request that started
    /// here, which wants none.
    Failed(Box<Ask>),
}

#[derive(Default)]
struct Place {
    generation: u32,
    taken: bool,
    abort: Option<AbortHandle>,
    delivery: Option<Delivery>,
    waker: Option<Waker>,
}

/// The places of one worker.
pub(crate) struct Lot {
    worker: u16,
    limit: usize,
    places: RefCell<Vec<Place>>,
    free: RefCell<Vec<u32>>,
    taken: Cell<usize>,
}

impl Lot {
    /// `limit`: how many routes may wait here at once.
    pub(crate) fn new(worker: u16, limit: usize) -> Self {
        Self { worker, limit, places: RefCell::default(), free: RefCell::default(), taken: Cell::new(0) }
    }

    /// How many routes may wait here at once.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// How many places are taken.
    pub(crate) fn len(&self) -> usize {
        self.taken.get()
    }

    /// Takes a place; `None` when all are taken.
    pub(crate) fn take(&self) -> Option<Ticket> {
        if self.taken.get() >= self.limit {
            return None;
        }
        let mut places = self.places.borrow_mut();
        let slot = match self.free.borrow_mut().pop() {
            Some(slot) => slot,
            None => {
                let slot = u32::try_from(places.len()).ok()?;
                places.push(Place::default());
                slot
            }
        };
        let place = places.get_mut(slot as usize)?;
        place.taken = true;
        self.taken.set(self.taken.get() + 1);
        Some(Ticket { worker: self.worker, slot, generation: place.generation })
    }

    /// Gives a place back. A stale ticket changes nothing.
    pub(crate) fn leave(&self, ticket: Ticket) {
        let left = self.with(ticket, |place| {
            let generation = place.generation.wrapping_add(1);
            std::mem::replace(place, Place { generation, ..Place::default() })
        });
        if left.is_some() {
            self.free.borrow_mut().push(ticket.slot);
            self.taken.set(self.taken.get() - 1);
        }
    }

    /// From now on the route can be dropped from outside by [`Self::tow`].
    pub(crate) fn stand(&self, ticket: Ticket, abort: AbortHandle) {
        self.with(ticket, |place| place.abort = Some(abort));
    }

    /// Drops the route that stands there: its caller gave up. Returns whether one stood there.
    pub(crate) fn tow(&self, ticket: Ticket) -> bool {
        let abort = self.with(ticket, |place| place.abort.take()).flatten();
        abort.inspect(|abort| abort.abort()).is_some()
    }

    /// Hands a delivery to the route that waits; gives it back when nobody waits there any more.
    pub(crate) fn deliver(&self, ticket: Ticket, delivery: Delivery) -> Result<(), Delivery> {
        let mut delivery = Some(delivery);
        let waker = self.with(ticket, |place| {
            if place.delivery.is_some() {
                return None; // whoever waits has what he waits for
            }
            place.delivery = delivery.take();
            place.waker.take()
        });
        if let Some(waker) = waker.flatten() {
            waker.wake();
        }
        delivery.map_or(Ok(()), Err)
    }

    /// What was delivered to a place and not taken yet.
    pub(crate) fn undelivered(&self, ticket: Ticket) -> Option<Delivery> {
        self.with(ticket, |place| place.delivery.take()).flatten()
    }

    /// Waits for the delivery to a place; `None` when the place was given up.
    pub(crate) async fn wait(&self, ticket: Ticket) -> Option<Delivery> {
        poll_fn(|cx| {
            let polled = self.with(ticket, |place| match place.delivery.take() {
                Some(delivery) => Poll::Ready(Some(delivery)),
                None => {
                    place.waker = Some(cx.waker().clone());
                    Poll::Pending
                }
            });
            polled.unwrap_or(Poll::Ready(None))
        })
        .await
    }

    fn with<T>(&self, ticket: Ticket, look: impl FnOnce(&mut Place) -> T) -> Option<T> {
        let mut places = self.places.borrow_mut();
        let place = places.get_mut(ticket.slot as usize)?;
        (ticket.worker == self.worker && place.taken && place.generation == ticket.generation)
            .then(|| look(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_was_given_back_is_not_reached_by_its_old_ticket() {
        let lot = Lot::new(3, 2);
        let first = lot.take().expect("one of two places");
        lot.leave(first);
        let second = lot.take().expect("the same place again");
        assert_eq!(first.slot, second.slot);
        assert!(lot.deliver(first, Delivery::Answered(StatusCode::OK)).is_err());
        assert!(lot.deliver(second, Delivery::Answered(StatusCode::OK)).is_ok());
    }

    #[test]
    fn a_full_lot_refuses_and_takes_again_after_a_leave() {
        let lot = Lot::new(0, 1);
        let only = lot.take().expect("one place");
        assert_eq!(lot.take(), None);
        lot.leave(only);
        lot.leave(only);
        assert_eq!(lot.len(), 0);
        assert!(lot.take().is_some());
    }
}
