//! `textopsx`: values of headers by their place, lists of words, walks through header lines, replies.

mod place;
mod values;
mod walk;

pub use place::{Place, PlaceError};
pub use values::{
    append_value, assign_value, exclude_word, has_word, include_word, insert_value, remove_value,
};
pub use walk::Walk;

use sip_core::{Message, StatusCode};

use crate::textops::draft::put;
use crate::textops::error::TextopsError;

/// Makes a text the message (`msg_set_buffer`).
///
/// # Errors
///
/// The text is no message, or a request is to become a response or the other way round.
pub fn set_buffer(msg: &mut Message, text: &[u8]) -> Result<(), TextopsError> {
    put(msg, text)
}

/// Gives a response another status (`change_reply_status`). `false`, and nothing is changed: it is no response, or its
/// sender and its receiver would not agree any more on whether it is final, and whether it is a success.
pub fn change_reply_status(msg: &mut Message, status: StatusCode, reason: Option<&[u8]>) -> bool {
    let class = |status: StatusCode| match status.code() {
        100..=199 => 1,
        200..=299 => 2,
        _ => 3,
    };
    msg.status().is_some_and(|old| class(old) == class(status)) && msg.set_status(status, reason).is_ok()
}
