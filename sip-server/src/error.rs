//! What may go wrong at start and in a route.

use sip_core::{EditError, HeaderError, HeaderName, StatusCode};
use sip_modules::auth::{AuthError, Challenge};
use sip_modules::rr::RrError;
use sip_registrar::{Headers, SaveError};
use sip_transaction::TmError;
use sip_transport::resolve::ResolveError;
use sip_transport::{BindError, SendError};

use crate::store::error::StoreError;

/// Why a server did not start: the settings or the machine are at fault, never a peer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// No listen address was given.
    #[error("no listen address: name at least one, such as udp:127.0.0.1:5060")]
    NothingToListenOn,
    /// `workers` is 0 or more than 1024.
    #[error("{asked} workers: the setting `workers` takes 1 to 1024")]
    Workers {
        /// What was asked for.
        asked: usize,
    },
    /// `task_workers` is 0 or more than 64.
    #[error("{asked} task workers: the setting `task_workers` takes 1 to 64")]
    TaskWorkers {
        /// What was asked for.
        asked: usize,
    },
    /// More timers than a server may have.
    #[error(transparent)]
    Timers(#[from] QueueFull),
    /// A listen address could not be opened.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The database has no thread to run on.
    #[cfg(feature = "sql")]
    #[error(transparent)]
    Database(#[from] sip_async::sql::SqlError),
    /// The socket for commands could not be opened.
    #[error(transparent)]
    Commands(#[from] sip_async::jsonrpc::UnixError),
    /// The operating system gave no random bytes or no thread.
    #[error("the operating system refused: {0}")]
    System(#[from] std::io::Error),
}

/// The task workers have as much before them as they may: try again later, or answer 503.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{max} tasks wait already")]
pub struct QueueFull {
    /// The bound: [`Server::task_queue`](crate::Server::task_queue), or 1024 timers.
    pub max: usize,
}

/// Why a route ended early. Each knows the reply that the caller gets: [`Self::status`].
///
/// A route that returns one with `?` answers its caller:
///
/// ```
/// # use sip_server::{Ctx, Routed};
/// # use sip_core::StatusCode;
/// async fn request(ctx: &mut Ctx) -> Routed {
///     if ctx.msg.uri()?.user().is_none() {
///         return Err(StatusCode::ADDRESS_INCOMPLETE.into()); // 484
///     }
///     ctx.relay().await // no route to the target: 478 as Kamailio counts, 478 on the wire
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RouteError {
    /// The route says no, with this status.
    #[error("{} {}", .0.code(), .0.reason())]
    Reply(StatusCode),
    /// The caller sent CANCEL, or the final-response timer ended the transaction, while the route
    /// waited. The caller has its answer already.
    #[error("the transaction ended while the route waited")]
    Canceled,
    /// A header of the request that is needed here is missing or malformed: the sender's fault.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// An edit was refused (CR, LF, NUL, or what the grammar forbids): the route's fault.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// Record-Route or Route: a malformed one is the sender's fault, a second `record_route` the route's.
    #[error(transparent)]
    Rr(#[from] RrError),
    /// The sender has to say who he is: 401 or 407 with this challenge.
    #[error("the sender is not authenticated")]
    Unauthorized(Challenge),
    /// Nobody can be authenticated now (503), or the sender is somebody else than he says (403).
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// `lookup`: nobody is registered there.
    #[error("nobody is registered there")]
    NotRegistered,
    /// A REGISTER was not stored.
    #[error(transparent)]
    Save(#[from] SaveError),
    /// A REGISTER was not stored, for the store is down or refused it. What was there before still is.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The target has no address.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// The target could not be sent to.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The transaction layer refused; the error names the call to make instead.
    #[error(transparent)]
    Tm(TmError),
    /// A branch or relay was asked for where there is no target left: every branch was dropped.
    #[error("no branch was left to relay to")]
    NoBranch,
    /// `cancel` or `suspend` was called where it has no meaning.
    #[error("`{call}` is not possible in this route: {instead}")]
    WrongRoute {
        /// The call.
        call: &'static str,
        /// What to do instead.
        instead: &'static str,
    },
    /// Too many routes wait already (`max_parked`): 503 with Retry-After.
    #[error("too many routes wait")]
    Busy,
    /// Too many tasks wait already: 503 with Retry-After.
    #[error(transparent)]
    QueueFull(#[from] QueueFull),
}

impl RouteError {
    /// The status that the caller is answered with; `None` where it has its answer already.
    pub fn status(&self) -> Option<StatusCode> {
        Some(match self {
            Self::Reply(status) => *status,
            Self::Canceled => return None,
            Self::Header(error) => error.status(),
            Self::Rr(error) => error.status(),
            Self::Unauthorized(challenge) => challenge.guard().status(),
            Self::Auth(error) => error.status().unwrap_or(StatusCode::FORBIDDEN),
            Self::NotRegistered => StatusCode::NOT_FOUND,
            Self::Save(error) => error.status(),
            Self::Store(error) => error.status(),
            Self::Resolve(_) => StatusCode::new(478).unwrap_or(StatusCode::BAD_REQUEST),
            Self::NoBranch => StatusCode::TEMPORARILY_UNAVAILABLE,
            Self::Send(_) | Self::Busy | Self::QueueFull(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Tm(error) => return tm_status(error),
            Self::Edit(_) | Self::WrongRoute { .. } => StatusCode::SERVER_INTERNAL_ERROR,
        })
    }
}

impl RouteError {
    /// Headers that belong into that reply.
    pub(crate) fn headers(&self) -> Headers {
        match self {
            Self::Save(error) => error.headers(),
            Self::Store(error) if error.status() == StatusCode::SERVICE_UNAVAILABLE => {
                vec![(HeaderName::RetryAfter, b"10".into())]
            }
            Self::Unauthorized(challenge) => {
                let name = challenge.guard().challenge_header();
                challenge.values().map(|value| (name, value.to_vec())).collect()
            }
            Self::Busy
            | Self::QueueFull(_)
            | Self::Tm(TmError::Full { .. })
            | Self::Auth(AuthError::Unavailable) => {
                vec![(HeaderName::RetryAfter, b"5".into())]
            }
            _ => Vec::new(),
        }
    }
}

/// What a refusal of tm means for the caller; `None` where a final reply has gone out already, or where
/// another worker serves the same request.
fn tm_status(error: &TmError) -> Option<StatusCode> {
    Some(match error {
        TmError::Full { .. } => StatusCode::SERVICE_UNAVAILABLE,
        TmError::Request(error) => error.status(),
        TmError::Exists(_)
        | TmError::Answered
        | TmError::TimedOut
        | TmError::Canceled
        | TmError::Declined
        | TmError::Unknown => return None,
        _ => StatusCode::SERVER_INTERNAL_ERROR,
    })
}

impl From<StatusCode> for RouteError {
    fn from(status: StatusCode) -> Self {
        Self::Reply(status)
    }
}

impl From<TmError> for RouteError {
    fn from(error: TmError) -> Self {
        match error {
            TmError::Canceled => Self::Canceled,
            other => Self::Tm(other),
        }
    }
}
