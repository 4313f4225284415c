//! The one adapter: how a Lua call becomes a Rust call.
//!
//! A module is a list of names, each with its Rust call. The arguments are the parameters of the closure, the
//! return code is what it returns:
//!
//! ```text
//! let mut m = Module::new(lua, hub, "maxfwd")?;
//! m.call("process_maxfwd", |current, (limit,): (i64,)| match current.ctx_mut() { .. })?;
//! m.waits("save", async |current: &mut Current, (table, flags): (Text, i64)| ..)?;
//! m.finish(&ksr)
//! ```
//!
//! What KEMI says of arguments holds for all of them (`semantics.md` 1.2): too few are an error that is logged, and
//! the call returns `false`; more than six too; one too many is ignored. Without a message (at the top
//! level of a script) a call returns `false`.

use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use mlua::{Function, Lua, MultiValue, Table, Value};

use crate::current::{Current, Hub, Signature, Waiting};
use crate::value::{Answer, Arguments, Kemi};

/// Most arguments of a call.
const MOST: usize = 6;

/// How errors name the prelude.
pub(crate) const PRELUDE: &str = "ksr";
/// How far down the stack the script is looked for.
const LEVELS: usize = 16;

/// What the Lua half of a waiting function takes for "it waits now"; see `prelude.lua`.
pub(crate) const WAITS: Value =
    Value::LightUserData(mlua::LightUserData(std::ptr::without_provenance_mut(8)));

/// The prelude's `waiting(name, start)`: wraps the plain call of a waiting function.
#[derive(Clone)]
pub(crate) struct Shim(pub(crate) Function);

/// One table under `KSR`, being filled.
pub(crate) struct Module<'a> {
    pub(crate) lua: &'a Lua,
    hub: &'a Rc<Hub>,
    name: &'static str,
    pub(crate) table: Table,
}

impl<'a> Module<'a> {
    /// An empty module; `""` for the functions of `KSR` itself.
    pub(crate) fn new(lua: &'a Lua, hub: &'a Rc<Hub>, name: &'static str) -> mlua::Result<Self> {
        Ok(Self { lua, hub, name, table: lua.create_table()? })
    }

    /// Adds the module to `KSR`.
    pub(crate) fn finish(self, ksr: &Table) -> mlua::Result<()> {
        ksr.raw_set(self.name, self.table)
    }

    /// The VM's state.
    pub(crate) fn hub(&self) -> &Rc<Hub> {
        self.hub
    }

    /// A function that needs the message of a route.
    ///
    /// It must not call into Lua.
    pub(crate) fn call<A: Arguments, R: Answer>(
        &mut self,
        name: &'static str,
        call: impl Fn(&mut Current, A) -> R + 'static,
    ) -> mlua::Result<()> {
        let full = self.full(name);
        self.named::<A, R>(name, move |current, arguments: A| match current {
            Some(current) => call(current, arguments).into(),
            None => no_message(&full),
        })
    }

    /// A function that may be called where there is no message too: at the top level, in events.
    ///
    /// It must not call into Lua.
    pub(crate) fn anywhere<A: Arguments, R: Answer>(
        &mut self,
        name: &'static str,
        call: impl Fn(Option<&mut Current>, A) -> R + 'static,
    ) -> mlua::Result<()> {
        self.named::<A, R>(name, move |current, arguments| call(current, arguments).into())
    }

    /// The same, where what the call returns is `R` or another value in its place.
    pub(crate) fn named<A: Arguments, R: Answer>(
        &mut self,
        name: &'static str,
        call: impl Fn(Option<&mut Current>, A) -> Kemi + 'static,
    ) -> mlua::Result<()> {
        let (hub, full) = (self.hub.clone(), self.full(name));
        self.note::<A, R>(&full);
        let function = self.lua.create_function(move |lua, values: MultiValue| {
            let Some(arguments) = arguments(lua, &full, values) else { return Ok(Value::Boolean(false)) };
            hub.with(|current| call(current, arguments)).into_lua(lua, A::COUNT)
        })?;
        self.table.raw_set(name, function)
    }

    /// As [`Self::anywhere`], where the script may be wrong: then a line with file and line is logged, and the call
    /// returns what `null` says.
    ///
    /// It must not call into Lua.
    pub(crate) fn checked<A: Arguments, R: Answer, N: Into<Kemi>, E: std::fmt::Display>(
        &mut self,
        name: &'static str,
        null: impl Fn(&A) -> N + 'static,
        call: impl Fn(Option<&mut Current>, &A) -> Result<R, E> + 'static,
    ) -> mlua::Result<()> {
        let (hub, full) = (self.hub.clone(), self.full(name));
        self.note::<A, R>(&full);
        let function = self.lua.create_function(move |lua, values: MultiValue| {
            let Some(arguments) = arguments(lua, &full, values) else { return Ok(Value::Boolean(false)) };
            match hub.with(|current| call(current, &arguments)) {
                Ok(answer) => answer.into().into_lua(lua, A::COUNT),
                Err(error) => {
                    tracing::error!(at = place(lua), "{full}: {error}");
                    null(&arguments).into().into_lua(lua, A::COUNT)
                }
            }
        })?;
        self.table.raw_set(name, function)
    }

    /// A function that may have to wait. It answers at once where it can; else its route is parked, and
    /// the function returns in Lua when the future has ended.
    ///
    /// Where Lua cannot wait (the top level, callbacks of `string.gsub` and `table.sort`) it is an error
    /// that names the function.
    pub(crate) fn waits<A: Arguments, R: Answer>(
        &mut self,
        name: &'static str,
        call: impl AsyncFn(&mut Current, A) -> R + 'static,
    ) -> mlua::Result<()> {
        let (hub, full, call) = (self.hub.clone(), self.full(name), Rc::new(call));
        self.note::<A, R>(&full);
        let start = self.lua.create_function(move |lua, values: MultiValue| {
            let Some(arguments) = arguments(lua, &full, values) else { return Ok(Value::Boolean(false)) };
            let Some(mut current) = hub.take() else { return no_message(&full).into_lua(lua, A::COUNT) };
            let call = Rc::clone(&call);
            let mut waiting: Waiting = Box::pin(async move {
                let answer = call(&mut current, arguments).await.into();
                (current, answer)
            });
            match waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready((current, answer)) => {
                    hub.put(Some(current));
                    answer.into_lua(lua, A::COUNT)
                }
                Poll::Pending => {
                    hub.wait(waiting);
                    Ok(WAITS)
                }
            }
        })?;
        let full = self.full(name);
        let shim = self.lua.app_data_ref::<Shim>().map(|shim| shim.0.clone());
        let shim = shim.ok_or_else(|| mlua::Error::runtime("the prelude comes first"))?;
        self.table.raw_set(name, shim.call::<Function>((full, start))?)
    }

    /// Notes what the function takes and returns, where somebody asks for that.
    fn note<A: Arguments, R: Answer>(&self, full: &str) {
        self.hub.note(|| Signature {
            name: full.to_owned(),
            parameters: A::ANNOTATIONS,
            answer: R::annotation(),
        });
    }

    /// The name as a script writes it.
    fn full(&self, name: &str) -> String {
        match self.name {
            "" => format!("KSR.{name}"),
            module => format!("KSR.{module}.{name}"),
        }
    }
}

fn arguments<A: Arguments>(lua: &Lua, name: &str, mut values: MultiValue) -> Option<A> {
    let count = values.len();
    if count < A::COUNT || count > MOST {
        let wanted = A::COUNT;
        tracing::error!(at = place(lua), "{name} takes {wanted} arguments and got {count}: nothing is done");
        return None;
    }
    Some(A::from_values(values.make_contiguous()))
}

fn no_message(name: &str) -> Kemi {
    tracing::error!("{name} was called where there is no message: nothing is done");
    Kemi::Bool(false)
}

/// File and line of the script: of the innermost function of it that runs now.
pub(crate) fn place(lua: &Lua) -> String {
    let of_script = |level| {
        lua.inspect_stack(level, |debug| {
            let source = debug.source().short_src.map(|source| source.into_owned()).unwrap_or_default();
            let line = debug.current_line().filter(|_| source != PRELUDE);
            line.map(|line| format!("{source}:{line}"))
        })
    };
    (0..LEVELS).map_while(of_script).flatten().next().unwrap_or_default()
}
