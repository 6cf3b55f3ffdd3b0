-- A task's events after one, in order.
local t = call('HMGET', task(a.id), 'tenant', 'last_event')
local names = {}
if t[1] == a.tenant then
  for i = a.after + 1, math.min(tonumber(t[2]), a.after + a.max) do names[#names + 1] = 'event' .. i end
end
return #names > 0 and call('HMGET', task(a.id), unpack(names)) or {}
