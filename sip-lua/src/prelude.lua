-- Runs before the script, in the same VM. What a route is in Lua: a coroutine that runs function after
-- function of the script, and yields to the driver where it waits.

local WAITS, DONE, RAISE, spend, is_over, traceback, text_of = ...
local yield, resume, create, isyieldable = coroutine.yield, coroutine.resume, coroutine.create, coroutine.isyieldable
local pcall, error, rawget, type, G = pcall, error, rawget, type, _G
local EXIT = "~~ksr~exit~~"

-- How many callbacks that cannot yield (string.gsub, table.sort) are around the coroutine that runs.
local stuck = 0
-- The script's coroutines that wait for something: only the driver goes on with them.
local busy = setmetatable({}, { __mode = "k" })

-- Back from the driver, around which there is no such callback; one that an error has ended did not count itself off.
local function resumed(...)
	stuck = 0
	return ...
end

-- A function that waits: `start` answers at once or says that the driver goes on.
local function waiting(name, start)
	return function(...)
		if stuck > 0 or not isyieldable() then
			error(name .. " cannot wait here: not at the top level, nor in a callback of string.gsub or table.sort", 2)
		end
		local answer = start(...)
		if answer ~= WAITS then
			return answer
		end
		return resumed(yield(WAITS))
	end
end

local function no_longer_busy(co, ...)
	busy[co] = nil
	return ...
end

-- Coroutines of the script pass on what the driver has to know.
local function pass(co, ok, first, ...)
	if ok and first == WAITS then
		busy[co] = true
		return pass(co, resume(co, no_longer_busy(co, resumed(yield(WAITS)))))
	end
	return ok, first, ...
end

-- An error that a function of ours raised is a text for the script, as Lua's own are.
local function texted(ok, problem, ...)
	if not ok and type(problem) == "userdata" then
		problem = text_of(problem)
	end
	return ok, problem, ...
end

local pcall_raw = pcall
function _G.pcall(...)
	return texted(pcall_raw(...))
end

local function unstick(...)
	stuck = stuck - 1
	return ...
end

function coroutine.resume(co, ...)
	if spend then
		spend()
	end
	if busy[co] then
		return false, "cannot resume a coroutine that waits"
	end
	if not isyieldable() then
		stuck = stuck + 1
		return unstick(texted(resume(co, ...)))
	end
	return texted(pass(co, resume(co, ...)))
end

local function unwrap(ok, ...)
	if not ok then
		error((...), 0)
	end
	return ...
end

local resume_passing = coroutine.resume
function coroutine.wrap(f)
	local co = create(f)
	return function(...)
		return unwrap(resume_passing(co, ...))
	end
end

local function yielded(first, ...)
	if first == RAISE then
		error("attempt to yield from outside a coroutine", 2)
	end
	return first, ...
end

function coroutine.yield(...)
	return yielded(yield(...))
end

-- The route: runs the global function `name`, with its argument if it has one, and reports how it ended.
local function route(name, argument)
	resumed()
	while true do
		local f, ok, problem = rawget(G, name), nil, nil
		if f ~= nil then
			if argument == nil then
				ok, problem = pcall(f)
			else
				ok, problem = pcall(f, argument)
			end
			if not ok and problem == EXIT then
				ok = true
			end
		end
		name, argument = resumed(yield(DONE, ok, problem))
	end
end

local function exit()
	error(EXIT, 0)
end

-- A script must not end the server.
function os.exit()
	error("os.exit is not for scripts: KSR.x.exit() ends the route", 2)
end

-- What runs uncounted could run for ever: compiled code, the handler of the error that ends what has run for too
-- long, and finalizers.
if jit then
	jit.on = nil
end

local xpcall_counted = xpcall
function xpcall(f, handler, ...)
	return xpcall_counted(f, function(problem)
		if is_over() then
			return problem
		end
		if type(problem) == "userdata" then
			problem = text_of(problem)
		end
		return handler(problem)
	end, ...)
end

local set = setmetatable
function setmetatable(t, meta)
	if type(meta) == "table" and rawget(meta, "__gc") ~= nil then
		error("finalizers (__gc) are not for scripts", 2)
	end
	return set(t, meta)
end
newproxy = nil
getmetatable(io.stdout).__metatable = "file"

-- What scripts give to xpcall. The rest of the library can break a VM.
debug = { traceback = traceback }

return waiting, route, exit
