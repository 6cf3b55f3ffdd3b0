-- How many wait, run and are parked, and when the oldest that waits was accepted.
register('stats', function()
  local figures = call('HGET', line, 'figures')
  local _, _, waiting = unpacked(FIGURES, figures or pack(FIGURES, 0, 0, 0, 0, 0))
  local function count(phase) return call('ZCOUNT', phases, at_phase(phase, 0), at_phase(phase, NEVER)) end
  local queued = call('ZRANGE', phases, at_phase(QUEUED, 0), at_phase(QUEUED, NEVER), 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')[2]
  local delayed = call('ZRANGE', tag .. ':again', 0, 0, 'WITHSCORES')[2]
  local oldest = math.min(tonumber(queued or NEVER), tonumber(delayed or NEVER))
  return { waiting, count(RUNNING), count(PARKED), oldest < NEVER and oldest }
end)
