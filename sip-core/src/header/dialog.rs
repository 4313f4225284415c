//! [`DialogId`]: the headers that name another dialog: Replaces, Join, Target-Dialog.
//!
//! Source: RFC 3891 6.1, RFC 3911 7.1, RFC 4538 7. Call-IDs compare byte by byte, tags too.

use std::ops::Deref;

use bstr::{BStr, ByteSlice};

use crate::ascii::trim_end;
use crate::error::HeaderError;
use crate::header::params::{HeaderParams, ParamAt, next_param};
use crate::header::view::HeaderView;
use crate::name::HeaderName;
use crate::scan::Cursor;

/// `call-id;to-tag=...;from-tag=...`, as the receiver of the request sees that dialog.
#[derive(Clone, Copy, Debug)]
pub struct DialogId<'a> {
    call_id: &'a BStr,
    local_tag: &'a BStr,
    remote_tag: &'a BStr,
    params: &'a [u8],
}

impl<'a> DialogId<'a> {
    /// Reads a value whose tags are in the parameters `local` and `remote`. Each must be there once.
    fn cut(value: &'a [u8], local: &str, remote: &str) -> Result<Self, usize> {
        let mut cursor = Cursor::new(value);
        cursor.skip_lws();
        let start = cursor.at();
        let call_id = trim_end(cursor.take_while(|byte| byte != b';'));
        if call_id.is_empty() || call_id.iter().any(|&byte| byte <= b' ' || byte == b',') {
            return Err(start);
        }
        let params = cursor.rest();
        let (mut local_tag, mut remote_tag) = (None, None);
        while let Some(ParamAt { param, start }) = next_param(&mut cursor)? {
            let tag = match () {
                () if param.is(local) => &mut local_tag,
                () if param.is(remote) => &mut remote_tag,
                () => continue,
            };
            if tag.replace(param.value.ok_or(start)?).is_some() {
                return Err(start);
            }
        }
        match (local_tag, remote_tag) {
            (Some(local_tag), Some(remote_tag)) => {
                Ok(Self { call_id: call_id.as_bstr(), local_tag, remote_tag, params })
            }
            _ => Err(value.len()),
        }
    }

    /// The Call-ID.
    pub fn call_id(&self) -> &'a BStr {
        self.call_id
    }

    /// The tag of the receiver of the request: `to-tag`, `local-tag`.
    pub fn local_tag(&self) -> &'a BStr {
        self.local_tag
    }

    /// The tag of the other side of that dialog: `from-tag`, `remote-tag`. `0` is a side without a tag (RFC 2543).
    pub fn remote_tag(&self) -> &'a BStr {
        self.remote_tag
    }

    /// Whether only a dialog that is not answered yet is meant (`early-only`, RFC 3891).
    pub fn is_early_only(&self) -> bool {
        self.param("early-only").is_some()
    }

    /// The first parameter called `name`, in any case: `None` absent, `Some(None)` without a value.
    pub fn param(&self, name: &str) -> Option<Option<&'a BStr>> {
        self.params().find_value(name)
    }

    /// The parameters in order.
    pub fn params(&self) -> HeaderParams<'a> {
        HeaderParams::new(self.params)
    }
}

macro_rules! dialog_headers {
    ($($(#[$doc:meta])* $name:ident, $text:literal, $local:literal, $remote:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name<'a>(DialogId<'a>);

        impl<'a> Deref for $name<'a> {
            type Target = DialogId<'a>;

            fn deref(&self) -> &DialogId<'a> {
                &self.0
            }
        }

        impl<'a> HeaderView<'a> for $name<'a> {
            fn name() -> HeaderName<'static> {
                HeaderName::$name
            }

            fn parse(value: &'a [u8]) -> Result<Self, HeaderError> {
                DialogId::cut(value, $local, $remote)
                    .map(Self)
                    .map_err(|at| HeaderError::Malformed { name: $text, at })
            }
        }
    )*};
}

dialog_headers! {
    /// The dialog that this INVITE takes the place of (RFC 3891): a [`DialogId`].
    Replaces, "Replaces", "to-tag", "from-tag";
    /// The dialog that this INVITE joins (RFC 3911): a [`DialogId`].
    Join, "Join", "to-tag", "from-tag";
    /// The dialog that authorises this request (RFC 4538): a [`DialogId`].
    TargetDialog, "Target-Dialog", "local-tag", "remote-tag";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialog_is_a_call_id_and_two_tags() {
        let replaces =
            Replaces::parse(b"12adf2f34456gs5@b ;\r\n to-tag=12345;From-Tag=54321;early-only").unwrap();
        assert_eq!(replaces.call_id(), "12adf2f34456gs5@b");
        assert_eq!((replaces.local_tag(), replaces.remote_tag()), ("12345".into(), "54321".into()));
        assert!(replaces.is_early_only());
        let target =
            TargetDialog::parse(b"fa77as7dad8-sd98ajzz@host.example.com;local-tag=kkaz-;remote-tag=6544")
                .unwrap();
        assert_eq!((target.local_tag(), target.remote_tag()), ("kkaz-".into(), "6544".into()));
        assert!(!target.is_early_only());
    }

    #[test]
    fn each_tag_is_there_once() {
        for bad in [
            "",
            "a",
            "a;to-tag=1",
            "a;from-tag=1",
            "a;to-tag;from-tag=1",
            "a;to-tag=1;from-tag=2;to-tag=3",
            "a;local-tag=1;remote-tag=2",
            "a b;to-tag=1;from-tag=2",
            "a,b;to-tag=1;from-tag=2",
            ";to-tag=1;from-tag=2",
        ] {
            assert!(Join::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
