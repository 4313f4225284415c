//! The pure half of each routing module: what a Kamailio module of that name knows about SIP, without its
//! sockets, timers and scripts.
//!
//! Nothing here reads a clock or keeps state behind the caller's back: both are handed in. Edits go to the message and
//! are seen by the next read. What was asked and what came of it is a type; `code()` gives the number that KEMI returns.
//!
//! | Rust | KSR |
//! |---|---|
//! | [`auth::Auth`], [`auth::ChallengeFlags`], [`auth::IdentityChecks`] | `auth.*_challenge`, `auth.pv_*`, `auth_db.auth_check` |
//! | [`auth::consume`] | `auth.consume_credentials` |
//! | [`hdr::append`], [`hdr::insert`], [`hdr::append_after`], [`hdr::insert_before`] | `hdr.append` and its kin |
//! | [`ipops`] | `ipops.*` |
//! | [`maxfwd::process`] | `maxfwd.process_maxfwd` |
//! | [`maxfwd::is_below`] | `maxfwd.is_maxfwd_lt` |
//! | [`nathelper::nat_uac_test`], [`nathelper::is_rfc1918`] | the same |
//! | [`nathelper::fix_nated_contact`], [`nathelper::fix_nated_sdp`], [`nathelper::add_rcv_param`] | the same |
//! | [`nathelper::set_contact_alias`], [`nathelper::add_contact_alias`], [`nathelper::handle_ruri_alias`] | the same |
//! | [`parts::set_ruri_part`], [`parts::set_from`], [`parts::set_to`] | `setuser`, `sethost`, `$rU`, `$fu` ... |
//! | [`path::add`] | `path.add_path` and its kin |
//! | [`permissions::Addresses`] | `permissions.allow_source_address`, `permissions.allow_address` ... |
//! | [`pike::Pike::check`] | `pike.pike_check_req`, `pike.pike_check_ip` |
//! | [`rr::record_route`], [`rr::settle`] | `rr.record_route` |
//! | [`rr::add_rr_param`] | `rr.add_rr_param` |
//! | [`rr::loose_route`], [`rr::next_hop`] | `rr.loose_route` |
//! | [`rr::check_route_param`] | `rr.check_route_param` |
//! | [`rr::is_direction`] | `rr.is_direction` |
//! | [`sanity::check`] | `sanity.sanity_check` |
//! | [`siputils::has_totag`] | `siputils.has_totag` |
//! | [`siputils::is_first_hop`] | `siputils.is_first_hop` |
//! | [`siputils::is_request`], [`siputils::is_reply`] | the same |
//! | [`siputils::uri_param`], [`siputils::is_uri_param`] | `siputils.uri_param`, `siputils.uri_param_value` |
//! | [`siputils::add_uri_param`], [`siputils::remove_uri_param`] | `siputils.add_uri_param`, `siputils.uri_param_rm` |
//! | [`siputils::cmp_uri`], [`siputils::cmp_aor`], [`siputils::cmp_hdr_name`] | the same |
//! | [`siputils::is_uri`], [`siputils::is_numeric`], [`siputils::is_alphanum`], [`siputils::is_tel_number`] | the same |
//! | [`siputils::is_alphanum_ex`] | `siputils.is_alphanumex` |
//! | [`textops`], [`textopsx`] | `textops.*`, `textopsx.*`, `hdr.match_content`; `{re.subst}` |
//!
//! # A request on its way through a proxy
//!
//! ```
//! use sip_core::{Host, Protocol};
//! use sip_modules::rr::{self, NextHop, Side};
//! use sip_modules::sanity::{self, MessageChecks, UriChecks};
//! use sip_modules::{maxfwd, siputils};
//!
//! let wire = "INVITE sip:bob@192.0.2.4 SIP/2.0\r\n\
//!     Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1\r\n\
//!     Max-Forwards: 70\r\n\
//!     From: <sip:alice@example.com>;tag=1\r\n\
//!     To: <sip:bob@example.com>\r\n\
//!     Call-ID: 1\r\n\
//!     CSeq: 1 INVITE\r\n\r\n";
//! let mut msg = sip_core::parse(wire.into(), &Default::default())?;
//! let ours = |host: Host<'_>, _: Option<u16>, _: Option<Protocol>| host.to_string() == "192.0.2.1";
//! let mut state = rr::State::default(); // one for each message
//!
//! sanity::check(&msg, MessageChecks::DEFAULT, UriChecks::DEFAULT, &[])?;
//! assert!(maxfwd::process(&mut msg, 70).may_go_on());
//! let inbound = Side::new(Protocol::Udp, "192.0.2.1:5060".parse()?);
//! if siputils::has_totag(&msg) {
//!     rr::loose_route(&mut state, &mut msg, &ours)?;
//! } else {
//!     rr::record_route(&mut state, &mut msg, inbound, &rr::Options::default())?;
//! }
//! // For each branch: where to, and by which socket.
//! let mut branch = msg.clone();
//! assert_eq!(rr::next_hop(&mut branch)?, NextHop::RequestUri);
//! rr::settle(&state, &mut branch, inbound)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod auth;
pub mod hdr;
pub mod ipops;
pub mod maxfwd;
mod myself;
pub mod nathelper;
pub mod parts;
pub mod path;
pub mod permissions;
pub mod pike;
pub mod rr;
pub mod sanity;
pub mod siputils;
pub mod textops;
pub mod textopsx;

pub use myself::Myself;
