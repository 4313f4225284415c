//! What the reply to a REGISTER says: the contacts of a 200, the headers of a refusal.
//!
//! Source: RFC 3261 10.3, step 8, 20.10, 20.23; RFC 3327 5.3 for Path; RFC 5626 4 for the parameters.

use std::io::Write as _;
use std::time::Instant;

use sip_core::{HeaderName, Protocol, Target};

use crate::binding::Binding;
use crate::error::SaveError;
use crate::plan::Saved;

/// How long a phone should wait when the location is full, in seconds.
const RETRY_AFTER: u32 = 30;

/// Headers for a response, in order.
pub type Headers = Vec<(HeaderName<'static>, Vec<u8>)>;

impl Saved {
    /// The headers of the 200: each binding as a Contact, and the Path where it was asked for.
    ///
    /// A Contact reads `<uri>;q=0.5;expires=59;received="sip:192.0.2.1:5060";+sip.instance="...";reg-id=1`,
    /// each parameter where there is one.
    pub fn headers(&self, now: Instant) -> Headers {
        let contacts = self.bindings.iter().map(|binding| (HeaderName::Contact, row(binding, now)));
        let path = self.path.iter().map(|value| (HeaderName::Path, value.to_vec()));
        contacts.chain(path).collect()
    }

    /// The value that KEMI's `save()` returns: 1 to 4.
    pub fn code(&self) -> i32 {
        self.outcome.code()
    }
}

impl SaveError {
    /// The headers that the reply to this error needs beside its status.
    pub fn headers(&self) -> Headers {
        match self {
            Self::IntervalTooBrief { min, .. } => vec![(HeaderName::MinExpires, min.to_string().into())],
            Self::PathNotSupported => vec![(HeaderName::Unsupported, b"path".to_vec())],
            Self::Full | Self::Conflict => vec![(HeaderName::RetryAfter, RETRY_AFTER.to_string().into())],
            _ => Vec::new(),
        }
    }
}

fn row(binding: &Binding, now: Instant) -> Vec<u8> {
    let mut row = Vec::with_capacity(binding.uri().len() + 32);
    row.push(b'<');
    row.extend_from_slice(binding.uri());
    row.push(b'>');
    // Writing into memory cannot fail.
    if let Some(q) = binding.q() {
        let _ = write!(row, ";q={q}");
    }
    let _ = write!(row, ";expires={}", binding.seconds_left(now));
    if let Some(target) = binding.received() {
        let _ = write!(row, ";received=\"{}\"", ReceivedUri(target));
    }
    if let Some(instance) = binding.instance() {
        row.extend_from_slice(b";+sip.instance=\"");
        row.extend_from_slice(instance);
        row.push(b'"');
    }
    if let Some(id) = binding.reg_id() {
        let _ = write!(row, ";reg-id={id}");
    }
    row
}

/// An address as a URI: `sip:192.0.2.1:5060;transport=tcp`.
struct ReceivedUri(Target);

impl std::fmt::Display for ReceivedUri {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "sip:{}", self.0.remote)?;
        match self.0.protocol {
            Protocol::Udp => Ok(()),
            other => write!(f, ";transport={other}"),
        }
    }
}
