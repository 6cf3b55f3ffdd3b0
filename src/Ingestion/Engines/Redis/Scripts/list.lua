-- A tenant's tasks, newest first: one page where an index holds just those that are asked for, else a stretch of the index to choose
-- from, so that no call holds the server up. Returns how many there are, or were looked at, and the tasks.
local found = {}
if a.collection and a.document and a.skip then
  local key, start = joined('documents', a.tenant, a.collection), #a.document .. ':' .. a.document .. ':'
  local from, to = '[' .. start, '(' .. #a.document .. ':' .. a.document .. ';'
  for _, one in ipairs(call('ZRANGE', key, to, from, 'BYLEX', 'REV', 'LIMIT', a.skip, a.size)) do
    found[#found + 1] = read(string.sub(one, #start + 17))
  end
  return { call('ZLEXCOUNT', key, from, to), found }
end
local key = a.collection and joined('list', a.tenant, a.collection) or joined('list', a.tenant)
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
