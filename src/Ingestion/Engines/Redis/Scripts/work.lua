-- Does the steps in their order, as if each were alone. Returns for each how many values its answer has, then these: to make a table
-- of each costs Redis more than most steps do.
register('work', function()
  begin_sharing()
  begin_listings()
  local answers, n, at = {}, 0, 4
  while ARGV[at] do
    local verb = ARGV[at]
    if verb ~= 'enqueue' and verb ~= 'lease' then settle() end
    local answer, values = verbs[verb](ARGV[at + 1], at + 2)
    local length = #answer
    answers[n + 1] = length
    for i = 1, length do answers[n + 1 + i] = answer[i] end
    n, at = n + 1 + length, at + 2 + values
  end
  write_listings()
  write_shared()
  return answers
end)
