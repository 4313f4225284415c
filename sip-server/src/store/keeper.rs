//! The keeper: what a route asks for when the location has a store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use parking_lot::Mutex;
use sip_core::{Message, Source};
use sip_registrar::{
    Aor, Binding, Change, ChangeKind, Outcome, Plan, Registrar, SaveError, SaveOptions, Saved,
};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use crate::clock;
use crate::error::RouteError;
use crate::store::clerk::{self, Job, Order};
use crate::store::error::StoreError;
use crate::store::gates::{Gates, Pass};
use crate::store::ledger::Ledger;
use crate::store::loading;
use crate::store::location::LocationStore;
use crate::store::office::Office;
use crate::store::record::ruid;
use crate::store::settings::{StoreMode, StoreSettings};

/// Keeps the location in a store.
#[derive(Debug)]
pub(crate) struct Keeper {
    office: Arc<Office>,
    desk: mpsc::Sender<Order>,
    thread: Mutex<Option<JoinHandle<()>>>,
    runtime: Handle,
}

impl Keeper {
    /// Starts a thread that reaches the store, loads the location and writes what changes.
    pub(crate) fn start(
        registrar: Arc<Registrar>,
        store: Arc<dyn LocationStore>,
        settings: StoreSettings,
    ) -> std::io::Result<Self> {
        let (desk, orders) = mpsc::channel(settings.waiting.max(1));
        let office = Arc::new(Office {
            registrar,
            store,
            settings,
            gates: Gates::new(),
            ledger: Ledger::loading(),
            is_ready: AtomicBool::new(false),
            is_complete: AtomicBool::new(false),
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let handle = runtime.handle().clone();
        let at_desk = office.clone();
        let thread = std::thread::Builder::new().name("location-store".into()).spawn(move || {
            runtime.block_on(async move {
                let load = tokio::spawn(loading::load(at_desk.clone()));
                clerk::serve(at_desk, orders).await;
                load.abort();
            });
        })?;
        Ok(Self { office, desk, thread: Mutex::new(Some(thread)), runtime: handle })
    }

    /// Whether everything that is stored is in memory.
    pub(crate) fn is_complete(&self) -> bool {
        self.office.is_complete.load(Ordering::Acquire)
    }

    /// Saves a REGISTER: as the mode says, in the store first.
    pub(crate) async fn save(
        &self,
        request: &Message,
        source: &Source,
        options: &SaveOptions,
    ) -> Result<Saved, RouteError> {
        let registrar = &self.office.registrar;
        let aor = match &options.aor {
            Some(aor) => aor.clone(),
            None => registrar.aor(&request.to()?.uri()?).map_err(SaveError::Aor)?,
        };
        let pass = self.enter(&aor).await?;
        let plan = registrar.plan_with(clock::now(), request, source, options)?;
        self.carry_out(pass, plan).await
    }

    /// Takes those bindings of `aor` away that `goes` says. How many there were.
    pub(crate) async fn unregister(
        &self,
        aor: &Aor,
        goes: impl Fn(&Binding) -> bool,
    ) -> Result<usize, RouteError> {
        let pass = self.enter(aor).await?;
        let plan = self.office.registrar.plan_removal(clock::now(), aor, goes);
        let removed = |change: &&Change| change.kind == ChangeKind::Removed;
        Ok(self.carry_out(pass, plan).await?.changes.iter().filter(removed).count())
    }

    /// Does something that nobody waits for, such as a command from outside, on the keeper's own thread.
    pub(crate) fn spawn(&self, work: impl Future<Output = Result<(), RouteError>> + Send + 'static) {
        self.runtime.spawn(async move {
            if let Err(error) = work.await {
                tracing::error!(%error, "a command was not carried out: the store does not have it");
            }
        });
    }

    /// Sees to it that a lookup of `aor` finds what is stored. Where the store fails, memory has to do.
    pub(crate) async fn look_up(&self, aor: &Aor) {
        if self.is_complete() {
            return;
        }
        if let Err(error) = self.office.fetch(aor).await {
            tracing::debug!(%error, %aor, "looked up in memory alone");
        }
    }

    /// The way through the gate of `aor`, behind which all that is stored of it is in memory.
    async fn enter(&self, aor: &Aor) -> Result<Pass, RouteError> {
        let pass = self.office.gates.enter(aor).await.ok_or(RouteError::Busy)?;
        let fetched = self.office.fetch(aor).await;
        if !matches!(self.office.settings.mode, StoreMode::WriteBack(_)) {
            fetched?;
        }
        Ok(pass)
    }

    async fn carry_out(&self, pass: Pass, planned: Plan) -> Result<Saved, RouteError> {
        let is_query = planned.outcome() == Outcome::Query;
        let is_in_doubt = || self.office.ledger.with(|books| books.must_rewrite(planned.aor()));
        if planned.changes().is_empty() && (is_query || !is_in_doubt()) {
            return Ok(self.office.registrar.apply(clock::now(), planned)?);
        }
        if let StoreMode::WriteBack(_) = self.office.settings.mode {
            return self.apply_first(planned);
        }
        let (answer, answered) = oneshot::channel();
        let order = Order::Commit(Box::new(Job { plan: planned, pass, answer }));
        self.desk.try_send(order).map_err(|_| RouteError::Busy)?;
        answered.await.map_err(|_| RouteError::Store(StoreError::Ended))?
    }

    /// Write-back: memory first.
    fn apply_first(&self, plan: Plan) -> Result<Saved, RouteError> {
        let aor = plan.aor().clone();
        let gone: Vec<String> = plan.before().iter().map(|binding| ruid(&aor, binding)).collect();
        // Noted before it is done: a flush that comes between writes what is there, and the next one the rest.
        if !self.office.ledger.with(|books| books.soil(&aor, gone.iter().cloned())) {
            return Err(RouteError::Busy);
        }
        let saved = self.office.registrar.apply_committed(clock::now(), plan)?;
        self.office.ledger.with(|books| books.soil(&aor, gone));
        Ok(saved)
    }

    /// Ends it: what is on the desk is still written, and what was to be written back.
    pub(crate) fn end(&self) -> Option<JoinHandle<()>> {
        let thread = self.thread.lock().take();
        let desk = self.desk.clone();
        if desk.try_send(Order::End).is_err() {
            tracing::warn!("the store has more to write than its queue holds: it is not waited for");
            return None;
        }
        thread
    }
}
