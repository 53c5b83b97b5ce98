-- Runs in a rule's state before anything of the rule: closes what a limit on instructions and memory does not.
-- Gets what it hands on in `keep`, and returns the globals a rule may use.
local keep = ...
local sub, format, rep = string.sub, string.format, string.rep
local PATTERN_MAX = 256
local WIDTH_MAX = 64 * 1024

-- One search with a long pattern is one call into C, and can take seconds: no instruction is counted meanwhile.
for _, name in { "find", "match", "gmatch", "gsub" } do
	local search = string[name]
	string[name] = function(text, pattern, ...)
		if type(pattern) == "string" and #pattern > PATTERN_MAX then
			error("a pattern of " .. #pattern .. " bytes, expected at most " .. PATTERN_MAX, 2)
		end
		return search(text, pattern, ...)
	end
end
string.rep = function(text, times, ...)
	if type(times) == "number" and type(text) == "string" and #text * times > WIDTH_MAX then
		error("string.rep would make " .. #text * times .. " bytes, expected at most " .. WIDTH_MAX, 2)
	end
	return rep(text, times, ...)
end

-- Addresses differ from run to run, and a report must not.
local function plain(value)
	local kind = type(value)
	if kind == "table" or kind == "function" or kind == "userdata" or kind == "thread" then
		return kind
	end
	return value
end
local to_string = tostring
local function text_of(value)
	return to_string(plain(value))
end
string.format = function(pattern, ...)
	local values = table.pack(...)
	for place = 1, values.n do
		values[place] = plain(values[place])
	end
	return format(pattern, table.unpack(values, 1, values.n))
end

-- A rule has no chance and no clock: the same windows give the same findings.
math.random, math.randomseed, math.noise = nil, nil, nil

local globals = {}
for _, name in keep do
	globals[name] = _G[name]
end
globals.tostring = text_of
return globals
