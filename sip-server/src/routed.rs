//! What a route comes to.

use crate::error::RouteError;

/// What a route comes to. An error knows the reply it means, so `?` answers the caller.
pub type Routed = Result<(), RouteError>;
