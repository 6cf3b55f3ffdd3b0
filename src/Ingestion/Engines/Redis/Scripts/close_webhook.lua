-- Ends one try of telling of a task's end, unless another has it since.
register('close_webhook', function()
  local tenant, id, try, last_event, delay, warnings = unpack(ARGV, 2)
  local head = head_for(id, tenant)
  if not head or call('HGET', task(id), 'webhook_tries') ~= try or head[LAST_EVENT] ~= tonumber(last_event) then return end
  local webhooks = tag .. ':webhooks'
  if delay ~= '' then call('ZADD', webhooks, 'XX', now + delay, id) else call('ZREM', webhooks, id) end
  if warnings ~= '' then call('HSET', task(id), 'warnings', warnings) end
end)
