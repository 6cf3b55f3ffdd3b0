-- Registers an instance among those that are alive, unless one of them has other stores. Returns since when it is one of them; or that
-- one and its stores. One that came later does not count: it will be told so when it registers again.
-- KEYS: instances by when they were last seen, their stores, how many shards there are since the first start and how they are laid out,
-- since when each instance is one of them. ARGV: instance, its stores, how long one may be silent in milliseconds, its shards and their
-- layout, since when it is one of them or ''.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, gone in ipairs(redis.call('ZRANGE', KEYS[1], '-inf', now - ARGV[3], 'BYSCORE')) do
  redis.call('ZREM', KEYS[1], gone)
  redis.call('HDEL', KEYS[2], gone)
  redis.call('HDEL', KEYS[4], gone)
end
local since = tonumber(ARGV[5]) or now
for _, other in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local stores = redis.call('HGET', KEYS[2], other)
  local is_earlier = tonumber(redis.call('HGET', KEYS[4], other) or 0) <= since
  if other ~= ARGV[1] and stores and stores ~= ARGV[2] and is_earlier then return { other, stores } end
end
if not redis.call('SET', KEYS[3], ARGV[4], 'NX') and redis.call('GET', KEYS[3]) ~= ARGV[4] then
  local shards, layout = string.match(redis.call('GET', KEYS[3]), '^(%d+) ?(%d*)$')
  if layout == string.match(ARGV[4], '%d+$') then return { 'shards', shards } end
  return { 'layout', layout }
end
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('HSET', KEYS[4], ARGV[1], since)
return { since }
