--- Comparing a window with those before it.
local M = {}

--- How many times `now` is `before`; nil where there is nothing to compare with.
function M.times(now: number?, before: number?): number?
	if now == nil or before == nil or before <= 0 then
		return nil
	end
	return now / before
end

--- The baseline of a window, if it covers at least so many windows like this one: what is compared with two windows is
--- compared with chance.
function M.baseline(window: any, windows: number): any
	local baseline = window.baseline
	if baseline == nil or baseline.seconds < windows * window.seconds * 0.95 then
		return nil
	end
	return baseline
end

return M
