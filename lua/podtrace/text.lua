--- Numbers with units for people, as podtrace itself writes them: `1.23 ms`, `4.0 KiB`, `10,007`.
local M = {}

local function three_digits(value)
	local size = math.abs(value)
	if size < 9.995 then
		return string.format("%.2f", value)
	elseif size < 99.95 then
		return string.format("%.1f", value)
	end
	return string.format("%.0f", value)
end

--- A duration in seconds: `640 ns`, `1.23 ms`, `2.35 s`.
function M.seconds(seconds: number): string
	local size = math.abs(seconds)
	if size == 0 then
		return "0 s"
	end
	for _, unit in { { 1e-9, "ns" }, { 1e-6, "us" }, { 1e-3, "ms" } } do
		if size < 999.5 * unit[1] then
			if unit[2] == "ns" then
				return string.format("%.0f ns", seconds / unit[1])
			end
			return three_digits(seconds / unit[1]) .. " " .. unit[2]
		end
	end
	return three_digits(seconds) .. " s"
end

--- Bytes: `512 B`, `4.0 KiB`, `1.5 GiB`.
function M.bytes(bytes: number): string
	for place, unit in { "PiB", "TiB", "GiB", "MiB", "KiB" } do
		local size = 1024 ^ (6 - place)
		if bytes >= size then
			return string.format("%.1f %s", bytes / size, unit)
		end
	end
	return string.format("%.0f B", bytes)
end

--- A whole number, with a comma every three digits: `10,007`.
function M.count(count: number): string
	local digits = string.format("%.0f", count)
	local text = ""
	while #digits > 3 do
		text = "," .. string.sub(digits, -3) .. text
		digits = string.sub(digits, 1, -4)
	end
	return digits .. text
end

--- A share of 1: `0.04 %`, `30.4 %`, `100 %`, `820 %`.
function M.share(share: number): string
	local percent = share * 100
	local size = math.abs(percent)
	if size == 0 then
		return "0 %"
	elseif size < 0.005 then
		return "<0.01 %"
	elseif size < 1 then
		return string.format("%.2f %%", percent)
	elseif size < 99.95 then
		return string.format("%.1f %%", percent)
	end
	return string.format("%.0f %%", percent)
end

--- A plain number: `7.67`, `3336`, `33.4 k`.
function M.number(number: number): string
	local size = math.abs(number)
	if size >= 999.5e6 then
		return three_digits(number / 1e9) .. " G"
	elseif size >= 999.5e3 then
		return three_digits(number / 1e6) .. " M"
	elseif size >= 9999.5 then
		return three_digits(number / 1e3) .. " k"
	elseif size >= 999.5 or size == 0 or number % 1 == 0 then
		return string.format("%.0f", number)
	end
	return three_digits(number)
end

--- Names of errors with their numbers, most frequent first: `7 ECONNREFUSED, 3 ETIMEDOUT`.
function M.errors(names: { [string]: number }): string
	local list = {}
	for name, count in names do
		table.insert(list, { name = name, count = count })
	end
	table.sort(list, function(one, other)
		if one.count == other.count then
			return one.name < other.name
		end
		return one.count > other.count
	end)
	local words = {}
	for _, entry in list do
		table.insert(words, M.count(entry.count) .. " " .. entry.name)
	end
	return table.concat(words, ", ")
end

return M
