//! Messages made from nothing, or from another message: responses, CANCEL, ACK, requests.
//!
//! Each is written once, front to back, into one buffer of the right size. What is copied from another
//! message is copied byte for byte, folds included.

pub(crate) mod ack;
pub(crate) mod cancel;
pub(crate) mod http;
pub(crate) mod out;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod same_hop;

pub use ack::ack;
pub use cancel::cancel;
pub use http::{HTTP_CONTINUE, HttpReply, http_refusal, http_reply, http_unavailable};
pub use request::{RequestBuilder, request};
pub use response::{ResponseBuilder, response};
