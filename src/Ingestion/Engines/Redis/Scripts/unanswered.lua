-- What a worker was given by a call whose answer it never got: its leases begin anew.
local leases = {}
for _, id in ipairs(call('ZRANGE', at('leases'), 0, -1)) do
  if call('HGET', task(id), 'worker') == a.worker then
    call('ZADD', at('leases'), 'XX', now + a.lease_time, id)
    leases[#leases + 1] = { read(id), call('HGET', task(id), 'inline') }
  end
end
return leases
