-- Take, or hold on to, a slot of each of an account's limits of running requests; of all of them or of none.
--
-- KEYS     a sorted set for each limit: running requests by the time in ms at which they count as gone
-- ARGV     request, ms it may run before it must be held on to, then the limit of each key
-- Returns  0: taken; otherwise which limit is reached, from 1

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local gone = now + ARGV[2]
for i, key in ipairs(KEYS) do
  redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', now))
  if not redis.call('ZSCORE', key, ARGV[1]) and redis.call('ZCARD', key) >= tonumber(ARGV[2 + i]) then return i end
end
for _, key in ipairs(KEYS) do
  redis.call('ZADD', key, string.format('%.0f', gone), ARGV[1])
  redis.call('PEXPIRE', key, ARGV[2] * 2)
end
return 0
