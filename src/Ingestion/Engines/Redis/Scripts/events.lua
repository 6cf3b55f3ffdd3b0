-- A task's events after one, in order.
register('events', function()
  local tenant, id, after, max = unpack(ARGV, 2)
  local head, found = head_for(id, tenant), {}
  local first, last = after + 1, head and min(head[LAST_EVENT], after + max) or 0
  if first > last then return found end

  -- The change that it came with.
  local at = first
  local lines = call('HGET', task(id), 'event' .. at)
  while not lines and at > 1 do
    at = at - 1
    lines = call('HGET', task(id), 'event' .. at)
  end
  while lines and at <= last do
    for body in string.gmatch(lines, '[^\n]+') do
      if at >= first and at <= last then found[#found + 1] = body end
      at = at + 1
    end
    lines = call('HGET', task(id), 'event' .. at)
  end
  return found
end)
