-- Gives a turn back. KEYS: as enter. ARGV: the call, when it began, how it ended, how long nobody is to ask in milliseconds, how many at
-- once to begin with and at the most.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREM', KEYS[2], ARGV[1])
if ARGV[3] == 'Other' then return end
local t = redis.call('HMGET', KEYS[1], 'at_once', 'cut_at', 'paused_until')
local at_once = tonumber(t[1] or ARGV[5])
if ARGV[3] == 'Calm' then
  redis.call('HSET', KEYS[1], 'at_once', string.format('%.6f', math.min(tonumber(ARGV[6]), at_once + 1 / at_once)))
else
  -- Calls that began before the last cut tell nothing new.
  if tonumber(ARGV[2]) > tonumber(t[2] or 0) then
    redis.call('HSET', KEYS[1], 'at_once', string.format('%.6f', math.max(1, at_once / 2)), 'cut_at', now)
  end
  redis.call('HSET', KEYS[1], 'paused_until', math.max(tonumber(t[3] or 0), now + ARGV[4]))
end
redis.call('EXPIRE', KEYS[1], 86400)
