//! The transaction: `$T_branch_idx`, `$T_reply_code`, `$T(id_index)`, `$T_req($ci)`, `$T_rpl($rs)`.

use std::rc::Rc;

use sip_server::TransactionId;

use crate::pv::class::{Index, Inner, Named, Plain, PvClass, Var, around, named, read};
use crate::pv::error::PvError;
use crate::pv::made::{Word, by_word};
use crate::pv::names::headers::int;
use crate::pv::store::Store;
use crate::pv::value::Value;
use crate::pv::view::{Alone, View};

pub(super) const PLAIN: &[Plain] = &[
    read("T_branch_idx", |view, _| view.branch_index().map_or(Value::Null, int)),
    read("T_reply_code", |view, _| reply_code(view)),
    read("T_reply_last", |view, _| reply_code(view)),
    read("T_reply_reason", |view, _| Value::some(view.response().and_then(|reply| reply.reason()))),
];

pub(super) const NAMED: &[Named] = &[
    named("T", |inner| {
        by_word(
            inner,
            WORDS,
            "id_index, id_label, id_index_n, id_label_n, branch_index, reply_code or reply_reason",
        )
    }),
    around("T_req", |inner| of(inner, Of::Request)),
    around("T_inv", |inner| of(inner, Of::Invite)),
    around("T_rpl", |inner| of(inner, Of::Reply)),
];

const WORDS: &[Word] = &[
    ("id_index", |view, _| index(view.transaction())),
    ("id_label", |view, _| label(view.transaction())),
    ("id_index_n", |view, _| index(view.new_transaction())),
    ("id_label_n", |view, _| label(view.new_transaction())),
    ("branch_index", |view, _| view.branch_index().map_or(Value::Null, int)),
    ("reply_code", |view, _| reply_code(view)),
    ("reply_reason", |view, _| Value::some(view.response().and_then(|reply| reply.reason()))),
];

fn index<'v>(id: Option<TransactionId>) -> Value<'v> {
    id.map_or(Value::Null, |id| Value::Int(id.index.into()))
}

fn label<'v>(id: Option<TransactionId>) -> Value<'v> {
    id.map_or(Value::Null, |id| Value::Int(id.label.into()))
}

fn reply_code(view: &dyn View) -> Value<'_> {
    view.reply_code().map_or(Value::Null, |code| Value::Int(code.into()))
}

#[derive(Clone, Copy, Debug)]
enum Of {
    Request,
    Invite,
    Reply,
}

/// A variable of the transaction's request or reply.
#[derive(Debug)]
struct OfOther {
    other: Of,
    var: Rc<Var>,
}

fn of(inner: Inner, other: Of) -> Result<Box<dyn PvClass>, PvError> {
    Ok(Box::new(OfOther { other, var: inner.variable()? }))
}

impl PvClass for OfOther {
    fn get<'v>(&'v self, view: &'v dyn View, store: &'v Store, _: Index) -> Value<'v> {
        match self.other {
            Of::Request => {
                let request = view.request();
                request.map_or(Value::Null, |request| self.var.get(&Alone(&request), store).into_owned())
            }
            Of::Invite => {
                let invite = view.invite();
                invite.map_or(Value::Null, |invite| self.var.get(&Alone(&invite), store).into_owned())
            }
            Of::Reply => {
                let reply = view.response();
                reply.map_or(Value::Null, |reply| self.var.get(&Alone(reply), store).into_owned())
            }
        }
    }
}
