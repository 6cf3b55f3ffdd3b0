-- Does the steps in their order, as if each were alone. Returns for each how many values its answer has, then these: to make a table
-- of each costs Redis more than most steps do.
register('work', function()
  begin_sharing()
  begin_listings()
  local answers, n, at = { nil, nil, nil, nil, nil, nil, nil, nil }, 0, 3
  while ARGV[at] do
    local packed = ARGV[at]
    local verb = byte(packed)
    if verb ~= ENQUEUE and verb ~= LEASE then settle() end
    local answer, values = verbs[verb](packed, at + 1)
    local length = #answer
    answers[n + 1] = length
    for i = 1, length do answers[n + 1 + i] = answer[i] end
    n, at = n + 1 + length, at + 1 + values
  end
  write_listings()
  write_shared()
  return answers
end)
