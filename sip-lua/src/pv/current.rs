//! What variables see of the route that runs.

use std::net::SocketAddr;

use sip_core::{Message, Protocol, Source};
use sip_modules::rr::{self, Direction};
use sip_server::{Destination, TransactionId, Vars};
use sip_transport::Listen;

use crate::current::{Current, Route};
use crate::pv::names::net::socket;
use crate::pv::view::{Flags, View};

impl View for Current {
    fn msg(&self) -> Option<&Message> {
        Some(Self::msg(self))
    }

    fn msg_mut(&mut self) -> Option<&mut Message> {
        Some(Self::msg_mut(self))
    }

    fn received(&self) -> Option<&Message> {
        Some(Self::received(self).unwrap_or_else(|| Self::msg(self)))
    }

    fn source(&self) -> Option<&Source> {
        Self::source(self)
    }

    fn destination(&self) -> Option<&Destination> {
        Self::destination(self)
    }

    fn destination_mut(&mut self) -> Option<&mut Destination> {
        Self::destination_mut(self)
    }

    fn branches(&self) -> &[Destination] {
        self.ctx().map_or(&[], |ctx| &ctx.branches)
    }

    fn branches_mut(&mut self) -> Option<&mut Vec<Destination>> {
        self.ctx_mut().map(|ctx| &mut ctx.branches)
    }

    fn flags(&self, kind: Flags) -> Option<u32> {
        Some(match kind {
            Flags::Message => Self::flags(self),
            Flags::Branch => self.branch_flags,
            Flags::Script => self.script_flags,
        })
    }

    fn set_flags(&mut self, kind: Flags, flags: u32) -> bool {
        match kind {
            Flags::Message => Self::set_flags(self, flags),
            Flags::Branch => self.branch_flags = flags,
            Flags::Script => self.script_flags = flags,
        }
        true
    }

    fn transaction(&self) -> Option<TransactionId> {
        Self::transaction(self)
    }

    fn new_transaction(&self) -> Option<TransactionId> {
        match &self.route {
            Route::Request(ctx) => ctx.new_transaction().ok(),
            _ => Self::transaction(self),
        }
    }

    fn branch_index(&self) -> Option<usize> {
        match &self.route {
            Route::Branch(ctx) => Some(ctx.number.into()),
            Route::Response(ctx) | Route::Reply(ctx) => ctx.branch().map(|branch| branch.branch.into()),
            _ => self.ctx().map(sip_server::Ctx::branch_count),
        }
    }

    fn response(&self) -> Option<&Message> {
        match &self.route {
            Route::Response(ctx) | Route::Reply(ctx) => Some(&ctx.msg),
            _ => self.failure()?.response(),
        }
    }

    fn reply_code(&self) -> Option<u16> {
        let status = match &self.route {
            Route::Request(ctx) | Route::Cancel(ctx) => ctx.last_status(),
            _ => View::response(self).and_then(Message::status),
        };
        Some(status.map_or(0, |status| status.code()))
    }

    fn request(&self) -> Option<Message> {
        match &self.route {
            Route::Response(ctx) | Route::Reply(ctx) => ctx.request(),
            _ => Self::received(self).cloned(),
        }
    }

    fn invite(&self) -> Option<Message> {
        match &self.route {
            Route::Cancel(ctx) => ctx.invite(),
            _ => None,
        }
    }

    fn number(&self) -> Option<u64> {
        Some(self.number)
    }

    fn local_tag(&self) -> Option<String> {
        self.ctx().map(|ctx| ctx.local_tag().to_owned())
    }

    fn is_upstream(&self) -> bool {
        let is = |state: &rr::State, msg: &Message| rr::is_direction(state, msg, Direction::Upstream);
        match &self.route {
            Route::Branch(ctx) => is(ctx.rr(), &ctx.msg),
            _ => self.ctx().is_some_and(|ctx| is(&ctx.rr(), &ctx.msg)),
        }
    }

    fn listen(&self, text: &[u8]) -> Option<(Protocol, SocketAddr)> {
        let is = |listen: &&Listen| {
            socket(listen.addr, listen.protocol).as_bytes().eq_ignore_ascii_case(text.trim_ascii())
        };
        self.shared().listens().iter().find(is).map(|listen| (listen.protocol, listen.addr))
    }

    fn vars(&self) -> Option<Vars> {
        match &self.route {
            Route::Branch(ctx) => Some(ctx.vars().clone()),
            Route::Response(ctx) | Route::Reply(ctx) => ctx.vars(),
            Route::Http(ctx) => Some(ctx.vars().clone()),
            _ => self.ctx().map(|ctx| ctx.vars().clone()),
        }
    }
}
