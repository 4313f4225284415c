//! Queues: order, bounds, keys that are alone, consumers that wait.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "helpers and properties of tests")]

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use proptest::prelude::*;
use sip_async::{
    AddMode, Added, DeclarationError, Overflow, Queue, QueueError, QueueItem, QueueSettings, Queues,
};

fn queue(declaration: &str) -> Queue {
    Queue::new(QueueSettings::parse(declaration).expect("a declaration").1)
}

fn pair(item: &QueueItem) -> (String, String) {
    (item.key.to_string(), item.value.to_string())
}

fn rest(queue: &Queue) -> Vec<(String, String)> {
    std::iter::from_fn(|| queue.try_fetch()).map(|item| pair(&item)).collect()
}

/// Counts how often it was woken.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn bell() -> (Arc<Bell>, Waker) {
    let bell = Arc::new(Bell::default());
    (Arc::clone(&bell), bell.into())
}

impl Bell {
    fn rings(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

#[test]
fn declaration_sets_bounds_and_rules() {
    let (name, rules) =
        QueueSettings::parse(" name=cdr ; size=20;addmode=2;maxbytes=4096;overflow=refuse;dbmode=0;")
            .unwrap();
    assert_eq!((name, rules.max_items, rules.max_bytes), ("cdr", Some(20), 4096));
    assert_eq!((rules.add_mode, rules.overflow), (AddMode::KeepNewest, Overflow::Refuse));

    let (_, rules) = QueueSettings::parse("name=q;size=0").unwrap();
    assert_eq!(rules, QueueSettings::default());
}

#[test]
fn declaration_that_does_not_suit_names_the_setting() {
    for (declaration, text) in [
        ("size=5", "`size=5` has no proper name: name=NAME;.."),
        ("name=a b", "`name=a b` has no proper name: name=NAME;.."),
        (
            "name=q;size=many",
            "setting `size` has the value `many`, but takes a number of items, 0 for no bound",
        ),
        (
            "name=q;addmode=3",
            "setting `addmode` has the value `3`, but takes 0 (duplicates), 1 (keep oldest) or 2 (keep newest)",
        ),
        ("name=q;dbmode=1", "setting `dbmode` is Kamailio's and not supported here"),
        ("name=q;sise=1", "setting `sise` is unknown; known are name, size, addmode, maxbytes, overflow"),
        ("name=q;size=1;size=2", "setting `size` stands there twice"),
    ] {
        assert_eq!(QueueSettings::parse(declaration).unwrap_err().to_string(), text);
    }
}

#[test]
fn name_is_given_once_and_found_again() {
    let mut queues = Queues::new();
    let made = queues.declare("name=a").unwrap();
    assert_eq!(queues.declare("name=a;size=3").unwrap_err(), DeclarationError::Exists { name: "a".into() });
    queues.declare("name=B").unwrap();

    assert!(Arc::ptr_eq(queues.queue("a").unwrap(), &made));
    assert!(queues.queue("b").is_none());
    assert_eq!(queues.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["B", "a"]);
}

#[test]
fn full_queue_drops_the_oldest_and_counts_them() {
    let queue = queue("name=q;size=2");
    for n in ["1", "2", "3", "4"] {
        queue.add("k", n).unwrap();
    }
    assert_eq!(rest(&queue), [("k".into(), "3".into()), ("k".into(), "4".into())]);
    let stats = queue.stats();
    assert_eq!((stats.added, stats.dropped, stats.fetched, stats.items, stats.bytes), (4, 2, 2, 0, 0));
}

#[test]
fn bound_on_bytes_drops_as_many_as_are_needed() {
    let queue = queue("name=q;maxbytes=400");
    for n in ["1", "2", "3", "4"] {
        assert_eq!(queue.add("", n), Ok(Added::Queued)); // 65 bytes each
    }
    assert_eq!(queue.add("", "x".repeat(150)), Ok(Added::DroppedOldest(2)));
    assert_eq!(queue.len(), 3);
    let too_large = QueueError::TooLarge { bytes: 464, most: 400 };
    assert_eq!(queue.add("", "x".repeat(400)), Err(too_large));
    assert_eq!((queue.len(), queue.stats().refused), (3, 1));
}

#[test]
fn queue_that_refuses_stays_as_it_is_but_lets_a_key_be_renewed() {
    let queue = queue("name=q;size=2;overflow=refuse;addmode=2");
    queue.add("a", "1").unwrap();
    queue.add("b", "2").unwrap();
    assert_eq!(queue.add("c", "3"), Err(QueueError::Full));
    assert_eq!(queue.add("a", "4"), Ok(Added::Replaced));
    assert_eq!(rest(&queue), [("b".into(), "2".into()), ("a".into(), "4".into())]);
    assert_eq!((queue.stats().refused, queue.stats().replaced), (1, 1));
}

#[test]
fn keeping_the_oldest_leaves_the_new_one_out_until_it_is_fetched() {
    let queue = queue("name=q;addmode=1");
    assert_eq!(queue.add("a", "1"), Ok(Added::Queued));
    assert_eq!(queue.add("a", "2"), Ok(Added::Ignored));
    assert_eq!(rest(&queue), [("a".into(), "1".into())]);
    assert_eq!(queue.add("a", "3"), Ok(Added::Queued));
}

#[test]
fn key_renewed_for_ever_behind_another_takes_no_more_room() {
    let queue = queue("name=q;addmode=2");
    queue.add("first", "").unwrap();
    for n in 0..100_000 {
        queue.add("again", n.to_string()).unwrap();
    }
    assert_eq!(queue.len(), 2);
    assert_eq!(rest(&queue), [("first".into(), "".into()), ("again".into(), "99999".into())]);
}

#[test]
fn waiting_consumer_is_woken_by_one_item_and_only_one_consumer_is() {
    let queue = queue("name=q");
    let ((bell1, waker1), (bell2, waker2)) = (bell(), bell());
    let (mut first, mut second) = (pin!(queue.fetch()), pin!(queue.fetch()));
    assert!(first.as_mut().poll(&mut Context::from_waker(&waker1)).is_pending());
    assert!(second.as_mut().poll(&mut Context::from_waker(&waker2)).is_pending());

    queue.add("k", "1").unwrap();
    assert_eq!((bell1.rings(), bell2.rings()), (1, 0));
    queue.add("k", "2").unwrap();
    assert_eq!((bell1.rings(), bell2.rings()), (1, 1));
    for (future, waker, value) in [(&mut second, waker2, "1"), (&mut first, waker1, "2")] {
        let Poll::Ready(item) = future.as_mut().poll(&mut Context::from_waker(&waker)) else {
            panic!("ready")
        };
        assert_eq!(item.value.to_string(), value);
    }
}

#[test]
fn consumer_that_was_woken_and_left_passes_it_on() {
    let queue = queue("name=q");
    let ((_, waker1), (bell2, waker2)) = (bell(), bell());
    let mut second = pin!(queue.fetch());
    {
        let mut first = pin!(queue.fetch());
        assert!(first.as_mut().poll(&mut Context::from_waker(&waker1)).is_pending());
        assert!(second.as_mut().poll(&mut Context::from_waker(&waker2)).is_pending());
        queue.add("k", "1").unwrap();
        assert_eq!(bell2.rings(), 0);
    }
    assert_eq!(bell2.rings(), 1);
    assert!(second.as_mut().poll(&mut Context::from_waker(&waker2)).is_ready());
}

#[test]
fn item_taken_by_another_lets_the_woken_consumer_wait_on() {
    let queue = queue("name=q");
    let (bell, waker) = bell();
    let mut waiting = pin!(queue.fetch());
    assert!(waiting.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    queue.add("k", "1").unwrap();
    assert!(queue.try_fetch().is_some());
    assert!(waiting.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    queue.add("k", "2").unwrap();
    assert_eq!(bell.rings(), 2);
    assert!(waiting.as_mut().poll(&mut Context::from_waker(&waker)).is_ready());
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
}

/// A million items, four threads that add, four that wait in runtimes of their own.
#[test]
fn many_threads_lose_nothing_get_nothing_twice_and_keep_the_order_of_each_producer() {
    const PRODUCERS: usize = 4;
    const CONSUMERS: usize = 4;
    const EACH: usize = 250_000;
    let queue = queue("name=q;maxbytes=1000000000");

    let taken: Vec<Vec<(usize, usize)>> = thread::scope(|scope| {
        let consume = || {
            block_on(async {
                let mut taken = Vec::new();
                loop {
                    let item = queue.fetch().await;
                    let (key, value) = pair(&item);
                    match key.parse() {
                        Ok(producer) => taken.push((producer, value.parse().unwrap())),
                        Err(_) => return taken, // the last word
                    }
                }
            })
        };
        let consumers: Vec<_> = (0..CONSUMERS).map(|_| scope.spawn(consume)).collect();
        thread::scope(|scope| {
            for producer in 0..PRODUCERS {
                let queue = &queue;
                scope.spawn(move || {
                    for n in 0..EACH {
                        queue.add(producer.to_string(), n.to_string()).unwrap();
                        if n % 1000 == 0 {
                            thread::yield_now(); // let consumers find it empty
                        }
                    }
                });
            }
        });
        for _ in 0..CONSUMERS {
            queue.add("end", "").unwrap();
        }
        consumers.into_iter().map(|consumer| consumer.join().unwrap()).collect()
    });

    for one in &taken {
        for producer in 0..PRODUCERS {
            let mine: Vec<_> = one.iter().filter(|(p, _)| *p == producer).map(|(_, n)| *n).collect();
            assert!(mine.is_sorted());
        }
    }
    let mut all: Vec<_> = taken.concat();
    all.sort_unstable();
    assert!(all.into_iter().eq((0..PRODUCERS).flat_map(|p| (0..EACH).map(move |n| (p, n)))));
    assert!(queue.is_empty());
}

/// Consumers come and go while one item after another is added: whoever waits last gets what is there.
#[test]
fn consumers_that_give_up_never_strand_an_item() {
    let queue = queue("name=q");
    let fetched = AtomicUsize::new(0);
    const ITEMS: usize = 20_000;
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                block_on(async {
                    while fetched.load(Ordering::SeqCst) < ITEMS {
                        // Polls once or twice, then leaves.
                        let mut fetch = Box::pin(queue.fetch());
                        for _ in 0..2 {
                            let got = std::future::poll_fn(|cx| Poll::Ready(fetch.as_mut().poll(cx))).await;
                            if let Poll::Ready(item) = got {
                                if &**item.key == b"end" {
                                    queue.add("end", "").unwrap(); // not for this one
                                    return;
                                }
                                fetched.fetch_add(1, Ordering::SeqCst);
                                break;
                            }
                            tokio::task::yield_now().await;
                        }
                    }
                })
            });
        }
        // This one stays until its item is there. Without a wake-up passed on, it would wait for ever.
        scope.spawn(|| {
            block_on(async {
                while fetched.load(Ordering::SeqCst) < ITEMS {
                    if &**queue.fetch().await.key == b"end" {
                        return;
                    }
                    fetched.fetch_add(1, Ordering::SeqCst);
                }
            })
        });
        for n in 0..ITEMS {
            queue.add("k", n.to_string()).unwrap();
        }
        while fetched.load(Ordering::SeqCst) < ITEMS {
            thread::yield_now();
        }
        queue.add("end", "").unwrap();
    });
}

/// The slow and simple queue.
#[derive(Debug, Default)]
struct Naive(Vec<(u8, u8)>);

impl Naive {
    fn add(&mut self, rules: &QueueSettings, key: u8, value: u8) {
        let twin =
            self.0.iter().position(|(k, _)| *k == key).filter(|_| rules.add_mode != AddMode::Duplicates);
        if twin.is_some() && rules.add_mode == AddMode::KeepOldest {
            return;
        }
        let before = self.0.clone();
        twin.map(|at| self.0.remove(at));
        let bytes = |items: usize| items * (QueueSettings::ITEM_BYTES + 2);
        while self.0.len() >= rules.max_items.unwrap_or(usize::MAX)
            || bytes(self.0.len() + 1) > rules.max_bytes
        {
            if rules.overflow == Overflow::Refuse {
                self.0 = before;
                return;
            }
            self.0.remove(0);
        }
        self.0.push((key, value));
    }
}

proptest! {
    /// A queue gives what a plain list under the same rules gives, and its counts add up.
    #[test]
    fn queue_is_a_list_with_rules(
        ops in prop::collection::vec(prop::option::weighted(0.7, (0_u8..8, any::<u8>())), 0..400),
        (max_items, max_bytes) in (prop::option::of(1_usize..12), 100_usize..1000),
        mode in prop::sample::select(vec![AddMode::Duplicates, AddMode::KeepOldest, AddMode::KeepNewest]),
        refuse in any::<bool>(),
    ) {
        let overflow = if refuse { Overflow::Refuse } else { Overflow::DropOldest };
        let rules = QueueSettings { max_items, max_bytes, add_mode: mode, overflow };
        let (queue, mut naive) = (Queue::new(rules), Naive::default());
        for op in ops {
            match op {
                Some((key, value)) => {
                    let _ = queue.add([key], [value]);
                    naive.add(&rules, key, value);
                }
                None => {
                    let expected = if naive.0.is_empty() { None } else { Some(naive.0.remove(0)) };
                    let got = queue.try_fetch().map(|item| (item.key[0], item.value[0]));
                    prop_assert_eq!(got, expected);
                }
            }
            let stats = queue.stats();
            prop_assert_eq!(stats.items, naive.0.len());
            prop_assert_eq!(stats.bytes, naive.0.len() * (QueueSettings::ITEM_BYTES + 2));
            prop_assert_eq!(
                stats.added,
                stats.fetched + stats.dropped + stats.replaced + stats.items as u64
            );
        }
    }
}
