-- A worker tells what it used of an account's limits, what it keeps, and what it would like to hold.
--
-- KEYS[1]  the account: a hash with the state of each limit, and one field `w:<worker>` for each worker
-- ARGV[1]  JSON: w worker, s sequence, ttl of what is lent in ms, l limits by name, each
--            u used since last told, k kept of what is held, w wanted to hold, e waiting requests
--            a bucket:   r refilled a second, b burst, l and a: level last heard of and its age in s
--            a total:    m limit, d window, x used in it as last heard of
-- Returns  JSON: s sequence, l by name: g granted, and l level | t used, o lent to others, d window
--
-- Bucket: level + lent <= burst.  Total: used + lent <= limit.  What is lent counts until it is told to be used,
-- is given back, or its time is over. A sequence seen before is answered as it was then, and changes nothing.

local MEMORY_MS = 3600 * 1000         -- a worker not heard of for so long is forgotten
local AT_FIRST = 64                   -- of a total, to a worker that knows nothing yet
local ACCOUNT_MS = 40 * 86400 * 1000  -- longer than any month

local ask = cjson.decode(ARGV[1])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
local state = {}
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do state[fields[i]] = fields[i + 1] end

local me = 'w:' .. ask.w
local mine = state[me] and cjson.decode(state[me])
if mine and mine.s >= ask.s then return mine.r end
local lapsed = not mine or mine.x <= now

local others = {}
for field, text in pairs(state) do
  if field ~= me and string.sub(field, 1, 2) == 'w:' then
    local other = cjson.decode(text)
    if other.t + MEMORY_MS < now then
      redis.call('HDEL', KEYS[1], field)
    elseif other.x > now then
      table.insert(others, other.h)
    end
  end
end

local function lent_to_others(name, window)
  local sum = 0
  for _, held in ipairs(others) do
    local part = held[name]
    if part and part[2] == window then sum = sum + part[1] end
  end
  return sum
end

local function put(name, part, value)
  redis.call('HSET', KEYS[1], name .. ':' .. part, string.format('%.17g', value))
end

local function get(name, part)
  return tonumber(state[name .. ':' .. part])
end

-- A worker out of tokens knows little of what it will need: it gets up to half of what is there, and need not come
-- again at once.
local function granted(free, limit, most)
  if limit.e > 0 then limit.e = math.max(limit.e, math.min(most, math.ceil(free / 2))) end
  return math.max(0, math.min(math.floor(free), math.max(limit.w - limit.k, limit.e)))
end

local function bucket(name, limit)
  local level, at = get(name, 'level'), get(name, 'at')
  if not level then level, at = limit.b, now end
  local held = mine and mine.h[name] and mine.h[name][1] or 0
  local back = held - limit.u - limit.k
  if lapsed then back = math.min(back, 0) end
  if not mine and limit.l then level, back = math.min(level, limit.l + limit.a * limit.r), 0 end
  local lent = lent_to_others(name, 0)
  level = level + math.max(0, now - at) * limit.r / 1000 + back
  level = math.max(-limit.b, math.min(level, limit.b - lent - limit.k))
  local grant = granted(level, limit, limit.b)
  put(name, 'level', level - grant)
  put(name, 'at', math.max(at, now))
  return {g = grant, l = level - grant}, {limit.k + grant, 0}
end

local function total(name, limit)
  local window, used, kept = get(name, 'window') or 0, get(name, 'used') or 0, 0
  if limit.d > window then window, used = limit.d, 0 end
  if limit.d == window then used, kept = math.max(used, limit.x) + limit.u, limit.k end
  local lent = lent_to_others(name, window)
  local grant = granted(limit.m - used - lent - kept, limit, AT_FIRST)
  put(name, 'window', window)
  put(name, 'used', used)
  return {g = grant, t = used, o = lent, d = window}, {kept + grant, window}
end

local reply, held = {}, {}
for name, limit in pairs(ask.l) do
  local count = limit.b and bucket or total
  reply[name], held[name] = count(name, limit)
end
local text = cjson.encode({s = ask.s, l = reply})
local record = {s = ask.s, t = math.floor(now), x = math.floor(now) + ask.ttl, h = held, r = text}
redis.call('HSET', KEYS[1], me, cjson.encode(record))
redis.call('PEXPIRE', KEYS[1], ACCOUNT_MS)
return text
