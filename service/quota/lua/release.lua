-- Give back the slots of a request.
--
-- KEYS     a sorted set for each limit
-- ARGV     request

for _, key in ipairs(KEYS) do
  redis.call('ZREM', key, ARGV[1])
end
return 0
