//! Typed views of headers, and the methods of [`Message`] that give them.

pub(crate) mod auth;
pub(crate) mod auth_params;
pub(crate) mod challenge;
pub(crate) mod contact;
pub(crate) mod credentials;
pub(crate) mod cseq;
pub(crate) mod date;
pub(crate) mod dialog;
pub(crate) mod event;
pub(crate) mod grammar;
pub(crate) mod media_type;
pub(crate) mod name_addr;
pub(crate) mod numbers;
pub(crate) mod params;
pub(crate) mod reason;
pub(crate) mod received;
pub(crate) mod reliable;
pub(crate) mod session;
pub(crate) mod tokens;
pub(crate) mod value;
pub(crate) mod via;
pub(crate) mod view;

use std::iter;

use bstr::{BStr, ByteSlice};

use crate::error::HeaderError;
use crate::header::contact::Contact;
use crate::header::cseq::CSeq;
use crate::header::name_addr::{From, To};
use crate::header::numbers::{Expires, MaxForwards};
use crate::header::via::Via;
use crate::header::view::HeaderView;
use crate::message::Message;
use crate::name::HeaderName;
use crate::scan::quoted::comma_list;
use crate::uri::Uri;

/// Typed views. Each is read when it is asked for; ask once and keep it where it is used twice.
impl Message {
    /// The first value of the header that `V` reads.
    ///
    /// # Errors
    ///
    /// [`HeaderError::Missing`] or [`HeaderError::Malformed`].
    #[inline]
    pub fn view<'a, V: HeaderView<'a>>(&'a self) -> Result<V, HeaderError> {
        let Some(line) = self.header(V::name()) else { return Err(missing(V::name())) };
        if !V::LIST {
            return V::parse(line);
        }
        match V::parse_first(line) {
            Some((view, _)) => Ok(view),
            None => V::parse(self.values(V::name()).next().ok_or_else(|| missing(V::name()))?),
        }
    }

    /// As [`Message::view`]; `None` if there is no such header.
    #[inline]
    pub fn view_if_present<'a, V: HeaderView<'a>>(&'a self) -> Option<Result<V, HeaderError>> {
        match self.view() {
            Err(HeaderError::Missing { .. }) => None,
            view => Some(view),
        }
    }

    /// All values of the header that `V` reads, over all its lines, in order.
    pub fn views<'a, V: HeaderView<'a>>(&'a self) -> impl Iterator<Item = Result<V, HeaderError>> + 'a {
        let mut lines = self.headers(V::name());
        let mut list: &'a [u8] = &[];
        iter::from_fn(move || {
            if !V::LIST {
                return lines.next().map(|line| V::parse(line));
            }
            loop {
                if !list.is_empty()
                    && let Some((view, end)) = V::parse_first(list)
                {
                    list = list.get(end + 1..).unwrap_or_default();
                    return Some(Ok(view));
                }
                let mut values = comma_list(list);
                if let Some(value) = values.next() {
                    list = values.rest();
                    return Some(V::parse(value));
                }
                list = lines.next()?;
            }
        })
    }

    /// The Request-URI.
    ///
    /// # Errors
    ///
    /// [`HeaderError::Missing`] in a response, [`HeaderError::Malformed`] with the position in the URI.
    #[inline]
    pub fn uri(&self) -> Result<Uri<'_>, HeaderError> {
        let text = self.request_uri().ok_or(HeaderError::Missing { name: "Request-URI" })?;
        Uri::parse_named(text, "Request-URI")
    }

    /// The first Via: the hop that this came from, or of a response, the one that it goes to.
    ///
    /// # Errors
    ///
    /// As [`Message::view`].
    #[inline]
    pub fn top_via(&self) -> Result<Via<'_>, HeaderError> {
        self.view()
    }

    /// The From header.
    ///
    /// # Errors
    ///
    /// As [`Message::view`].
    #[inline]
    pub fn from(&self) -> Result<From<'_>, HeaderError> {
        self.view()
    }

    /// The To header.
    ///
    /// # Errors
    ///
    /// As [`Message::view`].
    #[inline]
    pub fn to(&self) -> Result<To<'_>, HeaderError> {
        self.view()
    }

    /// The CSeq header.
    ///
    /// # Errors
    ///
    /// As [`Message::view`].
    #[inline]
    pub fn cseq(&self) -> Result<CSeq<'_>, HeaderError> {
        self.view()
    }

    /// The Call-ID.
    ///
    /// # Errors
    ///
    /// [`HeaderError::Missing`]; also [`HeaderError::Malformed`] if it is empty.
    #[inline]
    pub fn call_id(&self) -> Result<&BStr, HeaderError> {
        match self.header(HeaderName::CallId) {
            None => Err(HeaderError::Missing { name: "Call-ID" }),
            Some(text) if text.is_empty() => Err(HeaderError::Malformed { name: "Call-ID", at: 0 }),
            Some(text) => Ok(text),
        }
    }

    /// The Contacts, in order.
    pub fn contacts(&self) -> impl Iterator<Item = Result<Contact<'_>, HeaderError>> {
        self.views()
    }

    /// The first Contact.
    ///
    /// # Errors
    ///
    /// As [`Message::view`].
    pub fn contact(&self) -> Result<Contact<'_>, HeaderError> {
        self.view()
    }

    /// How many more hops are allowed; `None` if there is no Max-Forwards header.
    #[inline]
    pub fn max_forwards(&self) -> Option<Result<u32, HeaderError>> {
        self.view_if_present::<MaxForwards>().map(|view| view.map(|MaxForwards(hops)| hops))
    }

    /// The Expires header in seconds; `None` if there is none.
    pub fn expires(&self) -> Option<Result<u32, HeaderError>> {
        self.view_if_present::<Expires>().map(|view| view.map(|Expires(seconds)| seconds))
    }
}

#[cold]
fn missing(name: HeaderName<'static>) -> HeaderError {
    let name = name.known().or(name.canonical().to_str().ok());
    HeaderError::Missing { name: name.unwrap_or("header") }
}
