-- Moves the oldest item of a list to what its reader is busy with, in one step: an item is always in one of the two.
-- KEYS: the list, this reader's own list, the readers by when they were last seen. ARGV: this reader, how long one may be silent in
-- milliseconds, what the names of the readers' lists begin with.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[3], now, ARGV[1])
-- What a reader had taken that is gone comes back to the front.
for _, gone in ipairs(redis.call('ZRANGE', KEYS[3], '-inf', now - ARGV[2], 'BYSCORE')) do
  while redis.call('LMOVE', ARGV[3] .. gone, KEYS[1], 'RIGHT', 'LEFT') do end
  redis.call('ZREM', KEYS[3], gone)
end
-- An item whose answer got lost on the way to this reader is in its list already.
return redis.call('LINDEX', KEYS[2], 0) or redis.call('LMOVE', KEYS[1], KEYS[2], 'LEFT', 'RIGHT')
