//! The way around the checks of the setters.

use crate::error::EditError;
use crate::message::Message;
use crate::message::values::Wanted;
use crate::name::HeaderName;

impl Message {
    /// Changes that are not checked: for values that are known to be good, and for tools that send bad ones.
    ///
    /// The same changes as those of [`Message`], whatever the value holds. **A CR or LF in it makes further
    /// lines, which the next hop reads and this message does not know of**: never give it text from outside.
    /// Content-Length too can be written here, and the message then says another length than it has.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut msg = sip_core::parse("OPTIONS sip:a SIP/2.0\r\n\r\n".into(), &Default::default())?;
    /// assert!(msg.append("Max-Forwards", "many").is_err());
    /// msg.unchecked().append("Max-Forwards", "many")?;
    /// assert_eq!(msg.header("Max-Forwards"), Some("many".into()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn unchecked(&mut self) -> Unchecked<'_> {
        Unchecked { msg: self }
    }
}

/// Changes that are not checked: [`Message::unchecked`].
///
/// The only errors are [`EditError::TooLong`], [`EditError::InvalidName`] for a name of more than 65,535 bytes,
/// and [`EditError::NotARequest`].
#[derive(Debug)]
pub struct Unchecked<'m> {
    msg: &'m mut Message,
}

impl Unchecked<'_> {
    /// [`Message::append`] without its checks.
    ///
    /// # Errors
    ///
    /// See [`Unchecked`].
    pub fn append<'n>(
        &mut self,
        name: impl Into<HeaderName<'n>>,
        value: impl AsRef<[u8]>,
    ) -> Result<(), EditError> {
        let slot = self.msg.free_line(name.into(), value.as_ref())?;
        self.msg.put_last(slot);
        Ok(())
    }

    /// [`Message::prepend`] without its checks.
    ///
    /// # Errors
    ///
    /// See [`Unchecked`].
    pub fn prepend<'n>(
        &mut self,
        name: impl Into<HeaderName<'n>>,
        value: impl AsRef<[u8]>,
    ) -> Result<(), EditError> {
        let name = name.into();
        let slot = self.msg.free_line(name, value.as_ref())?;
        self.msg.put_first(Wanted::new(name), slot);
        Ok(())
    }

    /// [`Message::insert_before`] without its checks.
    ///
    /// # Errors
    ///
    /// See [`Unchecked`].
    pub fn insert_before<'n, 'a>(
        &mut self,
        anchor: impl Into<HeaderName<'a>>,
        name: impl Into<HeaderName<'n>>,
        value: impl AsRef<[u8]>,
    ) -> Result<(), EditError> {
        let slot = self.msg.free_line(name.into(), value.as_ref())?;
        self.msg.put_before(Wanted::new(anchor), slot);
        Ok(())
    }

    /// [`Message::insert_after`] without its checks.
    ///
    /// # Errors
    ///
    /// See [`Unchecked`].
    pub fn insert_after<'n, 'a>(
        &mut self,
        anchor: impl Into<HeaderName<'a>>,
        name: impl Into<HeaderName<'n>>,
        value: impl AsRef<[u8]>,
    ) -> Result<(), EditError> {
        let slot = self.msg.free_line(name.into(), value.as_ref())?;
        self.msg.put_after(Wanted::new(anchor), slot);
        Ok(())
    }

    /// [`Message::replace`] without its checks.
    ///
    /// # Errors
    ///
    /// See [`Unchecked`].
    pub fn replace<'n>(
        &mut self,
        name: impl Into<HeaderName<'n>>,
        value: impl AsRef<[u8]>,
    ) -> Result<(), EditError> {
        let name = name.into();
        let slot = self.msg.free_line(name, value.as_ref())?;
        self.msg.put(Wanted::new(name), slot);
        Ok(())
    }

    /// [`Message::replace_first_value`] without its checks.
    ///
    /// # Errors
    ///
    /// See [`Unchecked`].
    pub fn replace_first_value<'n>(
        &mut self,
        name: impl Into<HeaderName<'n>>,
        value: impl AsRef<[u8]>,
    ) -> Result<bool, EditError> {
        self.msg.put_first_value(name.into(), value.as_ref())
    }

    /// [`Message::set_request_uri`] without its checks.
    ///
    /// # Errors
    ///
    /// See [`Unchecked`].
    pub fn set_request_uri(&mut self, uri: impl AsRef<[u8]>) -> Result<(), EditError> {
        self.msg.put_request_uri(uri.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use crate::parse::limits::Limits;
    use crate::parse::parse;

    #[test]
    fn what_the_setters_refuse_can_be_written_here() {
        let wire = "OPTIONS sip:a SIP/2.0\r\nVia: 1\r\nTo: x, y\r\n\r\n";
        let mut msg = parse(wire.into(), &Limits::default()).expect("message");
        let mut free = msg.unchecked();
        free.append("l", "-1").expect("edit");
        free.prepend("v", "0").expect("edit");
        free.insert_before("To", "X Y", "\0").expect("edit");
        free.insert_after("To", "X-A", "a\r\nZ: b").expect("edit");
        free.replace("Via", ";;").expect("edit");
        assert_eq!(free.replace_first_value("To", "\"z"), Ok(true));
        free.set_request_uri("<sip:a> b").expect("edit");
        assert_eq!(
            msg.to_bytes(),
            "OPTIONS <sip:a> b SIP/2.0\r\nVia: ;;\r\nX Y: \0\r\nTo: \"z, y\r\nX-A: a\r\nZ: b\r\nContent-Length: -1\r\n\r\n"
        );
    }
}
