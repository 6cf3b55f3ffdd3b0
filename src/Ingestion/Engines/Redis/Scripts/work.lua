-- Does the steps in their order, as if each were alone. One answer a step.
local answers = {}
for i, step in ipairs(steps) do
  a = step
  answers[i] = verbs[step.verb]()
end
write_shared()
return answers
