local MOVED = { 'moved' }

-- Moves a task from one phase to another, only from the one that the caller expects it in; a negative number, or 255 for a
-- byte, expects nothing. The values are events' lines, then names and values of its hash. Returns what became of it, with the task where the caller
-- asks for it: moved, full, none, or differs with phase, state, attempt, cancel and committing as they are.
verbs[MOVE] = function(packed, from)
  local _, values, events, state, no_details, after, if_phase, if_state, if_attempt, if_cancel, if_expired, to, counts, delay, is_read, max_waiting,
    max_tenant_waiting, max_tenant_open, id, tenant, percentages, caller =
    unpacked('>BiiBBlBBlBBBBlBlllIc0Ic0Ic0Ic0', packed)
  local head = head_for(id, tenant)
  if not head then return { 'none' }, values end
  local phase = head[PHASE]

  -- The same call again, whose first answer got lost.
  if caller ~= '' and head[MOVED_BY] == caller then return MOVED, values end

  local differs = phase ~= if_phase or (if_attempt >= 0 and head[ATTEMPT] ~= if_attempt) or (if_state < 255 and head[STATE] ~= if_state)
    or (if_cancel < 255 and head[CANCEL] ~= if_cancel)
  if not differs and if_expired == 1 then
    write_phases()
    differs = tonumber(call('ZSCORE', phases, id) or 0) > tonumber(at_phase(RUNNING, now))
  end
  if differs then return { 'differs', phase, head[STATE], head[ATTEMPT], head[CANCEL], head[COMMITTING] }, values end
  local kind = max_waiting >= 0 and full_kind(tenant, max_waiting, max_tenant_waiting, max_tenant_open)
  if kind then return full(kind, read(id)), values end

  head[PHASE], head[UPDATED_AT], head[COMMITTING], head[MOVED_BY], head[WORKER] = to, now, 0, caller, ''
  if state < 255 then head[STATE] = state end
  if counts > 0 then head[counts] = head[counts] + 1 end
  local gone, had_more, emptied = {}, head[HAS_MORE] == 1 or phase == ENDED
  if to == ENDED then
    head[ENDED_AT] = now
    count_open(tenant, -1)
    enter_phase(id, ENDED, now)
    if state == COMPLETED then
      gone = { 'error', 'checkpoint' }
      if head[HAS_FILE] == 1 then call('SREM', joined('upload', (select(7, accepted(id)))), id) else emptied = 'inline' end
    elseif state == CANCELLED then gone = { 'error' } end
    if head[IS_TOLD] == 1 then
      call('ZADD', tag .. ':webhooks', now, id)
      gone[#gone + 1] = 'webhook_tries'
    end
  end

  -- The usual way, from a worker to the end, needs none of this.
  if phase ~= RUNNING or to ~= ENDED then
    head[HAS_MORE] = 1
    local priority, cost, created = accepted(id)
    if phase == ENDED then
      -- Asked for again: as good as new, but for what it had reached.
      head[CANCEL], head[FAILURES], head[CRASHES], head[RELEASED], head[ENDED_AT] = 0, 0, 0, 0, 0
      head[PLACE] = take_turn(tenant, cost)
      gone = { 'error', 'result' }
      call('ZREM', tag .. ':webhooks', id)
      count_open(tenant, 1)
    elseif phase == QUEUED then
      write_ready()
      call('ZREM', ready, member(head[SEQ], id))
    elseif phase == DELAYED then call('ZREM', tag .. ':again', id) end
    if to == QUEUED then
      enter_phase(id, QUEUED, created)
      queue(member(head[SEQ], id), priority, head[PLACE])
    elseif to ~= ENDED then
      enter_phase(id, to, delay < 0 and NEVER or now + delay)
      if delay >= 0 then due, is_changed = math.min(due, now + delay), true end
      if to == DELAYED then call('ZADD', tag .. ':again', created, id) end
    end
    local waited, waits = phase == QUEUED or phase == DELAYED, to == QUEUED or to == DELAYED
    if waits ~= waited then count_waiting(tenant, waits and 1 or -1) end
  end

  write_change(id, head, from, events, from + values - 1, percentages, after, emptied)
  if no_details == 1 then gone[#gone + 1] = 'details' end
  if had_more and gone[1] then call('HDEL', task(id), unpack(gone)) end
  tell((to == QUEUED or to == DELAYED) and 'q' or 'c', id)
  return is_read == 1 and { 'moved', read(id) } or MOVED, values
end
