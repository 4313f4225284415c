//! What goes through between Lua and Rust: arguments and return values, as KEMI has them.

use bstr::{BStr, BString, ByteSlice};
use bytes::Bytes;
use mlua::{IntoLua, Lua, Value};
use smallvec::SmallVec;

/// A return value: KEMI's integer, boolean, string, number, or null.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kemi {
    /// nil.
    Null,
    /// An integer: most functions' return code.
    Int(i64),
    /// `true` or `false`.
    Bool(bool),
    /// A string.
    Text(BString),
    /// KEMI's "none": `false` from a function without parameters, else 0.
    None,
}

impl Kemi {
    /// The value for Lua, from a function with this many parameters.
    pub(crate) fn into_lua(self, lua: &Lua, parameters: usize) -> mlua::Result<Value> {
        match self {
            Self::Null => Ok(Value::Nil),
            Self::Int(number) => number.into_lua(lua),
            Self::Bool(truth) => Ok(Value::Boolean(truth)),
            Self::Text(text) => Ok(Value::String(lua.create_string(&text)?)),
            Self::None if parameters == 0 => Ok(Value::Boolean(false)),
            Self::None => 0.into_lua(lua),
        }
    }
}

impl From<i64> for Kemi {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<i32> for Kemi {
    fn from(number: i32) -> Self {
        Self::Int(number.into())
    }
}

impl From<bool> for Kemi {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<()> for Kemi {
    fn from((): ()) -> Self {
        Self::None
    }
}

impl From<&[u8]> for Kemi {
    fn from(text: &[u8]) -> Self {
        Self::Text(text.into())
    }
}

impl From<&BStr> for Kemi {
    fn from(text: &BStr) -> Self {
        Self::Text(text.into())
    }
}

impl From<&str> for Kemi {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Kemi {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<BString> for Kemi {
    fn from(text: BString) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<u8>> for Kemi {
    fn from(text: Vec<u8>) -> Self {
        Self::Text(text.into())
    }
}

impl From<Bytes> for Kemi {
    fn from(text: Bytes) -> Self {
        Self::Text(Vec::from(text).into())
    }
}

impl<T: Into<Kemi>> From<Option<T>> for Kemi {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// What a function of ours returns, and what editors call that (the annotations of LuaLS).
pub(crate) trait Answer: Into<Kemi> {
    /// The annotation.
    fn annotation() -> String;
}

macro_rules! answers {
    ($($text:literal: $($type:ty),*;)*) => {$($(
        impl Answer for $type {
            fn annotation() -> String {
                $text.to_owned()
            }
        }
    )*)*};
}

answers! {
    "integer": i64, i32;
    "boolean": bool;
    "boolean|integer": ();
    "string": &[u8], &BStr, &str, String, BString, Vec<u8>, Bytes;
    "integer|string|nil": Kemi;
}

impl<T: Answer> Answer for Option<T> {
    fn annotation() -> String {
        T::annotation() + "?"
    }
}

/// A string argument: bytes, of its own so that it outlives a wait. `nil` is an empty one that
/// [`is_null`](Self::is_null).
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(crate) struct Text {
    bytes: SmallVec<[u8; 56]>,
    null: bool,
}

impl Text {
    /// Whether the argument was nil.
    pub(crate) fn is_null(&self) -> bool {
        self.null
    }

    /// The text as UTF-8, what is not replaced.
    pub(crate) fn to_utf8(&self) -> std::borrow::Cow<'_, str> {
        self.bytes.to_str_lossy()
    }

    /// The text as bytes of their own.
    pub(crate) fn to_bytes(&self) -> Bytes {
        Bytes::copy_from_slice(&self.bytes)
    }
}

impl std::ops::Deref for Text {
    type Target = BStr;
    fn deref(&self) -> &BStr {
        BStr::new(&self.bytes)
    }
}

impl From<&[u8]> for Text {
    fn from(bytes: &[u8]) -> Self {
        Self { bytes: SmallVec::from_slice(bytes), null: false }
    }
}

/// One argument of a KSR function.
pub(crate) trait Argument: Sized {
    /// What editors call it.
    const ANNOTATION: &'static str;

    /// The argument from what Lua passed.
    fn from_value(value: &Value) -> Self;
}

/// Numbers are converted as Lua converts them; what is neither string nor number is as nil.
impl Argument for Text {
    const ANNOTATION: &'static str = "string|number|nil";

    fn from_value(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::from(&*text.as_bytes()),
            Value::Integer(number) => Self::from(number.to_string().as_bytes()),
            Value::Number(number) => Self::from(format!("{number}").as_bytes()),
            _ => Self { null: true, ..Self::default() },
        }
    }
}

/// What is no integer, and no text of one, is 0.
impl Argument for i64 {
    const ANNOTATION: &'static str = "integer";

    fn from_value(value: &Value) -> Self {
        match value {
            Value::Integer(number) => *number,
            Value::Number(number) => *number as i64,
            Value::String(text) => {
                let text = text.as_bytes();
                let text = text.to_str().unwrap_or_default().trim();
                text.parse().or_else(|_| text.parse::<f64>().map(|number| number as i64)).unwrap_or_default()
            }
            _ => 0,
        }
    }
}

/// The arguments of a KSR function: at most six, extra ones are ignored.
pub(crate) trait Arguments: Sized + 'static {
    /// How many there must be.
    const COUNT: usize;
    /// What editors call each.
    const ANNOTATIONS: &'static [&'static str];

    /// The arguments; called with at least [`COUNT`](Self::COUNT) values.
    fn from_values(values: &[Value]) -> Self;
}

macro_rules! arguments {
    ($($($name:ident $index:literal)* ;)*) => {$(
        impl<$($name: Argument + 'static),*> Arguments for ($($name,)*) {
            const COUNT: usize = <[&str]>::len(&[$(stringify!($name)),*]);
            const ANNOTATIONS: &'static [&'static str] = &[$($name::ANNOTATION),*];

            #[allow(unused_variables, clippy::unused_unit, reason = "without arguments there is nothing to read")]
            fn from_values(values: &[Value]) -> Self {
                ($($name::from_value(values.get($index).unwrap_or(&Value::Nil)),)*)
            }
        }
    )*};
}

arguments! {
    ;
    A 0;
    A 0 B 1;
    A 0 B 1 C 2;
    A 0 B 1 C 2 D 3;
    A 0 B 1 C 2 D 3 E 4;
    A 0 B 1 C 2 D 3 E 4 F 5;
}
