//! A request as it is kept: its bytes, read again when somebody asks for the message.
//!
//! A message is its bytes and a table of its header lines, and the table is larger than many a request. What
//! a transaction needs all the time is the method alone.

use bytes::Bytes;
use sip_core::{Message, Method};

use crate::step::reread;

/// See the head of this file.
#[derive(Debug)]
pub(crate) struct Kept {
    bytes: Bytes,
    /// How long the method is, which the bytes begin with.
    method: u32,
}

impl Kept {
    /// Copies a request into a buffer of its own.
    pub(crate) fn new(request: &Message) -> Kept {
        let method = request.method().map_or(0, |method| method.as_bstr().len());
        let mut bytes = Vec::with_capacity(request.encoded_len());
        request.write_to(&mut bytes);
        Kept { bytes: bytes.into(), method: method as u32 }
    }

    pub(crate) fn method(&self) -> Method<'_> {
        Method::from_bytes(&self.bytes[..self.method as usize])
    }

    /// The message. What was written once can be read, so there is one.
    pub(crate) fn message(&self) -> Option<Message> {
        reread(&self.bytes)
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }
}
