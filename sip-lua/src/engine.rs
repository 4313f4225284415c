//! One VM: a worker's own interpreter with one version of the script, its limits and its coroutines.

use std::cell::RefCell;
use std::rc::Rc;

use mlua::{Function, Lua, LuaOptions, RegistryKey, StdLib, Table, Thread, Value};

use crate::budget::Budget;
use crate::current::{Current, Hub, Signature, Waiting};
use crate::error::ScriptError;
use crate::ksr;
use crate::ksr::call::{PRELUDE, Shim, WAITS, place};
use crate::script::Script;
use sip_server::Shared;

/// What the coroutine of a route yields when the function of the script has ended.
const DONE: Value = light(16);
/// What it is resumed with in order to raise an error where it yielded.
const RAISE: Value = light(24);

/// A value that no script has.
const fn light(number: usize) -> Value {
    Value::LightUserData(mlua::LightUserData(std::ptr::without_provenance_mut(number)))
}

/// Idle coroutines that are kept.
const IDLE: usize = 32;

/// One interpreter. It never leaves its worker.
pub(crate) struct Vm {
    lua: Lua,
    hub: Rc<Hub>,
    globals: Table,
    route: Function,
    idle: RefCell<Vec<Thread>>,
    budget: Rc<Budget>,
    script: Script,
}

/// What came of a step of a route.
enum Step {
    /// The function has ended. `false`: there is none of this name.
    Ended(bool),
    Waits(Waiting),
}

impl Vm {
    /// A VM with the script loaded: its top level has run.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the script.
    pub(crate) fn new(script: &Script, shared: Option<&Shared>) -> Result<Self, ScriptError> {
        let lua_error = |error| ScriptError::Lua(format!("{}: {}", script.name(), text_of(&error)));
        let lua = Lua::new_with(StdLib::ALL_SAFE, LuaOptions::new()).map_err(lua_error)?;
        let settings = &script.env().settings;
        if !settings.jit {
            lua.load("if jit then jit.off() end").exec().map_err(lua_error)?;
        }
        let hub = Rc::new(Hub::new(script.env().clone(), script.version(), shared.cloned()));
        let limit = if settings.jit { 0 } else { settings.instructions };
        let budget = Rc::new(Budget::new(limit));
        let route = prelude(&lua, &hub, &budget).map_err(lua_error)?;
        let vm = Self {
            globals: lua.globals(),
            hub,
            route,
            idle: RefCell::default(),
            budget,
            script: script.clone(),
            lua,
        };
        if settings.memory > 0 {
            vm.lua.set_memory_limit(settings.memory).map_err(lua_error)?;
        }
        vm.budget.watch(&vm.lua);
        let chunk = vm.lua.load(script.text()).set_name(format!("@{}", script.name()));
        chunk.exec().map_err(|error| vm.error(Some(error), script.name()))?;
        if !vm.has("ksr_request_route") {
            return Err(ScriptError::NoRequestRoute { path: script.path().into() });
        }
        Ok(vm)
    }

    /// Whether the script has a function of this name now.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.globals.raw_get::<Value>(name).is_ok_and(|value| !value.is_nil())
    }

    /// What each function under `KSR` takes and returns; nothing where a server runs.
    pub(crate) fn signatures(&self) -> Vec<Signature> {
        self.hub.signatures()
    }

    /// A table of the script's.
    pub(crate) fn global(&self, name: &str) -> Option<Table> {
        self.globals.raw_get(name).ok()
    }

    /// The version of the script.
    pub(crate) fn version(&self) -> u32 {
        self.script.version()
    }

    /// Whether the script fills its memory for good: nothing that could be collected is left.
    pub(crate) fn is_full(&self) -> bool {
        let limit = self.script.env().settings.memory;
        // A collection that fails frees something all the same: only what is left counts.
        let _ = self.lua.gc_collect();
        limit > 0 && self.lua.used_memory() > limit / 4 * 3
    }

    /// Bytes that the VM uses.
    pub(crate) fn used_memory(&self) -> usize {
        self.lua.used_memory()
    }

    /// Runs a function of the script as a route, with this argument, for the context in `place`, which is there again when it has ended; it
    /// is lost where an error has ended a call that waits. Tells whether the script has such a function.
    ///
    /// While it waits, nothing of it is in the VM but its coroutine. Dropped then, the coroutine is garbage.
    pub(crate) async fn run(
        &self,
        name: &str,
        argument: Option<&str>,
        place: &mut Option<Box<Current>>,
    ) -> Result<bool, ScriptError> {
        let mut thread = self.thread().map_err(|error| self.error(Some(error), name))?;
        let mut step = self.step(&thread, name, place, (name, argument));
        loop {
            match step? {
                Step::Ended(found) => {
                    let mut idle = self.idle.borrow_mut();
                    if idle.len() < IDLE {
                        idle.push(thread);
                    }
                    return Ok(found);
                }
                Step::Waits(waiting) => {
                    let parked =
                        Parked::new(&self.lua, thread).map_err(|error| self.error(Some(error), name))?;
                    let (current, answer) = waiting.await;
                    *place = Some(current);
                    thread = parked.unpark().map_err(|error| self.error(Some(error), name))?;
                    let answer =
                        answer.into_lua(&self.lua, 0).map_err(|error| self.error(Some(error), name))?;
                    step = self.step(&thread, name, place, answer);
                }
            }
        }
    }

    /// Runs a coroutine until it waits or ends.
    fn step(
        &self,
        thread: &Thread,
        name: &str,
        place: &mut Option<Box<Current>>,
        arguments: impl mlua::IntoLuaMulti,
    ) -> Result<Step, ScriptError> {
        let outer = self.hub.put(place.take());
        let used = self.budget.replace(0);
        let resumed = thread.resume::<(Value, Value, Value)>(arguments);
        let step = self.judge(resumed, thread, name);
        self.budget.replace(used);
        *place = self.hub.put(outer);
        step
    }

    /// What a coroutine has come to.
    fn judge(
        &self,
        mut resumed: mlua::Result<(Value, Value, Value)>,
        thread: &Thread,
        name: &str,
    ) -> Result<Step, ScriptError> {
        loop {
            // An error may have come between the call that waits and its yield: then nobody waits.
            let waiting = self.hub.waiting();
            if self.budget.is_over() {
                return Err(self.error(None, name));
            }
            let (first, ok, problem) = resumed.map_err(|error| self.error(Some(error), name))?;
            match (waiting, ok) {
                (Some(waiting), _) if first == WAITS => return Ok(Step::Waits(waiting)),
                (_, Value::Boolean(false)) if first == DONE => return Err(self.problem(problem, name)),
                (_, ok) if first == DONE => return Ok(Step::Ended(ok == Value::Boolean(true))),
                // The script's own yield, where there is nobody to yield to: an error there, as in Lua itself.
                _ => resumed = thread.resume(RAISE),
            }
        }
    }

    /// A coroutine that waits for the name of a function.
    fn thread(&self) -> mlua::Result<Thread> {
        match self.idle.borrow_mut().pop() {
            Some(thread) => Ok(thread),
            None => self.lua.create_thread(self.route.clone()),
        }
    }

    /// What an error of mlua's means. `None`: the instruction limit was passed.
    fn error(&self, error: Option<mlua::Error>, name: &str) -> ScriptError {
        if let Some(at) = self.budget.take_over(&self.lua) {
            return ScriptError::Instructions { at, limit: self.budget.limit() };
        }
        match error {
            Some(error) if is_memory(&error) => self.out_of_memory(name),
            Some(error) => self.said(text_of(&error), name),
            None => self.said("ended".into(), name),
        }
    }

    /// What the script raised.
    fn problem(&self, problem: Value, name: &str) -> ScriptError {
        match problem {
            Value::String(text) if text.as_bytes() == b"not enough memory" => self.out_of_memory(name),
            Value::String(text) => self.said(text.to_string_lossy(), name),
            Value::Error(error) => self.error(Some(*error), name),
            other => self.said(format!("error object is a {} value", other.type_name()), name),
        }
    }

    fn out_of_memory(&self, name: &str) -> ScriptError {
        ScriptError::Memory { at: self.at(name), limit: self.script.env().settings.memory }
    }

    /// An error with file and line, which not every text of Lua's begins with.
    fn said(&self, text: String, name: &str) -> ScriptError {
        ScriptError::Lua(if has_place(&text) { text } else { format!("{}: {text}", self.at(name)) })
    }

    /// Where a function of the script begins; the script, where it has no such function.
    fn at(&self, name: &str) -> String {
        let file = self.script.name();
        let function = self.globals.raw_get::<Function>(name);
        match function.ok().and_then(|function| function.info().line_defined) {
            Some(line) => format!("{file}:{line}: {name}"),
            None => file.to_owned(),
        }
    }
}

/// A coroutine that waits. Dropped, it is forgotten.
struct Parked<'a> {
    lua: &'a Lua,
    key: Option<RegistryKey>,
}

impl<'a> Parked<'a> {
    fn new(lua: &'a Lua, thread: Thread) -> mlua::Result<Self> {
        Ok(Self { lua, key: Some(lua.create_registry_value(thread)?) })
    }

    fn unpark(mut self) -> mlua::Result<Thread> {
        let Some(key) = self.key.take() else { return Err(mlua::Error::runtime("unparked twice")) };
        let thread = self.lua.registry_value(&key);
        self.lua.remove_registry_value(key)?;
        thread
    }
}

impl Drop for Parked<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            // It is of this VM: nothing else can go wrong.
            let _ = self.lua.remove_registry_value(key);
        }
    }
}

/// Runs the prelude and fills `KSR`; returns the function of the coroutines.
fn prelude(lua: &Lua, hub: &Rc<Hub>, budget: &Rc<Budget>) -> mlua::Result<Function> {
    let over = budget.clone();
    let is_over = lua.create_function(move |_, ()| Ok(over.is_over()))?;
    let budget = budget.clone();
    let spend = (cfg!(feature = "lua54") && budget.limit() > 0)
        .then(|| lua.create_function(move |lua, ()| budget.spend_resume(lua)));
    let traceback = lua.create_function(|lua, value: Value| match value {
        Value::String(text) => Ok(Value::String(lua.traceback(Some(&text.to_string_lossy()), 1)?)),
        Value::Nil => Ok(Value::String(lua.traceback(None, 1)?)),
        other => Ok(other),
    })?;
    let text_of = lua.create_function(|lua, value: Value| match value {
        Value::Error(error) => {
            let (place, text) = (place(lua), text_of(&error));
            let text = if has_place(&text) || place.is_empty() { text } else { format!("{place}: {text}") };
            Ok(Value::String(lua.create_string(text)?))
        }
        other => Ok(other),
    })?;
    let prelude = lua.load(include_str!("prelude.lua")).set_name(format!("={PRELUDE}"));
    let ours = (WAITS, DONE, RAISE, spend.transpose()?, is_over, traceback, text_of);
    let (waiting, route, exit) = prelude.call::<(Function, Function, Function)>(ours)?;
    lua.set_app_data(Shim(waiting));
    ksr::register(lua, hub, exit)?;
    Ok(route)
}

fn is_memory(error: &mlua::Error) -> bool {
    match error {
        mlua::Error::MemoryError(_) => true,
        mlua::Error::CallbackError { cause, .. } => is_memory(cause),
        _ => false,
    }
}

/// The text of an error, without the traceback.
fn text_of(error: &mlua::Error) -> String {
    let text = match error {
        mlua::Error::SyntaxError { message, .. } => message.clone(),
        mlua::Error::RuntimeError(message) => message.clone(),
        mlua::Error::CallbackError { cause, .. } => return text_of(cause),
        other => other.to_string(),
    };
    text.split("\nstack traceback:").next().unwrap_or_default().to_owned()
}

/// Whether a text begins with file and line.
fn has_place(text: &str) -> bool {
    let mut parts = text.splitn(3, ':');
    parts.next().is_some_and(|file| !file.contains('\n'))
        && parts.next().is_some_and(|line| line.parse::<u32>().is_ok())
        && parts.next().is_some()
}
