-- Tasks whose lease has run out.
register('expired', function()
  local found = {}
  for _, id in ipairs(call('ZRANGE', phases, at_phase(RUNNING, 0), at_phase(RUNNING, now), 'BYSCORE', 'LIMIT', 0, ARGV[2])) do
    if call('EXISTS', task(id)) == 1 then found[#found + 1] = read(id) else call('ZREM', phases, id) end
  end
  return found
end)
