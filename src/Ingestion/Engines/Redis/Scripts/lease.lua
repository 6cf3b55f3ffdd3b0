local is_promoted = false

-- Queues what is due. A task that failed takes another of its tenant's turns; one that was parked has paid for the turn that it did
-- not use up.
local function promote()
  if is_promoted then return end
  is_promoted = true
  for _, name in ipairs({ 'delayed', 'parked' }) do
    write_set(at(name))
    for _, id in ipairs(call('ZRANGE', at(name), '-inf', now, 'BYSCORE', 'LIMIT', 0, 64)) do
      take(at(name), id)
      local t = call('HMGET', task(id), 'tenant', 'fixed', 'place')
      if t[1] then
        local _, _, priority, cost, created, seq = fixed(t[2])
        local place = t[3]
        if name == 'delayed' then place = take_turn(t[1], tonumber(cost)) else start_waiting(id, t[1], created) end
        call('HSET', task(id), 'phase', 'queued', 'place', place)
        queue(id, seq, priority, place)
      end
    end
  end
end

local function next_due()
  local soonest = -1
  for _, name in ipairs({ 'delayed', 'parked' }) do
    write_set(at(name))
    local first = call('ZRANGE', at(name), 0, 0, 'WITHSCORES')
    if first[1] and first[2] ~= 'inf' then
      local wait = math.max(0, tonumber(first[2]) - now)
      if soonest < 0 or wait < soonest then soonest = wait end
    end
  end
  return soonest
end

-- Hands out the next in line, each with a new attempt. Returns the tasks with their bytes; where there is none, in how many
-- milliseconds one will be due, or -1.
function verbs.lease()
  promote()
  local leases, left = {}, tonumber(a.max)
  write_set(at('priorities'))
  for _, priority in ipairs(call('ZRANGE', at('priorities'), 0, -1)) do
    write_set(ready(priority))
    local taken = call('ZPOPMIN', ready(priority), left)
    for i = 1, #taken, 2 do
      local id, place = string.sub(taken[i], 17), tonumber(taken[i + 1])
      local t = call('HMGET', task(id), 'inline', unpack(all))
      local inline = table.remove(t, 1)
      if t[1] then
        t[7], t[10] = now, (t[10] or 0) + 1
        local fields = { 'phase', 'running', 'worker', a.worker, 'updated_at', now, 'attempt', t[10] }
        if not t[8] then
          t[8] = now
          set(fields, 'started_at', now)
        end
        call('HSET', task(id), unpack(fields))
        put(at('leases'), now + a.lease_time, id)
        stop_waiting(id, t[2])
        if figure('line', 'virtual_time') < place then set_figure('line', 'virtual_time', place) end
        tell('c', id)
        leases[#leases + 1] = { t, inline }
      end
    end
    left = left - #taken / 2
    if left == 0 then break end
    take(at('priorities'), priority)
  end
  return { leases, #leases > 0 and 0 or next_due() }
end
