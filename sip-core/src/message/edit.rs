//! Changes: read back at once, written beside what is untouched.
//!
//! A new line is added to the text of the edits and takes its place in the header table. Names
//! and values are checked: nobody can write a second line, or a second message, by way of a value, nor a Via
//! that is none. `unchecked.rs` is the way around.

use std::ops::Range;

use bytes::Bytes;
use smallvec::SmallVec;

use crate::ascii::{is_token_text, trim, trim_start};
use crate::error::EditError;
use crate::header::grammar;
use crate::message::slots::{Origin, Slot};
use crate::message::start::{StartKind, StartLine};
use crate::message::values::Wanted;
use crate::message::{Body, Message};
use crate::name::{HeaderName, NameId};
use crate::scan::quoted::{comma_list, value_end};
use crate::span::Span;
use crate::status::StatusCode;
use crate::uri::Uri;

impl Message {
    /// Adds a header line behind all others.
    ///
    /// # Errors
    ///
    /// [`EditError::InvalidName`]; [`EditError::InvalidValue`] for a control byte (CR, LF and NUL among them)
    /// and for what the header cannot hold, as far as there is a view that knows; and
    /// [`EditError::ContentLength`], which is [`Self::set_body`]'s business. The message is
    /// unchanged then. The same holds for all changes; [`Self::unchecked`] is the way around.
    pub fn append<'n>(
        &mut self,
        name: impl Into<HeaderName<'n>>,
        value: impl AsRef<[u8]>,
    ) -> Result<(), EditError> {
        let slot = self.new_line(name.into(), value.as_ref())?;
        self.put_last(slot);
        Ok(())
    }

    /// Adds a header line before the first of the same name; if there is none, behind the Via
    /// lines, where a proxy looks first.
    ///
    /// # Errors
    ///
    /// As [`Self::append`].
    pub fn prepend<'n>(
        &mut self,
        name: impl Into<HeaderName<'n>>,
        value: impl AsRef<[u8]>,
    ) -> Result<(), EditError> {
        let name = name.into();
        let slot = self.new_line(name, value.as_ref())?;
        self.put_first(Wanted::new(name), slot);
        Ok(())
    }

    /// Adds a header line before the first line named `anchor`; on top if there is none.
    ///
    /// # Errors
    ///
    /// As [`Self::append`].
    pub fn insert_before<'n, 'a>(
        &mut self,
        anchor: impl Into<HeaderName<'a>>,
        name: impl Into<HeaderName<'n>>,
        value: impl AsRef<[u8]>,
    ) -> Result<(), EditError> {
        let slot = self.new_line(name.into(), value.as_ref())?;
        self.put_before(Wanted::new(anchor), slot);
        Ok(())
    }

    /// Adds a header line behind the last line named `anchor`; behind all others if there is none.
    ///
    /// # Errors
    ///
    /// As [`Self::append`].
    pub fn insert_after<'n, 'a>(
        &mut self,
        anchor: impl Into<HeaderName<'a>>,
        name: impl Into<HeaderName<'n>>,
        value: impl AsRef<[u8]>,
    ) -> Result<(), EditError> {
        let slot = self.new_line(name.into(), value.as_ref())?;
        self.put_after(Wanted::new(anchor), slot);
        Ok(())
    }

    /// Puts one line in the place of the first line of this name and removes the others; adds it
    /// behind all lines if there is none.
    ///
    /// # Errors
    ///
    /// As [`Self::append`].
    pub fn replace<'n>(
        &mut self,
        name: impl Into<HeaderName<'n>>,
        value: impl AsRef<[u8]>,
    ) -> Result<(), EditError> {
        let name = name.into();
        let slot = self.new_line(name, value.as_ref())?;
        self.put(Wanted::new(name), slot);
        Ok(())
    }

    /// Removes every line of this name and says how many there were.
    ///
    /// Compact forms, other case, blanks before the colon, folded and repeated lines: whatever
    /// the next hop would read as this header. Content-Length stays, since it says where the
    /// message ends.
    pub fn remove<'n>(&mut self, name: impl Into<HeaderName<'n>>) -> usize {
        let wanted = Wanted::new(name);
        if wanted.id() == HeaderName::ContentLength.id() {
            return 0;
        }
        self.remove_from(wanted, 0)
    }

    /// Removes the first comma-separated value of this name and returns it as it stood.
    ///
    /// The line goes with its last value; else the rest of it stays byte for byte. For the Via
    /// of a response and the Route of a request. `None` if there is no value.
    pub fn pop_value<'n>(&mut self, name: impl Into<HeaderName<'n>>) -> Option<Bytes> {
        let wanted = Wanted::new(name);
        if wanted.id() == HeaderName::ContentLength.id() {
            return None;
        }
        let (at, value) = self.first_value(wanted)?;
        let line = self.slot_value(&self.slots[at]);
        let popped = Bytes::copy_from_slice(&line[value.clone()]);
        let after = line.get(value.end + value_end(&line[value.end..]) + 1..).unwrap_or_default();
        if comma_list(after).next().is_none() {
            self.slots.remove(at);
            return Some(popped);
        }
        let rest = trim_start(after).to_vec();
        let name = self.slot_name(&self.slots[at]).to_vec();
        // The line got shorter: it fits where the longer one did.
        self.slots[at] = self.push_line(wanted.id(), &name, &[&rest]).ok()?;
        Some(popped)
    }

    /// Puts `value` in the place of the first comma-separated value of this name; the rest of that
    /// line stays byte for byte. `false` if there is no value.
    ///
    /// # Errors
    ///
    /// As [`Self::append`].
    pub fn replace_first_value<'n>(
        &mut self,
        name: impl Into<HeaderName<'n>>,
        value: impl AsRef<[u8]>,
    ) -> Result<bool, EditError> {
        let name = name.into();
        check_line(name, value.as_ref())?;
        self.put_first_value(name, trim(value.as_ref()))
    }

    /// [`Self::replace_first_value`] for a value made of text of this very message, which may be
    /// folded. Checks nothing.
    pub(crate) fn put_first_value(&mut self, name: HeaderName<'_>, value: &[u8]) -> Result<bool, EditError> {
        let id = name.id();
        let Some((at, old)) = self.first_value(Wanted::new(name)) else { return Ok(false) };
        let line = self.slot_value(&self.slots[at]);
        let name: SmallVec<[u8; 32]> = SmallVec::from_slice(self.slot_name(&self.slots[at]));
        self.slots[at] = if old.len() == line.len() {
            self.push_line(id, &name, &[value])?
        } else {
            let (before, after) = (line[..old.start].to_vec(), line[old.end..].to_vec());
            self.push_line(id, &name, &[&before, value, &after])?
        };
        Ok(true)
    }

    /// Sets the Request-URI.
    ///
    /// # Errors
    ///
    /// [`EditError::NotARequest`]; [`EditError::InvalidUri`] for what is no URI, of whatever scheme.
    pub fn set_request_uri(&mut self, uri: impl AsRef<[u8]>) -> Result<(), EditError> {
        if !self.is_request() {
            return Err(EditError::NotARequest);
        }
        check_uri(uri.as_ref())?;
        self.put_request_uri(uri.as_ref())
    }

    /// Writes a request line with this URI.
    pub(crate) fn put_request_uri(&mut self, uri: &[u8]) -> Result<(), EditError> {
        let StartKind::Request { method, .. } = self.start.kind else { return Err(EditError::NotARequest) };
        let method: SmallVec<[u8; 32]> = SmallVec::from_slice(self.text(self.start.origin, method));
        let at = method.len() + 1;
        let kind =
            StartKind::Request { method: Span::new(0, method.len()), uri: Span::new(at, at + uri.len()) };
        self.push_start_line(&[&method, b" ", uri, b" SIP/2.0\r\n"], kind)
    }

    /// Sets status and reason phrase; without one, the registered phrase.
    ///
    /// # Errors
    ///
    /// [`EditError::NotAResponse`]; [`EditError::InvalidValue`] for a control byte in the phrase.
    pub fn set_status(&mut self, status: StatusCode, reason: Option<&[u8]>) -> Result<(), EditError> {
        if self.is_request() {
            return Err(EditError::NotAResponse);
        }
        let reason = reason.unwrap_or(status.reason().as_bytes());
        check_value(reason)?;
        let code = status.code().to_string();
        let at = b"SIP/2.0 200 ".len();
        let kind = StartKind::Response { status, reason: Span::new(at, at + reason.len()) };
        self.push_start_line(&[b"SIP/2.0 ", code.as_bytes(), b" ", reason, b"\r\n"], kind)
    }

    /// Sets the body; Content-Length follows.
    ///
    /// `content_type` becomes Content-Type. With `None` that header stays as it is, but goes if
    /// the body is empty.
    ///
    /// # Errors
    ///
    /// [`EditError::InvalidValue`] for what is no media type, [`EditError::TooLong`].
    pub fn set_body(&mut self, content_type: Option<&str>, body: impl Into<Bytes>) -> Result<(), EditError> {
        let body = body.into();
        u32::try_from(body.len()).map_err(|_| EditError::TooLong)?;
        match content_type {
            Some(text) => self.replace(HeaderName::ContentType, text)?,
            None if body.is_empty() => {
                self.remove(HeaderName::ContentType);
            }
            None => {}
        }
        self.put_content_length(body.len())?;
        self.body = Body::Own(body);
        Ok(())
    }

    /// Adds Content-Length if there is none, as a stream needs it (RFC 3261 20.14).
    ///
    /// # Errors
    ///
    /// [`EditError::TooLong`].
    pub fn ensure_content_length(&mut self) -> Result<(), EditError> {
        if self.has_header(HeaderName::ContentLength) {
            return Ok(());
        }
        self.put_content_length(self.body().len())
    }

    fn put_content_length(&mut self, len: usize) -> Result<(), EditError> {
        let wanted = Wanted::new(HeaderName::ContentLength);
        let slot = self.push_line(wanted.id(), b"Content-Length", &[len.to_string().as_bytes()])?;
        self.put(wanted, slot);
        Ok(())
    }

    fn push_start_line(&mut self, parts: &[&[u8]], kind: StartKind) -> Result<(), EditError> {
        let len = parts.iter().map(|part| part.len()).sum();
        self.push_start(parts, StartLine { origin: Origin::Own, line: Span::new(0, len), kind })
    }

    fn new_line(&mut self, name: HeaderName<'_>, value: &[u8]) -> Result<Slot, EditError> {
        check_line(name, value)?;
        self.free_line(name, value)
    }

    /// As [`Self::new_line`], whatever name and value are.
    pub(crate) fn free_line(&mut self, name: HeaderName<'_>, value: &[u8]) -> Result<Slot, EditError> {
        self.push_line(name.id(), name.canonical(), &[trim(value)])
    }

    /// Puts `slot` behind all others.
    pub(crate) fn put_last(&mut self, slot: Slot) {
        self.slots.push(slot);
    }

    /// Puts `slot` before the first line of this name, or behind the Via lines.
    pub(crate) fn put_first(&mut self, wanted: Wanted<'_>, slot: Slot) {
        let before = self.position(wanted);
        let at = before.unwrap_or_else(|| self.position_after(Wanted::new(HeaderName::Via)).unwrap_or(0));
        self.slots.insert(at, slot);
    }

    /// Puts `slot` before the first line named `anchor`, or on top.
    pub(crate) fn put_before(&mut self, anchor: Wanted<'_>, slot: Slot) {
        let at = self.position(anchor).unwrap_or(0);
        self.slots.insert(at, slot);
    }

    /// Puts `slot` behind the last line named `anchor`, or behind all others.
    pub(crate) fn put_after(&mut self, anchor: Wanted<'_>, slot: Slot) {
        let at = self.position_after(anchor).unwrap_or(self.slots.len());
        self.slots.insert(at, slot);
    }

    /// Puts `slot` in the place of the first line of this name and removes the others.
    pub(crate) fn put(&mut self, wanted: Wanted<'_>, slot: Slot) {
        match self.position(wanted) {
            Some(at) => {
                self.slots[at] = slot;
                self.remove_from(wanted, at + 1);
            }
            None => self.slots.push(slot),
        }
    }

    /// Removes the lines of this name from position `from` on.
    fn remove_from(&mut self, wanted: Wanted<'_>, from: usize) -> usize {
        let before = self.slots.len();
        let mut kept = from;
        for at in from..before {
            let slot = self.slots[at];
            if !wanted.is(self, &slot) {
                self.slots[kept] = slot;
                kept += 1;
            }
        }
        self.slots.truncate(kept);
        before - kept
    }

    fn position(&self, wanted: Wanted<'_>) -> Option<usize> {
        match wanted.id() {
            NameId::OTHER => self.slots.iter().position(|slot| wanted.is(self, slot)),
            id => self.slots.iter().position(|slot| slot.id == id),
        }
    }

    fn position_after(&self, wanted: Wanted<'_>) -> Option<usize> {
        self.slots.iter().rposition(|slot| wanted.is(self, slot)).map(|at| at + 1)
    }

    /// The first comma-separated value: which line, and where in its value.
    fn first_value(&self, wanted: Wanted<'_>) -> Option<(usize, Range<usize>)> {
        let begin = self.position(wanted)?;
        let mut lines = (begin..).zip(&self.slots[begin..]).filter(|(_, slot)| wanted.is(self, slot));
        lines.find_map(|(at, slot)| {
            let line = self.slot_value(slot);
            let mut from = 0;
            while from < line.len() {
                let end = from + value_end(&line[from..]);
                let begun = end - trim_start(&line[from..end]).len();
                let value = trim(&line[from..end]);
                if !value.is_empty() {
                    return Some((at, begun..begun + value.len()));
                }
                from = end + 1;
            }
            None
        })
    }
}

fn check_line(name: HeaderName<'_>, value: &[u8]) -> Result<(), EditError> {
    if name.id() == HeaderName::ContentLength.id() {
        return Err(EditError::ContentLength);
    }
    if name.known().is_none() && !is_token_text(name.canonical()) {
        return Err(EditError::InvalidName);
    }
    check_value(value)?;
    grammar::value(name, value).map_err(|error| EditError::InvalidValue { at: error.at() })
}

/// Refuses what would end the line, or the text for readers that stop at a NUL.
fn check_value(value: &[u8]) -> Result<(), EditError> {
    grammar::line(value).map_err(|at| EditError::InvalidValue { at })
}

/// Refuses what is no URI.
fn check_uri(uri: &[u8]) -> Result<(), EditError> {
    Uri::parse(uri).map(|_| ()).map_err(|error| EditError::InvalidUri { at: error.at() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::limits::Limits;
    use crate::parse::parse;

    fn read(headers: &str) -> Message {
        let wire = format!("INVITE sip:a SIP/2.0\r\n{headers}\r\n\r\n");
        parse(wire.into(), &Limits::default()).expect("message")
    }

    fn headers(msg: &Message) -> String {
        let wire = msg.to_bytes();
        let text = String::from_utf8_lossy(&wire).into_owned();
        text.trim_start_matches("INVITE sip:a SIP/2.0\r\n").trim_end_matches("\r\n\r\n").to_owned()
    }

    #[test]
    fn remove_takes_every_form_of_a_header() {
        let mut msg =
            read("m: 1\r\nS: x\r\nCONTACT : 2\r\nContact:\r\n\t3,\r\n 4\r\nContact-Not: 5\r\nM\t: 6");
        assert_eq!(msg.remove("contact"), 4);
        assert_eq!(headers(&msg), "S: x\r\nContact-Not: 5");
        assert_eq!(msg.remove("Contact"), 0);
        assert_eq!(msg.remove("CONTACT-not"), 1);
    }

    #[test]
    fn popping_a_value_leaves_the_rest_of_its_line_byte_for_byte() {
        let mut msg =
            read("Route: \r\nRoute : <sip:a,1;lr>\t,  <sip:b>;x=\"1,2\" ,\r\n <sip:c>\r\nroute: <sip:d>");
        assert_eq!(msg.pop_value("Route").as_deref(), Some(&b"<sip:a,1;lr>"[..]));
        assert_eq!(headers(&msg), "Route: \r\nRoute: <sip:b>;x=\"1,2\" ,\r\n <sip:c>\r\nroute: <sip:d>");
        assert_eq!(msg.pop_value("Route").as_deref(), Some(&b"<sip:b>;x=\"1,2\""[..]));
        assert_eq!(msg.pop_value("Route").as_deref(), Some(&b"<sip:c>"[..]));
        assert_eq!(msg.pop_value("Route").as_deref(), Some(&b"<sip:d>"[..]));
        assert_eq!(msg.pop_value("Route"), None);
        assert_eq!(headers(&msg), "Route: ");
    }

    #[test]
    fn the_first_value_is_replaced_in_place() {
        let mut msg = read("v: ,SIP/2.0/UDP a ;x , SIP/2.0/UDP b");
        assert_eq!(msg.replace_first_value("Via", "SIP/2.0/TCP new"), Ok(true));
        assert_eq!(headers(&msg), "v: ,SIP/2.0/TCP new , SIP/2.0/UDP b");
        assert_eq!(msg.replace_first_value("Route", "<sip:new>"), Ok(false));
    }

    #[test]
    fn new_lines_go_where_they_are_asked_to() {
        let mut msg = read("Via: 1\r\nVia: 2\r\nTo: 3");
        msg.prepend("v", "SIP/2.0/UDP a").expect("edit");
        msg.prepend("Record-Route", "<sip:r>").expect("edit");
        msg.append("X-Last", "  z ").expect("edit");
        msg.insert_before("To", "X-A", "a").expect("edit");
        msg.insert_after("To", "X-B", "b").expect("edit");
        let want = "Via: SIP/2.0/UDP a\r\nVia: 1\r\nVia: 2\r\nRecord-Route: <sip:r>\r\nX-A: a\r\nTo: 3\r\nX-B: b\r\nX-Last: z";
        assert_eq!(headers(&msg), want);
    }

    #[test]
    fn replace_leaves_one_line() {
        let mut msg = read("S: 1\r\nt: 2\r\nTo: 3\r\nX: 4");
        msg.replace("To", "<sip:new>").expect("edit");
        msg.replace("y", "added").expect("edit");
        assert_eq!(headers(&msg), "S: 1\r\nTo: <sip:new>\r\nX: 4\r\nIdentity: added");
    }

    #[test]
    fn nothing_can_be_smuggled_in_by_a_value() {
        let mut msg = read("To: x");
        let before = msg.to_bytes();
        for bad in ["a\r\nX: y", "a\nb", "a\rb", "a\0b", "a\r\n b", "a\u{1b}b", "a\u{7f}b"] {
            assert_eq!(msg.append("X", bad), Err(EditError::InvalidValue { at: 1 }));
            assert!(msg.prepend("X", bad).is_err() && msg.replace("To", bad).is_err());
            assert!(msg.insert_before("To", "X", bad).is_err() && msg.insert_after("To", "X", bad).is_err());
            assert!(msg.replace_first_value("To", bad).is_err());
            assert!(msg.set_body(Some(bad), "x").is_err());
        }
        for (name, bad, at) in [
            ("Via", "SIP/2.0/UDP", 11),
            ("Route", "<sip:a>, <sip:b", 6),
            ("To", "\"Bob <sip:bob@example.com>", 0),
            ("Contact", "<sip:b ob@example.com>", 5),
            ("CSeq", "1INVITE", 1),
            ("Max-Forwards", "300", 0),
            ("Call-ID", "a b", 1),
            ("Content-Type", "text", 4),
        ] {
            assert_eq!(msg.append(name, bad), Err(EditError::InvalidValue { at }), "{name}: {bad}");
        }
        for bad in ["", "X Y", "X:", "X\r\n", "X\0", "Ä"] {
            assert_eq!(msg.append(bad, "x"), Err(EditError::InvalidName), "{bad:?}");
        }
        for bad in ["", "sip:a b", "sip:a\r\n", "sip:\u{7f}", "\t", "<sip:a>", "bob", "sip:a@b@c"] {
            assert!(matches!(msg.set_request_uri(bad), Err(EditError::InvalidUri { .. })), "{bad:?}");
        }
        assert_eq!(msg.append("l", "1"), Err(EditError::ContentLength));
        assert_eq!(msg.replace("content-length", "1"), Err(EditError::ContentLength));
        assert_eq!(msg.set_status(StatusCode::OK, None), Err(EditError::NotAResponse));
        assert_eq!(msg.to_bytes(), before);
    }

    #[test]
    fn content_length_follows_the_body() {
        let mut msg = read("l: 0\r\nS: x\r\nContent-Length: 0");
        msg.set_body(Some("text/plain"), "hello").expect("edit");
        assert_eq!(headers(&msg), "Content-Length: 5\r\nS: x\r\nContent-Type: text/plain\r\n\r\nhello");
        assert_eq!((msg.body(), msg.content_length()), (&b"hello"[..], Some(5)));
        assert_eq!(msg.remove("l"), 0);
        msg.set_body(None, "").expect("edit");
        assert_eq!(headers(&msg), "Content-Length: 0\r\nS: x");
    }

    #[test]
    fn a_missing_content_length_can_be_added() {
        let mut msg = parse("A b SIP/2.0\r\n\r\nxy".into(), &Limits::default()).expect("message");
        msg.ensure_content_length().expect("edit");
        assert_eq!(msg.to_bytes(), "A b SIP/2.0\r\nContent-Length: 2\r\n\r\nxy");
    }

    #[test]
    fn start_lines_change_and_change_again() {
        let mut msg = read("To: x");
        msg.set_request_uri("sip:b").expect("edit");
        msg.set_request_uri("sip:c@d").expect("edit");
        assert_eq!(msg.request_uri(), Some("sip:c@d".into()));
        assert_eq!(msg.to_bytes(), "INVITE sip:c@d SIP/2.0\r\nTo: x\r\n\r\n");
        let mut msg = parse("SIP/2.0 503 x\r\nTo: x\r\n\r\n".into(), &Limits::default()).expect("message");
        msg.set_status(StatusCode::SERVER_INTERNAL_ERROR, None).expect("edit");
        assert_eq!(msg.reason(), Some("Server Internal Error".into()));
        msg.set_status(StatusCode::OK, Some(b"")).expect("edit");
        assert_eq!(msg.to_bytes(), "SIP/2.0 200 \r\nTo: x\r\n\r\n");
        assert_eq!(msg.set_request_uri("sip:b"), Err(EditError::NotARequest));
    }
}
