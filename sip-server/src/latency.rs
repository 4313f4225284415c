//! How long routes take: histograms, one a worker and kind of route.
//!
//! A bucket is an eighth of a power of two wide, so that a value is known to 12.5%. Only the worker writes its own, so
//! that no locked instruction is needed; a reader sums.

use std::time::Duration;

use crate::counter::Counter;

/// A kind of route whose time is measured, waiting included.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RouteKind {
    /// [`Routes::request`](crate::Routes::request)
    Request,
    /// [`Routes::cancel`](crate::Routes::cancel)
    Cancel,
    /// [`Routes::response`](crate::Routes::response)
    Response,
    /// [`Routes::reply`](crate::Routes::reply)
    Reply,
    /// [`Routes::failure`](crate::Routes::failure)
    Failure,
    /// [`Routes::branch_failure`](crate::Routes::branch_failure)
    BranchFailure,
    /// [`Routes::resumed`](crate::Routes::resumed)
    Resumed,
    /// [`Routes::http`](crate::Routes::http)
    Http,
    /// [`Routes::event`](crate::Routes::event)
    Event,
}

impl RouteKind {
    /// All kinds.
    pub const ALL: [Self; 9] = [
        Self::Request,
        Self::Cancel,
        Self::Response,
        Self::Reply,
        Self::Failure,
        Self::BranchFailure,
        Self::Resumed,
        Self::Http,
        Self::Event,
    ];

    /// Its name in small letters: `branch_failure`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Cancel => "cancel",
            Self::Response => "response",
            Self::Reply => "reply",
            Self::Failure => "failure",
            Self::BranchFailure => "branch_failure",
            Self::Resumed => "resumed",
            Self::Http => "http",
            Self::Event => "event",
        }
    }
}

/// Buckets a power of two.
const EIGHTHS: usize = 8;
/// The exponent of the first power of two: below 128 ns all is one bucket.
const FIRST: usize = 7;
/// The last: what takes longer than 36 minutes is counted there.
const LAST: usize = 40;
const BUCKETS: usize = (LAST - FIRST + 1) * EIGHTHS + 1;

/// The histograms of one worker.
#[derive(Debug)]
pub(crate) struct Latencies([Histogram; RouteKind::ALL.len()]);

impl Default for Latencies {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Histogram::default()))
    }
}

impl Latencies {
    pub(crate) fn of(&self, kind: RouteKind) -> &Histogram {
        &self.0[kind as usize]
    }
}

/// One histogram.
#[derive(Debug)]
pub(crate) struct Histogram {
    buckets: Box<[Counter]>,
    nanos: Counter,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: (0..BUCKETS).map(|_| Counter::default()).collect(), nanos: Counter::default() }
    }
}

impl Histogram {
    pub(crate) fn record(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.nanos.add(nanos);
        if let Some(bucket) = self.buckets.get(bucket_of(nanos)) {
            bucket.one();
        }
    }

    pub(crate) fn add_to(&self, sum: &mut Latency) {
        sum.nanos = sum.nanos.wrapping_add(self.nanos.read());
        sum.buckets.resize(BUCKETS, 0);
        for (sum, bucket) in sum.buckets.iter_mut().zip(&self.buckets) {
            *sum += bucket.read();
        }
    }
}

fn bucket_of(nanos: u64) -> usize {
    let power = nanos.checked_ilog2().unwrap_or(0) as usize;
    if power < FIRST {
        return 0;
    }
    let eighth = (nanos >> (power - 3)) as usize % EIGHTHS;
    ((power - FIRST) * EIGHTHS + eighth + 1).min(BUCKETS - 1)
}

/// The upper end of a bucket in nanoseconds.
fn end_of(bucket: usize) -> u64 {
    let (power, eighth) = (FIRST + bucket / EIGHTHS, (bucket % EIGHTHS) as u64);
    (8 + eighth) << (power - 3)
}

/// How long the routes of a kind took, all workers together: [`Shared::latency`](crate::Shared::latency).
#[derive(Clone, Debug, Default)]
pub struct Latency {
    buckets: Vec<u64>,
    nanos: u64,
}

impl Latency {
    /// How many routes have ended.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// How long they took together.
    pub fn sum(&self) -> Duration {
        Duration::from_nanos(self.nanos)
    }

    /// The time within which this share of them has ended, 0.5 for the median; at most 12.5% too long. Zero where
    /// none has ended.
    pub fn quantile(&self, share: f64) -> Duration {
        let count = self.count();
        let rank = (share.clamp(0.0, 1.0) * count as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        let reached = self.buckets.iter().position(|bucket| {
            seen += bucket;
            seen >= rank
        });
        reached.map_or(Duration::ZERO, |bucket| Duration::from_nanos(end_of(bucket)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_is_in_a_bucket_that_ends_within_an_eighth_above_it() {
        let mut nanos = 128_u64;
        while nanos < 1 << 40 {
            for nanos in [nanos, nanos + 1, nanos + nanos / 3] {
                let end = end_of(bucket_of(nanos));
                assert!(end > nanos && end <= nanos + nanos / 8 + 1, "{nanos} ends at {end}");
            }
            nanos += nanos / 5;
        }
        assert_eq!((bucket_of(0), bucket_of(127), bucket_of(u64::MAX)), (0, 0, BUCKETS - 1));
        assert_eq!(end_of(0), 128);
    }

    #[test]
    fn quantiles_are_those_of_what_was_recorded() {
        let histogram = Histogram::default();
        (1..=1000).for_each(|micros| histogram.record(Duration::from_micros(micros)));
        let mut sum = Latency::default();
        histogram.add_to(&mut sum);
        histogram.add_to(&mut sum);
        assert_eq!((sum.count(), sum.sum()), (2000, Duration::from_micros(1_001_000)));
        for (share, micros) in [(0.0, 1), (0.5, 500), (0.99, 990), (0.999, 999), (1.0, 1000)] {
            let (wanted, found) = (Duration::from_micros(micros), sum.quantile(share));
            assert!(found > wanted && found <= wanted.mul_f64(1.13), "{share}: {found:?}");
        }
        assert_eq!(Latency::default().quantile(0.5), Duration::ZERO);
    }
}
