-- Ends one try of telling of a task's end, unless another has it since.
local t = call('HMGET', task(a.id), 'tenant', 'webhook_tries', 'last_event')
if t[1] ~= a.tenant or t[2] ~= a.try or t[3] ~= a.last_event then return end
if a.delay then call('ZADD', at('webhooks'), 'XX', now + a.delay, a.id) else call('ZREM', at('webhooks'), a.id) end
if a.warnings then call('HSET', task(a.id), 'warnings', a.warnings) end
