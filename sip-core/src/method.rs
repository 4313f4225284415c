//! Request methods: the registered ones by name, any other as its token.

use std::fmt;

use bstr::BStr;

macro_rules! methods {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// The method of a request or of a CSeq.
        ///
        /// Methods are case-sensitive (RFC 3261 7.1): `invite` is [`Method::Other`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Method<'a> {
            $($(#[$doc])* $variant,)*
            /// A method that has no variant of its own; a `token`.
            Other(&'a BStr),
        }

        impl<'a> Method<'a> {
            /// The method with this exact text. Any text that is no known method is [`Method::Other`].
            pub fn from_bytes(text: &'a [u8]) -> Self {
                $(if text == $text.as_bytes() { return Self::$variant; })*
                Self::Other(BStr::new(text))
            }

            /// The text as it stands on the wire.
            pub fn as_bstr(&self) -> &'a BStr {
                match self {
                    $(Self::$variant => BStr::new($text),)*
                    Self::Other(text) => text,
                }
            }
        }
    };
}

methods! {
    /// INVITE (RFC 3261).
    Invite = "INVITE",
    /// ACK (RFC 3261).
    Ack = "ACK",
    /// BYE (RFC 3261).
    Bye = "BYE",
    /// CANCEL (RFC 3261).
    Cancel = "CANCEL",
    /// OPTIONS (RFC 3261).
    Options = "OPTIONS",
    /// REGISTER (RFC 3261).
    Register = "REGISTER",
    /// PRACK (RFC 3262).
    Prack = "PRACK",
    /// UPDATE (RFC 3311).
    Update = "UPDATE",
    /// SUBSCRIBE (RFC 6665).
    Subscribe = "SUBSCRIBE",
    /// NOTIFY (RFC 6665).
    Notify = "NOTIFY",
    /// PUBLISH (RFC 3903).
    Publish = "PUBLISH",
    /// INFO (RFC 6086).
    Info = "INFO",
    /// REFER (RFC 3515).
    Refer = "REFER",
    /// MESSAGE (RFC 3428).
    Message = "MESSAGE",
}

impl<'a> From<&'a [u8]> for Method<'a> {
    fn from(text: &'a [u8]) -> Self {
        Self::from_bytes(text)
    }
}

impl<'a> From<&'a BStr> for Method<'a> {
    fn from(text: &'a BStr) -> Self {
        Self::from_bytes(text)
    }
}

impl<'a> From<&'a str> for Method<'a> {
    fn from(text: &'a str) -> Self {
        Self::from_bytes(text.as_bytes())
    }
}

impl AsRef<[u8]> for Method<'_> {
    fn as_ref(&self) -> &[u8] {
        self.as_bstr()
    }
}

impl fmt::Display for Method<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_bstr(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_exact() {
        assert_eq!(Method::from("INVITE"), Method::Invite);
        assert_eq!(Method::from("Invite"), Method::Other("Invite".into()));
        assert_eq!(Method::from("RE%47IST%45R").to_string(), "RE%47IST%45R");
        assert_eq!(Method::Subscribe.to_string(), "SUBSCRIBE");
    }
}
