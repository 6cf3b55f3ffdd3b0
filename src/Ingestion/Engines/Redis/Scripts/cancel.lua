-- Tells a worker to stop, or says how the task stands; what waits is moved by a step of its own then.
verbs[CANCEL_TASK] = function(packed)
  local _, values, id, tenant = unpacked('>BiIc0Ic0', packed)
  local head = head_for(id, tenant)
  if not head then return { 'none' }, values end
  if head[STATE] == CANCELLED then return { 'cancelled', read(id) }, values end
  if head[PHASE] == ENDED then return { 'finished', read(id) }, values end
  if head[COMMITTING] == 1 then return { 'committing', read(id) }, values end
  if head[PHASE] ~= RUNNING then return { 'waits', head[PHASE], head[STATE], head[ATTEMPT] }, values end
  head[CANCEL] = 1
  call('HSET', task(id), 'head', packed_head(head))
  tell('x', id)
  return { 'requested', read(id) }, values
end
