//! The instruction limit: what a route may run between two waits.
//!
//! Instructions are counted by a hook of the interpreter. Code that LuaJIT has compiled calls no hook, so the limit
//! holds with the JIT off, which is the default. What else calls no hook is kept from scripts by the
//! prelude: finalizers, and the handler of `xpcall` for the error that a hook has raised. One
//! function of Lua's library counts as one instruction: `string.find` with a pattern made for it can still take long.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use mlua::{HookTriggers, Lua, VmState};

use crate::ksr::call::place;

/// After how many instructions the limit is looked at.
const STEP: u32 = 5_000;
/// What resuming a coroutine counts for in Lua 5.4, where each has a count of its own that begins anew: one that
/// ends before [`STEP`] is never counted.
const RESUMED: u64 = 500;

/// How the instruction limit of a VM stands.
pub(crate) struct Budget {
    limit: u64,
    used: Cell<u64>,
    /// Where the limit was passed.
    over: RefCell<Option<String>>,
}

impl Budget {
    /// A limit; 0: none.
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit, used: Cell::new(0), over: RefCell::default() }
    }

    /// The limit; 0: none.
    pub(crate) fn limit(&self) -> u64 {
        self.limit
    }

    /// Begins to count anew; returns what was counted, to be put back.
    pub(crate) fn replace(&self, used: u64) -> u64 {
        self.used.replace(used)
    }

    /// Whether the limit was passed.
    pub(crate) fn is_over(&self) -> bool {
        self.over.borrow().is_some()
    }

    /// Where the limit was passed; with that, it stands anew.
    pub(crate) fn take_over(self: &Rc<Self>, lua: &Lua) -> Option<String> {
        let at = self.over.take()?;
        self.watch(lua);
        Some(at)
    }

    /// Counts instructions from now on, in all coroutines.
    pub(crate) fn watch(self: &Rc<Self>, lua: &Lua) {
        if self.limit == 0 {
            return;
        }
        let budget = self.clone();
        let triggers = HookTriggers::new().every_nth_instruction(STEP);
        let watch = lua.set_global_hook(triggers, move |lua, _| {
            budget.spend(lua, STEP.into()).map(|()| VmState::Continue)
        });
        if let Err(error) = watch {
            tracing::error!(%error, "the instruction limit is not enforced");
        }
    }

    /// Counts a coroutine that is resumed.
    pub(crate) fn spend_resume(&self, lua: &Lua) -> mlua::Result<()> {
        self.spend(lua, RESUMED)
    }

    fn spend(&self, lua: &Lua, instructions: u64) -> mlua::Result<()> {
        self.used.set(self.used.get() + instructions);
        if self.limit == 0 || self.used.get() < self.limit {
            return Ok(());
        }
        self.over.borrow_mut().get_or_insert_with(|| place(lua));
        Err(stop(lua))
    }
}

/// From now on every single instruction is an error, so that no `pcall` of the script goes on after it. In Lua 5.4 a
/// hook is of one coroutine: those around it meet it at their next count.
fn stop(lua: &Lua) -> mlua::Error {
    let triggers = HookTriggers::new().every_nth_instruction(1);
    let set = lua.set_global_hook(triggers, |lua, _| Err(stop(lua)));
    set.err().unwrap_or_else(|| mlua::Error::runtime("too many instructions"))
}
