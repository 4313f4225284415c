//! Who judges a message, and what is supported there.

use crate::method::Method;

/// What a message is received as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// It is to be passed on. Only what a proxy reads is judged (RFC 3261 16.3).
    Proxy,
    /// It is for us: everything that can be read is judged (8.2).
    Endpoint,
    /// As an endpoint, and a REGISTER is for our bindings (10.3).
    Registrar,
}

/// By what a message is judged: [`validate`](crate::validate).
///
/// # Examples
///
/// ```
/// use sip_core::{Method, Role, Rules};
///
/// let rules = Rules {
///     methods: &[Method::Invite, Method::Ack, Method::Bye, Method::Cancel, Method::Options],
///     extensions: &["100rel"],
///     ..Rules::of(Role::Endpoint)
/// };
/// assert!(rules.schemes.contains(&"sips"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// Who judges.
    pub role: Role,
    /// The methods that are served; empty: any.
    pub methods: &'a [Method<'a>],
    /// Schemes of a Request-URI that are routed, in lower case: sip, sips, tel and urn.
    pub schemes: &'a [&'a str],
    /// Option tags that a Proxy-Require (of a proxy) or a Require (of others) may name: none.
    pub extensions: &'a [&'a str],
    /// Types of bodies that an endpoint understands, in lower case, such as `application/sdp`; empty: any.
    /// An Accept of an INVITE must allow one of them.
    pub content_types: &'a [&'a str],
}

impl Rules<'static> {
    /// The rules of this role that supports no extension, and does not look at methods and bodies.
    pub const fn of(role: Role) -> Self {
        Self {
            role,
            methods: &[],
            schemes: &["sip", "sips", "tel", "urn"],
            extensions: &[],
            content_types: &[],
        }
    }
}
