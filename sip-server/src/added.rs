//! What the replies to one request get beside what each says: `append_to_reply`, `set_reply_body`.

use bytes::Bytes;
use sip_core::build::ResponseBuilder;
use sip_core::{EditError, MediaType};
use sip_modules::hdr::{self, HdrError};

use crate::error::RouteError;

/// Most bytes that the lines may have.
const MOST_BYTES: usize = 16 * 1024;

/// Header lines and a body for every reply to a request that is made here, but for 100.
#[derive(Clone, Debug, Default)]
pub(crate) struct Added {
    lines: Vec<(Bytes, Bytes)>,
    bytes: usize,
    body: Option<(String, Bytes)>,
}

impl Added {
    /// Adds header lines.
    pub(crate) fn append(&mut self, text: &[u8]) -> Result<(), RouteError> {
        let lines = hdr::checked(text).map_err(|error| match error {
            HdrError::Edit(error) => error,
            _ => EditError::InvalidName,
        })?;
        if self.bytes + text.len() > MOST_BYTES {
            return Err(EditError::TooLong.into());
        }
        self.bytes += text.len();
        let own = |text: &[u8]| Bytes::copy_from_slice(text);
        self.lines.extend(lines.into_iter().map(|(name, value)| (own(name), own(value))));
        Ok(())
    }

    /// Sets the body; an empty one takes it away.
    pub(crate) fn set_body(&mut self, media_type: &str, body: &[u8]) -> Result<(), RouteError> {
        MediaType::parse(media_type.as_bytes())?;
        self.body = (!body.is_empty()).then(|| (media_type.to_owned(), Bytes::copy_from_slice(body)));
        Ok(())
    }

    /// Writes both into a reply.
    pub(crate) fn write_into<'a>(&self, reply: ResponseBuilder<'a>) -> ResponseBuilder<'a> {
        let reply = self.lines.iter().fold(reply, |reply, (name, value)| reply.header(name, value));
        match &self.body {
            Some((media_type, body)) => reply.body(media_type, body.to_vec()),
            None => reply,
        }
    }
}
