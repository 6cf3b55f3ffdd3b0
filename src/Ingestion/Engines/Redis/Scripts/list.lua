-- A tenant's tasks, newest first: one page where an index holds just those that are asked for, else a stretch of the index to choose
-- from, so that no call holds the server up. Returns how many there are, or were looked at, and the tasks.
local key
if a.collection and a.document then key = joined('list', a.tenant, a.collection, a.document)
elseif a.collection then key = joined('list', a.tenant, a.collection)
else key = joined('list', a.tenant) end
local found = {}
if a.skip then
  for _, id in ipairs(call('ZRANGE', key, a.skip, a.skip + a.size - 1, 'REV')) do found[#found + 1] = read(id) end
  return { call('ZCARD', key), found }
end
local ids = call('ZRANGE', key, a.from, a.from + a.size - 1, 'REV')
for _, id in ipairs(ids) do
  local t = call('HMGET', task(id), 'state', 'document')
  if (not a.state or t[1] == a.state) and (not a.document or t[2] == a.document) then found[#found + 1] = id end
end
return { #ids, found }
