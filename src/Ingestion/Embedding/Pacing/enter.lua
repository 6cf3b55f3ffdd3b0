-- Takes a turn to call a provider. KEYS: the lane's figures, its calls by when they must have ended. ARGV: the call, how long it may take
-- in milliseconds, how many at once to begin with. Returns 0 and the time; 1 and how long the provider asks to wait; or 2: others are asking.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local paused = tonumber(redis.call('HGET', KEYS[1], 'paused_until') or 0)
if paused > now then return { 1, paused - now } end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
if redis.call('ZCARD', KEYS[2]) >= math.floor(tonumber(redis.call('HGET', KEYS[1], 'at_once') or ARGV[3])) then return { 2, 0 } end
redis.call('ZADD', KEYS[2], now + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return { 0, now }
