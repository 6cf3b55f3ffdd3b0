-- Writes a step of a task that a worker holds, and renews the lease. Returns the answer and the number of the last event.
local t = call('HMGET', task(a.id), 'tenant', 'phase', 'attempt', 'cancel', 'last_event', 'percentage')
if t[1] ~= a.tenant or t[2] ~= 'running' or t[3] ~= a.attempt then return { 'lost', 0 } end
if t[4] == '1' then return { 'cancel', 0 } end
local written = a.after and tonumber(t[5]) - a.after or 0
local last, percentage = write_events(a.id, tonumber(t[5]), tonumber(t[6]), written)
local fields = changed(last, percentage)
if a.committing then
  fields[#fields + 1] = 'committing'
  fields[#fields + 1] = 1
end
call('HSET', task(a.id), unpack(fields))
if a.no_details then call('HDEL', task(a.id), 'details') end
call('ZADD', at('leases'), 'XX', now + a.lease_time, a.id)
tell('c', a.id)
return { 'held', last }
