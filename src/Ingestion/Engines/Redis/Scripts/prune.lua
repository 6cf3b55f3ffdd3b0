-- Removes tasks that ended long enough ago, with all that points at them. Returns what they were asked for.
local pruned = {}
for _, id in ipairs(call('ZRANGE', at('ended'), '-inf', now - a.retention, 'BYSCORE', 'LIMIT', 0, a.max)) do
  call('ZREM', at('ended'), id)
  call('ZREM', at('webhooks'), id)
  local t = call('HMGET', task(id), 'spec', 'tenant', 'collection', 'document', 'key', 'file', 'seq')
  if t[1] then
    call('DEL', task(id))
    call('ZREM', joined('list', t[2]), id)
    call('ZREM', joined('list', t[2], t[3]), id)
    call('ZREM', joined('documents', t[2], t[3]), listed(t[4], t[7], id))
    if t[5] then call('DEL', joined('key', t[2], t[5])) end
    if t[6] then call('SREM', joined('upload', t[6]), id) end
    pruned[#pruned + 1] = t[1]
  end
end
-- A tenant that waits for nothing and is not ahead of the line is as good as new.
if #pruned > 0 then
  local passed = call('HGET', at('line'), 'virtual_time') or 0
  for _, tenant in ipairs(call('ZRANGE', at('turns'), '-inf', passed, 'BYSCORE', 'LIMIT', 0, 1000)) do
    if call('HEXISTS', at('tenants'), tenant) == 0 then call('ZREM', at('turns'), tenant) end
  end
end
-- The last one of a priority was handed out without a look at what is left.
for _, priority in ipairs(call('ZRANGE', at('priorities'), 0, -1)) do
  if call('EXISTS', ready(priority)) == 0 then call('ZREM', at('priorities'), priority) end
end
return pruned
