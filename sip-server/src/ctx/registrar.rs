//! `registrar`: saving what phones say, and looking up where they are.

use std::borrow::Cow;

use bytes::Bytes;
use sip_core::{StatusCode, Target, Uri};
use sip_registrar::{Binding, Lookup, SaveOptions, Saved};

use crate::clock;
use crate::ctx::Ctx;
use crate::ctx::destination::Destination;
use crate::error::RouteError;
use crate::routed::Routed;
use crate::shared::Shared;

impl Ctx {
    /// Saves what a REGISTER says and answers it with 200 and the contacts (`save`).
    ///
    /// # Errors
    ///
    /// [`RouteError::Save`]: nothing was stored, and with `?` the phone gets the error's reply, such as 423
    /// with Min-Expires. [`RouteError::Store`]: the location has a store, and that is down: 503 with Retry-After.
    pub async fn save(&mut self) -> Result<Saved, RouteError> {
        let saved = self.save_with(&SaveOptions::default()).await?;
        self.reply_saved(&saved)?;
        Ok(saved)
    }

    /// The same with what the caller adds, and without a reply: [`Self::reply_saved`] sends it.
    ///
    /// # Errors
    ///
    /// Those of [`Self::save`].
    pub async fn save_with(&mut self, options: &SaveOptions) -> Result<Saved, RouteError> {
        let shared = self.shared();
        let mut options = Cow::Borrowed(options);
        if self.turn.natted.get() && options.received.is_none() {
            options.to_mut().received = Some(Target::from(self.source()));
        }
        let saved = match shared.keeper() {
            Some(keeper) => keeper.save(&self.msg, self.source(), &options).await,
            None => shared
                .registrar()
                .save_with(clock::now(), &self.msg, self.source(), &options)
                .map_err(RouteError::from),
        };
        let stats = self.turn.local.stats();
        if saved.is_ok() {
            stats.registered.one()
        } else {
            stats.not_registered.one()
        }
        saved
    }

    /// Answers a REGISTER that was saved: 200 and its contacts.
    ///
    /// # Errors
    ///
    /// Those of [`Ctx::reply`].
    pub fn reply_saved(&mut self, saved: &Saved) -> Routed {
        let headers = saved.headers(clock::now());
        self.reply_with(StatusCode::OK, move |mut response| {
            for (name, value) in headers {
                response = response.header(name.canonical(), value);
            }
            response
        })
    }

    /// Looks the user of the request URI up (`lookup`): the best contact becomes the request URI with its
    /// next hop, the others become [`branches`](Self::branches). Returns how many there are, at least 1.
    ///
    /// # Errors
    ///
    /// [`RouteError::NotRegistered`]: nobody is there; 404.
    pub async fn lookup(&mut self) -> Result<usize, RouteError> {
        let found = find(self.shared(), &self.msg.uri()?).await?;
        self.ring(&found)
    }

    /// The same for the user of another URI (`lookup_uri`).
    ///
    /// # Errors
    ///
    /// [`RouteError::NotRegistered`], [`RouteError::Header`] for a text that is no URI.
    pub async fn lookup_uri(&mut self, uri: &[u8]) -> Result<usize, RouteError> {
        let found = find(self.shared(), &Uri::parse(uri)?).await?;
        self.ring(&found)
    }

    /// Looks a user up and adds all contacts to [`branches`](Self::branches), without touching the request URI
    /// (`lookup_to_dset`). Returns how many there are, at least 1.
    ///
    /// # Errors
    ///
    /// Those of [`Self::lookup_uri`].
    pub async fn lookup_to_branches(&mut self, uri: &[u8]) -> Result<usize, RouteError> {
        let found = find(self.shared(), &Uri::parse(uri)?).await?;
        if found.is_empty() {
            return Err(RouteError::NotRegistered);
        }
        let shared = self.shared();
        let branches: Vec<_> = found.iter().map(|binding| destination(binding, shared)).collect();
        self.branches.extend(branches);
        Ok(found.len())
    }

    fn ring(&mut self, found: &Lookup) -> Result<usize, RouteError> {
        let shared = self.shared();
        let mut destinations = found.iter().map(|binding| destination(binding, shared));
        let best = destinations.next().ok_or(RouteError::NotRegistered)?;
        let branches: Vec<_> = destinations.collect();
        self.msg.set_request_uri(&best.uri)?;
        self.destination = Destination { uri: Bytes::new(), ..best };
        self.branches.extend(branches);
        Ok(found.len())
    }
}

/// Where a user can be reached; what is stored and not in memory yet is fetched.
async fn find(shared: &Shared, uri: &Uri<'_>) -> Result<Lookup, RouteError> {
    let aor = shared.registrar().aor(uri).map_err(|_| RouteError::NotRegistered)?;
    if let Some(keeper) = shared.keeper() {
        keeper.look_up(&aor).await;
    }
    Ok(shared.registrar().lookup(clock::now(), &aor))
}

/// A binding as a branch: its Path into Route, else the address or connection that it was registered from, else
/// its URI. A connection that has ended leads nowhere: then the URI is tried.
fn destination(binding: &Binding, shared: &Shared) -> Destination {
    let path: Vec<Bytes> = binding.path().map(|hop| Bytes::copy_from_slice(hop)).collect();
    let is_there = |target: &Target| target.flow.is_none() || shared.local_for(target).is_ok();
    let target = binding.received().filter(|target| path.is_empty() && is_there(target));
    Destination {
        uri: Bytes::copy_from_slice(binding.uri()),
        path,
        target,
        q: binding.q(),
        ..Destination::default()
    }
}
