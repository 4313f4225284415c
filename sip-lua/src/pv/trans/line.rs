//! `{line.*}`: texts of several lines.

use bstr::{BStr, ByteSlice};

use crate::pv::class::{Transformation, text};
use crate::pv::trans::text::pick;
use crate::pv::value::Value;

pub(super) const ALL: &[Transformation] = &[
    text("line.at", (1, 1), |text, args| pick(text.lines().map(BStr::new), args[0].to_int())),
    text("line.count", (0, 0), |text, _| Value::Int(text.lines().count().try_into().unwrap_or(i64::MAX))),
    text("line.sw", (1, 1), |text, args| {
        let start = args[0].to_text();
        let found = text.lines().find(|line| line.starts_with(&start));
        Value::made(found.unwrap_or_default())
    }),
];
