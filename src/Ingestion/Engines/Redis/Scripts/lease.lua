-- Queues what is due, then hands out the next in line, each with a new attempt. Returns the tasks with their bytes, and in how many
-- milliseconds the next one will be due.
local function due(set) return call('ZRANGE', at(set), '-inf', now, 'BYSCORE', 'LIMIT', 0, 64) end

-- A task that failed takes another of its tenant's turns; one that was parked has paid for the turn that it did not use up.
for _, set in ipairs({ 'delayed', 'parked' }) do
  for _, id in ipairs(due(set)) do
    call('ZREM', at(set), id)
    local t = call('HMGET', task(id), 'tenant', 'seq', 'priority', 'place', 'cost', 'created_at')
    if t[1] then
      local place = t[4]
      if set == 'delayed' then place = take_turn(t[1], tonumber(t[5])) else start_waiting(id, t[1], t[6]) end
      call('HSET', task(id), 'phase', 'queued', 'place', place)
      queue(id, t[2], t[3], place)
    end
  end
end

local leases, left = {}, tonumber(a.max)
for _, priority in ipairs(call('ZRANGE', at('priorities'), 0, -1)) do
  local taken = call('ZPOPMIN', ready(priority), left)
  for i = 1, #taken, 2 do
    local id, place = string.sub(taken[i], 17), taken[i + 1]
    local t = call('HMGET', task(id), 'tenant', 'started_at', 'inline')
    if t[1] then
      local fields = { 'phase', 'running', 'worker', a.worker, 'updated_at', now }
      if not t[2] then
        fields[#fields + 1] = 'started_at'
        fields[#fields + 1] = now
      end
      call('HSET', task(id), unpack(fields))
      call('HINCRBY', task(id), 'attempt', 1)
      call('ZADD', at('leases'), now + a.lease_time, id)
      stop_waiting(id, t[1])
      local virtual = call('HGET', at('line'), 'virtual_time')
      if not virtual or tonumber(virtual) < tonumber(place) then call('HSET', at('line'), 'virtual_time', place) end
      tell('c', id)
      leases[#leases + 1] = { read(id), t[3] }
    end
  end
  if call('EXISTS', ready(priority)) == 0 then call('ZREM', at('priorities'), priority) end
  left = left - #taken / 2
  if left == 0 then break end
end

local next_due = -1
for _, set in ipairs({ 'delayed', 'parked' }) do
  local first = call('ZRANGE', at(set), 0, 0, 'WITHSCORES')
  if first[1] and first[2] ~= 'inf' then
    local wait = math.max(0, tonumber(first[2]) - now)
    if next_due < 0 or wait < next_due then next_due = wait end
  end
end
return { leases, next_due }
