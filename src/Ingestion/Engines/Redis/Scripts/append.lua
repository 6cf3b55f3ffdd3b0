-- Writes a step of a task that a worker holds, and renews the lease. The values are events' lines, then names and values of its hash.
-- Returns the answer and the number of the last event.
verbs[APPEND] = function(packed, from)
  local _, values, events, state, no_details, after, attempt, lease_time, committing, id, tenant, percentages =
    unpacked('>BiiBBlllBIc0Ic0Ic0', packed)
  local head = head_for(id, tenant)
  if not head or head[PHASE] ~= RUNNING or head[ATTEMPT] ~= attempt then return { 'lost', 0 }, values end
  if head[CANCEL] == 1 then return { 'cancel', 0 }, values end
  head[UPDATED_AT], head[HAS_MORE] = now, 1
  if state < 255 then head[STATE] = state end
  if committing == 1 then head[COMMITTING] = 1 end
  write_change(id, head, from, events, from + values - 1, percentages, after)
  if no_details == 1 then call('HDEL', task(id), 'details') end
  enter_phase(id, RUNNING, now + lease_time)
  tell('c', id)
  return { 'held', head[LAST_EVENT] }, values
end
