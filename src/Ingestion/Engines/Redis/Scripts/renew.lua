-- Keeps leases. One answer a lease: held, cancel or lost.
local answers = {}
for i = 1, tonumber(a.count) do
  local id = a['id' .. i]
  local t = call('HMGET', task(id), 'phase', 'attempt', 'cancel')
  if t[1] ~= 'running' or t[2] ~= a['attempt' .. i] then answers[i] = 'lost'
  elseif t[3] == '1' then answers[i] = 'cancel'
  else
    call('ZADD', at('leases'), 'XX', now + a.lease_time, id)
    answers[i] = 'held'
  end
end
return answers
