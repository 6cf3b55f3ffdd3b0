-- Keeps leases. ARGV: for how long, then each one's id and attempt. One answer a lease: held, cancel or lost.
register('renew', function()
  local answers = {}
  for i = 3, #ARGV, 2 do
    local there = call('HGET', task(ARGV[i]), 'head')
    local head, answer = there and head_of(there), 'held'
    if not head or head[PHASE] ~= RUNNING or head[ATTEMPT] ~= tonumber(ARGV[i + 1]) then answer = 'lost'
    elseif head[CANCEL] == 1 then answer = 'cancel'
    else call('ZADD', phases, 'XX', at_phase(RUNNING, now + ARGV[2]), ARGV[i]) end
    answers[#answers + 1] = answer
  end
  return answers
end)
