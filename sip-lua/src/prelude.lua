-- Runs before the script, in the same VM. What a route is in Lua: a coroutine that runs function after
-- function of the script, and yields to the driver where it waits.

local WAITS, DONE, RAISE = ...
local yield, resume, create, isyieldable = coroutine.yield, coroutine.resume, coroutine.create, coroutine.isyieldable
local pcall, error, G = pcall, error, _G
local EXIT = "~~ksr~exit~~"

-- How many callbacks that cannot yield (string.gsub, table.sort) are around the coroutine that runs.
local stuck = 0

-- A function that waits: `start` answers at once or says that the driver goes on.
local function waiting(name, start)
	local function finish(answer, ...)
		if answer == RAISE then
			error(name .. ": the route has ended", 2)
		end
		return answer, ...
	end
	return function(...)
		if stuck > 0 or not isyieldable() then
			error(name .. " cannot wait here: not at the top level, nor in a callback of string.gsub or table.sort", 2)
		end
		local answer = start(...)
		if answer ~= WAITS then
			return answer
		end
		return finish(yield(WAITS))
	end
end

-- Coroutines of the script pass on what the driver has to know.
local function pass(co, ok, first, ...)
	if ok and first == WAITS then
		return pass(co, resume(co, yield(WAITS)))
	end
	return ok, first, ...
end

local function unstick(...)
	stuck = stuck - 1
	return ...
end

function coroutine.resume(co, ...)
	if not isyieldable() then
		stuck = stuck + 1
		return unstick(resume(co, ...))
	end
	return pass(co, resume(co, ...))
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
		error("attempt to yield from outside a coroutine", 3)
	end
	return first, ...
end

function coroutine.yield(...)
	return yielded(yield(...))
end

-- The route: runs the global function `name` and reports how it ended.
local function route(name, argument)
	while true do
		local f, ok, problem = G[name], nil, nil
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
		name, argument = yield(DONE, ok, problem)
	end
end

local function exit()
	error(EXIT, 0)
end

-- A script must not end the server.
if os then
	function os.exit()
		error("os.exit is not for scripts: KSR.x.exit() ends the route", 2)
	end
end
if jit then
	jit.on = nil
end

return waiting, route, exit
