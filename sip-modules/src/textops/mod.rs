//! `textops`: texts in messages searched and changed, headers, bodies and their parts, and questions about texts.
//!
//! Every change is seen by the next read. What is written goes through the parser again: no replacement can make
//! two messages of one, and Content-Length follows the body.
//!
//! ```
//! use sip_modules::textops::{self, Part, Subst};
//!
//! let mut msg = sip_core::parse("OPTIONS sip:a@b SIP/2.0\r\nUser-Agent: phone 1.0\r\n\r\n".into(), &Default::default())?;
//! assert!(textops::subst(&mut msg, Part::Rest, &Subst::parse(br"/phone ([0-9.]+)/\1/")?)?);
//! assert_eq!(msg.to_bytes(), "OPTIONS sip:a@b SIP/2.0\r\nUser-Agent: 1.0\r\n\r\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod body;
pub(crate) mod draft;
pub(crate) mod error;
mod headers;
mod search;
mod subst;
mod text;

pub use body::{
    append_body_part, audio_on_hold, body_part, filter_body, has_body, has_body_type, remove_body,
    remove_body_part, set_body, set_body_multipart,
};
pub use error::TextopsError;
pub use headers::{
    Comparison, is_present_re, is_privacy, keep, match_content, remove_at, remove_matching, remove_re,
};
pub use search::{
    Part, Which, append_behind, replace, replace_text, search, search_body, search_hf, subst, subst_hf,
    subst_uri, subst_user,
};
pub use subst::{Rule, Subst, expression, literal};
pub use text::{compare, ends_with, find, fnmatch, in_list, in_list_prefix, starts_with};
