//! Loading: the location from the store into memory, beside the traffic.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::clock;
use crate::store::office::Office;
use crate::store::settings::StoreMode;
use crate::store::times::Times;

/// How long to wait before a store that was not reached is tried again: first, and at most.
const PATIENCE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));
/// How often progress is told.
const PROGRESS: Duration = Duration::from_secs(1);

/// Reaches the store, makes its tables, loads its bindings. Tries until it has succeeded.
pub(super) async fn load(office: Arc<Office>) {
    let mut patience = PATIENCE.0;
    while let Err(error) = office.store.prepare().await {
        tracing::error!(%error, "the location store is tried again in {patience:?}");
        tokio::time::sleep(patience).await;
        patience = (patience * 2).min(PATIENCE.1);
    }
    office.is_ready.store(true, Ordering::Release);
    if office.settings.mode == StoreMode::StoreOnly {
        tracing::info!("the location stays in the store");
        return;
    }
    let began = clock::now();
    let mut told = began;
    let mut rows = 0_usize;
    let mut after = i64::MIN;
    loop {
        let (page, last) = match office.store.page(after, office.settings.page).await {
            Ok(page) => page,
            Err(error) => {
                tracing::error!(%error, rows, "the location is loaded on in {:?}", PATIENCE.1);
                tokio::time::sleep(PATIENCE.1).await;
                continue;
            }
        };
        let times = Times::read();
        for stored in &page {
            office.ledger.with(|books| {
                if !books.knows(&stored.record.aor) {
                    office.take_in(books, stored, &times);
                }
            });
        }
        rows += page.len();
        let Some(last) = last else { break };
        after = last;
        if clock::now().duration_since(told) >= PROGRESS {
            told = clock::now();
            tracing::info!(rows, "loading the location");
        }
        tokio::task::yield_now().await;
    }
    office.ledger.with(|books| books.learn_all());
    office.is_complete.store(true, Ordering::Release);
    let (contacts, took) = (office.registrar.location().bindings(), clock::now().duration_since(began));
    tracing::info!(rows, contacts, ?took, "the location is loaded");
}
