//! `auth`: who sent this request.

use bstr::BStr;
use sip_core::digest::HashFunction;
use sip_core::{Method, Uri, unescape};
use sip_modules::auth::{
    self, Ask, AuthError, Authenticated, Challenge, ChallengeFlags, Claim, Guard, IdentityChecks, Secret,
};

use crate::ctx::Ctx;
use crate::error::RouteError;
use crate::modules::users::{Found, Wanted};
use crate::routed::Routed;

impl Ctx {
    /// Goes on only with a request whose sender has shown to know his password, by the users that the server was
    /// given ([`Server::users`](crate::Server::users)). ACK and CANCEL cannot be asked (RFC 3261 22.1) and go on.
    ///
    /// ```
    /// # use sip_server::{Ctx, Routed};
    /// async fn request(ctx: &mut Ctx) -> Routed {
    ///     ctx.authenticate(b"example.org").await?; // else: 401 or 407
    ///     ctx.check_from()?; // else: 403
    ///     ctx.consume_credentials();
    ///     ctx.relay().await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`RouteError::Unauthorized`], which with `?` challenges the sender: 401 for a REGISTER, else 407.
    /// [`RouteError::Auth`] where nobody's password can be looked up: 503.
    pub async fn authenticate(&mut self, realm: &[u8]) -> Routed {
        let guard = Guard::of(self.method());
        let result = self.check_user(guard, realm, "subscriber").await;
        self.or_challenge(guard, realm, result)
    }

    /// The same with a lookup of one's own, which may take its time: the route waits, the worker does not.
    ///
    /// # Errors
    ///
    /// Those of [`Self::authenticate`].
    pub async fn authenticate_with(
        &mut self,
        realm: &[u8],
        lookup: impl AsyncFnOnce(Wanted<'_>) -> Found,
    ) -> Routed {
        let guard = Guard::of(self.method());
        let result =
            self.check_with(guard, realm, async |claim| lookup(Wanted::of(claim, "subscriber")).await).await;
        self.or_challenge(guard, realm, result)
    }

    fn or_challenge(&self, guard: Guard, realm: &[u8], result: Result<(), AuthError>) -> Routed {
        let Err(error) = result else { return Ok(()) };
        tracing::debug!(%error, realm = %BStr::new(realm), "not authenticated");
        if error.status().is_some() {
            return Err(error.into());
        }
        let ask = self.ask(guard, realm);
        let shared = self.shared();
        Err(RouteError::Unauthorized(shared.auth().challenge(shared.calendar(), &ask, error.is_stale())))
    }

    /// Checks the credentials for a realm by the users of the server, and tells what is wrong with them
    /// (`auth_check`, `www_authenticate`). No reply is sent. ACK and CANCEL pass.
    ///
    /// # Errors
    ///
    /// Any [`AuthError`] but [`AuthError::WrongIdentity`].
    pub async fn check_user(&self, guard: Guard, realm: &[u8], table: &str) -> Result<(), AuthError> {
        let Some(store) = self.shared().users() else {
            tracing::error!("credentials were to be checked, and the server has no users");
            return if self.cannot_be_asked() { Ok(()) } else { Err(AuthError::Unavailable) };
        };
        self.check_with(guard, realm, async |claim| store.secret(Wanted::of(claim, table)).found().await)
            .await
    }

    async fn check_with(
        &self,
        guard: Guard,
        realm: &[u8],
        lookup: impl AsyncFnOnce(&Claim<'_>) -> Found,
    ) -> Result<(), AuthError> {
        if self.cannot_be_asked() {
            return Ok(());
        }
        let result = match self.examine(guard, realm, None) {
            Ok(claim) => match lookup(&claim).await {
                Ok(secret) => self.shared().auth().accept(&claim, secret.as_ref()),
                Err(_) => Err(AuthError::Unavailable),
            },
            Err(error) => Err(error),
        };
        self.note(result)
    }

    /// Checks the credentials for a realm by a password that the route knows, whosever they are
    /// (`pv_www_authenticate`, `pv_proxy_authenticate`). `method` instead of the request's, where it is given. No reply
    /// is sent. ACK, CANCEL and PRACK pass.
    ///
    /// # Errors
    ///
    /// As [`Self::check_user`].
    pub fn check_secret(
        &self,
        guard: Guard,
        realm: &[u8],
        secret: &Secret,
        method: Option<&[u8]>,
    ) -> Result<(), AuthError> {
        if self.cannot_be_asked() || self.method() == Method::Prack {
            return Ok(());
        }
        let claim = self.examine(guard, realm, method);
        self.note(claim.and_then(|claim| self.shared().auth().accept(&claim, Some(secret))))
    }

    /// ACK has no response, and a CANCEL no second try (RFC 3261 22.1).
    fn cannot_be_asked(&self) -> bool {
        matches!(self.method(), Method::Ack | Method::Cancel)
    }

    fn ask<'a>(&self, guard: Guard, realm: &'a [u8]) -> Ask<'a> {
        Ask { guard, realm, source: self.source().remote.ip() }
    }

    /// What was received counts, whatever the route has changed since.
    fn examine<'a>(
        &'a self,
        guard: Guard,
        realm: &[u8],
        method: Option<&'a [u8]>,
    ) -> Result<Claim<'a>, AuthError> {
        let shared = self.shared();
        let own: &[u8] = self.method().as_bstr();
        shared.auth().examine(
            shared.calendar(),
            self.received(),
            &self.ask(guard, realm),
            method.unwrap_or(own),
        )
    }

    fn note(&self, result: Result<Authenticated, AuthError>) -> Result<(), AuthError> {
        self.turn.auth.borrow_mut().note(result)
    }

    /// Whether the user of a URI is one of the server's, in the realm that is its host (`is_subscriber`).
    ///
    /// # Errors
    ///
    /// [`AuthError::Malformed`] for a text that is no URI, [`AuthError::Unavailable`] where it cannot be looked up.
    pub async fn is_subscriber(&self, uri: &[u8], table: &str) -> Result<bool, AuthError> {
        let uri = Uri::parse(uri)?;
        let Some(user) = uri.user() else { return Ok(false) };
        let store = self.shared().users().ok_or(AuthError::Unavailable)?;
        let user = unescape(user);
        let found = store.secret(Wanted::new(&user, uri.host_text(), HashFunction::Md5, table)).found().await;
        found.map(|secret| secret.is_some()).map_err(|_| AuthError::Unavailable)
    }

    /// Asks the sender for credentials of this realm: 401 or 407 with the challenge (`auth_challenge`,
    /// `www_challenge`, `proxy_challenge`). Of the flags, `STALE` is set by itself where the last check found so.
    ///
    /// # Errors
    ///
    /// Those of [`Self::reply`]; a realm with control bytes is [`RouteError::Edit`].
    pub fn challenge(&mut self, guard: Guard, realm: &[u8], flags: ChallengeFlags) -> Routed {
        let stale = flags.has(ChallengeFlags::STALE) || self.turn.auth.borrow().stale;
        let shared = self.shared();
        let ask = self.ask(guard, realm);
        let challenge = shared.auth().challenge_with(shared.calendar(), &ask, flags.qop(), stale);
        self.reply_challenge(&challenge)
    }

    fn reply_challenge(&mut self, challenge: &Challenge) -> Routed {
        let guard = challenge.guard();
        let name = guard.challenge_header().canonical();
        self.reply_with(guard.status(), |response| {
            challenge.values().fold(response, |response, value| response.header(name, value))
        })
    }

    /// Who has shown to know his password; `None` before that, and for ACK and CANCEL.
    pub fn authenticated(&self) -> Option<Authenticated> {
        self.turn.auth.borrow().who.clone()
    }

    /// The user may register the address of record in To: it is his own, in the realm that he knows the password of.
    ///
    /// # Errors
    ///
    /// [`RouteError::Auth`]: it is somebody else's, or nobody was authenticated; 403.
    pub fn check_to(&self) -> Routed {
        self.is_own(&self.msg.to()?.uri()?)
    }

    /// The user is who From says.
    ///
    /// # Errors
    ///
    /// As [`Self::check_to`].
    pub fn check_from(&self) -> Routed {
        self.is_own(&self.msg.from()?.uri()?)
    }

    /// A realm that is one of several domains of ours speaks for that one alone.
    fn is_own(&self, uri: &Uri<'_>) -> Routed {
        let checked = self.turn.auth.borrow();
        let who = checked.who.as_ref().ok_or(AuthError::WrongIdentity)?;
        let is_same = |domain: &[u8]| domain.eq_ignore_ascii_case(who.realm());
        let domains = self.shared().domains();
        let names_domain = domains.iter().any(|domain| is_same(domain.as_bytes()));
        let other = domains.iter().any(|domain| domain.as_bytes().eq_ignore_ascii_case(uri.host_text()))
            && names_domain
            && !is_same(uri.host_text());
        if other || !auth::is_user(who.user(), uri) {
            return Err(AuthError::WrongIdentity.into());
        }
        Ok(())
    }

    /// Compares who is authenticated with what the request says, as `auth_check` and `pv_auth_check` do. Where nobody
    /// could be asked, nothing is compared.
    ///
    /// # Errors
    ///
    /// [`AuthError::WrongIdentity`], [`AuthError::Malformed`].
    pub fn check_identity(&self, checks: IdentityChecks) -> Result<(), AuthError> {
        match &self.turn.auth.borrow().who {
            Some(who) => checks.check(self.received(), who.user()),
            None => Ok(()),
        }
    }

    /// Takes the credentials off that were checked, so that the next hop does not get them
    /// (`consume_credentials`). `false`: none were.
    pub fn consume_credentials(&mut self) -> bool {
        let checked = self.turn.auth.borrow();
        match &checked.who {
            Some(who) => auth::consume(&mut self.msg, who.guard(), who.realm()),
            None => false,
        }
    }

    /// The realm to ask for: the host of From, in a REGISTER that of To, where that is one of our domains; else the
    /// first of these; else the address that was asked.
    pub fn realm(&self) -> Vec<u8> {
        let domains = self.shared().domains();
        let named = match self.method() {
            Method::Register => self.msg.to().ok().map(|to| to.uri_text()),
            _ => self.msg.from().ok().map(|from| from.uri_text()),
        };
        let host = named.and_then(|uri| Some(Uri::parse(uri).ok()?.host_text().to_ascii_lowercase()));
        if let Some(host) = host
            && domains.iter().any(|domain| domain.as_bytes().eq_ignore_ascii_case(&host))
        {
            return host;
        }
        match domains.first() {
            Some(domain) => domain.as_bytes().to_vec(),
            None => self.source().local.ip().to_string().into_bytes(),
        }
    }
}
