-- Does the steps in their order, as if each were alone. One answer a step.
register('work', function()
  begin_sharing()
  begin_listings()
  local answers, at = {}, 4
  while ARGV[at] do
    local answer, values = verbs[ARGV[at]](ARGV[at + 1], at + 2)
    answers[#answers + 1] = answer
    at = at + 2 + values
  end
  write_listings()
  write_shared()
  return answers
end)
