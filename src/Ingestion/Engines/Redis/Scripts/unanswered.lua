-- What a worker was given by a call whose answer it never got: its leases begin anew.
register('unanswered', function()
  local worker, lease_time = unpack(ARGV, 2)
  local leases = {}
  for _, id in ipairs(call('ZRANGE', phases, at_phase(RUNNING, 0), at_phase(RUNNING, NEVER), 'BYSCORE')) do
    local there = call('HGET', task(id), 'head')
    if there and head_of(there)[WORKER] == worker then
      call('ZADD', phases, 'XX', at_phase(RUNNING, now + lease_time), id)
      leases[#leases + 1] = read(id, 'inline')
    end
  end
  return leases
end)
